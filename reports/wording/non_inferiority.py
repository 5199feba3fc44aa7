"""What the rules of a comparison with a baseline share: how much was lost, how sure that is, and what to do."""

from collections.abc import Callable

from checks.baseline.file import ACCEPT
from checks.baseline.shares import NO_EXPERIMENT
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.phrases import figure, figure_at_limit
from reports.wording.undecided import pictures, pictures_to_add, undecided, units
from reports.wording.words import About, FindingWords, Words

SUBJECT = "candidate against baseline"
MEND = "Look at the pictures that turned worse, improve the model and audit it again."
MOVE = f"{MEND} Only where the loss is intended, move the baseline: {ACCEPT} --force."
MORE = "audit both models on them and compare these two runs: saliency-audit compare BEFORE AFTER."
UNASKED = "Run both audits with the interventions object_removed and background_replaced."
WITHOUT = "No experiment was made with the baseline, so it is unknown where its evidence lay."


def non_inferiority(
    verdict: Verdict, about: About, question: str, quantity: str, change: Callable[[float], str]
) -> Words:
    """change: 'Misses rose by 2.5 points', from the loss."""
    (finding,) = verdict.findings
    sentence = WITHOUT if finding.reason == NO_EXPERIMENT else _sentence(finding, about, change)
    lost = finding.value is not None and finding.limit is not None and not finding.value < finding.limit
    return Words(
        question=question,
        sentence=sentence,
        next_step=what_next(verdict.outcome, lost=lost, add=pictures_to_add(finding, about), invalid=UNASKED),
        findings=(FindingWords(SUBJECT, quantity, sentence),),
    )


def what_next(outcome: Outcome, *, lost: bool, add: str = "boxed pictures", invalid: str = "") -> str:
    """add: what to add. lost: the estimate itself is not within the margin, and more such pictures would not help."""
    if outcome is Outcome.INCONCLUSIVE:
        return MEND if lost else f"Add {add}, {MORE}"
    return {Outcome.PASS: "", Outcome.FAIL: MOVE, Outcome.INVALID: invalid}[outcome]


def bound_and_margin(finding: Finding) -> str:
    """'loss at most 5.8; margin: 5' of a finding whose value is a loss."""
    failed = finding.outcome is Outcome.FAIL
    bound = finding.lower if failed else finding.upper
    side = "at least" if failed else "at most"
    return f"loss {side} {figure(bound)}; margin: {figure_at_limit(finding.limit)}"


def _sentence(finding: Finding, about: About, change: Callable[[float], str]) -> str:
    details = finding.details
    if details["same_network"]:
        return f"The network and all its numbers are the same on {pictures(finding, about)}, so no picture changed."
    seen = change(finding.value or 0.0)
    if finding.outcome is Outcome.INCONCLUSIVE:
        return f"{seen} on {units(finding, about)} ({bound_and_margin(finding)}); {undecided(finding, about)}."
    turned = f"{details['worse']:,} of {pictures(finding, about)} became worse, {details['better']:,} better"
    return f"{seen} ({bound_and_margin(finding)}): {turned}."
