"""The experiments that the settings ask for, and what an intervention yields for one batch."""

import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from audit import registry
from audit.draws import draw
from audit.experiments.altered_batch import Altered, Answers, Trial, answers
from audit.experiments.repeats import apart, repeat_rows
from audit.models.model import asked_by
from audit.record.class_logits import packed
from audit.record.repeat_rows import AGAIN, RepeatRow
from audit.record.schema import SUBJECT, AnswerRow, NoteRow, UnmadeRow
from audit.saliency.batch import are_numbers
from audit.settings_tables import NamedTable


@dataclass(frozen=True)
class Experiment:
    """One intervention, control or search as the settings ask for it."""

    name: str
    function: registry.Function
    options: Mapping[str, Any]
    needs: frozenset[registry.Need]

    def alter(self, trial: Trial) -> Altered:
        """What the intervention makes of a batch, given what it needs, as the network would be shown it."""
        made_of: Altered = self.function(trial.limited_to(self.needs), **self.options)
        batch = replace(trial.batch, codings=()) if made_of.decoded else trial.batch
        return replace(made_of, altered={name: batch.shown(x) for name, x in made_of.altered.items()})

    def passes(self, run: Any, per_picture: float) -> float:
        """What a module of a control says in `passes(run, per_picture, *, options...)`; 0 where it is silent."""
        estimate = self._beside("passes", "run", "per_picture")
        return 0.0 if estimate is None else float(estimate(run, per_picture))

    @property
    def variants(self) -> frozenset[str] | None:
        """What a module of an intervention says in `variants(*, options...)`; None where it is silent."""
        names = self._beside("variants")
        return None if names is None else frozenset(names())

    def _beside(self, name: str, *positional: str) -> Callable[..., Any] | None:
        """The function of that name in the module, given the options that it takes; None for another of that name."""
        function = getattr(sys.modules.get(self.function.__module__), name, None)
        if not inspect.isfunction(function):
            return None
        parameters = [*inspect.signature(function).parameters]
        wanted = parameters[len(positional) :]
        if (*parameters[: len(positional)],) != positional or not self.options.keys() >= {*wanted}:
            return None
        return partial(function, **{key: self.options[key] for key in wanted})

    def drawn(self, total: int, seed: int, among: Sequence[int] | None = None) -> set[int]:
        """The numbers of the samples that it is made for. among: those of the sample; None: all."""
        return draw(self.options.get("pictures"), total, seed, among)


def experiments(package: str, tables: Sequence[NamedTable]) -> tuple[Experiment, ...]:
    """The experiments that the tables name, in their order. Raises AuditError for unknown names and options."""
    return tuple(_experiment(package, table) for table in tables)


def _experiment(package: str, table: NamedTable) -> Experiment:
    function = registry.resolve(package, table.name)
    options = registry.options(function, table.options, f"{registry.noun(package)} {table.name!r}", table.keys)
    return Experiment(table.name, function, options, registry.needs(package, function))


class InterventionRows(NamedTuple):
    """Rows for the tables of the same names."""

    answer: list[AnswerRow]
    note: list[NoteRow]
    unmade: list[UnmadeRow]
    repeat: list[RepeatRow]


def intervention_rows(
    intervention: Experiment, trial: Trial, numbers: Sequence[int], turn: int | None = None
) -> InterventionRows:
    """What an intervention yields for a trial of the samples with these numbers.

    turn: of a batch in which the network is asked again, from turn to turn about another variant; None for the others.
    """
    altered = intervention.alter(trial)
    rows = InterventionRows([], [], [], [])
    variants, classes = list(altered.altered), trial.classes if altered.keeps_logits else None
    again = variants[turn % len(variants)] if variants and turn is not None else None
    for variant, pictures in altered.altered.items():
        who, was_made = f"{intervention.name}, {variant}", made(pictures)
        moved = trial.moved_to(altered.places.get(variant, ()))
        answered = ask(moved, pictures, who, classes)
        rows.answer.extend(answer_rows(SUBJECT, numbers, intervention.name, variant, answered, was_made))
        rows.unmade.extend(unmade_rows(SUBJECT, numbers, intervention.name, variant, was_made))
        if variant == again:
            deviations = apart(ask(moved, pictures, who), answered)[was_made]
            asked = [number for number, yes in zip(numbers, was_made.tolist(), strict=True) if yes]
            rows.repeat.extend(repeat_rows(asked, (intervention.name, variant), AGAIN, deviations))
    rows.note.extend(
        NoteRow(number, source, name, value)
        for (source, name), values in altered.notes.items()
        for number, value in zip(numbers, values.double().tolist(), strict=True)
        if math.isfinite(value)
    )
    return rows


def ask(trial: Trial, altered: Tensor, who: str = "an intervention", classes: Tensor | None = None) -> Answers:
    """The audited network's answers to altered pictures (N, C, H, W); for one that was not `made` NaN and -1.

    classes: (J,) those whose logits are asked for.

    Raises AuditError that names `who` where the network raises.
    """
    was_made = made(altered)
    unknown = torch.full_like(was_made, torch.nan, dtype=torch.float64)
    centred = unknown.new_full((len(was_made), 0 if classes is None else len(classes)), torch.nan)
    answered = Answers(unknown, unknown.clone(), torch.full_like(trial.batch.target, -1), centred)
    if bool(was_made.any()):
        pictures = altered if bool(was_made.all()) else altered[was_made]
        with torch.no_grad(), asked_by(who):
            logits = trial.batch.ask(pictures, was_made.nonzero().flatten().tolist())
            of_those = answers(logits, trial.batch.target[was_made], classes)
        for column, values in zip(answered, of_those, strict=True):
            column[was_made] = values
    return answered


def made(altered: Tensor) -> Tensor:
    """(N,) bool: the altered picture (N, C, H, W) could be made; else it is NaN throughout."""
    whole = are_numbers(altered)
    return whole if bool(whole.all()) else ~altered.isnan().all(dim=(1, 2, 3))


def answer_rows(
    subject: str, numbers: Sequence[int], intervention: str, variant: str, answered: Answers, asked: Tensor
) -> list[AnswerRow]:
    """One row for each picture that was asked, (N,) bool; an answer that is no number is None throughout."""
    columns = (column.tolist() for column in answered[:3])
    logits = packed(answered.centred.float().cpu().numpy())
    rows = zip(numbers, *columns, logits, torch.isfinite(answered.log_odds).tolist(), asked.tolist(), strict=True)
    return [
        AnswerRow(
            subject,
            number,
            intervention,
            variant,
            *((probability, log_odds, predicted, centred) if is_number else (None, None, None, None)),
        )
        for number, probability, log_odds, predicted, centred, is_number, was_asked in rows
        if was_asked
    ]


def unmade_rows(
    subject: str, numbers: Sequence[int], intervention: str, variant: str, asked: Tensor
) -> list[UnmadeRow]:
    """One row for each picture that was not asked, (N,) bool."""
    return [
        UnmadeRow(subject, number, intervention, variant)
        for number, was_asked in zip(numbers, asked.tolist(), strict=True)
        if not was_asked
    ]
