"""Kinds of pictures: by the metadata, or by box, class and answer. Rules may have to hold in each of them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.apply import apply
from checks.conclude import MAPS
from checks.table.evidence import Evidence, Floats
from checks.verdict import Finding, Outcome, RequiredSlices, Verdict, worst
from checks.words import count, listed

MOST_VALUES = 50
"""Of a column. One with more, as a file's time, names pictures and not kinds of pictures."""
SMALL, LARGE = 0.02, 0.18
"""Shares of the frame: 32 and 96 pixels of a frame of 224, squared, between which COCO calls an object medium."""
LONG = 1.5
"""Ratio of the sides from which on a box is wide, or tall."""
OFF_CENTRE = 1 / 6
"""Of the frame's side: the middle third."""
UNSURE, SURE = 0.5, 0.9
"""Probability of the predicted class."""
UNSTATED = "not stated"
NEXT = {
    Outcome.PASS: "",
    Outcome.INCONCLUSIVE: "Add boxed pictures of the kinds that are too few.",
    Outcome.INVALID: "Add the column to the annotations, or take it out of the profile's required slices.",
}

Names = NDArray[Any]


class Slice(NamedTuple):
    """The pictures with one value of a column."""

    column: str
    value: str
    here: NDArray[np.bool_]
    """(n,)."""

    @property
    def name(self) -> str:
        return f"{self.column}: {self.value}"


def columns(evidence: Evidence) -> tuple[str, ...]:
    """All that pictures can be told apart by: the metadata's, then those that are derived from box and answer."""
    derived = [name for name in DERIVED if name not in evidence.metadata]
    return (*evidence.metadata, *(name for name in derived if evidence.box is not None or not name.startswith("box ")))


def slices(evidence: Evidence, column: str) -> tuple[Slice, ...]:
    """One for each value, sorted; of a derived column all that there can be, empty ones too, in their order.

    The data's own column comes before a derived one of the same name. Raises KeyError where the data has neither.
    """
    if column in evidence.metadata:
        names = np.where(evidence.metadata[column] == "", UNSTATED, evidence.metadata[column])
        values = sorted(set(names.tolist()))
    elif column in columns(evidence):
        kind = DERIVED[column]
        names = kind.of(evidence)
        values = list(kind.values) or sorted(set(names.tolist()))
    else:
        raise KeyError(column)
    return tuple(Slice(column, value, np.asarray(names == value, dtype=bool)) for value in values)


class Derived(NamedTuple):
    of: Callable[[Evidence], Names]
    """(n,) values."""
    values: tuple[str, ...] = ()
    """All that there can be; empty where the data decide."""


def _cut(values: Floats, edges: tuple[float, float], names: tuple[str, ...]) -> Names:
    """(n,) the name of the part in which each value lies; the lower edge belongs to the part above it."""
    return np.array(names, dtype=object)[np.digitize(values, edges)]


def _sides(evidence: Evidence) -> tuple[Floats, Floats, Floats, Floats]:
    """x0, y0, x1, y1, each (n,)."""
    assert evidence.box is not None, "`columns` leaves boxes out where there are none"
    x0, y0, x1, y1 = evidence.box.T
    return x0, y0, x1, y1


