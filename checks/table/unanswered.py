"""Altered pictures that left no number: a rule that goes by the others would be PASS by absence."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from audit.record.schema import SUBJECT
from checks import reasons
from checks.table.evidence import Evidence
from checks.table.needs import Missing, Needs, invalid, lacking
from checks.table.variants import read_variant
from checks.verdict import Details, Verdict

MOST_LOST = 0.1
"""Share of the right predictions that may be left without an answer, for whatever reason, as many as the default
profile lets a run exclude."""

NO_SURROUNDINGS = "no_surroundings"
"""The boxes fill the frame."""
NO_ROOM = "no_room"
"""The boxes leave too little room to hide as much elsewhere."""
NO_DONOR = "no_donor"
"""No picture could lend its background."""
UNKNOWN = "unknown"
"""The record does not say."""

Mask = NDArray[np.bool_]


def unfit(rule: str, evidence: Evidence, needs: Needs, among: Mask | None = None) -> Verdict | None:
    """INVALID where no rule can judge by the answers to `needs`; None where one can.

    They were not asked for; or the network yields no number for a picture predicted right, of those `among` which the
    rule judges (n,); or one of them has no answer although the record does not say that it could not be altered so.
    """
    chosen = evidence.right if among is None else evidence.right & among
    missing = lacking(evidence, needs) or no_number(evidence, needs, chosen) or _lost(evidence, needs, chosen)
    return invalid(rule, missing) if missing else None


def no_number(evidence: Evidence, needs: Needs, chosen: Mask) -> Missing | None:
    """The chosen pictures (n,) for which the network yields no number; None where there are none."""
    for intervention, variant in _each(needs):
        given = evidence.answers.get((SUBJECT, intervention, variant))
        if given is None:
            continue
        silent = np.zeros(evidence.n, bool)
        silent[given.place[given.silent]] = True
        if n := int((silent & chosen).sum()):
            first = int(evidence.sample[silent & chosen].min())
            details: Details = {"intervention": intervention, "variant": variant, "pictures": n, "first": first}
            return Missing(reasons.NO_NUMBER, details)
    return None


def _lost(evidence: Evidence, needs: Needs, chosen: Mask) -> Missing | None:
    """The chosen pictures without an answer that nothing excuses; None where there are none."""
    lost, names, asked = np.zeros(evidence.n, bool), list[tuple[str, str]](), chosen & evidence.intervened
    for intervention, variant in _each(needs):
        if evidence.experiments.get(intervention, {}).get("pictures") is None:
            here = asked & ~answered(evidence, intervention, variant) & ~unmade(evidence, intervention, variant)
            lost |= here
            names += [(intervention, variant)] * bool(here.any())
    n, right = int(lost.sum()), int(chosen.sum())
    if not n:
        return None
    details: Details = {
        "intervention": names[0][0],
        "variant": names[0][1],
        "others": len(names) > 1,
        "pictures": n,
        "of": right,
        "first": int(evidence.sample[lost].min()),
    }
    return Missing(reasons.UNANSWERED, details)


def answered(evidence: Evidence, intervention: str, variant: str) -> Mask:
    """(n,) the record holds an answer, be it no number."""
    there = np.zeros(evidence.n, bool)
    given = evidence.answers.get((SUBJECT, intervention, variant))
    if given is not None:
        there[given.place] = True
    return there


def _each(needs: Needs) -> Iterator[tuple[str, str]]:
    return ((intervention, variant) for intervention, variants in needs.items() for variant in variants)


def lost(evidence: Evidence, judged: Mask, intervention: str) -> Mask:
    """(n,) pictures predicted right that should have an answer and have none; none where it takes a draw."""
    drawn = evidence.experiments.get(intervention, {}).get("pictures") is not None
    return np.zeros(evidence.n, bool) if drawn else evidence.right & evidence.intervened & ~judged


def without_answer(evidence: Evidence, judged: Mask, needs: Needs, among: Mask | None = None) -> Details:
    """As details of a finding: how many pictures predicted right are not judged, and of these how many for each reason.

    judged: (n,). among: (n,) those that the rule is about; None: all. Each counts under the first of its reasons, and
    where none is not judged there are none. If the first intervention takes a draw, it is to leave pictures out.
    """
    some = lost(evidence, judged, next(iter(needs))) & (True if among is None else among)
    if not some.any():
        return {"without_answer": 0}
    why = np.full(evidence.n, UNKNOWN, dtype=object)
    for intervention, variant in _each(needs):
        here = some & ~answered(evidence, intervention, variant) & (why == UNKNOWN)
        why[here] = np.where(evidence.area_share[here] >= 1, NO_SURROUNDINGS, _reason(variant))
    return {"without_answer": int(some.sum()), "unanswered_because": dict(Counter(sorted(why[some].tolist())))}


def _reason(variant: str) -> str:
    kind, _, elsewhere = read_variant(variant)
    return NO_ROOM if elsewhere else NO_DONOR if kind in ("donor", "other", "same") else UNKNOWN


def unmade(evidence: Evidence, intervention: str, variant: str) -> Mask:
    """(n,) the record says that this picture could not be altered so: no room, nothing to fill it with, or no donor."""
    left_out = np.zeros(evidence.n, bool)
    left_out[evidence.unmade.get((SUBJECT, intervention, variant), [])] = True
    return left_out
