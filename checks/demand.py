"""What a rule needs of the data, whatever the network answers: known before the first picture is loaded."""

from collections.abc import Collection, Sequence

from pydantic import Field, computed_field

from checks.frozen import Frozen
from checks.statistics.subset import Subset
from checks.verdict import Details

PICTURES = "pictures"
PREDICTED_RIGHT = "pictures_predicted_right"
EXPERIMENT = "experiment"
VARIANTS = "variants"
"""Key of a demand: variants of the intervention `name` (details), of which some are `missing`."""
LENDERS = "lenders"
"""Key of a demand: pictures that lend their backgrounds."""
CLASSES = "classes"
CAPABILITY = "capability"
"""Key of a demand: the model's capabilities that it is `lacking` (details)."""


class Demand(Frozen):
    """How many of something there are at most, and how many it takes before the rule can pass."""

    key: str = Field(description="what is needed, by a name that is the same in every audit")
    have: int = Field(description="how many there are, if every answer is right")
    needed: int | None = Field(description="how many it takes in all; null where no number would do")
    by_cluster: bool = Field(False, description="clusters are counted, and not pictures")
    details: Details = Field({}, description="further numbers and names that the rule documents")

    @computed_field(description="there are as many as it takes")  # type: ignore[prop-decorator]
    @property
    def met(self) -> bool:
        return self.needed is not None and self.have >= self.needed


def of_pictures(subset: Subset, further: int | None, key: str = PREDICTED_RIGHT) -> Demand:
    """The demand for `further` pictures, or clusters where these count, beside those that there are.

    further: None where no number would do.
    """
    have = subset.n if subset.clusters is None else subset.clusters
    needed = None if further is None else have + further
    return Demand(key=key, have=have, needed=needed, by_cluster=subset.clusters is not None)


def of_experiment(name: str, asked: bool) -> Demand:
    """The demand for an intervention, control or search."""
    return Demand(key=EXPERIMENT, have=int(asked), needed=1, details={"name": name})


def of_capability(lacking: Sequence[str]) -> Demand:
    """The demand for a model that can do more."""
    return Demand(key=CAPABILITY, have=0, needed=1, details={"lacking": list(lacking)})


def of_variants(intervention: str, needed: Sequence[str], there: Collection[str]) -> Demand:
    """The demand for these variants of an intervention, of which the settings make those that are there."""
    missing = [variant for variant in needed if variant not in there]
    have = len(needed) - len(missing)
    return Demand(key=VARIANTS, have=have, needed=len(needed), details={"name": intervention, "missing": missing})
