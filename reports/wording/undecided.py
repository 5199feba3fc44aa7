"""What it would take to decide, as the end of a sentence."""

from audit.phrases import count
from checks import reasons
from checks.statistics.bounds import FEWEST_CLUSTERS, MOST_UNITS
from checks.statistics.subset import FEWEST
from checks.verdict import Direction, Finding
from reports.wording.phrases import pictures_of, two_digits
from reports.wording.words import About


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
