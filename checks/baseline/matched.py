"""Baseline and candidate on the same pictures, or a refusal that says what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.errors import AuditError
from audit.phrases import count, listed
from checks.baseline.file import ACCEPT, Baseline, Scored
from checks.profile import fingerprint

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
MOST_NAMED = 3
NEXT = f"Measure both in the same way, or move the baseline: {ACCEPT}."


@dataclass(frozen=True, eq=False)
class Half:
    """One side as columns over the n pictures; NaN where there is no number."""

    right: Mask
    judged: Mask
    miss: Mask
    """Judged, and a miss."""
    lead: Floats
    probability: Floats
    mass: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Both sides, in the same order."""

    keys: tuple[tuple[str, str], ...]
    """Image and label."""
    before: Half
    after: Half
    same: bool
    """The same network gave the same numbers: nothing that it does on other pictures can differ either."""
    cluster: NDArray[Any] | None = None
    """(n,) what pictures share that are not independent; None where the settings name no column."""

    @property
    def n(self) -> int:
        return len(self.keys)


def pairs(baseline: Baseline, candidate: Baseline) -> Pairs:
    """Raises AuditError where the two cannot be compared: other pictures, settings or limits."""
    if differing := differences(baseline, candidate):
        more = (
            f"; and {count(len(differing) - MOST_NAMED, 'further difference')}" if len(differing) > MOST_NAMED else ""
        )
        raise AuditError(
            "baseline",
            f"cannot be compared with the candidate: {'; '.join(differing[:MOST_NAMED])}{more}",
            "need the same pictures, settings and limits",
            NEXT,
        )
    return Pairs(
        keys=tuple(sample.key for sample in candidate.samples),
        before=_half(baseline),
        after=_half(candidate),
        same=(baseline.model, baseline.samples) == (candidate.model, candidate.samples),
    )


def differences(baseline: Baseline, candidate: Baseline) -> tuple[str, ...]:
    """What forbids the comparison, each as 'what: before became after'; empty where nothing does."""
    return (
        *_other_pictures(baseline.samples, candidate.samples),
        *_changes("dataset", baseline.dataset, candidate.dataset),
        *_changes("settings", baseline.settings, candidate.settings),
        *_other_limits(baseline, candidate),
    )


def became(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Before and after of all leaves that differ, by their path."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return {
        path: (old.get(path, "nothing"), new.get(path, "nothing"))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    }


def _other_pictures(before: Sequence[Scored], after: Sequence[Scored]) -> list[str]:
    old, new = ({sample.key: sample.picture for sample in side} for side in (before, after))
    differing = {
        "only the baseline has": [key for key in old if key not in new],
        "only the candidate has": [key for key in new if key not in old],
        "of other content": [key for key in old if key in new and old[key] != new[key]],
    }
    return [
        f"{count(len(keys), 'picture')} {what}, first {keys[0][0]} ({keys[0][1]})"
        for what, keys in differing.items()
        if keys
    ]


def _other_limits(baseline: Baseline, candidate: Baseline) -> list[str]:
    if fingerprint(baseline.profile) == fingerprint(candidate.profile):
        return []
    whole = [side.profile.model_dump(mode="json", exclude={"name", "sha256"}) for side in (baseline, candidate)]
    return _changes("profile", *whole)


def _changes(where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [f"{where}.{path}: {old} became {new}" for path, (old, new) in became(before, after).items()]


def _leaves(value: Any, path: str = "") -> list[tuple[str, str]]:
    listing = isinstance(value, list | tuple)
    if listing and any(isinstance(entry, Mapping) for entry in value):
        value = dict(enumerate(value, 1))
    if isinstance(value, Mapping) and value:
        return [leaf for key in value for leaf in _leaves(value[key], f"{path}.{key}" if path else str(key))]
    if listing:
        return [(path, listed(map(str, value)) or "nothing")]
    return [(path, str(value))]


def _half(side: Baseline) -> Half:
    samples = side.samples
    return Half(
        right=np.array([sample.right for sample in samples], dtype=bool),
        judged=np.array([sample.miss is not None for sample in samples], dtype=bool),
        miss=np.array([sample.miss is True for sample in samples], dtype=bool),
        lead=_column([sample.lead for sample in samples]),
        probability=_column([sample.probability for sample in samples]),
        mass={method: _column([sample.mass[i] for sample in samples]) for i, method in enumerate(side.methods)},
    )


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
