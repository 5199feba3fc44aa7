"""What it would take to decide, as the end of a sentence."""

import math

from audit.phrases import count
from checks import reasons
from checks.statistics.bounds import FEWEST_CLUSTERS, MOST_UNITS
from checks.statistics.subset import FEWEST
from checks.verdict import Direction, Finding
from reports.wording.phrases import pictures_of, two_digits
from reports.wording.words import ORIGINAL, About


def pictures(finding: Finding, about: About) -> str:
    """'80 pictures', or '80 pictures of 12 flights'."""
    return pictures_of(finding.n, finding.clusters, about.cluster)


def units(finding: Finding, about: About) -> str:
    """What a bound counts: '80 pictures', or '12 flights' where they come in clusters."""
    return count(finding.n, "picture") if finding.clusters is None else count(finding.clusters, about.cluster)


def undecided(finding: Finding, about: About) -> str:
    """Why the finding decides nothing and what would help: 'about 40 further pictures would decide it'."""
    if finding.reason == reasons.TOO_FEW:
        return too_few(finding, about)
    noun = "picture" if finding.clusters is None else about.cluster
    if finding.further is not None:
        return f"about {count(two_digits(finding.further), f'further {noun}')} would decide it"
    if _within_reach(finding):
        return f"not even {count(MOST_UNITS, f'further {noun}')} would decide it"
    return "more data would not make it pass"


def pictures_to_add(finding: Finding | None, about: About) -> str:
    """What to add: 'about 40 boxed pictures', 'boxed pictures of about 12 further flights'.

    It is as many as would decide it if they turned out as those that are there; no number where none is known.
    """
    number, exact = _further(finding)
    if finding is None or not number:
        return "boxed pictures"
    rounded = number if exact else two_digits(number)
    roughly = "" if exact else "about "
    if finding.clusters is None:
        return f"{roughly}{count(rounded, 'boxed picture')}"
    if about.cluster == ORIGINAL:
        return f"{roughly}{count(rounded, 'boxed picture')}, none a copy of another"
    return f"boxed pictures of {roughly}{count(rounded, f'further {about.cluster}')}"


def _further(finding: Finding | None) -> tuple[int, bool]:
    """How many further ones, and whether that is exact; 0 where it is not known."""
    if finding is None:
        return 0, False
    if finding.further:
        return finding.further, finding.reason == reasons.TOO_FEW and finding.clusters is None
    if finding.reason != reasons.TOO_FEW:
        return 0, False
    if finding.clusters is None or finding.clusters == finding.n:
        return max(0, FEWEST - finding.n), True
    return max(0, FEWEST_CLUSTERS - math.floor(finding.independent or finding.clusters)), False


def more_helps(finding: Finding | None) -> bool:
    """More pictures of the kind may make it pass: too few were seen, or the estimate is on the passing side."""
    return finding is None or finding.value is None or finding.reason == reasons.TOO_FEW or _within_reach(finding)


def too_few(finding: Finding, about: About) -> str:
    """'12 pictures; at least 20 are needed', or the same for clusters."""
    if finding.clusters is None or finding.independent is None or finding.clusters == finding.n:
        return f"{count(finding.n, 'picture')}; at least {FEWEST} are needed"
    uneven = finding.independent < finding.clusters - 0.5
    worth = f" worth {finding.independent:.1f} of equal size" if uneven else ""
    return f"{count(finding.clusters, about.cluster)}{worth}; at least {FEWEST_CLUSTERS} are needed"


def _within_reach(finding: Finding) -> bool:
    """The estimate itself is on the passing side of the limit."""
    if finding.value is None or finding.limit is None:
        return False
    higher = finding.better is Direction.HIGHER
    return finding.value > finding.limit if higher else finding.value < finding.limit
