"""Any verdict in words made from its fields alone: for rules that have no wording of their own."""

from checks import reasons
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict
from reports.wording.missing import SHARED, missing, without_finding
from reports.wording.phrases import minus, percent, points
from reports.wording.undecided import pictures, undecided
from reports.wording.words import About, FindingWords, Words


def generic(verdict: Verdict, about: About) -> Words:
    """The value of the finding that decides, its bound and its limit."""
    question = f"Does {verdict.rule} hold?"
    if verdict.reason == reasons.BROKEN_RULE:
        sentence = f"{verdict.rule} could not be evaluated ({verdict.details['error']})."
        return without_finding(question, sentence, "Fix the rule or its limits, and judge the record again.")
    if verdict.reason in SHARED:
        return missing(question, verdict)
    findings = tuple(
        FindingWords(_plain(finding.key), _plain(finding.quantity), _sentence(finding, about))
        for finding in verdict.findings
    )
    sentences = {finding.key: words.sentence for finding, words in zip(verdict.findings, findings, strict=True)}
    return Words(
        question=question,
        sentence=sentences.get(verdict.decided_by or "", f"{verdict.rule} had nothing to compare."),
        next_step="" if verdict.outcome is Outcome.PASS else "Look at what the rule measured, and audit again.",
        findings=findings,
    )


def _sentence(finding: Finding, about: About) -> str:
    if finding.value is None:
        return f"{_plain(finding.quantity).capitalize()} could not be measured."
    seen = f"{_plain(finding.quantity).capitalize()} is {number(finding.value, finding.unit)}"
    parts = [f"{word} {number(bound, finding.unit)}" for word, bound in _bounds(finding)]
    parts += [f"required: {_required(finding)}"] if finding.limit is not None else []
    shown = f" ({'; '.join(parts)})" if parts else ""
    end = f"; {undecided(finding, about)}" if finding.outcome is Outcome.INCONCLUSIVE else ""
    return f"{seen} on {pictures(finding, about)}{shown}{end}."


def _bounds(finding: Finding) -> list[tuple[str, float]]:
    """The bound on the limit's side."""
    low = finding.better is Direction.HIGHER
    if finding.outcome is Outcome.FAIL:
        low = not low
    bound = finding.lower if low else finding.upper
    return [] if bound is None else [("at least" if low else "at most", bound)]


def _required(finding: Finding) -> str:
    word = "more than" if finding.better is Direction.HIGHER else "at most"
    return f"{word} {number(finding.limit or 0.0, finding.unit)}"


def number(value: float, unit: Unit) -> str:
    """A finding's number in its unit."""
    match unit:
        case Unit.SHARE:
            return percent(value)
        case Unit.DIFFERENCE:
            return points(value)
        case Unit.COUNT:
            return f"{value:,.0f}"
    return minus(f"{value:.2f}")


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("/", " against ")
