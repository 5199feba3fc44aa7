"""On which pictures did the candidate regress? Slices by class and by every column of the metadata."""

from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from audit.holm import holm
from audit.record.record import Record
from audit.record.sample_readers import read_samples
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
from checks.table.read_evidence import cluster_column
from checks.verdict import Direction, Finding, Outcome, Profile, Unit, Verdict, worst

MOST_VALUES = 50
"""Values of a column. One with more, as a file's time, names pictures rather than kinds of pictures."""
CLASS = "class"
NO_SLICES = "no_slices"
"""Reason: no classes or metadata tell the pictures apart."""


class Slices(NamedTuple):
    changes: tuple[SliceChange, ...]
    left_out: tuple[str, ...]
    """Columns with more than `MOST_VALUES`."""


def compare_slices(pairs: Pairs, candidate: Record, profile: Profile) -> Slices:
    """Regressed slices first, then by difference. Which regressed is answered with one chance of error for them all."""
    columns = _columns(pairs, candidate)
    left_out = tuple(name for name, values in columns.items() if len(set(values.tolist())) > MOST_VALUES)
    rows = [
        (name, value, what, turn.among(values == value))
        for name, values in columns.items()
        if name not in left_out and len(set(values.tolist())) > 1
        for value in sorted(set(values.tolist()))
        for what, turn in turns(pairs).items()
    ]
    rows = [row for row in rows if row[3].n]
    adjusted = holm([regression_p(*(turned.votes or (turned.worse, turned.better))) for *_, turned in rows])
    allowed = margin_of(profile)
    changes = [
        _change((name, value), what, turned, (float(p), pairs.same), allowed)
        for (name, value, what, turned), p in zip(rows, adjusted, strict=True)
    ]
    return Slices(tuple(sorted(changes, key=lambda s: (not s.regressed, -s.loss, s.column, s.value, s.what))), left_out)


def by_cluster(pairs: Pairs, candidate: Record) -> Pairs:
    """The same with the clusters that the settings name, if they do."""
    column = cluster_column(candidate)
    if not column:
        return pairs
    missing = np.full(pairs.n, "", dtype=object)
    return replace(pairs, cluster=_columns(pairs, candidate).get(column, missing))


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


def _columns(pairs: Pairs, candidate: Record) -> dict[str, NDArray[np.object_]]:
    """The value of each picture, by column: its class, then its metadata."""
    samples = read_samples(candidate)
    stated = dict(zip(zip(samples.image, samples.label, strict=True), samples.metadata, strict=True))
    entries = [{CLASS: label, **stated[image, label]} for image, label in pairs.keys]
    names = dict.fromkeys(name for entry in entries for name in entry)
    return {name: np.array([str(entry.get(name, "")) for entry in entries], dtype=object) for name in names}


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
