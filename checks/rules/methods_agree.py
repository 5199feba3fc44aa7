"""Methods against each other: do their maps rank the places of a picture alike?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from checks.profile import Share
from checks.table.evidence import Evidence, Floats
from checks.verdict import Finding, Outcome, Verdict
from checks.words import count

RULE = "methods_agree"


def methods_agree(evidence: Evidence, *, min_agreement: Share) -> Verdict:
    """The methods' maps agree, pair by pair.

    The mean rank correlation of two methods' maps over the pictures on which both live. PASS where the lower bound of
    every pair's is over `min_agreement`, else INCONCLUSIVE, never FAIL: methods that disagree say something about the
    methods. Of three and more, one that agrees with none of the others, which agree among themselves, is named.
    """
    findings = tuple(_finding(evidence, pair, min_agreement) for pair in combinations(evidence.methods, 2))
    alike = bool(findings) and all(finding.outcome is Outcome.PASS for finding in findings)
    return Verdict(
        rule=RULE,
        question="Do the methods' maps agree with each other?",
        outcome=Outcome.PASS if alike else Outcome.INCONCLUSIVE,
        sentence=_headline(evidence.methods, findings),
        next_step="" if alike else _next_step(findings),
        findings=findings,
    )


def _name(pair: tuple[str, str]) -> str:
    return f"{pair[0]} and {pair[1]}"


def _finding(evidence: Evidence, pair: tuple[str, str], limit: float) -> Finding:
    found = _agreement(evidence, pair)
    subset, agreement = evidence.subset(np.isfinite(found)), found[np.isfinite(found)]
    bounds = subset.mean(agreement)
    agrees = bounds is not None and bounds.lower > limit
    value = float(agreement.mean()) if len(agreement) else None
    if value is None:
        sentence = f"{_name(pair)} were not compared on any picture."
    else:
        bound = f" (lower bound {bounds.lower:.2f})" if bounds else ""
        sentence = f"The maps of {_name(pair)} have a mean rank correlation of {value:.2f}{bound}"
        sentence += f" on {subset}{'' if agrees else f', not surely over {limit:.2f}'}."
    return Finding(
        subject=_name(pair),
        outcome=Outcome.PASS if agrees else Outcome.INCONCLUSIVE,
        quantity="mean rank correlation of two methods' maps",
        value=value,
        limit=limit,
        chance=0.0,
        **subset.counted,
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        sentence=sentence,
    )


def _agreement(evidence: Evidence, pair: tuple[str, str]) -> Floats:
    """(n,) NaN where not both maps live."""
    one, other = pair
    missing = np.full(evidence.n, np.nan)
    return evidence.notes.get(
        (one, f"agreement with {other}"), evidence.notes.get((other, f"agreement with {one}"), missing)
    )


def dissenter(methods: Sequence[str], findings: Sequence[Finding]) -> str:
    """The one method that agrees with none, while the others all agree; '' where there is none."""
    agree = {finding.subject: finding.outcome is Outcome.PASS for finding in findings}
    pairs = list(combinations(methods, 2))
    lonely = [method for method in methods if all(agree[_name(pair)] is (method not in pair) for pair in pairs)]
    return lonely[0] if len(methods) > 2 and len(lonely) == 1 else ""


def _headline(methods: Sequence[str], findings: Sequence[Finding]) -> str:
    if not findings:
        return "One method alone has nothing to agree with."
    apart = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    if alone := dissenter(methods, findings):
        return f"{alone} agrees with none of the other methods, which agree with each other."
    weakest = min(apart or findings, key=lambda finding: -1.0 if finding.value is None else finding.value)
    if not apart:
        if len(findings) == 1:
            return f"Both methods agree. {weakest.sentence}"
        return f"All {count(len(findings), 'pair')} of methods agree. The weakest: {weakest.sentence}"
    if len(findings) == 1:
        return weakest.sentence
    return f"{weakest.sentence} {len(apart)} of {count(len(findings), 'pair')} {'is' if len(apart) == 1 else 'are'} so."


def _next_step(findings: Sequence[Finding]) -> str:
    if not findings:
        return "Add a second method that works differently, as integrated_gradients beside gradient."
    return "Look at both methods' maps of the same pictures, and trust neither without the experiments."
