"""The positive control: would this audit have noticed a network that relies on a mark, and from which share?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audit.record.schema import SUBJECT
from audit.registry import Need
from checks.apply import apply
from checks.demand import PREDICTED_RIGHT, Demand
from checks.profile import Share
from checks.statistics.bounds import Bounds, mean_bounds, share_bounds
from checks.table.controls import Planted
from checks.table.evidence import Evidence
from checks.table.layout import Layout
from checks.table.needs import Missing, invalid
from checks.table.planted_copies import KEPT, kept_without_object, outside
from checks.verdict import Details, Direction, Finding, Outcome, Unit, Verdict, weakest, worst

NEEDS: frozenset[Need] = frozenset({"region"})
RULE = "control_is_caught"
MOST = 1.0
"""Share of the evidence. The copy that goes by the mark alone must be caught; from where on, is only stated."""
CONTROL = "planted_cue"
FEWEST = 10
"""Pictures with the mark; with fewer the control says nothing."""
NO_CONTROL = "no_control"
"""Reason: the control `planted_cue` was not run."""
FEW_MARKED = "few_marked"
"""Reason: too few pictures could carry the mark; details: how many `pictures`, and the `fewest` that it takes."""
ENDS_MISSING = "ends_missing"
"""Reason: the copies that rely on the mark not at all, and on nothing else, are not both there."""
COPY_SILENT = "copy_silent"
"""Reason: the network yields no number for pictures with the mark; details: `intervention`, `variant`."""
NO_LIMITS = "no_limits"
"""Reason: the profile has no limits for `rules` by which a copy would be flagged (details)."""
NO_RULE = "no_rule"
"""Reason: the profile names no rule by which a copy would be flagged."""
NOT_FLAGGED = "not_flagged"
"""Reason: no rule fails the copy that goes by the mark alone."""
NOT_BLAMED = "not_blamed"
"""Reason: the mark is not blamed where it carries all of the evidence."""
TOO_BLUNT = "too_blunt"
"""Reason: so much accuracy hangs on the mark before it is flagged that this audit would miss what matters."""
OWN_RELIANCE = "own_reliance"
"""Reason: the network is flagged without a mark, so that nobody can say from which share on one would be."""
INNOCENT_BLAMED = "innocent_blamed"
"""Reason: the mark is blamed where it carries nothing."""


@dataclass(frozen=True)
class Copy:
    """What the audit says of one planted copy."""

    share: float
    """The mark's share of the evidence."""
    flagged: bool
    """A rule fails it."""
    loss: float | None
    """Mean probability that hiding the mark costs more than hiding an equal area elsewhere."""
    loss_bounds: Bounds | None
    """Of the loss, one-sided."""
    blamed: bool
    n: int
    """Pictures on which the mark and something else were hidden."""
    reliance: float | None
    """Share of the right answers that are lost with the mark of another class."""
    bounds: Bounds
    """Of the reliance, one-sided."""
    asked: int
    """Pictures that were shown with the mark of another class."""


