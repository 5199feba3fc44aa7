"""What the rules on experiments share: the answers that they need, and the verdict where those are missing."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from checks import reasons
from checks.table.evidence import OTHER_BACKGROUND, Evidence
from checks.verdict import Details, Outcome, Verdict

Fills = Annotated[tuple[Literal["mean", "blur", "donor"], ...], Field(min_length=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Needs = Mapping[str, Sequence[str]]
"""Variants by intervention."""

ALL_FILLS: tuple[Literal["mean", "blur", "donor"], ...] = ("mean", "blur", "donor")


class Missing(NamedTuple):
    """What keeps a rule from judging: one of `checks.reasons`, or of the rule's own, and its details."""

    reason: str
    details: Details


def for_the_object(fills: Sequence[str]) -> Needs:
    """What tells how much the object matters."""
    return {"object_removed": [name for fill in fills for name in (fill, f"{fill} elsewhere")]}


def for_the_lead(fills: Sequence[str]) -> Needs:
    """What tells the object from its surroundings."""
    return {"object_removed": list(fills), "background_replaced": [OTHER_BACKGROUND[fill] for fill in fills]}


def lacking(evidence: Evidence, needs: Needs) -> Missing | None:
    """What is needed and was not asked; None where all was."""
    for intervention, variants in needs.items():
        there = evidence.variants(intervention)
        details = {
            "intervention": intervention,
            "variants": list(variants),
            "needed": {name: list(each) for name, each in needs.items()},
        }
        if not there:
            return Missing(reasons.NOT_RUN, details)
        if missing := [variant for variant in variants if variant not in there]:
            return Missing(reasons.NO_ANSWER, {**details, "missing": missing})
    return None


def incapable(rule: str, evidence: Evidence, *names: str) -> Verdict | None:
    """INCONCLUSIVE where something that the rule goes by was left out, since the model cannot do it; else None.

    names: of it; none: the maps of every method.
    """
    if not names and evidence.methods:
        return None
    lacking = next((evidence.left_out[name] for name in names or evidence.left_out if name in evidence.left_out), None)
    if lacking is None:
        return None
    details: Details = {"lacking": list(lacking)}
    return Verdict(rule=rule, outcome=Outcome.INCONCLUSIVE, reason=reasons.INCAPABLE, details=details)


def invalid(rule: str, missing: Missing) -> Verdict:
    """The verdict of a rule that cannot judge: INVALID, without a finding."""
    return Verdict(rule=rule, outcome=Outcome.INVALID, reason=missing.reason, details=missing.details)