def _position(evidence: Evidence) -> Names:
    x0, y0, x1, y1 = _sides(evidence)
    right, down = (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5
    side = np.where(right < 0, "left", "right")
    off = np.where(np.abs(down) > np.abs(right), np.where(down < 0, "top", "bottom"), side)
    return np.where(np.maximum(np.abs(right), np.abs(down)) <= OFF_CENTRE, "middle", off).astype(object)


def _aspect(evidence: Evidence) -> Names:
    x0, y0, x1, y1 = _sides(evidence)
    height, width = evidence.frame or (1, 1)
    ratio = (x1 - x0) * width / np.maximum((y1 - y0) * height, 1e-9)
    return _cut(ratio, (1 / LONG, LONG), ASPECTS)


SIZES = (f"under {SMALL:.0%}", f"{SMALL:.0%} to {LARGE:.0%}", f"over {LARGE:.0%}")
ASPECTS = ("tall", "about square", "wide")
CONFIDENCES = (f"under {UNSURE:.0%}", f"{UNSURE:.0%} to {SURE:.0%}", f"over {SURE:.0%}")
DERIVED: Mapping[str, Derived] = {
    "class": Derived(lambda found: found.label),
    "box size": Derived(lambda found: _cut(found.area_share, (SMALL, LARGE), SIZES), SIZES),
    "box position": Derived(_position, ("middle", "top", "bottom", "left", "right")),
    "box aspect": Derived(_aspect, ASPECTS),
    "confidence": Derived(
        lambda found: _cut(np.nan_to_num(found.confidence_of_prediction), (UNSURE, SURE), CONFIDENCES), CONFIDENCES
    ),
    "prediction": Derived(lambda found: np.where(found.right, "right", "wrong").astype(object), ("right", "wrong")),
}


def slices_hold(evidence: Evidence, valid: Evidence) -> tuple[Verdict, ...]:
    """One verdict for each required rule and column, named as `Profile.sliced`: each slice must pass by itself.

    So no correction for their number is due: whoever fails one slice fails (an intersection-union test). valid: the
    evidence with the methods whose maps count, for the rules on maps.
    """
    required = evidence.profile.slices
    if required is None:
        return ()
    return tuple(
        _verdict(valid if rule in MAPS else evidence, rule, column, required)
        for rule in required.rules
        for column in required.by
    )


def _verdict(evidence: Evidence, rule: str, column: str, required: RequiredSlices) -> Verdict:
    told = {
        "rule": f"{rule}[{column}]",
        "question": f"Does {rule} hold for every kind of pictures by {column}?",
        "why": required.why,
        "advisory": evidence.profile.rules[rule].get("advisory") is True,
    }
    if problem := _problem(evidence, column):
        return Verdict(**told, outcome=Outcome.INVALID, sentence=problem, next_step=NEXT[Outcome.INVALID])
    parts = slices(evidence, column)
    verdicts = [apply(evidence.among(part.here), rule) if part.here.any() else None for part in parts]
    findings = tuple(_finding(evidence, part, said) for part, said in zip(parts, verdicts, strict=True))
    outcome = worst(finding.outcome for finding in findings)
    steps = [said.next_step for said in verdicts if said and said.outcome is outcome]
    next_step = NEXT[outcome] if outcome in (Outcome.PASS, Outcome.INCONCLUSIVE) else steps[0]
    return Verdict(**told, outcome=outcome, sentence=_headline(findings, rule), next_step=next_step, findings=findings)


def _problem(evidence: Evidence, column: str) -> str:
    """Why there are no slices by this column, or ''."""
    if column not in columns(evidence):
        return f"The data has no column '{column}', by which the profile requires slices."
    parts = slices(evidence, column)
    if not parts:
        return "No picture was measured."
    if len(parts) > MOST_VALUES:
        return (
            f"Column '{column}' has {len(parts):,} values, which name pictures and not kinds of pictures; at most"
            f" {MOST_VALUES} can be required."
        )
    return ""


def _finding(evidence: Evidence, part: Slice, verdict: Verdict | None) -> Finding:
    """What the rule says of the slice; too few pictures are never a PASS. verdict: None where there is no picture."""
    subset = evidence.subset(part.here)
    said: dict[str, Any] = {"subject": part.name, "slice": part.name}
    if verdict is None or (verdict.outcome is Outcome.PASS and not subset.enough):
        held = f"holds {subset.too_few}" if subset.n else "holds no picture, so that nothing is shown of it"
        said |= {"sentence": f"{part.name} {held}.", "outcome": Outcome.INCONCLUSIVE, "further": subset.missing}
    else:
        said |= {"sentence": f"{part.name}: {verdict.sentence}", "outcome": verdict.outcome}
    findings = verdict.findings if verdict else ()
    telling = [f for f in findings if verdict and f.outcome is verdict.outcome and not f.advisory] or findings
    if telling:
        return telling[0].model_copy(update=said)
    return Finding(**said, quantity="pictures", value=subset.n, **subset.counted)


def _headline(findings: tuple[Finding, ...], rule: str) -> str:
    outcome = worst(finding.outcome for finding in findings)
    if outcome is Outcome.PASS:
        return f"{rule} holds in each of {count(len(findings), 'slice')}: {listed(f.slice or '' for f in findings)}."
    red = [finding for finding in findings if finding.outcome is outcome]
    more = f" {len(red)} of {count(len(findings), 'slice')} are {outcome}." if len(red) > 1 else ""
    return f"{red[0].sentence}{more}"
