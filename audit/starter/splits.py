"""Training, validation and test: which splits a data set has, and the reading of one of them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from audit import registry
from audit.datasets.discover import Found, best_of, look, readings
from audit.datasets.sample import Dataset
from audit.errors import AuditError, did_you_mean
from audit.phrases import count, listed

WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What files and folders are called, and the split that they mean."""
ALL, COLUMN, FOLDERS, OPTION = "all", "split", "image_folder", "yolo"
"""The answer that takes every split; the column and the formats that tell the splits of one reading apart."""


def reading_of(place: Path, split: str | None) -> Found | Mapping[str, Found]:
    """What is read at `place`, or, where nobody said which split, the reading of each.

    Raises AuditError as `look` does, and for a split that is not there.
    """
    found = readings(place)
    best = best_of(found)
    choices = _splits(place, best, found)
    if split is None:
        return choices if len(choices) > 1 else best
    if split == ALL and _mixes(best):
        return best
    wanted = WORDS.get(split.lower(), split)
    if wanted not in choices:
        seen = f"holds no split {split!r}"
        if not choices:
            raise AuditError(place, seen, "there is one data set", "Leave --split out.")
        raise AuditError(place, seen, did_you_mean(split, [*choices, *([ALL] if _mixes(best) else [])]))
    return choices[wanted]


def undecided(place: Path, choices: Mapping[str, Found]) -> AuditError:
    """Which splits there are, and the option that says which is meant."""
    shown = listed(f"{split} ({count(len(found.dataset.samples), 'sample')})" for split, found in choices.items())
    step = f"Add --split {_unseen(choices)}."
    return AuditError(place, f"holds the splits {shown}", "need the one that the model was not trained on", step)


def _unseen(choices: Mapping[str, Found]) -> str:
    return next((split for split in ("test", "val") if split in choices), next(iter(choices)))


def _mixes(reading: Found) -> bool:
    return len(_columns(reading)) > 1


def _columns(reading: Found) -> list[str]:
    values = (value for sample in reading.dataset.samples for value in sample.metadata.get(COLUMN, "").split("|"))
    return sorted({value for value in values if value})


def _splits(place: Path, best: Found, found: Sequence[Found]) -> dict[str, Found]:
    if _mixes(best) and best.format == OPTION:
        return {split: _by_option(best, split) for split in _columns(best)}
    if best.format == FOLDERS:
        return _by_folder(best)
    return _by_file(place, best, found)


def _by_option(reading: Found, split: str) -> Found:
    read = registry.resolve("audit.datasets.formats", reading.format)
    dataset: Dataset = read(reading.annotations, reading.images, split=split)
    return reading._replace(dataset=dataset, present=len(dataset.samples), options={"split": split})


def _by_folder(reading: Found) -> dict[str, Found]:
    """By split, what lies in folders named after splits, which hold folders named after classes."""
    outermost = {Path(sample.image).parts[0] for sample in reading.dataset.samples}
    parts = {WORDS[name.lower()]: name for name in outermost if name.lower() in WORDS}
    if len(parts) < 2:
        return {}
    return {split: look(reading.images / parts[split]) for split in sorted(parts)}


def _by_file(place: Path, best: Found, found: Sequence[Found]) -> dict[str, Found]:
    """By split, the annotation file whose name, or whose folder's name, says so."""
    splits: dict[str, Found] = {}
    if place.is_file() or not _word(place, best.annotations):
        return splits
    for reading in found:
        split = _word(place, reading.annotations)
        if split and (split not in splits or reading.present > splits[split].present):
            splits[split] = reading
    return dict(sorted(splits.items()))


def _word(place: Path, annotations: Path) -> str:
    """The split that the path below `place` names last; '' for none."""
    words = re.findall(r"[a-z]+", annotations.relative_to(place).as_posix().lower() if annotations != place else "")
    return next((WORDS[word] for word in reversed(words) if word in WORDS), "")
