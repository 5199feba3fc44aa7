"""The positive control: would this audit have noticed a network that relies on a mark, and from which share on?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.record.schema import SUBJECT
from checks.apply import apply
from checks.profile import Share
from checks.statistics.bounds import mean_bounds
from checks.table.controls import Planted
from checks.table.evidence import Evidence
from checks.table.needs import invalid
from checks.table.planted_copies import KEPT, kept_without_object, outside
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, listed, percent, points

RULE = "control_is_caught"
QUESTION = "Would this audit have noticed a network that goes by a mark, and from which share of the evidence on?"
FEWEST = 10
"""Pictures with the mark; with fewer the control says nothing."""
NEXT = (
    "Run the audit again with the control planted_cue, on more pictures that the network predicts right and whose boxes"
)
NEXT += " leave the border of the frame free; where that does not help, ask more of the rules that shall notice."


@dataclass(frozen=True)
class Copy:
    """What the audit says of one planted copy."""

    share: float
    """Of the evidence that the mark carries."""
    flagged: bool
    """A rule fails it."""
    loss: float | None
    """Mean probability that hiding the mark costs more than hiding as much elsewhere."""
    blamed: bool
    n: int
    """Pictures on which the mark and something else were hidden."""


def control_is_caught(evidence: Evidence, *, flagged_by: tuple[str, ...], min_loss: Share) -> Verdict:
    """Copies of the network that rely on a mark are flagged, and the mark is blamed, which for the network it is not.

    A copy is flagged where one of the rules `flagged_by`, with the limits of this profile, says FAIL of it. The mark is
    blamed where the lower bound of the label's probability that hiding it costs, more than hiding as much elsewhere, is
    over `min_loss`. At lambda 0 the mark must not be blamed; at lambda 1 the copy must be flagged and the mark blamed,
    through every detector: else INVALID, as where the study was not run or had fewer than 10 pictures, since the audit
    could then not have noticed. For each detector two findings: its name, with the smallest lambda from which on every
    copy is flagged (null where the network is flagged without the mark, so that its own reliance hides it), and 'NAME,
    mark blamed', with the smallest lambda from which on the mark is blamed. A last one says what share of its evidence
    the network itself keeps without the object (`kept_without_object`): a copy draws that from outside the object too,
    and both together are the limit of detection.
    """
    planted = evidence.planted
    if problem := _problem(evidence, planted, flagged_by):
        return invalid(RULE, QUESTION, problem, NEXT)
    assert planted is not None
    copies = {
        d: [_copy(evidence, planted, d, share, flagged_by, min_loss) for share in planted.lambdas]
        for d in planted.detectors
    }
    kept = kept_without_object(evidence, planted)
    flagging = [_flagging(detector, found, flagged_by, kept) for detector, found in copies.items()]
    blaming = [_blaming(detector, found, min_loss) for detector, found in copies.items()]
    findings = [finding for pair in zip(flagging, blaming, strict=True) for finding in pair]
    if kept is not None:
        findings.append(_keeping(kept, planted))
    outcome = worst(finding.outcome for finding in findings)
    telling = [finding.sentence for finding in findings if finding.outcome is outcome]
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=outcome,
        sentence=telling[0] if outcome is Outcome.INVALID else _headline(flagging),
        next_step=NEXT if outcome is Outcome.INVALID else "",
        findings=tuple(findings),
    )


def _problem(evidence: Evidence, planted: Planted | None, flagged_by: Sequence[str]) -> str:
    """Why the control says nothing, or ''."""
    if planted is None:
        return "The control planted_cue was not run, so that nothing says what this audit would have noticed."
    if planted.pictures < FEWEST or not planted.detectors:
        return (
            f"{count(planted.pictures, 'picture')} could carry the mark (predicted right, its place outside every box),"
            f" where {FEWEST} are needed: nothing says what this audit would have noticed."
        )
    if not {0.0, 1.0} <= set(planted.lambdas):
        return "The copies that rely on the mark not at all and alone are missing, so that the control says nothing."
    silent = [key for key, given in evidence.answers.items() if key[0] != SUBJECT and given.silent.any()]
    if silent:
        _, intervention, variant = silent[0]
        return f"The network yields no number for pictures with the mark as {intervention} '{variant}' alters them."
    if absent := [rule for rule in flagged_by if rule not in evidence.profile.rules]:
        return f"The profile has no limits for {listed(absent)}, by which a copy would be flagged."
    return "" if flagged_by else "The profile names no rule by which a copy would be flagged."


def _copy(
    evidence: Evidence, planted: Planted, detector: str, share: float, flagged_by: Sequence[str], min_loss: float
) -> Copy:
    copy = evidence.as_subject(planted.subject(detector, share))
    flagged = any(apply(copy, rule).outcome is Outcome.FAIL for rule in flagged_by)
    lost = copy.answered("mark", "elsewhere").probability - copy.answered("mark", "hidden").probability
    lost = lost[np.isfinite(lost)]
    bounds = mean_bounds(lost, evidence.confidence, evidence.seed)  # of these pictures: whose flight, is no matter
    blamed = bounds is not None and len(lost) >= FEWEST and bounds.lower > min_loss
    return Copy(share, flagged, float(lost.mean()) if len(lost) else None, blamed, len(lost))


def _from_which_on(copies: Sequence[Copy], caught: Sequence[bool]) -> float | None:
    """The smallest share from which on all are caught; None where the last is not."""
    missed = [place for place, one in enumerate(caught) if not one]
    first = missed[-1] + 1 if missed else 0
    return copies[first].share if first < len(copies) else None


def _flagging(detector: str, copies: Sequence[Copy], flagged_by: Sequence[str], kept: float | None) -> Finding:
    caught, own = copies[-1].flagged, copies[0].flagged
    limit = None if own else _from_which_on(copies, [copy.flagged for copy in copies])
    rules = f"({listed(flagged_by)})"
    if not caught:
        sentence = f"A network that goes by the mark alone (detector {detector}) is not flagged {rules}."
    elif limit is None:
        sentence = (
            f"The network is flagged {rules} without the mark already: what it relies on itself hides from which share"
            f" on a mark (detector {detector}) would be."
        )
    else:
        sentence = f"From {percent(limit)} of the evidence on, a mark (detector {detector}) is flagged {rules}"
        sentence += f"{_in_all(limit, kept)}."
    return Finding(
        subject=detector,
        outcome=Outcome.PASS if caught else Outcome.INVALID,
        quantity="share of the evidence from which on a mark is flagged",
        value=limit,
        n=copies[-1].n,
        sentence=sentence,
    )


def _in_all(limit: float, kept: float | None) -> str:
    if kept is None:
        return "; what the network itself keeps without the object is not known"
    if not kept:
        return ""
    return (
        f"; the network itself keeps {percent(kept)} of its evidence without the object, so that this is"
        f" {100 * outside(limit, kept):.0f} % from outside the object"
    )


def _keeping(kept: float, planted: Planted) -> Finding:
    return Finding(
        subject=KEPT,
        outcome=Outcome.PASS,
        quantity="share of its evidence that the network itself keeps when the object is removed",
        value=kept,
        n=planted.pictures,
        sentence=f"Without the object the network itself keeps {percent(kept)} of its evidence for the label"
        f" (log-odds over those of a guess, in the median of {count(planted.pictures, 'picture')}).",
    )


def _blaming(detector: str, copies: Sequence[Copy], min_loss: float) -> Finding:
    innocent, alone = copies[0], copies[-1]
    sound = alone.blamed and not innocent.blamed
    limit = _from_which_on(copies, [copy.blamed for copy in copies])
    if innocent.blamed:
        sentence = (
            f"Hiding the mark costs the network itself {points(innocent.loss or 0.0)} more than hiding as much"
            " elsewhere: it is blamed where it carries nothing."
        )
    elif limit is None:
        sentence = f"The mark is not blamed where it carries all of the evidence (detector {detector})."
    else:
        sentence = (
            f"From {percent(limit)} of the evidence on, hiding the mark (detector {detector}) costs the label over"
            f" {points(min_loss)} more than hiding as much elsewhere; where it carries all,"
            f" {points(alone.loss or 0.0)}."
        )
    return Finding(
        subject=f"{detector}, mark blamed",
        outcome=Outcome.PASS if sound else Outcome.INVALID,
        quantity="share of the evidence from which on hiding the mark is seen to cost the label",
        value=limit,
        n=alone.n,
        sentence=sentence,
    )


def _headline(flagging: Sequence[Finding]) -> str:
    """Of the detector that is harder to catch."""
    hidden = [finding for finding in flagging if finding.value is None]
    return (hidden or [max(flagging, key=lambda finding: finding.value or 0.0)])[0].sentence
