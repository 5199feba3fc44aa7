"""Coverage of the operational design domain in words."""

from collections.abc import Iterable

from audit.phrases import count, listed
from checks.table.domain import NO_DOMAIN_COLUMN
from checks.verdict import Finding
from reports.wording.numbers import short

MOST_NAMED = 2
PREFIX = "domain/"
COVER = "Add pictures to the cells of the domain that hold none, or narrow the domain in the profile, and audit again."
COLUMN = "Add the column to the annotations, or bind the parameter to another (`column`) in the profile."
QUANTITIES = {
    "domain_cells_without_pictures": "cells of a parameter of the operational design domain without a picture",
    "domain_pairs_without_pictures": "combinations of cells of two parameters without a picture",
}


def domain_subject(finding: Finding) -> str:
    """'domain: weather', 'domain: weather × distance'."""
    return f"domain: {finding.key.removeprefix(PREFIX)}"


def domain_cells(finding: Finding) -> str:
    """How many cells of one parameter hold pictures."""
    details = finding.details
    name = short(details["parameter"], 40)
    if finding.reason == NO_DOMAIN_COLUMN:
        return f"The data lack the column '{short(details['column'], 40)}' for the parameter '{name}' of the domain."
    cells = len(details["cells"])
    if details["empty"]:
        return f"No picture lies in {named_cells(details['empty'])} of '{name}' ({len(details['empty'])} of {cells})."
    return f"Every cell of '{name}' holds pictures ({cells} of {cells}; the fewest: {min(details['counts']):,})."


def domain_pairs(finding: Finding) -> str:
    """How many combinations of two parameters hold pictures."""
    one, other = (short(name, 30) for name in finding.details["parameters"])
    empty, cells = int(finding.value or 0), count(finding.details["cells"], "combination")
    return f"{empty:,} of {cells} of '{one}' and '{other}' {'holds' if empty == 1 else 'hold'} no picture."


def named_cells(names: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    shown = [f"'{short(name, 30)}'" for name in names]
    more = len(shown) - MOST_NAMED
    return listed([*shown[:MOST_NAMED], *([f"{count(more, 'other cell')}"] if more > 0 else [])])
