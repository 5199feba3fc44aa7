"""The limit of detection in a sentence: which reliance this audit would have caught."""

from collections.abc import Sequence
from typing import NamedTuple

from audit.phrases import count, listed
from reports.wording.worded import WordedVerdict

WEAKER = "A weaker reliance may go unseen."


class Limit(NamedTuple):
    """The limit, as shares of the evidence."""

    mark: float
    """The planted mark's, from which on copies are flagged."""
    kept: float
    """What the network itself keeps without the object."""
    outside: float
    """Both together: from outside the object."""


def limit_of_detection(limit: Limit, detectors: Sequence[str], pictures: int) -> str:
    """Where the audit has a limit of detection. pictures: with the mark."""
    tried = f"tried on copies of this network, {count(pictures, 'picture')}, detectors {listed(detectors)}"
    mark = f"{100 * limit.mark:.4g} %"
    if not limit.kept:
        return f"This audit flags a mark that carries {mark} of the evidence or more: {tried}. {WEAKER}"
    return (
        f"This audit flags a network that draws {100 * limit.outside:.0f} % of its evidence or more from outside the"
        f" object: {tried}. This network keeps {100 * limit.kept:.3g} % without the object as it is, and was flagged"
        f" once a mark carried {mark}. {WEAKER}"
    )


def no_limit_of_detection(verdict: WordedVerdict | None, not_run: str) -> str:
    """Why the audit has none. verdict: of control_is_caught. not_run: why the control left nothing, or ''."""
    if not_run:
        return f"Not measured, so nobody knows what this audit would have missed. {not_run}"
    if verdict is None:
        return "Not measured: the profile does not name the rule control_is_caught."
    return f"Not known. {verdict.sentence}"
