"""Cues: does hiding what the maps of a class agree on outside the boxes cost the prediction?"""

from dataclasses import dataclass, replace

import numpy as np

from checks.profile import Share
from checks.statistics.bounds import Bounds
from checks.statistics.subset import FEWEST
from checks.table.controls import Cue
from checks.table.evidence import Evidence
from checks.table.mean_difference import Comparison, compare, lowest, undecided
from checks.table.needs import invalid
from checks.table.unanswered import NEXT as NO_NUMBER
from checks.table.unanswered import no_number
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, percent, points

RULE = "no_shared_hotspot"
QUESTION = "Does the model go by something that recurs outside the boxes?"
QUANTITY = "label's probability lost by hiding the candidate, less what hiding as much elsewhere costs"
WAYS = 2
"""In which a candidate can be confirmed."""
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the crops, find where the cue comes from (a camera's tag, a watermark, a habit of whoever"
    " took the pictures), take it out of the training pictures or let it mislead there, and audit again.",
    Outcome.INCONCLUSIVE: f"Add pictures, so that each class has {FEWEST} and more that are predicted right.",
    Outcome.INVALID: "Run the audit again with the search shared_cues.",
}
LOOK = (
    "Look at the crops that turn pictures of other classes: where they show an object of the class, box it too, or take"
    " the picture out; where they do not, it is a cue, which the object stands in for when it is hidden."
)


def no_shared_hotspot(evidence: Evidence, *, min_loss: Share, min_turned: Share, min_searched: Share) -> Verdict:
    """No place and no appearance outside the boxes that recurs in a class is what the model goes by.

    Maps propose candidates; experiments on pictures predicted right confirm them, in one of two ways. Hiding one costs
    more of the label's probability than hiding as much elsewhere, the lower bound of the mean difference being over
    `min_loss`. Or, since a saturated or doubly founded prediction loses no probability: it costs more of the log-odds
    for certain, and pasting it into pictures of other classes turns more of them into its class than pasting as much
    from elsewhere in the same pictures, the lower bound of the difference of the shares being over `min_turned`. Every
    candidate has two ways to be confirmed wrongly, so each bound holds with 1 - (1 - confidence) / (2 * candidates)
    (Bonferroni).

    FAIL where one is confirmed. PASS where none is, and the classes with 20 pictures or more that are predicted right,
    in which alone a search can be conclusive, hold the share `min_searched` of the pictures. INCONCLUSIVE where they
    hold fewer, where a candidate reaches the limits, but not for certain, and where pasting one turns pictures, but
    hiding it costs nothing: it may be an object of the class that nobody boxed, or a cue that overrules it. A cue
    without a place of its own (a colour cast, a frame, a texture) is not found here; it shows where the background
    is replaced.
    """
    if "shared_cues" not in evidence.experiments:
        return invalid(
            RULE, QUESTION, "The search shared_cues was not run; no cue was looked for.", NEXT[Outcome.INVALID]
        )
    needs = {
        intervention: evidence.variants(intervention) for intervention in (f"cue {cue.id}" for cue in evidence.cues)
    }
    if silent := no_number(evidence, needs, evidence.right):
        return invalid(RULE, QUESTION, silent, NO_NUMBER)
    confidence = 1 - (1 - evidence.confidence) / (WAYS * max(1, len(evidence.cues)))
    strict = replace(evidence, profile=evidence.profile.model_copy(update={"confidence": confidence}))
    tested = [_tested(strict, cue, min_loss, min_turned) for cue in evidence.cues]
    findings = (*(_finding(strict, test) for test in tested), _searched(evidence, min_searched))
    outcome = worst(finding.outcome for finding in findings)
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=outcome,
        sentence=_headline(findings, outcome),
        next_step=LOOK
        if outcome is Outcome.INCONCLUSIVE and any(t.by_pasting_alone for t in tested)
        else NEXT[outcome],
        findings=findings,
    )


