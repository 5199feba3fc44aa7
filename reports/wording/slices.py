"""A verdict on required slices in words: what the rule says of each slice, with the slice's name before it."""

from collections.abc import Callable

from audit.phrases import count, listed
from checks import reasons
from checks.slice_verdicts import EMPTY_SLICE, NO_COLUMN, TOO_FEW_IN_SLICE, TOO_MANY_VALUES
from checks.statistics.bounds import FEWEST_CLUSTERS
from checks.statistics.subset import FEWEST
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import without_finding
from reports.wording.undecided import too_few
from reports.wording.words import About, FindingWords, Words, deciding_sentence

ANOTHER_COLUMN = "Add the missing columns to the annotations, or remove them from the profile's required slices."
WITHOUT_FINDING = {
    NO_COLUMN: ANOTHER_COLUMN,
    TOO_MANY_VALUES: "Require slices by a column that names kinds of pictures, in the profile.",
    reasons.NO_PICTURES: "Read the exclusions, fix what causes them, and run the audit again.",
}


def sliced(verdict: Verdict, about: About, words_of: Callable[[Verdict, About], Words]) -> Words:
    """words_of: what words the rule itself. A sentence has 25 words at most beside the name of its slice."""
    rule, column = verdict.judged_rule, verdict.column
    question = f"Does {rule} hold in every slice by {column}?"
    if not verdict.findings:
        return without_finding(question, _without(verdict), WITHOUT_FINDING[verdict.reason])
    inner = [words_of(_inner(verdict, finding), about) if _judged(finding) else None for finding in verdict.findings]
    findings = tuple(_worded(*both, about) for both in zip(verdict.findings, inner, strict=True))
    if verdict.outcome is Outcome.PASS:
        every = f"each of {count(len(findings), 'slice')}" if len(findings) > 1 else "the one slice"
        return Words(question, f"{rule} holds in {every} by {column}.", "", findings)
    steps = {f.key: words.next_step for f, words in zip(verdict.findings, inner, strict=True) if words}
    next_step = steps.get(verdict.decided_by or "", _more(verdict, about))
    return Words(question, deciding_sentence(verdict, findings), next_step, findings)


def _more(verdict: Verdict, about: About) -> str:
    """What to add where slices hold too few."""
    clustered = any(finding.details.get("clusters") is not None for finding in verdict.findings)
    each = count(FEWEST_CLUSTERS, about.cluster) if clustered else count(FEWEST, "picture")
    return f"Add boxed pictures to the slices that hold too few, so that each holds {each}."


def _without(verdict: Verdict) -> str:
    if verdict.reason == NO_COLUMN:
        missing = [f"'{name}'" for name in verdict.details["missing"]]
        noun = "column" if len(missing) == 1 else "columns"
        return f"The data lacks the {noun} {listed(missing)}, by which the profile requires slices."
    if verdict.reason == TOO_MANY_VALUES:
        return (
            f"Column '{verdict.column}' has {verdict.details['values']:,} values, which name pictures rather than kinds"
            f" of pictures (allowed: {verdict.details['allowed']})."
        )
    return "No picture was measured."


def _judged(finding: Finding) -> bool:
    """The rule itself speaks for the slice, and not the number of its pictures."""
    return finding.reason not in (EMPTY_SLICE, TOO_FEW_IN_SLICE)


def _inner(verdict: Verdict, finding: Finding) -> Verdict:
    """What the rule says of the slice's pictures, as if they were all."""
    key, rule = finding.details["finding"], verdict.judged_rule
    if key is None:
        return Verdict(rule=rule, outcome=finding.outcome, reason=finding.reason, details=finding.details)
    own = finding.model_copy(update={"key": key, "slice": None})
    return Verdict(rule=rule, outcome=finding.outcome, decided_by=key, findings=(own,))


def _worded(finding: Finding, inner: Words | None, about: About) -> FindingWords:
    name = finding.slice or finding.key
    if inner is None:
        quantity = finding.quantity.replace("_", " ")
        return FindingWords(name, quantity, f"{name} holds {_too_few(finding, about)}.")
    quantity = inner.findings[0].quantity if inner.findings else "pictures"
    return FindingWords(name, quantity, f"{name}: {inner.sentence}")


def _too_few(finding: Finding, about: About) -> str:
    """The numbers are the slice's: the rule may count only a part of its pictures."""
    if finding.reason == EMPTY_SLICE:
        return "no picture, so nothing is shown about it"
    details = finding.details
    changed = {"n": details["pictures"], "clusters": details["clusters"], "independent": details["independent"]}
    return too_few(finding.model_copy(update=changed), about)