def control_is_caught(
    evidence: Evidence, *, flagged_by: tuple[str, ...], min_loss: Share, max_limit_of_detection: Share
) -> Verdict:
    """Copies of the network that rely on a mark are flagged, and the mark is blamed; in the network itself it is not.

    A copy is flagged where one of the rules `flagged_by`, with the limits of this profile, says FAIL of it. The mark is
    blamed where the lower bound of the label's probability that hiding it costs, beyond hiding an equal area, is
    over `min_loss`. At lambda 0 the mark must not be blamed; at lambda 1 the copy must be flagged and the mark blamed,
    through every detector: else INVALID, as where the study was not run or had fewer than 10 pictures, since the audit
    could then not have noticed. The limit of detection is what the first of the copies from which on all are flagged
    loses with the mark of another class, as a share of its right answers; INCONCLUSIVE where its upper bound exceeds
    `max_limit_of_detection`, in which case a reliance of that size could go unseen.

    For each detector three findings: DETECTOR, with the smallest lambda from which on every copy is flagged; where the
    network is flagged without the mark, its own reliance hides that share, and the finding does not enter.
    DETECTOR/points, with the limit of detection where there is one. DETECTOR/blame, with what hiding the mark costs the
    copy that goes by it alone. The last one, `kept`, which does not enter, says what share of
    its evidence the network itself keeps without the object (`kept_without_object`): a copy draws that from outside the
    object too.

    Details of all: the `detector`. Of the first two: `flagged_by`, whether the network is `flagged_unmarked`, what it
    has `kept` without the object (null where unknown), and the share from `outside` the object at the limit of
    detection (null likewise); the `reliance` there with `lower` and `upper` bounds, the largest reliance that was not
    flagged (`unseen`; all null where there is no limit), the mark's `share` there, and `max_limit_of_detection`. Of the
    third: the smallest lambda from which on the mark is blamed (`share`), the mean loss of the network itself
    (`loss_unmarked`) and of the copy that goes by the mark alone (`loss`), and whether the network is
    `flagged_unmarked`.
    """
    planted = evidence.planted
    missing = _missing(evidence, planted, flagged_by)
    if missing or planted is None:
        return invalid(RULE, missing or Missing(NO_CONTROL, {}))
    copies = {
        d: tuple(_copy(evidence, planted, d, share, flagged_by, min_loss) for share in planted.lambdas)
        for d in planted.detectors
    }
    kept = kept_without_object(evidence, planted)
    findings: list[Finding] = []
    for detector, tried in copies.items():
        flagging = _flagging(detector, tried, flagged_by, kept, max_limit_of_detection)
        findings += [flagging, *_limit(flagging), _blaming(detector, tried, min_loss)]
    bounded = {"confidence": evidence.confidence}
    findings = [f if f.exact else f.model_copy(update=bounded) for f in findings]
    if kept is not None:
        findings.append(_keeping(kept, planted))
    entering = [finding for finding in findings if not finding.advisory]
    outcome = worst(finding.outcome for finding in entering)
    telling = [finding for finding in entering if finding.outcome is outcome]
    deciding = weakest(_hardest(telling)) if outcome is Outcome.PASS else telling[0]
    return Verdict(rule=RULE, outcome=outcome, decided_by=deciding.key, findings=tuple(findings))


def needed(layout: Layout) -> tuple[Demand, ...]:
    """Pictures predicted right, as many as must carry the mark."""
    return *layout.experiments(CONTROL), Demand(key=PREDICTED_RIGHT, have=layout.drawn(CONTROL).n, needed=FEWEST)


def _missing(evidence: Evidence, planted: Planted | None, flagged_by: Sequence[str]) -> Missing | None:
    """Why the control says nothing."""
    if planted is None:
        return Missing(NO_CONTROL, {})
    if planted.pictures < FEWEST or not planted.detectors:
        return Missing(FEW_MARKED, {"pictures": planted.pictures, "fewest": FEWEST})
    if not {0.0, 1.0} <= set(planted.lambdas):
        return Missing(ENDS_MISSING, {})
    silent = [key for key, given in evidence.answers.items() if key[0] != SUBJECT and given.silent.any()]
    if silent:
        _, intervention, variant = silent[0]
        return Missing(COPY_SILENT, {"intervention": intervention, "variant": variant})
    if absent := [rule for rule in flagged_by if rule not in evidence.profile.rules]:
        return Missing(NO_LIMITS, {"rules": absent})
    return None if flagged_by else Missing(NO_RULE, {})


def _copy(
    evidence: Evidence, planted: Planted, detector: str, share: float, flagged_by: Sequence[str], min_loss: float
) -> Copy:
    copy = evidence.as_subject(planted.subject(detector, share))
    flagged = any(apply(copy, rule).outcome is Outcome.FAIL for rule in flagged_by)
    lost = copy.answered("mark", "elsewhere").probability - copy.answered("mark", "hidden").probability
    lost = lost[np.isfinite(lost)]
    bounds = mean_bounds(lost, evidence.confidence, evidence.seed)  # of these pictures: whose flight, is no matter
    blamed = bounds is not None and len(lost) >= FEWEST and bounds.lower > min_loss
    loss = float(lost.mean()) if len(lost) else None
    return Copy(share, flagged, loss, bounds, blamed, len(lost), *_reliance(copy))


def _reliance(copy: Evidence) -> tuple[float | None, Bounds, int]:
    """What the mark of another class costs the pictures that are right with that of their own."""
    other = copy.answered("mark", "other")
    asked = copy.right & other.asked
    lost = (other.predicted != copy.class_index)[asked]
    bounds = share_bounds(int(lost.sum()), len(lost), copy.confidence)
    return float(lost.mean()) if len(lost) else None, bounds, len(lost)