@dataclass(frozen=True)
class Tested:
    """What hiding a candidate and pasting it did."""

    cue: Cue
    outcome: Outcome
    loss: Comparison
    """Of the label's probability, more than elsewhere."""
    odds: Comparison
    """Of the log-odds, likewise."""
    turned: int
    """Pictures of other classes that the crop turns into its class."""
    turned_elsewhere: int
    pasted: int
    share: Bounds
    """Of the difference of the two shares."""
    by_pasting: bool
    """Confirmed by log-odds and pasting, not by probability."""
    by_pasting_alone: bool
    """It turns other classes, and hiding it costs nothing: something else speaks for the label as well."""


def _tested(evidence: Evidence, cue: Cue, min_loss: float, min_turned: float) -> Tested:
    intervention = f"cue {cue.id}"
    hidden, elsewhere = (evidence.answered(intervention, variant) for variant in ("hidden", "elsewhere"))
    both = hidden.asked & elsewhere.asked
    loss = compare(evidence, both, elsewhere.probability - hidden.probability, min_loss)
    odds = compare(evidence, both, elsewhere.log_odds - hidden.log_odds, 0.0)
    pasted, control = (evidence.answered(intervention, variant) for variant in ("pasted", "pasted elsewhere"))
    there = pasted.asked & control.asked
    turns, turns_elsewhere = ((found.predicted == cue.class_index)[there] for found in (pasted, control))
    subset, difference = evidence.subset(there), turns.astype(int) - turns_elsewhere
    n = subset.n
    share = subset.paired(difference)
    by_hiding = loss.outcome is Outcome.PASS
    by_pasting = odds.outcome is Outcome.PASS and subset.enough and share.lower > min_turned
    turned = n > 0 and difference.mean() > min_turned
    outcome = Outcome.PASS
    if loss.outcome is Outcome.INVALID or odds.outcome is Outcome.INVALID:
        outcome = Outcome.INVALID
    elif by_hiding or by_pasting:
        outcome = Outcome.FAIL
    elif _over(loss) or turned or not loss.subset.enough:
        outcome = Outcome.INCONCLUSIVE
    counts = int(turns.sum()), int(turns_elsewhere.sum()), n
    alone = turned and loss.subset.enough and not _over(loss)
    return Tested(cue, outcome, loss, odds, *counts, share, by_pasting and not by_hiding, alone)


def _over(found: Comparison) -> bool:
    return found.value is not None and found.value > found.limit


def _finding(evidence: Evidence, test: Tested) -> Finding:
    intervention = f"cue {test.cue.id}"
    more = (
        evidence.answered(intervention, "hidden").probability - evidence.answered(intervention, "elsewhere").probability
    )
    asked = np.isfinite(more)
    return Finding(
        subject=f"{intervention}: {_where(test.cue)}, class {_name(evidence, test.cue)}",
        outcome=test.outcome,
        quantity=QUANTITY,
        value=test.loss.value,
        limit=test.loss.limit,
        **test.loss.subset.counted,
        lower=test.loss.lower,
        upper=test.loss.upper,
        further=test.loss.further if test.outcome is Outcome.INCONCLUSIVE else None,
        worst=lowest(more[asked], evidence.sample[asked]) if test.outcome is Outcome.FAIL else (),
        sentence=_sentence(evidence, test),
    )


def _sentence(evidence: Evidence, test: Tested) -> str:
    cue, loss = test.cue, test.loss
    window = f"within a window of {_size(evidence, cue)}"
    what = f"what lies {window}, {_where(cue)}" if cue.box else f"an appearance {window}"
    share = percent(cue.seen_in / cue.pictures) if cue.pictures else "no picture"
    seen = f"class {_name(evidence, cue)}, seen in {share} of its pictures"
    if loss.value is None or test.odds.value is None:
        return f"{_capital(what)} ({seen}) has no answers that could be compared."
    if loss.lower is None or loss.upper is None:
        return f"{_capital(what)} ({seen}) may be a cue: {undecided(loss)}."
    bound = f"lower bound {points(loss.lower)}" if test.outcome is Outcome.FAIL else f"upper bound {points(loss.upper)}"
    hiding = (
        f"hiding it costs {points(loss.value)} of the label's probability more than hiding as much elsewhere ({bound},"
        f" {loss.subset}) and {round(test.odds.value, 1) + 0.0:.1f} of the log-odds"
    )
    did = f"{hiding}; {_pasting(test)}"
    if test.outcome is Outcome.FAIL:
        return f"The model goes by {what} ({seen}): {did}."
    if test.outcome is Outcome.INCONCLUSIVE:
        open_question = "pasting speaks for it, hiding does not" if test.by_pasting_alone else undecided(loss)
        return f"{_capital(what)} ({seen}) may be a cue: {did}; {open_question}."
    return f"{_capital(what)} ({seen}) is not confirmed as a cue: {did}."


