"""The experiments that the settings ask for, and what an intervention yields for one batch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from audit import registry
from audit.experiments.altered_batch import Altered, Answers, Trial, answers
from audit.models.model import asked_by, logits_of
from audit.record.schema import SUBJECT, AnswerRow, NoteRow
from audit.saliency.sources import draw
from audit.settings_tables import NamedTable


@dataclass(frozen=True)
class Experiment:
    """One intervention, control or search as the settings ask for it."""

    name: str
    function: registry.Function
    options: Mapping[str, Any]
    needs: frozenset[registry.Need]

    def alter(self, trial: Trial) -> Altered:
        """What the intervention makes of a batch, given what it needs."""
        altered: Altered = self.function(trial.limited_to(self.needs), **self.options)
        return altered

    def drawn(self, total: int, seed: int) -> set[int]:
        """The numbers of the samples that it is made for."""
        return draw(self.options.get("pictures"), total, seed)


def experiments(package: str, tables: Sequence[NamedTable]) -> tuple[Experiment, ...]:
    """The experiments that the tables name, in their order. Raises AuditError for unknown names and options."""
    return tuple(_experiment(package, table) for table in tables)


def _experiment(package: str, table: NamedTable) -> Experiment:
    function = registry.resolve(package, table.name)
    options = registry.options(function, table.options, f"{registry.noun(package)} {table.name!r}", table.keys)
    return Experiment(table.name, function, options, registry.needs(package, function))


def intervention_rows(
    intervention: Experiment, trial: Trial, numbers: Sequence[int]
) -> tuple[list[AnswerRow], list[NoteRow]]:
    """Rows for the tables `answer` and `note`. numbers: of the trial's samples."""
    altered = intervention.alter(trial)
    rows: list[AnswerRow] = []
    for variant, pictures in altered.altered.items():
        answered = ask(trial, pictures, f"{intervention.name}, {variant}")
        rows += answer_rows(SUBJECT, numbers, intervention.name, variant, answered, made(pictures))
    notes = [
        NoteRow(number, source, name, value)
        for (source, name), values in altered.notes.items()
        for number, value in zip(numbers, values.double().tolist(), strict=True)
        if math.isfinite(value)
    ]
    return rows, notes


def ask(trial: Trial, altered: Tensor, who: str = "an intervention") -> Answers:
    """The audited network's answers to altered pictures (N, C, H, W); for one that was not `made` NaN and -1.

    Raises AuditError that names `who` where the network raises.
    """
    was_made = made(altered)
    unknown = torch.full_like(was_made, torch.nan, dtype=torch.float64)
    answered = Answers(unknown, unknown.clone(), torch.full_like(trial.batch.target, -1))
    if bool(was_made.any()):
        pictures = altered if bool(was_made.all()) else altered[was_made]
        with torch.no_grad(), asked_by(who):
            of_those = answers(logits_of(trial.batch.module, pictures), trial.batch.target[was_made])
        for column, values in zip(answered, of_those, strict=True):
            column[was_made] = values
    return answered


def made(altered: Tensor) -> Tensor:
    """(N,) bool: the altered picture (N, C, H, W) could be made; else it is NaN throughout."""
    return ~altered.isnan().flatten(1).all(dim=1)


def answer_rows(
    subject: str, numbers: Sequence[int], intervention: str, variant: str, answered: Answers, asked: Tensor
) -> list[AnswerRow]:
    """One row for each picture that was asked, (N,) bool; an answer that is no number is None throughout."""
    columns = (column.tolist() for column in answered)
    rows = zip(numbers, *columns, torch.isfinite(answered.log_odds).tolist(), asked.tolist(), strict=True)
    return [
        AnswerRow(
            subject,
            number,
            intervention,
            variant,
            *((probability, log_odds, predicted) if is_number else (None, None, None)),
        )
        for number, probability, log_odds, predicted, is_number, was_asked in rows
        if was_asked
    ]
