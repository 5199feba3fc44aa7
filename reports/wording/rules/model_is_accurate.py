"""Accuracy in words."""

from checks import reasons
from checks.rules.model_is_accurate import ONE_CLASS_KNOWN, ONE_CLASS_SHOWN
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.phrases import percent, share_at_limit
from reports.wording.undecided import more_helps, pictures, pictures_to_add, undecided
from reports.wording.words import About, FindingWords, Words

NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Check first that labels, classes and preprocessing are the model's own. Then improve the model.",
    Outcome.INVALID: "Run the audit on pictures of at least two classes, with a network that tells them apart.",
}
NOTHING = {
    reasons.NO_PICTURES: "No picture was measured.",
    ONE_CLASS_KNOWN: "The network knows fewer than two classes, so accuracy says nothing.",
    ONE_CLASS_SHOWN: "All pictures are of one class, so a network that always names it would be right.",
}

PREDICTED = "top-1 accuracy", "share of the pictures whose label is predicted"
DETECTED = "detection", "share of the pictures in which the label is detected at one of its boxes"


def model_is_accurate(verdict: Verdict, about: About) -> Words:
    """How often the label is predicted, against the limit."""
    (finding,) = verdict.findings
    sentence = NOTHING.get(finding.reason) or _sentence(finding, about)
    open_yet = finding.outcome is Outcome.INCONCLUSIVE
    next_step = NEXT[Outcome.FAIL if open_yet else verdict.outcome]
    if open_yet and more_helps(finding):
        next_step = f"Add {pictures_to_add(finding, about)}."
    return Words(
        question=f"Does the model {'detect the object' if about.detects else 'predict the label'} often enough?",
        sentence=sentence,
        next_step=next_step,
        findings=(FindingWords(*(DETECTED if about.detects else PREDICTED), sentence),),
    )


def _sentence(finding: Finding, about: About) -> str:
    right, required = finding.details["right"], f"required: {share_at_limit(finding.limit)}"
    least, most = f"at least {percent(finding.lower or 0.0)}", f"at most {percent(finding.upper or 0.0)}"
    seen = f"{right:,} of {pictures(finding, about)} are predicted right"
    if about.detects:
        seen = f"The object is detected in {right:,} of {pictures(finding, about)}"
    if finding.outcome is Outcome.INCONCLUSIVE:
        return f"{seen} ({least}; {required}); {undecided(finding, about)}."
    bound = most if finding.outcome is Outcome.FAIL else least
    return f"{seen}: {percent(finding.value or 0.0)} ({bound}; {required})."