def _pasting(test: Tested) -> str:
    if not test.pasted:
        return "no picture of another class has room to paste it into"
    turned, control = (percent(k / test.pasted) for k in (test.turned, test.turned_elsewhere))
    return (
        f"pasting it turns {turned} of {count(test.pasted, 'picture')} of other classes into this one, and as much from"
        f" elsewhere {control}"
    )


def _where(cue: Cue) -> str:
    """In words: 'bottom left', 'along the left edge', 'in changing places'."""
    if cue.box is None:
        return "in changing places"
    x0, y0, x1, y1 = cue.box
    down, across = _third((y0 + y1) / 2, ("top", "", "bottom")), _third((x0 + x1) / 2, ("left", "", "right"))
    long_x, long_y = x1 - x0 >= 0.8, y1 - y0 >= 0.8
    if long_x or long_y:
        edge = down if long_x else across
        return f"along the {edge} edge" if edge else "across the middle"
    return f"{down} {across}".strip() or "in the middle"


def _third(middle: float, words: tuple[str, str, str]) -> str:
    return words[min(2, int(3 * middle))]


def _size(evidence: Evidence, cue: Cue) -> str:
    """Of the window that was hidden and pasted, which is seldom tight: '24x20 pixels of the 112x112 frame'."""
    if evidence.frame is None:
        return f"{percent(cue.side)} of the frame's side"
    height, width = evidence.frame
    if cue.box is None:
        side = round(cue.side * (height * width) ** 0.5)
        size = f"{side}x{side}"
    else:
        x0, y0, x1, y1 = cue.box
        size = f"{round((x1 - x0) * width)}x{round((y1 - y0) * height)}"
    return f"{size} pixels of the {width}x{height} frame"


def _name(evidence: Evidence, cue: Cue) -> str:
    """The dataset's word for the class."""
    labels = evidence.label[evidence.class_index == cue.class_index]
    return f"'{labels[0]}'" if len(labels) else str(cue.class_index)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _searched(evidence: Evidence, min_searched: float) -> Finding:
    """Pictures of classes in which a search can be conclusive."""
    classes, of = np.unique(evidence.class_index, return_inverse=True)
    right = np.bincount(of, weights=evidence.right, minlength=len(classes))
    enough = right >= FEWEST
    n, k = evidence.n, int(enough[of].sum()) if evidence.n else 0
    wide = n > 0 and k / n >= min_searched
    seen = (
        f"{int(enough.sum()):,} of {count(len(classes), 'class')} have {FEWEST} pictures"
        f" predicted right, without which no search is conclusive; they hold {percent(k / n) if n else 'none'} of the"
        " pictures"
    )
    return Finding(
        subject="search",
        outcome=Outcome.PASS if wide else Outcome.INCONCLUSIVE,
        quantity="share of the pictures in classes that were searched",
        value=k / n if n else None,
        limit=min_searched,
        n=n,
        sentence=f"{seen}." if wide else f"{seen}, where {percent(min_searched)} are needed.",
    )


def _headline(findings: tuple[Finding, ...], outcome: Outcome) -> str:
    *tested, searched = findings
    if outcome is Outcome.PASS:
        if not tested:
            return "The maps of no class agree on anything outside the boxes."
        strongest = max(tested, key=_loss).sentence
        return f"None of {count(len(tested), 'candidate')} is confirmed as a cue. The strongest: {strongest}"
    telling = [finding for finding in (*tested, searched) if finding.outcome is outcome]
    sentence = max(telling, key=_loss).sentence
    alike = f" {len(telling)} of {count(len(tested), 'candidate')} are confirmed."
    return sentence + (alike if outcome is Outcome.FAIL and len(telling) > 1 else "")


def _loss(finding: Finding) -> float:
    return -np.inf if finding.value is None or finding.subject == "search" else finding.value
