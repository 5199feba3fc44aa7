"""What is missing from the evidence, and whether that is little enough to trust the rest."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from checks.profile import Count, Share
from checks.statistics.subset import FEWEST
from checks.table.cluster_columns import clusters
from checks.table.evidence import Evidence
from checks.table.mean_difference import WORST
from checks.verdict import Finding, Outcome, Verdict, worst
from checks.words import count, listed, percent

MEND = {
    "box covers the frame": "Where the box covers the frame, raise data.max_box_share, or resize or letterbox instead"
    " of cropping.",
    "label ignored": "Ignored labels count as excluded: map them in data.labels, or take them out of the data set.",
}
"""What helps against one reason of exclusion; the names are those that `audit` records."""
HARDLY = 0.1
"""Of a class's pictures: where no more are predicted right, experiments, which are made on those, say nothing of it."""


MORE = {
    "pictures": "Add boxed pictures.",
    "classes": "Find out why a class is never predicted: are the classes named in the network's own order?",
}
"""What helps where the evidence is too little, by the finding's subject."""


def evidence_is_complete(
    evidence: Evidence, *, max_excluded: Share, max_dead: Share, max_duplicates: Share, min_pictures: Count
) -> Verdict:
    """Few samples are excluded, few maps are dead, few pictures are copies, and those that remain are enough.

    The shares are counts of this very data set, not estimates: they have no confidence bound. Too many exclusions, dead
    maps or copies (samples whose picture's very bytes were already there under the same class), or a map that was not
    made at all: INVALID. Too few distinct pictures: INCONCLUSIVE, as is a class of 20 pictures or more of which hardly
    one is predicted right: of such a class nothing is shown. Where the settings name clusters, a picture that
    states none is INVALID; where they do not, a column that looks as if it should be named gets a warning.
    """
    findings = (
        _exclusions(evidence, max_excluded),
        _pictures(evidence, min_pictures),
        _duplicates(evidence, max_duplicates),
        *(_dead(evidence, method, max_dead) for method in evidence.methods),
        _classes(evidence),
        *clusters(evidence),
    )
    entering = [finding for finding in findings if not finding.advisory]
    outcome = worst(finding.outcome for finding in entering) if evidence.methods else Outcome.INVALID
    telling = [finding for finding in entering if finding.outcome is outcome and outcome is not Outcome.PASS]
    advice = [finding for finding in findings if finding.advisory]
    return Verdict(
        rule="evidence_is_complete",
        question="Is the evidence whole enough to be judged?",
        outcome=outcome,
        sentence=" ".join([*([f.sentence for f in telling] or [_whole(evidence)]), *(f.sentence for f in advice)]),
        next_step=_next_step(evidence, outcome, {finding.subject for finding in telling}),
        findings=findings,
    )


def _next_step(evidence: Evidence, outcome: Outcome, subjects: set[str]) -> str:
    if outcome is Outcome.PASS:
        return ""
    if outcome is Outcome.INCONCLUSIVE:
        return " ".join(step for subject, step in MORE.items() if subject in subjects)
    steps = []
    if "exclusions" in subjects:
        reasons = dict.fromkeys(_by_reason(evidence))
        steps = [MEND[reason] for reason in reasons if reason in MEND]
        steps += [] if steps and reasons.keys() <= MEND.keys() else ["Read the exclusions, and mend what causes them."]
    if "duplicates" in subjects:
        steps.append("Take the copies out of the data set.")
    if "clusters" in subjects:
        steps.append("Say of every picture to which cluster it belongs (data.cluster).")
    if subjects & set(evidence.methods):
        steps.append("Find out why maps are dead or missing, and mend what causes it.")
    return " ".join([*steps, "Then run the audit again." if steps else "Run the audit on pictures, with a method."])


def _whole(evidence: Evidence) -> str:
    if not evidence.methods:
        return "No saliency method was run."
    dead = sum(int(_lost(evidence, method).sum()) for method in evidence.methods)
    return (
        f"{_measured(evidence)} measured with {count(len(evidence.methods), 'method')},"
        f" {count(dead, 'dead map')}; {_excluded(evidence)}."
    )


def _measured(evidence: Evidence) -> str:
    """'80 pictures', or '80 samples in 79 pictures' where they differ."""
    pictures = count(_distinct(evidence), "picture")
    return pictures if _distinct(evidence) == evidence.n else f"{count(evidence.n, 'sample')} in {pictures}"


def _distinct(evidence: Evidence) -> int:
    return len(set(evidence.picture.tolist()))


def _by_reason(evidence: Evidence) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(Counter(evidence.exclusions).items(), key=lambda item: (-item[1], item[0])))


