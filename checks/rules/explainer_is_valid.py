"""Explainers: whose maps change when the network forgets what it has learnt?"""

import numpy as np

from checks.profile import Share
from checks.statistics.bounds import mean_bounds
from checks.table.evidence import Evidence
from checks.table.needs import invalid
from checks.verdict import Finding, Outcome, Verdict
from checks.words import all_of, count, listed

RULE = "explainer_is_valid"
QUESTION = "Do the maps change when the network loses what it has learnt?"
NEXT = {
    Outcome.PASS: "",
    Outcome.INCONCLUSIVE: "Draw more pictures for the control randomisation (its option `pictures`), and run the audit"
    " again.",
    Outcome.INVALID: "Use a method whose maps follow the network, as integrated_gradients, and run the audit again with"
    " the control randomisation.",
}


def explainer_is_valid(evidence: Evidence, *, max_similarity: Share) -> Verdict:
    """A method's maps are not those that it makes of a network with random weights.

    Cascading randomisation (Adebayo et al. 2018): the mean rank correlation of the maps of the network and of a copy
    all of whose layers are random. A method is valid where the upper bound is within `max_similarity`; any other is
    taken out of the verdict. PASS where one method at least is valid. Else INCONCLUSIVE where more pictures could show
    one to be, or INVALID: then no map of this audit is evidence. INVALID too where the study was not run.
    """
    if "randomisation" not in evidence.experiments or not evidence.cascade:
        why = "was not run" if "randomisation" not in evidence.experiments else "could randomise nothing"
        sentence = f"The control randomisation {why}, so that nothing says whose maps are evidence."
        return invalid(RULE, QUESTION, sentence, NEXT[Outcome.INVALID])
    findings = [_finding(evidence, method, max_similarity) for method in evidence.methods]
    outcomes = {finding.outcome for finding in findings}
    outcome = next((o for o in (Outcome.PASS, Outcome.INCONCLUSIVE) if o in outcomes), Outcome.INVALID)
    out = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    if outcome is Outcome.PASS:
        findings = [f.model_copy(update={"advisory": True}) if f in out else f for f in findings]
    return Verdict(
        rule=RULE,
        question=QUESTION,
        outcome=outcome,
        sentence=_headline(evidence, [finding.subject for finding in out], max_similarity),
        next_step=NEXT[outcome],
        findings=tuple(findings),
    )


def valid_methods(evidence: Evidence, limit: float) -> tuple[str, ...]:
    """The methods whose maps are evidence: the upper bound of the end-point similarity is within the limit."""
    return tuple(m for m in evidence.methods if _finding(evidence, m, limit).outcome is Outcome.PASS)


def _finding(evidence: Evidence, method: str, limit: float) -> Finding:
    stages = evidence.cascade.get(method, ())
    subset = stages[-1].similarity if stages else np.empty(0)
    end = subset[np.isfinite(subset)]
    bounds = mean_bounds(end, evidence.confidence, evidence.seed)
    value = float(end.mean()) if len(end) else None
    valid = bounds is not None and bounds.upper <= limit
    survives = bounds is not None and bounds.lower > limit
    undecided = Outcome.INCONCLUSIVE if len(end) else Outcome.INVALID
    return Finding(
        subject=method,
        outcome=Outcome.PASS if valid else Outcome.FAIL if survives else undecided,
        quantity="mean rank correlation of the maps of the network and of its copy with random weights",
        value=value,
        limit=limit,
        chance=0.0,
        n=len(end),
        lower=bounds.lower if bounds else None,
        upper=bounds.upper if bounds else None,
        sentence=_sentence(method, value, valid, (len(end), len(subset)), limit, bounds.upper if bounds else None),
    )


def _sentence(
    method: str, value: float | None, valid: bool, pictures: tuple[int, int], limit: float, upper: float | None
) -> str:
    n, subset = pictures
    if value is None:
        return f"{method} has no live map of the copy with random weights to compare with; its maps are taken out."
    bound = "" if upper is None else f" (upper bound {upper:.2f})"
    seen = f"With all weights random, the maps of {method} still have a rank correlation of {value:.2f}{bound}"
    pairs = count(n, "picture") if n == subset else f"{n:,} of {count(subset, 'picture')}, the others' maps being dead"
    within = f"within {limit:.2f}" if valid else f"where at most {limit:.2f} may be; its maps are taken out"
    return f"{seen} with its own, on {pairs}, {within}."


def _headline(evidence: Evidence, out: list[str], limit: float) -> str:
    total = len(evidence.methods)
    if not out:
        learnt = "what they show has to do with what it learnt"
        return f"The maps of {all_of(total, 'method')} change when the network loses its weights: {learnt}."
    verb = "shows" if len(out) == 1 else "show"
    seen = (
        f"{listed(out)} {verb} too much of the same (a rank correlation over {limit:.2f}, or not surely within it) when"
        f" the network has random weights, and {'is' if len(out) == 1 else 'are'} taken out of the verdict"
    )
    if len(out) == total:
        return f"{seen}: no map of this audit is evidence."
    kept = [method for method in evidence.methods if method not in out]
    return f"{seen}; {listed(kept)} {'is' if len(kept) == 1 else 'are'} kept."
