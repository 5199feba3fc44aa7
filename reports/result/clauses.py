"""Standards, clause by clause, and what an audit says to each: the values that the page and `audit.json` tell."""

from enum import StrEnum

from pydantic import Field

from checks.frozen import Frozen
from checks.verdict import Outcome


class Status(StrEnum):
    """What an audit says to a clause."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    INSUFFICIENT = "insufficient"
    NOT_ADDRESSED = "not addressed"


class Checked(StrEnum):
    """Against what the facts in a standard's file were checked."""

    ORIGINAL = "original text"
    SECONDARY = "secondary source"
    MEMORY = "from memory"


class Bearing(Frozen):
    """One thing that bears on a clause."""

    key: str = Field(description="the name of a rule, or of something else that the audit states")
    outcome: Outcome | None = Field(description="null where this audit holds nothing of the kind")
    summary: str = Field(description="the outcome in a few words")
    anchor: str | None = Field(description="id of its place in report.html")


class Clause(Frozen):
    """A clause, and what this audit says to it."""

    clause: str = Field(description="its id in the standard")
    gist: str = Field(description="what it asks, in our own words")
    checked: Checked = Field(description="against what id and gist were checked")
    status: Status
    bears: tuple[Bearing, ...] = Field(description="what in this audit bears on it")
    not_addressed: str | None = Field(description="why nothing does, where nothing does")
    note: str | None


class Standard(Frozen):
    """A standard, clause by clause."""

    name: str = Field(description="of its file, as the settings name it")
    version: int = Field(description="of its file")
    title: str
    edition: str
    publisher: str
    checked: Checked
    note: str | None
    clauses: tuple[Clause, ...]

    def count(self, status: Status) -> int:
        """Clauses with this status."""
        return sum(clause.status == status for clause in self.clauses)

    @property
    def unchecked(self) -> int:
        """Clauses that were not checked against the original text."""
        return sum(clause.checked is not Checked.ORIGINAL for clause in self.clauses)


class Crosswalk(Frozen):
    """What this audit says to standards. It certifies nothing."""

    standards: tuple[Standard, ...]
    unknown: tuple[str, ...] = Field((), description="standards that the settings name and this version does not hold")
