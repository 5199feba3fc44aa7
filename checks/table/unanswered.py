"""Altered pictures that left no number: a rule that goes by the others would be PASS by absence."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from audit.record.schema import SUBJECT
from checks import reasons
from checks.table.evidence import Evidence
from checks.table.needs import Missing, Needs, invalid, lacking
from checks.verdict import Details, Verdict

MOST_LOST = 0.1
"""Share of the right predictions that may be left without an answer, for whatever reason, as many as the default
profile lets a run exclude."""

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
    lost, names = np.zeros(evidence.n, bool), list[tuple[str, str]]()
    for intervention, variant in _each(needs):
        if evidence.experiments.get(intervention, {}).get("pictures") is None:
            here = chosen & ~answered(evidence, intervention, variant) & ~unmade(evidence, intervention, variant)
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


def unmade(evidence: Evidence, intervention: str, variant: str) -> Mask:
    """(n,) the record says that this picture could not be altered so: no room, nothing to fill it with, or no donor."""
    left_out = np.zeros(evidence.n, bool)
    left_out[evidence.unmade.get((SUBJECT, intervention, variant), [])] = True
    return left_out
