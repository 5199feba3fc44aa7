"""Pictures that the network was trained on, in words."""

from audit.phrases import count
from checks.table.training import LOOK_TRAINED_ON, TRAINED_ON
from checks.verdict import Finding
from reports.wording.phrases import percent, share_at_limit

QUANTITIES = {
    TRAINED_ON: "share of the pictures that are, pixel for pixel, on the list of those that the network was trained on",
    LOOK_TRAINED_ON: "share of the pictures whose perceptual hash is nearly that of a picture that the network was"
    " trained on",
}
SUBJECTS = {TRAINED_ON: "trained on", LOOK_TRAINED_ON: "similar to training pictures"}
REMOVE = "Remove the pictures that the network was trained on."


def trained_on(finding: Finding) -> str:
    """'3 of 80 pictures are among the 50,000 that the network was trained on (3.8 %; allowed: 0 %).'"""
    return _sentence(finding, "is among", "are among")


def look_trained_on(finding: Finding) -> str:
    """Likewise of pictures that are nearly those, which can be of the same place at another time."""
    return _sentence(finding, "resembles one of", "resemble some of")


def _sentence(finding: Finding, one: str, many: str) -> str:
    copies, listed = finding.details["copies"], finding.details["listed"]
    verb = one if copies == 1 else many
    allowed = f" ({percent(finding.value)}; allowed: {share_at_limit(finding.limit)})" if finding.value else ""
    of = f"{copies:,} of {count(finding.n, 'picture')}" if copies else f"None of {count(finding.n, 'picture')}"
    unread = f"; {finding.details['unread']:,} more could not be read" if finding.details["unread"] else ""
    return f"{of} {verb} the {listed:,} that the network was trained on{allowed}{unread}."
