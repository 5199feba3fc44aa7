"""What is missing from the evidence, and whether that is little enough to trust the rest."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from checks.comparison import WORST
from checks.evidence import Evidence
from checks.profile import Count, Share
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, listed, percent

NEXT = {
    Outcome.PASS: "",
    Outcome.INCONCLUSIVE: "Add boxed pictures.",
    Outcome.INVALID: "Read the exclusions and the dead maps, mend what causes them, and run the audit again.",
}


def evidence_is_complete(evidence: Evidence, *, max_excluded: Share, max_dead: Share, min_pictures: Count) -> Verdict:
    """Few samples are excluded, few maps are dead, and the pictures that remain are enough.

    The shares are counts of this very data set, not estimates: they have no confidence bound. Too many exclusions or
    dead maps, or a map that was not made at all: INVALID. Too few pictures: INCONCLUSIVE.
    """
    findings = (
        _exclusions(evidence, max_excluded),
        _pictures(evidence, min_pictures),
        *(_dead(evidence, method, max_dead) for method in evidence.methods),
    )
    outcome = worst(finding.outcome for finding in findings) if evidence.methods else Outcome.INVALID
    telling = [f.sentence for f in findings if f.outcome is outcome and outcome is not Outcome.PASS]
    return Verdict(
        rule="evidence_is_complete",
        question="Is the evidence whole enough to be judged?",
        outcome=outcome,
        sentence=" ".join(telling or [_whole(evidence)]),
        next_step=NEXT[outcome],
        findings=findings,
    )


def _whole(evidence: Evidence) -> str:
    if not evidence.methods:
        return "No saliency method was run."
    dead = sum(int(_lost(evidence, method).sum()) for method in evidence.methods)
    return (
        f"{count(evidence.n, 'picture')} measured with {count(len(evidence.methods), 'method')},"
        f" {count(dead, 'dead map')}, {_reasons(evidence)}."
    )


def _reasons(evidence: Evidence) -> str:
    by_reason = sorted(Counter(evidence.exclusions).items(), key=lambda item: (-item[1], item[0]))
    reasons = listed(f"{times:,} {reason}" for reason, times in by_reason)
    return f"{len(evidence.exclusions):,} of {count(evidence.total, 'sample')} excluded" + (
        f" ({reasons})" if reasons else ""
    )


def _exclusions(evidence: Evidence, limit: float) -> Finding:
    share = len(evidence.exclusions) / evidence.total if evidence.total else None
    within = share is not None and share <= limit
    shown = f" ({percent(share)}, where {percent(limit)} is the limit)" if share else ""
    return Finding(
        subject="exclusions",
        outcome=Outcome.PASS if within else Outcome.INVALID,
        quantity="share of the samples that were excluded",
        value=share,
        limit=limit,
        n=evidence.total,
        sentence=f"{_reasons(evidence)}{shown}." if evidence.total else "The data set holds no sample.",
    )


def _pictures(evidence: Evidence, limit: int) -> Finding:
    enough = evidence.n >= limit
    outcome = Outcome.PASS if enough else Outcome.INCONCLUSIVE if evidence.n else Outcome.INVALID
    return Finding(
        subject="pictures",
        outcome=outcome,
        quantity="pictures measured",
        value=evidence.n,
        limit=limit,
        n=evidence.n,
        further=None if enough else limit - evidence.n,
        sentence=f"{count(evidence.n, 'picture')} measured, where {limit:,} are needed.",
    )


def _lost(evidence: Evidence, method: str) -> NDArray[np.bool_]:
    """Dead, or alive without a score."""
    scored = np.isfinite(evidence.scores[method]["mass"])
    return np.asarray(evidence.made[method] & (evidence.dead[method] | ~scored))


def _dead(evidence: Evidence, method: str, limit: float) -> Finding:
    lost, missing = _lost(evidence, method), ~evidence.made[method]
    share = float(lost.mean()) if evidence.n else None
    within = share is not None and share <= limit and not missing.any()
    sentence = f"{method} has {count(int(lost.sum()), 'dead map')} in {count(evidence.n, 'picture')}"
    if share:
        sentence += f" ({percent(share)}, where {percent(limit)} is the limit)"
    if missing.any():
        sentence += f" and lacks {count(int(missing.sum()), 'map')} altogether"
    return Finding(
        subject=method,
        outcome=Outcome.PASS if within else Outcome.INVALID,
        quantity="share of the pictures whose map is dead: zero everywhere, or not finite",
        value=share,
        limit=limit,
        n=evidence.n,
        worst=tuple(int(number) for number in np.sort(evidence.sample[lost | missing])[:WORST]),
        sentence=f"{sentence}.",
    )
