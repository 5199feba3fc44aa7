"""The numbers beside a finding's own: what its details say beyond the sentence, each with its label."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from checks.verdict import Finding
from reports.wording.missing import because_of
from reports.wording.numbers import count, percent, short, signed
from reports.wording.phrases import minus
from reports.wording.swapped_properties import swapped_properties


class Number(NamedTuple):
    """One line of a small list."""

    label: str
    value: str


Shown = Callable[[Any], str]


def _points(difference: float) -> str:
    return minus(f"{100 * difference:.1f} points")


def _by_reason(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{short(reason)}: {count(number)}" for reason, number in counts.items())


def _by_fill(shares: Mapping[str, float]) -> str:
    return "; ".join(f"{_FILLS.get(fill, short(fill))}: {percent(share)}" for fill, share in shares.items())


def _by_box(bands: Sequence[Mapping[str, Any]]) -> str:
    filled = [band for band in bands if band["n"]]
    return "; ".join(
        f"up to {percent(band['up_to'])}: {count(band['missed'])} of {count(band['n'])}" for band in filled
    )


def _because(counts: Mapping[str, int]) -> str:
    return "; ".join(because_of(counts, reason) for reason in sorted(counts, key=lambda reason: -counts[reason]))


def _names(names: list[str]) -> str:
    return ", ".join(short(name) for name in names)


_FILLS = {"mean": "mean colour", "blur": "its own, blurred"}
_FAULTS = ("without_answer", "silent")
"""Shown only where there are some."""
_WITHOUT_ANSWER: dict[str, tuple[str, Shown]] = {
    "without_answer": ("Pictures predicted right that left no answer", count),
    "unanswered_because": ("Why they left none", _because),
}
_SWAP: dict[str, tuple[str, Shown]] = {
    "right_on_own": ("Right with what pictures of the same class lent", percent),
    "right_on_other": ("Right with what pictures of other classes lent", percent),
    "followed": ("Predictions that become the lender’s class", percent),
    "lenders": ("Pictures or clusters that lent", count),
    "lenders_needed": ("How many must lend at the least", count),
}
_REGION: dict[str, tuple[str, Shown]] = {
    **_SWAP,
    "share": ("Nearest neighbours, in what this place looks like, with the same label", percent),
    "chance": ("As many would be by chance", percent),
    **_WITHOUT_ANSWER,
}
LABELS: Mapping[str, Mapping[str, tuple[str, Shown]]] = {
    "control_is_caught": {
        "flagged_by": ("Rules that flag a copy", _names),
        "kept": ("Evidence kept without the object", percent),
        "outside": ("Evidence from outside the object at the limit", percent),
    },
    "depends_on_object": {"log_odds": ("Log-odds lost in the median picture", signed), **_WITHOUT_ANSWER},
    "evidence_is_complete": {"by_reason": ("By reason", _by_reason)},
    "forbidden_pixels_are_ignored": {
        "turned": ("Answers that turned to another class", count),
        "elsewhere": ("Change when an equal area elsewhere is hidden", _points),
        **_WITHOUT_ANSWER,
    },
    "model_is_accurate": {
        "in_first_five": ("Label among the first five answers", percent),
        "silent": ("Pictures for which the network yields no number", count),
    },
    "no_shared_hotspot": {"log_odds": ("Log-odds lost by hiding it", signed)},
    "right_for_the_right_reason": {"by_box": ("Misses, by the box’s share of the frame", _by_box), **_WITHOUT_ANSWER},
    **{rule: {**_SWAP, **_WITHOUT_ANSWER} for rule in swapped_properties()},
    "survives_other_background": {
        **_SWAP,
        "plain": ("Right on a background without content", _by_fill),
        **_WITHOUT_ANSWER,
    },
    "survives_other_object_regions": _REGION,
    "survives_other_regions": _REGION,
}
"""By rule and by the name in the details: the label, and how the value is written."""


def further_numbers(finding: Finding, rule: str) -> tuple[Number, ...]:
    """Those of the finding's details that have a label here, without the unknown and the empty."""
    return tuple(
        Number(label, shown(finding.details[key]))
        for key, (label, shown) in LABELS.get(rule, {}).items()
        if _worth_showing(key, finding.details.get(key))
    )


def _worth_showing(key: str, value: object) -> bool:
    return value not in (None, {}, []) and not (key in _FAULTS and value == 0)