def _from_which_on(copies: Sequence[Copy], caught: Sequence[bool]) -> float | None:
    """The smallest share from which on all are caught; None where the last is not."""
    missed = [place for place, one in enumerate(caught) if not one]
    first = missed[-1] + 1 if missed else 0
    return copies[first].share if first < len(copies) else None


def _flagging(
    detector: str, copies: Sequence[Copy], flagged_by: Sequence[str], kept: float | None, most: float
) -> Finding:
    own = copies[0].flagged
    limit = None if own else _from_which_on(copies, [copy.flagged for copy in copies])
    first = next((copy for copy in copies if copy.share == limit), None)
    caught, reason = copies[-1].flagged, OWN_RELIANCE if own else ""
    return Finding(
        key=detector,
        outcome=Outcome.INVALID if not caught else Outcome.INCONCLUSIVE if own else Outcome.PASS,
        quantity="share_from_which_a_mark_is_flagged",
        unit=Unit.SHARE,
        better=Direction.LOWER,
        value=limit,
        limit=MOST,
        n=copies[-1].n,
        exact=True,
        reason=reason if caught else NOT_FLAGGED,
        details={
            "detector": detector,
            "flagged_by": list(flagged_by),
            "flagged_unmarked": own,
            "kept": kept,
            "outside": None if limit is None or kept is None else outside(limit, kept),
            **_in_points(copies, first),
            "max_limit_of_detection": most,
        },
        advisory=caught and own,
    )


def _limit(flagging: Finding) -> Iterator[Finding]:
    """The limit of detection, where every copy from some share on is flagged."""
    details = flagging.details
    if flagging.value is None:
        return
    within = details["reliance"] is not None and details["upper"] <= details["max_limit_of_detection"]
    yield Finding(
        key=f"{flagging.key}/points",
        outcome=Outcome.PASS if within else Outcome.INCONCLUSIVE,
        quantity="limit_of_detection",
        unit=Unit.DIFFERENCE,
        better=Direction.LOWER,
        value=details["reliance"],
        limit=details["max_limit_of_detection"],
        n=details["asked"],
        lower=details["lower"],
        upper=details["upper"],
        reason="" if within else TOO_BLUNT,
        details={**details, "share": flagging.value},
    )


def _in_points(copies: Sequence[Copy], first: Copy | None) -> Details:
    """What hangs on the mark where it starts to be flagged, and the most that hung on it unseen."""
    if first is None:
        return {**dict.fromkeys(("reliance", "lower", "upper", "unseen")), "asked": 0}
    unseen = [copy.reliance for copy in copies if copy.share < first.share and copy.reliance is not None]
    bounds = {"lower": first.bounds.lower, "upper": first.bounds.upper}
    return {"reliance": first.reliance, **bounds, "unseen": max(unseen, default=None), "asked": first.asked}


def _keeping(kept: float, planted: Planted) -> Finding:
    return Finding(
        key=KEPT,
        outcome=Outcome.PASS,
        quantity="evidence_kept_without_object",
        unit=Unit.SHARE,
        better=Direction.LOWER,
        value=kept,
        n=planted.pictures,
        advisory=True,
    )


def _blaming(detector: str, copies: Sequence[Copy], min_loss: float) -> Finding:
    innocent, alone = copies[0], copies[-1]
    reason = INNOCENT_BLAMED if innocent.blamed else "" if alone.blamed else NOT_BLAMED
    return Finding(
        key=f"{detector}/blame",
        outcome=Outcome.INVALID if reason else Outcome.PASS,
        quantity="loss_without_mark",
        unit=Unit.DIFFERENCE,
        better=Direction.HIGHER,
        value=alone.loss,
        limit=min_loss,
        n=alone.n,
        lower=alone.loss_bounds.lower if alone.loss_bounds else None,
        upper=alone.loss_bounds.upper if alone.loss_bounds else None,
        reason=reason,
        details={
            "detector": detector,
            "share": _from_which_on(copies, [copy.blamed for copy in copies]),
            "loss_unmarked": innocent.loss,
            "loss": alone.loss,
            "flagged_unmarked": innocent.flagged,
        },
    )


def _hardest(findings: Sequence[Finding]) -> Sequence[Finding]:
    """The limits of detection; what blames the mark, where the network is flagged unmarked and there is none."""
    return [finding for finding in findings if finding.quantity == "limit_of_detection"] or findings
