"""Non-inferiority of predictions and of evidence: each a verdict with its bound and the margin."""

from collections.abc import Sequence

import numpy as np

from checks import reasons
from checks.baseline.discordance import (
    QUANTITY,
    Margin,
    Turn,
    bounds_of,
    further_pictures,
    margin_of,
    non_inferior,
    turns,
)
from checks.baseline.matched import Floats, Mask, Pairs
from checks.baseline.result import What
from checks.table.mean_difference import WORST
from checks.verdict import Direction, Finding, Outcome, Profile, Unit, Verdict

NO_EXPERIMENT = "no_experiment"
"""Reason: no experiment was made with the baseline, so nothing says where its evidence lay."""
RULE: dict[What, str] = {"evidence": "evidence_holds", "prediction": "accuracy_holds"}
REASON = {Outcome.PASS: "", Outcome.FAIL: reasons.BEYOND_LIMIT, Outcome.INCONCLUSIVE: reasons.UNDECIDED}


def shares_hold(pairs: Pairs, sample: Sequence[int], profile: Profile) -> tuple[Verdict, ...]:
    """The verdicts on evidence and on predictions. sample: (n,) the numbers in the candidate's record.

    Details of a finding: how many pictures turned `worse` and `better`, how many were `bad_before` and are `bad_after`
    (missed, or predicted wrong), and whether it is the `same_network` with the same numbers.
    """
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
    finding = Finding(
        key=what,
        outcome=outcome,
        quantity=QUANTITY[what],
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=turned.loss if turned.n else None,
        limit=allowed.margin,
        **turned.counted,
        lower=bounds.lower if turned.n else None,
        upper=bounds.upper if turned.n else None,
        further=further_pictures(turned, allowed) if outcome is Outcome.INCONCLUSIVE else None,
        reason=REASON[outcome] if turned.n else NO_EXPERIMENT,
        details={
            "worse": turned.worse,
            "better": turned.better,
            "bad_before": int((turn.bad_before & turn.counted).sum()),
            "bad_after": int((turn.bad_after & turn.counted).sum()),
            "same_network": same,
        },
        worst=worst,
    )
    return Verdict(rule=RULE[what], outcome=outcome, decided_by=finding.key, why=allowed.why, findings=(finding,))
