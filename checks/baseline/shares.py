"""Non-inferiority of predictions and of evidence: each a verdict with its bound and the margin."""

from collections.abc import Sequence

import numpy as np

from checks.baseline.discordance import (
    QUANTITY,
    Margin,
    Turn,
    Turned,
    bounds_of,
    further_pictures,
    margin_of,
    non_inferior,
    turns,
    what_next,
)
from checks.baseline.matched import Floats, Mask, Pairs
from checks.baseline.result import What
from checks.statistics.bounds import Bounds
from checks.table.mean_difference import WORST, needed
from checks.verdict import Finding, Outcome, Profile, Verdict
from checks.words import points

UNASKED = "Run both audits with the interventions object_removed and background_replaced."
NO_EXPERIMENT = "No experiment was made with the baseline, so nothing says where its evidence lay."
RULE: dict[What, str] = {"evidence": "evidence_holds", "prediction": "accuracy_holds"}
QUESTION: dict[What, str] = {
    "evidence": "Does the evidence stay on the object as often as with the baseline?",
    "prediction": "Is the label predicted as often as by the baseline?",
}


def shares_hold(pairs: Pairs, sample: Sequence[int], profile: Profile) -> tuple[Verdict, ...]:
    """Of evidence and of predictions. sample: (n,) the numbers in the candidate's record."""
    lost: dict[What, Floats] = {
        "evidence": pairs.before.lead - pairs.after.lead,
        "prediction": pairs.before.probability - pairs.after.probability,
    }
    return tuple(
        _verdict(what, turn, lowest_first(sample, turn.worse, -lost[what]), pairs.same, margin_of(profile))
        for what, turn in turns(pairs).items()
    )


def lowest_first(sample: Sequence[int], chosen: Mask, change: Floats) -> tuple[int, ...]:
    """The samples among the chosen that lost most, most first; a change that is no number counts as the greatest."""
    number = np.array(sample, dtype=np.int64)[chosen]
    order = np.lexsort((number, np.nan_to_num(change[chosen], nan=-np.inf)))
    return tuple(int(i) for i in number[order][:WORST])


def _verdict(what: What, turn: Turn, worst: tuple[int, ...], same: bool, allowed: Margin) -> Verdict:
    turned = turn.among(turn.counted)
    bounds = bounds_of(turned, allowed.confidence, same)
    outcome = non_inferior(bounds, allowed.margin) if turned.n else Outcome.INVALID
    undecided = outcome is Outcome.INCONCLUSIVE
    further = further_pictures(turned, allowed) if undecided else None
    finding = Finding(
        subject="candidate against baseline",
        outcome=outcome,
        quantity=QUANTITY[what],
        value=turned.loss if turned.n else None,
        limit=allowed.margin,
        **turned.counted,
        lower=bounds.lower if turned.n else None,
        upper=bounds.upper if turned.n else None,
        further=further,
        worst=worst,
        sentence=f"{_seen(what, turn, turned, same)} ({_bound(bounds, outcome)}, margin {points(allowed.margin)})"
        + (f"; {needed(further, within_reach=turned.loss < allowed.margin, noun=_noun(turned))}." if undecided else ".")
        if turned.n
        else NO_EXPERIMENT,
    )
    return Verdict(
        rule=RULE[what],
        question=QUESTION[what],
        outcome=outcome,
        sentence=finding.sentence,
        next_step=what_next(outcome, lost=not turned.loss < allowed.margin, invalid=UNASKED),
        why=allowed.why,
        findings=(finding,),
    )


def _noun(turned: Turned) -> str:
    return "picture" if turned.clusters is None else turned.noun


def _seen(what: What, turn: Turn, turned: Turned, same: bool) -> str:
    pictures = turned.pictures
    if same:
        return f"The network is the same, and so is every number on {pictures}: nothing turned"
    before, after = (int((bad & turn.counted).sum()) for bad in (turn.bad_before, turn.bad_after))
    if what == "prediction":
        return (
            f"The candidate predicts {turned.n - after:,} of {pictures} right, the baseline {turned.n - before:,}:"
            f" {turned.worse:,} turned wrong and {turned.better:,} right, {_loss(turned)}"
        )
    return (
        f"The evidence misses the object on {after:,} of {pictures}, with the baseline on {before:,}:"
        f" {turned.worse:,} turned into misses and {turned.better:,} into hits, {_loss(turned)}"
    )


def _loss(turned: Turned) -> str:
    return f"a {'gain' if turned.loss < 0 else 'loss'} of {points(abs(turned.loss))}"


def _bound(bounds: Bounds, outcome: Outcome) -> str:
    if outcome is Outcome.FAIL:
        return f"lower bound {points(bounds.lower)}"
    return f"upper bound {points(bounds.upper)}"
