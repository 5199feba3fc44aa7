"""Apply a profile's rules to a record. Nothing is ever PASS by absence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from audit.errors import AuditError
from audit.record.record import Record, readable
from audit.validation import first_problem
from checks.apply import apply
from checks.conclude import MAPS, VALIDITY, conclude, kept_methods
from checks.profile import fingerprint, load_profile
from checks.requirements import traced
from checks.scope import limits_sha256, scope_of
from checks.slice_verdicts import slices_hold
from checks.table.cells import EXPERIMENT, four_cells, judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence
from checks.table.integrity import run_is_whole
from checks.table.read_evidence import read_evidence
from checks.verdict import Judgement, Profile, Verdict, WrongReason


def judge(record: Record | Path | str, profile: str | Path | Profile | None = None) -> Judgement:
    """Judge a record, or the file of one, by the profile that was hashed into it before the run, or by another.

    Raises AuditError where the record or the profile cannot be read.
    """
    if not isinstance(record, Record):
        with Record.open(Path(record)) as opened:
            return judge(opened, profile)
    with readable(record):
        return judge_evidence(read_evidence(record, limits_of(record, profile)), record)


def limits_of(record: Record, profile: str | Path | Profile | None = None) -> Profile:
    """The profile to judge by: the one that is named, or the record's own. Raises AuditError where there is none."""
    if isinstance(profile, Profile):
        return profile
    if profile is not None:
        return load_profile(profile)
    registered = _registered(record)
    if registered is None:
        raise AuditError(record.path, "holds no profile", "need limits to judge by", "Name a profile.")
    return registered


def judge_evidence(table: Evidence, record: Record) -> Judgement:
    """Judge a record whose table is read, by the table's profile.

    A rule that cannot be evaluated is INVALID, as are an unfinished run, a network that changed, a record that was
    altered, and an empty set of rules.
    """
    registered, limits, scope = _registered(record), table.profile, scope_of(record)
    verdicts = traced((*run_is_whole(table, record), *_verdicts(table)), record)
    return Judgement(
        **conclude(verdicts)._asdict(),
        pictures=table.n,
        profile=limits,
        scope=scope,
        limits_sha256=limits_sha256(limits, scope),
        registered=registered.name if registered is not None else None,
        fixed_beforehand=registered is not None and registered.sha256 == fingerprint(registered) == fingerprint(limits),
        verdicts=verdicts,
        right_for_the_wrong_reason=_wrong_reasons(table, kept_methods(table.methods, verdicts)),
        cells=four_cells(table, miss_of(limits)),
    )


def _verdicts(table: Evidence) -> tuple[Verdict, ...]:
    """One for each rule, by name. The rules on maps see no maps of methods that the rule on explainers takes out."""
    rules = table.profile.rules
    validity = [apply(table, VALIDITY)] if VALIDITY in rules else []
    valid = replace(table, methods=kept_methods(table.methods, validity))
    others = [apply(valid if rule in MAPS else table, rule) for rule in rules if rule != VALIDITY]
    sliced = slices_hold(table, valid)
    return tuple(sorted([*validity, *others, *sliced], key=lambda verdict: verdict.rule))


def _registered(record: Record) -> Profile | None:
    stored = record.identity().get("profile")
    try:
        return None if stored is None else Profile.model_validate(stored)
    except ValidationError as error:
        raise AuditError(
            record.path, f"holds a broken profile ({first_problem(error)})", "need a complete profile"
        ) from error


def _wrong_reasons(table: Evidence, kept: tuple[str, ...]) -> tuple[WrongReason, ...]:
    """By the experiment, where it was made, then by the maps of each method whose maps are evidence."""
    judged = judged_by_experiment(table)
    by_experiment = missed(table, miss_of(table.profile))
    return (
        *([_wrong_reason(table, EXPERIMENT, judged, by_experiment)] if judged.any() else []),
        *(_wrong_reason(table, method, table.judged(method), table.miss(method)) for method in kept),
    )


def _wrong_reason(table: Evidence, source: str, judged: NDArray[np.bool_], miss: NDArray[np.bool_]) -> WrongReason:
    right = table.right & judged
    n, k = int(right.sum()), int(np.sum(right & miss))
    bounds = table.subset(right).share(miss[right]) if n else None
    return WrongReason(
        source=source,
        count=k,
        right=n,
        share=k / n if n else None,
        upper=bounds.upper if bounds else None,
        lower=bounds.lower if bounds else None,
    )