def _excluded(evidence: Evidence, shown: str = "") -> str:
    by_reason = _by_reason(evidence)
    out = len(evidence.exclusions)
    reasons = {0: "", 1: f", for this reason: {''.join(by_reason)}"}.get(
        len(by_reason), f", for these reasons: {listed(f'{reason} ({n:,})' for reason, n in by_reason.items())}"
    )
    return f"{out:,} of {count(evidence.total, 'sample')} {'is' if out == 1 else 'are'} excluded{shown}{reasons}"


def _exclusions(evidence: Evidence, limit: float) -> Finding:
    share = len(evidence.exclusions) / evidence.total if evidence.total else None
    within = share is not None and share <= limit
    return Finding(
        subject="exclusions",
        outcome=Outcome.PASS if within else Outcome.INVALID,
        quantity="share of the samples that were excluded",
        value=share,
        limit=limit,
        n=evidence.total,
        sentence=f"{_excluded(evidence, _shown(share, limit))}." if evidence.total else "The data set holds no sample.",
    )


def _shown(share: float | None, limit: float) -> str:
    return f" ({percent(share)}, the limit is {percent(limit)})" if share else ""


def _pictures(evidence: Evidence, limit: int) -> Finding:
    n = _distinct(evidence)
    enough = n >= limit
    outcome = Outcome.PASS if enough else Outcome.INCONCLUSIVE if n else Outcome.INVALID
    return Finding(
        subject="pictures",
        outcome=outcome,
        quantity="distinct pictures measured",
        value=n,
        limit=limit,
        n=n,
        further=None if enough else limit - n,
        sentence=f"{_measured(evidence)} measured, where {count(limit, 'picture')}"
        f" {'is' if limit == 1 else 'are'} needed.",
    )


def _classes(evidence: Evidence) -> Finding:
    classes, of = np.unique(evidence.class_index, return_inverse=True)
    pictures = np.bincount(of, minlength=len(classes))
    right = np.bincount(of, weights=evidence.right, minlength=len(classes)).astype(int)
    silent = np.flatnonzero((pictures >= FEWEST) & (right <= HARDLY * pictures))
    said = listed(
        f"'{evidence.label[of == i][0]}' ({right[i]} of {count(int(pictures[i]), 'picture')})" for i in silent
    )
    return Finding(
        subject="classes",
        outcome=Outcome.INCONCLUSIVE if len(silent) else Outcome.PASS,
        quantity=f"classes of {FEWEST} pictures or more of which hardly one is predicted right",
        value=len(silent),
        limit=0,
        n=len(classes),
        sentence=f"Nothing is shown of a class that is hardly ever predicted: {said}."
        if len(silent)
        else "No class of many pictures is hardly ever predicted.",
    )


def _duplicates(evidence: Evidence, limit: float) -> Finding:
    seen: set[tuple[str, int]] = set()
    copies = []
    for number, picture, index in sorted(
        zip(evidence.sample.tolist(), evidence.picture.tolist(), evidence.class_index.tolist(), strict=True)
    ):
        if (picture, index) in seen:
            copies.append(number)
        seen.add((picture, index))
    share = len(copies) / evidence.n if evidence.n else None
    within = share is not None and share <= limit
    shown = _shown(share, limit)
    return Finding(
        subject="duplicates",
        outcome=Outcome.PASS if within else Outcome.INVALID,
        quantity="share of the samples whose picture was already there, byte for byte, under the same class",
        value=share,
        limit=limit,
        n=evidence.n,
        worst=tuple(copies[:WORST]),
        sentence=f"{len(copies):,} of {count(evidence.n, 'sample')} {'repeats' if len(copies) == 1 else 'repeat'}"
        f" a picture that is already there under the same class{shown}.",
    )


def _lost(evidence: Evidence, method: str) -> NDArray[np.bool_]:
    """Dead, or alive without a score."""
    scored = np.isfinite(evidence.scores[method]["mass"])
    return np.asarray(evidence.made[method] & (evidence.dead[method] | ~scored))


def _dead(evidence: Evidence, method: str, limit: float) -> Finding:
    lost, missing = _lost(evidence, method), ~evidence.made[method]
    share = float(lost.mean()) if evidence.n else None
    within = share is not None and share <= limit and not missing.any()
    sentence = f"{method} has {count(int(lost.sum()), 'dead map')} in {count(evidence.n, 'sample')}"
    sentence += _shown(share, limit)
    if missing.any():
        sentence += f" and lacks {count(int(missing.sum()), 'map')} altogether"
    return Finding(
        subject=method,
        outcome=Outcome.PASS if within else Outcome.INVALID,
        quantity="share of the samples whose map is dead: zero everywhere, or not finite",
        value=share,
        limit=limit,
        n=evidence.n,
        worst=tuple(int(number) for number in np.sort(evidence.sample[lost | missing])[:WORST]),
        sentence=f"{sentence}.",
    )
