"""The limit of detection in a sentence: which reliance this audit would have caught."""

from collections.abc import Sequence
from typing import NamedTuple

from audit.phrases import count, listed
from reports.wording.phrases import figure, points
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
    reliance: float | None
    """Share of the right answers that hang on the mark there; None where it is unknown."""
    upper: float | None
    """Its upper bound."""


def limit_of_detection(limit: Limit, detectors: Sequence[str], pictures: int) -> str:
    """Where the audit has a limit of detection. pictures: with the mark."""
    tried = f"tested on copies of this network ({count(pictures, 'picture')}; detectors {listed(detectors)})"
    mark = f"{100 * limit.mark:.4g} %"
    hangs = ""
    if limit.reliance is not None:
        hangs = f" once {points(limit.reliance)} of accuracy hang on it (at most {figure(limit.upper)}): it then"
    seen = f"This audit flags a mark{hangs or ' that'} carries at least {mark} of the evidence, as {tried}. {WEAKER}"
    if not limit.kept:
        return seen
    return (
        f"{seen} Even unaltered, this network keeps {100 * limit.kept:.3g} % of its evidence without the object; with"
        f" that, a copy that is flagged draws at least {100 * limit.outside:.0f} % from outside it."
    )


def no_limit_of_detection(verdict: WordedVerdict | None, not_run: str) -> str:
    """Why the audit has none. verdict: of control_is_caught. not_run: why the control left nothing, or ''."""
    if not_run:
        return f"Not measured, so it is unknown what this audit would have missed. {not_run}"
    if verdict is None:
        return "Not measured: the profile does not name the rule control_is_caught."
    return f"Not known. {verdict.sentence}"
