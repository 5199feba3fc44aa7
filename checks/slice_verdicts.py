"""Verdicts on the slices that a profile requires: each slice must pass by itself."""

from typing import Any

from checks import reasons
from checks.apply import apply
from checks.conclude import MAPS
from checks.profile import TRACED
from checks.table.evidence import Evidence
from checks.table.slices import MOST_VALUES, Slice, columns, slices
from checks.verdict import Details, Direction, Finding, Outcome, RequiredSlices, Unit, Verdict, weakest, worst

NO_COLUMN = "no_column"
"""Reason: the data has no such column; details: all required ones that are `missing`."""
TOO_MANY_VALUES = "too_many_values"
"""Reason: the column names pictures and not kinds of pictures; details: its number of `values`, and how many are
`allowed`."""
TOO_FEW_IN_SLICE = "too_few_in_slice"
"""Reason: the rule passes, but on too few pictures of the slice; details: its `pictures`, `clusters`, `independent`."""
EMPTY_SLICE = "empty_slice"
"""Reason: no picture is of this kind."""


def slices_hold(evidence: Evidence, valid: Evidence) -> tuple[Verdict, ...]:
    """One verdict for each required rule and column, named as `Profile.sliced`: each slice must pass by itself.

    So no correction for their number is due: whoever fails one slice fails (an intersection-union test). valid: the
    evidence with the methods whose maps count, for the rules on maps.

    A finding's key is the column's value. It is the one that decides the rule on the slice's pictures, whose own key is
    `finding` in its details; null where the rule has none that decides, and only a reason.
    """
    required = evidence.profile.slices
    if required is None:
        return ()
    return tuple(
        _verdict(valid if rule in MAPS else evidence, rule, column, required)
        for rule in required.rules
        for column in required.by
    )


def _verdict(evidence: Evidence, rule: str, column: str, required: RequiredSlices) -> Verdict:
    stated = {
        "rule": f"{rule}[{column}]",
        "column": column,
        "why": required.why,
        "advisory": evidence.profile.rules[rule].get("advisory") is True,
        **{key: getattr(required, key) for key in TRACED},
    }
    if column not in columns(evidence):
        missing: Details = {"missing": [name for name in required.by if name not in columns(evidence)]}
        return Verdict(**stated, outcome=Outcome.INVALID, reason=NO_COLUMN, details=missing)
    parts = slices(evidence, column)
    if not parts:
        return Verdict(**stated, outcome=Outcome.INVALID, reason=reasons.NO_PICTURES)
    if len(parts) > MOST_VALUES:
        details = {"values": len(parts), "allowed": MOST_VALUES}
        return Verdict(**stated, outcome=Outcome.INVALID, reason=TOO_MANY_VALUES, details={**details})
    findings = tuple(_finding(evidence, part, rule) for part in parts)
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(**stated, outcome=outcome, decided_by=weakest(findings).key, findings=findings)


def _finding(evidence: Evidence, part: Slice, rule: str) -> Finding:
    """What the rule says of the slice; too few pictures are never a PASS."""
    subset = evidence.subset(part.here)
    verdict = apply(evidence.among(part.here), rule) if subset.n else None
    deciding = verdict.deciding if verdict else None
    changed: dict[str, Any] = {"key": part.value, "slice": part.name, "advisory": False}
    details = {**(deciding.details if deciding else {}), "finding": deciding.key if deciding else None}
    if verdict is None:
        changed |= {"outcome": Outcome.INCONCLUSIVE, "reason": EMPTY_SLICE, "further": subset.missing}
    elif verdict.outcome is Outcome.PASS and not subset.enough:
        changed |= {"outcome": Outcome.INCONCLUSIVE, "reason": TOO_FEW_IN_SLICE, "further": subset.missing}
        details |= {"pictures": subset.n, "clusters": subset.clusters, "independent": subset.independent}
    else:
        changed |= {"outcome": verdict.outcome, "reason": deciding.reason if deciding else verdict.reason}
        details |= {} if deciding else verdict.details
    changed["details"] = details
    if deciding:
        return deciding.model_copy(update=changed)
    quantity = {"quantity": "pictures", "unit": Unit.COUNT, "better": Direction.HIGHER}
    return Finding(**changed, **quantity, value=subset.n, **subset.counted)
