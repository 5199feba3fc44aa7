"""The experiments that the settings ask for, and the interventions' work on one batch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from audit import registry
from audit.experiments.altered_batch import Answers, Trial, answers
from audit.models.model import asked_by, logits_of
from audit.record.schema import SUBJECT, AnswerRow, NoteRow
from audit.saliency.sources import draw
from audit.settings import NamedTable


@dataclass(frozen=True)
class Experiment:
    """One intervention, control or search as the settings ask for it."""

    name: str
    function: registry.Function
    options: Mapping[str, Any]

    def drawn(self, total: int, seed: int) -> set[int]:
        """The numbers of the samples that it is made for."""
        return draw(self.options.get("pictures"), total, seed)


def experiments(package: str, tables: Sequence[NamedTable]) -> tuple[Experiment, ...]:
    """In the settings' order. Raises AuditError for unknown names and options."""
    return tuple(_experiment(package, table) for table in tables)


def _experiment(package: str, table: NamedTable) -> Experiment:
    function = registry.resolve(package, table.name)
    options = registry.options(function, table.options, f"{registry.noun(package)} {table.name!r}", table.keys)
    return Experiment(table.name, function, options)


def intervention_rows(
    intervention: Experiment, trial: Trial, numbers: Sequence[int]
) -> tuple[list[AnswerRow], list[NoteRow]]:
    """Rows for the tables `answer` and `note`. numbers: of the trial's samples."""
    made_of = intervention.function(trial, **intervention.options)
    found: list[AnswerRow] = []
    for variant, altered in made_of.altered.items():
        said = ask(trial, altered, f"{intervention.name}, {variant}")
        found += answer_rows(SUBJECT, numbers, intervention.name, variant, said, made(altered))
    notes = [
        NoteRow(number, source, name, value)
        for (source, name), values in made_of.notes.items()
        for number, value in zip(numbers, values.double().tolist(), strict=True)
        if math.isfinite(value)
    ]
    return found, notes


def ask(trial: Trial, altered: Tensor, who: str = "an intervention") -> Answers:
    """The audited network's answers to altered pictures (N, C, H, W); for one that was not `made` NaN and -1.

    Raises AuditError that names `who` where the network raises.
    """
    sound = made(altered)
    numbers = torch.full_like(sound, torch.nan, dtype=torch.float64)
    found = Answers(numbers, numbers.clone(), torch.full_like(trial.batch.target, -1))
    if bool(sound.any()):
        asked = altered if bool(sound.all()) else altered[sound]
        with torch.no_grad(), asked_by(who):
            said = answers(logits_of(trial.batch.module, asked), trial.batch.target[sound])
        for column, values in zip(found, said, strict=True):
            column[sound] = values
    return found


def made(altered: Tensor) -> Tensor:
    """(N,) bool: the altered picture (N, C, H, W) could be made; else it is NaN throughout."""
    return ~altered.isnan().flatten(1).all(dim=1)


def answer_rows(
    subject: str, numbers: Sequence[int], intervention: str, variant: str, found: Answers, asked: Tensor
) -> list[AnswerRow]:
    """One row for each picture that was asked, (N,) bool; an answer that is no number is None throughout."""
    columns = (column.tolist() for column in found)
    rows = zip(numbers, *columns, torch.isfinite(found.log_odds).tolist(), asked.tolist(), strict=True)
    return [
        AnswerRow(
            subject,
            number,
            intervention,
            variant,
            *((probability, log_odds, predicted) if sound else (None, None, None)),
        )
        for number, probability, log_odds, predicted, sound, there in rows
        if there
    ]


def part(trial: Trial, chosen: Sequence[int]) -> Trial:
    """The trial of some of its pictures, by their places."""
    index = list(chosen)
    maps = {label: relevance[index] for label, relevance in trial.maps.items()}
    pictures = tuple(trial.pictures[i] for i in index)
    forbidden = None if trial.forbidden is None else trial.forbidden[index]
    some = replace(trial, batch=trial.batch.some(index), inside=trial.inside[index], forbidden=forbidden)
    return replace(some, pictures=pictures, maps=maps)
