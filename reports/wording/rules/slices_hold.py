"""Slices on which a candidate regressed, in words."""

from audit.phrases import count
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.non_inferiority import bound_and_margin, what_next
from reports.wording.phrases import figure_at_limit
from reports.wording.words import About, FindingWords, Words

QUANTITY = {
    "evidence": "misses by experiment as a share of the pictures, minus those of the baseline",
    "prediction": "accuracy of the baseline minus that of the candidate",
}


def slices_hold(verdict: Verdict, about: About) -> Words:
    """The slices on which the candidate is worse."""
    del about
    return Words(
        question="Does the candidate hold its ground on every slice?",
        sentence=_sentence(verdict),
        next_step=what_next(verdict.outcome, lost=False),
        findings=tuple(
            FindingWords(_name(finding), QUANTITY[str(finding.details["what"])], _of_slice(finding))
            for finding in verdict.findings
        ),
    )


def _sentence(verdict: Verdict) -> str:
    if not verdict.findings:
        return "The pictures have no classes or metadata to tell slices apart."
    if verdict.outcome is Outcome.FAIL:
        return _regressed(verdict)
    undecided = sum(finding.outcome is not Outcome.PASS for finding in verdict.findings)
    slices, margin = count(len(verdict.findings), "slice"), _margin(verdict.findings[0])
    less = sum(finding.details["regressed"] is True for finding in verdict.findings)
    by_less = f"; {less} regressed by less" if less else ""
    if not undecided:
        where = f"any of {slices}" if len(verdict.findings) > 1 else "the one slice"
        return f"The candidate is not worse by {margin} on {where}{by_less}."
    return f"On {undecided} of {slices} a loss of {margin} cannot be excluded, but none is shown{by_less}."


def _regressed(verdict: Verdict) -> str:
    red = [finding for finding in verdict.findings if finding.outcome is Outcome.FAIL]
    first, details = red[0], red[0].details
    more = f" and {count(len(red) - 1, 'further slice')}" if len(red) > 1 else ""
    turned = f"{details['worse']:,} of {count(first.n, 'picture')} turned worse, {details['better']:,} better"
    return f"The candidate regressed on {_name(first)}{more}: {turned} (margin: {_margin(first)})."


def _of_slice(finding: Finding) -> str:
    details = finding.details
    turned = f"{details['worse']:,} of {count(finding.n, 'picture')} turned worse, {details['better']:,} better"
    return f"{_name(finding)}: {turned} ({bound_and_margin(finding)}; p = {details['p']:.2g})."


def _margin(finding: Finding) -> str:
    return f"{figure_at_limit(finding.limit)} points"


def _name(finding: Finding) -> str:
    details = finding.details
    return f"{details['column']} {details['value']} ({details['what']})"
