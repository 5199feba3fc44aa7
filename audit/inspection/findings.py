"""What an inspection of the data found. Fields only: `reports/wording/inspection.py` makes the sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from audit.datasets.exclusions import Exclusion
from audit.datasets.sample import Box

About = Literal["place", "surroundings", "object", "file", "annotation"]
"""What a quantity belongs to: a place in the picture, all that lies outside the boxes, the object and its boxes, the
file, a column of the annotations. What to do next depends on it."""


@dataclass(frozen=True)
class Quantity:
    """One property of a picture that may tell its label."""

    name: str
    """'colour of cell 7,1 (bottom left)'."""
    about: About
    region: Box | None = None
    """x0, y0, x1, y1 in shares of the picture, where it has a place."""


@dataclass(frozen=True)
class ClassShare:
    """How often the neighbours of one class's members are of that class."""

    label: str
    share: float
    chance: float
    n: int


@dataclass(frozen=True)
class Finding:
    """How well one quantity tells the label."""

    descriptor: str
    quantity: Quantity
    share: float
    """Of the nearest neighbours, those that bear the label: how often a guess by one of them is right."""
    chance: float
    critical: float | None
    """The share from which on the quantity tells; None where there are too few pictures for any share to do."""
    p: float
    """Adjusted over all quantities (Holm); half of the inspection's level is what it is held against."""
    n: int
    """Samples that have the quantity and a neighbour."""
    classes: tuple[ClassShare, ...]
    """The classes whose members it tells from the rest, the best told first."""
    pooled: bool
    """It tells the label over all classes together."""

    @property
    def telling(self) -> bool:
        return self.pooled or bool(self.classes)

    @property
    def told(self) -> float:
        """Samples whose label it tells beyond chance."""
        return (self.share - self.chance) * self.n


@dataclass(frozen=True)
class Copies:
    """Samples that are nearly the same as another of their label, and count as one with it."""

    count: int
    example: tuple[str, str]


@dataclass(frozen=True)
class Inspection:
    """What tells the label in a data set. It judges nothing."""

    samples: int
    pictures: int
    labels: Mapping[str, int]
    cluster: str | None
    """The column whose members are never each other's neighbours."""
    independent: int
    """Samples that are worth counting: all of one cluster and label are one."""
    copies: Copies | None
    exclusions: tuple[Exclusion, ...]
    neighbours: int
    level: float
    findings: tuple[Finding, ...]
    """The most telling first."""
    boxed: bool = True
    """What the boxes cover was left out; else there are no boxes, and the objects were looked at too."""

    @property
    def telling(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.telling)

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """Quantities about which so few pictures say nothing."""
        return tuple(finding for finding in self.findings if finding.critical is None and not finding.telling)
