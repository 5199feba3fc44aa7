"""Apply a profile's rules to a record. Nothing is ever PASS by absence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from audit import registry
from audit.errors import AuditError
from audit.record.record import Record
from checks.apply import apply
from checks.conclude import MAPS, VALIDITY, conclude, taken_out
from checks.profile import fingerprint, load_profile
from checks.table.cells import EXPERIMENT, four_cells, judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence, evidence
from checks.table.integrity import run_is_whole
from checks.table.slices import slices_hold
from checks.verdict import Judgement, Profile, Verdict, WrongReason


def judge(record: Record | Path | str, profile: str | Path | Profile | None = None) -> Judgement:
    """Judge a record, or the file of one, by the profile that was hashed into it before the run, or by another.

    A rule that cannot be evaluated is INVALID, as are an unfinished run, a network that changed, a record that was
    altered, and an empty set of rules. Raises AuditError where the record or the profile cannot be read.
    """
    if not isinstance(record, Record):
        with Record.open(Path(record)) as opened:
            return judge(opened, profile)
    registered = _registered(record)
    if profile is None:
        if registered is None:
            raise AuditError(record.path, "holds no profile", "need limits to judge by", "Name a profile.")
        profile = registered
    limits = profile if isinstance(profile, Profile) else load_profile(profile)
    found = evidence(record, limits)
    verdicts = (*run_is_whole(found, record), *_verdicts(found))
    wrong_reasons = _wrong_reasons(found)
    whole = conclude(verdicts, found.n, wrong_reasons[0].count if wrong_reasons else 0)
    return Judgement(
        **whole._asdict(),
        profile=limits,
        registered=registered.name if registered is not None else None,
        fixed_beforehand=registered is not None and registered.sha256 == fingerprint(registered) == fingerprint(limits),
        verdicts=verdicts,
        right_for_the_wrong_reason=wrong_reasons,
        cells=four_cells(found, miss_of(limits)),
    )


def _verdicts(found: Evidence) -> tuple[Verdict, ...]:
    """Of all rules, by name. Methods that the rule on explainers takes out are no evidence for the rules on maps."""
    rules = found.profile.rules
    validity = [apply(found, VALIDITY)] if VALIDITY in rules else []
    valid = replace(found, methods=tuple(m for m in found.methods if m not in taken_out(validity)))
    others = [apply(valid if rule in MAPS else found, rule) for rule in rules if rule != VALIDITY]
    sliced = slices_hold(found, valid)
    return tuple(sorted([*validity, *others, *sliced], key=lambda verdict: verdict.rule))


def _registered(record: Record) -> Profile | None:
    stored = record.identity().get("profile")
    try:
        return None if stored is None else Profile.model_validate(stored)
    except ValidationError as error:
        raise AuditError(
            record.path, f"holds a broken profile ({registry.first_problem(error)})", "need a whole one"
        ) from error


def _wrong_reasons(found: Evidence) -> tuple[WrongReason, ...]:
    """By the experiment, where it was made, then by the maps of each method."""
    judged = judged_by_experiment(found)
    by_experiment = missed(found, miss_of(found.profile))
    return (
        *([_wrong_reason(found, EXPERIMENT, judged, by_experiment)] if judged.any() else []),
        *(_wrong_reason(found, method, found.judged(method), found.miss(method)) for method in found.methods),
    )


def _wrong_reason(found: Evidence, source: str, judged: NDArray[np.bool_], miss: NDArray[np.bool_]) -> WrongReason:
    right = found.right & judged
    n, k = int(right.sum()), int(np.sum(right & miss))
    bounds = found.subset(right).share(miss[right]) if n else None
    return WrongReason(
        source=source,
        count=k,
        right=n,
        share=k / n if n else None,
        upper=bounds.upper if bounds else None,
        lower=bounds.lower if bounds else None,
    )
