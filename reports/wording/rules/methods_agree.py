"""Agreement of the methods in words."""

from audit.phrases import listed
from checks import reasons
from checks.rules.methods_agree import NO_COPY
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import missing
from reports.wording.phrases import all_of, minus
from reports.wording.undecided import pictures_to_add
from reports.wording.words import About, FindingWords, Words, deciding_sentence

ALONE = "Add a second method that works differently, such as integrated_gradients beside gradient."
APART = "Look at both methods' maps of the same pictures, and trust neither without the experiments."
RANDOMISE = "Add the control randomisation, and run the audit again."
QUESTION = "Do the methods' maps agree with each other?"


def methods_agree(verdict: Verdict, about: About) -> Words:
    """How alike the methods rank the places of a picture, pair by pair."""
    if verdict.reason == reasons.INCAPABLE:
        return missing(QUESTION, verdict)
    findings = tuple(
        FindingWords(_names(finding), "mean rank correlation of two methods' maps", _sentence(finding))
        for finding in verdict.findings
    )
    alone = "One method alone has nothing to agree with."
    return Words(
        question=QUESTION,
        sentence=_of_all(verdict) or deciding_sentence(verdict, findings) or alone,
        next_step=_next_step(verdict, about),
        findings=findings,
    )


def _names(finding: Finding) -> str:
    return listed(finding.details["methods"])


def _of_all(verdict: Verdict) -> str:
    """The sentence about all pairs; '' where that of the deciding pair says enough."""
    if dissenter := verdict.details.get("dissenter"):
        return f"{dissenter} agrees with none of the other methods, which agree with each other."
    weakest = verdict.deciding
    if weakest is None or verdict.outcome is not Outcome.PASS or len(verdict.findings) < 2:
        return ""
    return (
        f"{all_of(len(verdict.findings), 'pair').capitalize()} of methods agree; the weakest, {_names(weakest)}, with a"
        f" rank correlation of at least {_two_decimals(weakest.lower)} ({_required(weakest)})."
    )


def _next_step(verdict: Verdict, about: About) -> str:
    if verdict.outcome is Outcome.PASS:
        return ""
    if not verdict.findings:
        return ALONE
    if verdict.deciding is not None and verdict.deciding.reason == NO_COPY:
        return RANDOMISE
    too_few = verdict.deciding is not None and verdict.deciding.reason in (reasons.TOO_FEW, reasons.NO_PICTURES)
    more = pictures_to_add(verdict.deciding, about)
    return f"Add {more} of which both methods make a map." if too_few else APART


def _sentence(finding: Finding) -> str:
    if finding.value is None:
        return f"{_names(finding)} were not compared on any picture."
    beyond = finding.reason == reasons.BEYOND_LIMIT
    bound = finding.upper if beyond else finding.lower
    shown = "" if bound is None else f"{'at most' if beyond else 'at least'} {_two_decimals(bound)}; "
    seen = f"The maps of {_names(finding)} have a mean rank correlation of {_two_decimals(finding.value)}"
    return f"{seen} ({shown}{_required(finding)})."


def _two_decimals(value: float | None) -> str:
    return minus(f"{value or 0.0:.2f}")


def _required(finding: Finding) -> str:
    if finding.reason == NO_COPY:
        return "no copy with random weights to compare with"
    copies = [value for value in finding.details["own_copy"].values() if value is not None]
    if finding.limit in copies:
        return f"with random weights: up to {_two_decimals(finding.limit)}"
    return f"required: more than {finding.limit:.4g}"
