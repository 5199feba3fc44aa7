"""On which pictures did the candidate regress? Slices by class and by every column of the metadata."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from audit.holm import holm
from checks.baseline.discordance import (
    QUANTITY,
    Margin,
    Turned,
    bounds_of,
    further_pictures,
    margin_of,
    non_inferior,
    turns,
)
from checks.baseline.matched import Pairs
from checks.baseline.result import SliceChange, What
from checks.baseline.shares import REASON
from checks.statistics.paired_proportions import regression_p
from checks.table.kinds import CLASS, FEWEST_OF_A_KIND, repeated
from checks.table.slices import MOST_VALUES, Names
from checks.verdict import Direction, Finding, Outcome, Profile, Unit, Verdict, worst

ALSO = {CLASS: f"{CLASS} of the metadata"}
"""What a column of the metadata is called that has the name of another."""
NO_SLICES = "no_slices"
"""Reason: no classes or metadata tell the pictures apart."""


class Slices(NamedTuple):
    changes: tuple[SliceChange, ...]
    left_out: tuple[str, ...]
    """Columns with more than `MOST_VALUES`."""
    repeated: Mapping[str, str]
    """Columns that say again what the class, or another column, says."""


def compare_slices(pairs: Pairs, metadata: Mapping[str, Names], profile: Profile) -> Slices:
    """Regressed slices first, then by difference. Which regressed is answered with one chance of error for them all.

    metadata: the columns (n,) of the pairs' pictures. The classes are slices however many they are.
    """
    label = np.array([label for _, label in pairs.keys], dtype=object)
    left_out = tuple(name for name, values in metadata.items() if len(set(values.tolist())) > MOST_VALUES)
    again = repeated(label, {name: values for name, values in metadata.items() if name not in left_out})
    own = {ALSO.get(name, name): values for name, values in metadata.items() if name not in {*left_out, *again}}
    rows = [
        (name, value, what, turn.among(values == value))
        for name, values in {CLASS: label, **own}.items()
        if len(set(values.tolist())) > 1
        for value in sorted(set(values.tolist()))
        for what, turn in turns(pairs).items()
    ]
    rows = [row for row in rows if row[3].n]
    large = np.array([turned.n >= FEWEST_OF_A_KIND for *_, turned in rows], dtype=bool)
    tests = [regression_p(*(turned.votes or (turned.worse, turned.better))) for *_, turned in rows]
    adjusted = np.ones(len(rows))  # what is too small to show anything must not hide the others
    adjusted[large] = holm(np.array(tests, dtype=np.float64)[large])
    allowed = margin_of(profile)
    changes = [
        _change((name, value), what, turned, (float(p), pairs.same), allowed)
        for (name, value, what, turned), p in zip(rows, adjusted, strict=True)
    ]
    changes.sort(key=lambda s: (not s.regressed, -s.loss, s.column, s.value, s.what))
    return Slices(tuple(changes), left_out, again)


def slices_hold(slices: tuple[SliceChange, ...], profile: Profile) -> Verdict:
    """FAIL where a slice regressed for certain, and by more than the margin. Else advice: most slices are small.

    Details of a finding: `what` turned on which `column` and `value`, how many pictures `worse` and `better`, whether
    the slice `regressed` by the exact McNemar test, and its `p` with Holm's correction for all slices.
    """
    outcome = worst(s.outcome for s in slices) if slices else Outcome.INCONCLUSIVE
    allowed = margin_of(profile)
    findings = tuple(_finding(s, allowed) for s in slices)
    return Verdict(
        rule="slices_hold",
        outcome=outcome,
        decided_by=next((finding.key for finding in findings if finding.outcome is outcome), None),
        reason="" if findings else NO_SLICES,
        why=allowed.why,
        advisory=outcome is not Outcome.FAIL,
        findings=findings,
    )


def _change(
    where: tuple[str, str], what: What, turned: Turned, tested: tuple[float, bool], allowed: Margin
) -> SliceChange:
    """tested: p over all slices, and whether the same network gave the same numbers."""
    p, same = tested
    bounds = bounds_of(turned, allowed.confidence, same)
    regressed = p <= 1 - allowed.confidence
    outcome = Outcome.PASS if non_inferior(bounds, allowed.margin) is Outcome.PASS else Outcome.INCONCLUSIVE
    return SliceChange(
        column=where[0],
        value=where[1],
        what=what,
        **turned.counted,
        worse=turned.worse,
        better=turned.better,
        loss=turned.loss,
        lower=bounds.lower,
        upper=bounds.upper,
        p=p,
        regressed=regressed,
        outcome=Outcome.FAIL if regressed and turned.loss > allowed.margin else outcome,
    )


def _finding(change: SliceChange, allowed: Margin) -> Finding:
    turned = Turned(change.worse, change.better, change.n, change.clusters, change.independent)
    return Finding(
        key="/".join(quote(part, safe=" ") for part in (change.what, change.column, change.value)),
        outcome=change.outcome,
        quantity=QUANTITY[change.what],
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=change.loss,
        limit=allowed.margin,
        **turned.counted,
        lower=change.lower,
        upper=change.upper,
        further=further_pictures(turned, allowed) if change.outcome is Outcome.INCONCLUSIVE else None,
        reason=REASON[change.outcome],
        details=change.model_dump(include={"what", "column", "value", "worse", "better", "p", "regressed"}),
        slice=f"{change.column}: {change.value}",
    )
