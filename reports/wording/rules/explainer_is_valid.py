"""Validity of the explainers in words."""

from audit.phrases import listed
from checks import reasons
from checks.rules.explainer_is_valid import NO_CONTROL, NO_LIVING_MAP, NOTHING_RANDOMISED
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import ANOTHER_METHOD, missing
from reports.wording.phrases import all_of, minus
from reports.wording.words import About, FindingWords, Words

MORE = "Draw more pictures for the control randomisation (its option `pictures`), and run the audit again."
WITHOUT_FINDING = {
    NO_CONTROL: "Add the control randomisation to experiments.controls, and run the audit again.",
    NOTHING_RANDOMISED: "Audit the network as a kind of model whose layers have weights of their own.",
    reasons.NO_METHOD: "Name a method in saliency.methods, and run the audit again.",
}
NOTHING = {
    NO_CONTROL: "The control randomisation was not run, so it is unknown which maps are evidence.",
    NOTHING_RANDOMISED: "The control randomisation could randomise nothing, so it is unknown which maps are evidence.",
    reasons.NO_METHOD: "No method was run whose maps could be tested.",
}
QUESTION = "Do the maps change when the network loses what it has learnt?"


def explainer_is_valid(verdict: Verdict, about: About) -> Words:
    """Whose maps change with random weights, and whose are taken out of the verdict."""
    if verdict.reason == reasons.INCAPABLE:
        return missing(QUESTION, verdict)
    del about
    return Words(
        question=QUESTION,
        sentence=NOTHING.get(verdict.reason) or _of_all(verdict),
        next_step=_next_step(verdict),
        findings=tuple(
            FindingWords(
                str(finding.details["method"]),
                "mean rank correlation of the maps of the network and of its copy with random weights",
                _sentence(finding),
            )
            for finding in verdict.findings
        ),
    )


def _next_step(verdict: Verdict) -> str:
    """More pictures help only a method whose similarity itself lies within the limit, or has no bounds yet."""
    if verdict.outcome is Outcome.PASS:
        return ""
    if verdict.reason in WITHOUT_FINDING:
        return WITHOUT_FINDING[verdict.reason]
    return MORE if any(_within_reach(finding) for finding in verdict.findings) else ANOTHER_METHOD


def _within_reach(finding: Finding) -> bool:
    return finding.value is not None and finding.limit is not None and finding.value <= finding.limit


def _of_all(verdict: Verdict) -> str:
    limit = f"{verdict.findings[0].limit:.4g}"
    out, kept = verdict.details["taken_out"], verdict.details["kept"]
    if not out:
        most = max(finding.upper or 0.0 for finding in verdict.findings)
        return (
            f"With random weights, the maps of {all_of(len(kept), 'method')} change (rank correlation at most"
            f" {minus(f'{most:.2f}')}; required: at most {limit})."
        )
    if kept:
        return (
            f"Taken out because their maps hardly change with random weights (required: correlation at most {limit}):"
            f" {listed(out)}. Kept: {listed(kept)}."
        )
    methods = all_of(len(out), "method")
    return (
        f"No map is evidence: the maps of {methods} are not shown to change with random weights (required: rank"
        f" correlation at most {limit})."
    )


def _sentence(finding: Finding) -> str:
    method = finding.details["method"]
    if finding.reason == NO_LIVING_MAP or finding.value is None:
        return f"{method} has no living map with random weights for comparison, so its maps are taken out."
    beyond = finding.reason == reasons.BEYOND_LIMIT
    bound = finding.lower if beyond else finding.upper
    shown = "" if bound is None else f"{'at least' if beyond else 'at most'} {minus(f'{bound:.2f}')}; "
    value = minus(f"{finding.value:.2f}")
    seen = f"With random weights, the maps of {method} still correlate with the originals by {value}"
    end = "" if finding.outcome is Outcome.PASS else "; they are taken out"
    return f"{seen} ({shown}required: at most {finding.limit:.4g}){end}."
