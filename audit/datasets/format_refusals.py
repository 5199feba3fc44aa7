"""Why no format takes what is at a place: one short line for each."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from audit import registry
from audit.datasets.sample import Dataset
from audit.errors import AuditError

_LONGEST = 110


class Refused(NamedTuple):
    """Why a format did not take annotations."""

    format: str
    annotations: Path
    why: str
    hint: str = ""
    read: bool = False
    """The annotations could be read, and lack boxes or pictures."""


def unreadable(name: str, annotations: Path, error: AuditError) -> Refused:
    """By what the format said of them."""
    seen = error.seen if len(error.seen) <= _LONGEST else f"{error.seen[:_LONGEST]}…"
    return Refused(name, annotations, f"{error.where}: {seen}", error.next_step)


def without_pictures(name: str, annotations: Path, dataset: Dataset) -> Refused:
    """Annotations that are of this format, of which no sample has its picture."""
    if dataset.samples:
        n = len(dataset.samples)
        first = dataset.samples[0].image
        why = f"{n} {'sample' if n == 1 else 'samples'}, but no picture {first!r} in any folder nearby"
    else:
        why = f"no usable sample; {dataset.exclusions[0].detail.removesuffix('.')}"
    return Refused(name, annotations, f"{annotations.name}: {why}", read=True)


def lines(refused: Sequence[Refused]) -> str:
    """'coco: boxes.json: no list 'images'.', one line for each format."""
    return "\n".join(
        f"  {name}: {_line(_endings(name), [entry for entry in refused if entry.format == name])}"
        for name in registry.names("audit.datasets.formats")
    )


def _endings(name: str) -> tuple[str, ...]:
    endings: tuple[str, ...] = importlib.import_module(f"audit.datasets.formats.{name}").ENDINGS
    return endings


def _line(endings: tuple[str, ...], refused: Sequence[Refused]) -> str:
    """The refusal of what could be read, else of the first file with a usual ending, else of the one file asked for."""
    usual = [entry for entry in refused if entry.annotations.suffix.lower() in endings]
    read = [entry for entry in refused if entry.read]
    telling = (read or usual or refused)[0]
    if not endings:
        return f"{telling.why}.{' ' if telling.hint else ''}{telling.hint}"
    if not (read or usual):
        return f"{telling.why}." if telling.annotations.is_file() and _alone(refused) else f"no {endings[0]} file."
    more = "" if _alone(usual) or read else f" Nor does another {endings[0]} file fit."
    return f"{telling.why}.{' ' if telling.hint else ''}{telling.hint}{more}"


def _alone(refused: Sequence[Refused]) -> bool:
    return len({entry.annotations for entry in refused}) == 1
