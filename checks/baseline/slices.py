"""On which pictures did the candidate regress? Slices by class and by every column of the metadata."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    what_next,
)
from checks.baseline.matched import Pairs
from checks.baseline.result import SliceChange, What
from checks.statistics.paired_proportions import holm, regression_p
from checks.table.evidence import cluster_column
from checks.verdict import Finding, Outcome, Profile, Verdict, worst
from checks.words import count, listed, points

MOST_VALUES = 50
"""Of a column. One with more, as a file's time, names pictures and not kinds of pictures."""
MOST_NAMED = 3
"""Slices in a sentence."""
CLASS = "class"


class Slices(NamedTuple):
    found: tuple[SliceChange, ...]
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
    found = [
        _change((name, value), what, turned, (float(p), pairs.same), allowed)
        for (name, value, what, turned), p in zip(rows, adjusted, strict=True)
    ]
    return Slices(tuple(sorted(found, key=lambda s: (not s.regressed, -s.loss, s.column, s.value, s.what))), left_out)


def by_cluster(pairs: Pairs, candidate: Record) -> Pairs:
    """The same with the clusters that the settings name, if they do."""
    column = cluster_column(candidate)
    if not column:
        return pairs
    missing = np.full(pairs.n, "", dtype=object)
    return replace(pairs, cluster=_columns(pairs, candidate).get(column, missing), column=column)


def slices_hold(slices: tuple[SliceChange, ...], profile: Profile) -> Verdict:
    """FAIL where a slice regressed for certain, and by more than the margin. Else advice: most slices are small."""
    outcome = worst(s.outcome for s in slices) if slices else Outcome.INCONCLUSIVE
    return Verdict(
        rule="slices_hold",
        question="Is there no kind of pictures on which the candidate regressed?",
        outcome=outcome,
        sentence=_sentence(slices),
        next_step=what_next(outcome, lost=False),
        why="Which slices regressed is tested by the exact McNemar test, with Holm's correction for all of them.",
        advisory=outcome is not Outcome.FAIL,
        findings=tuple(_finding(s, margin_of(profile)) for s in slices),
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


def _finding(found: SliceChange, allowed: Margin) -> Finding:
    turned = Turned(found.worse, found.better, found.n, found.clusters, found.independent)
    return Finding(
        subject=f"{found.column} {found.value}",
        outcome=found.outcome,
        quantity=QUANTITY[found.what],
        value=found.loss,
        limit=allowed.margin,
        **turned.counted,
        lower=found.lower,
        upper=found.upper,
        further=further_pictures(turned, allowed) if found.outcome is Outcome.INCONCLUSIVE else None,
        sentence=f"{_named(found)}: {found.worse:,} of {turned.pictures} turned worse and {found.better:,}"
        f" better (upper bound {points(found.upper)}, margin {points(allowed.margin)}; p = {found.p:.2g} over all).",
    )


def _sentence(slices: tuple[SliceChange, ...]) -> str:
    if not slices:
        return "The pictures have no classes or metadata to tell slices apart."
    if red := [s for s in slices if s.outcome is Outcome.FAIL]:
        named = [_named(s) for s in red[:MOST_NAMED]]
        more = [f"{count(len(red) - MOST_NAMED, 'further slice')}"] if len(red) > MOST_NAMED else []
        return (
            f"The candidate regressed on {listed([*named, *more])}; on the first, {red[0].worse:,} of"
            f" {count(red[0].n, 'picture')} turned worse and {red[0].better:,} better."
        )
    undecided = sum(s.outcome is not Outcome.PASS for s in slices)
    slices_in_all = count(len(slices), "slice")
    less = [s for s in slices if s.regressed]
    by_less = f" Regressed, by less than the margin: {listed(_named(s) for s in less)}." if less else ""
    if not undecided:
        return f"On none of {slices_in_all} is the candidate worse by the margin.{by_less}"
    return (
        f"On {undecided} of {slices_in_all} the pictures are too few, or too many turned, to exclude a loss of the"
        f" margin; none is shown to have lost more.{by_less}"
    )


def _named(found: SliceChange) -> str:
    return f"{found.column} {found.value} ({found.what})"
