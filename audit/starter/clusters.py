"""The column that may tell which pictures belong together, and settings that say so."""

from collections.abc import Sequence

from audit.datasets.sample import Sample
from audit.settings import Settings

FEWEST = 10
"""Values of such a column: where there are fewer it is rather a condition, as the weather."""


def likely_cluster(samples: Sequence[Sample]) -> str:
    """The column with most values that every sample states and two or more share on average; '' for none."""
    names = {name for sample in samples for name in sample.metadata}
    counted = {}
    for name in sorted(names):
        values = [sample.metadata.get(name, "") for sample in samples]
        if all(values) and FEWEST <= len(set(values)) <= len(samples) / 2:
            counted[name] = len(set(values))
    return max(counted, key=counted.__getitem__, default="")


def in_clusters(settings: Settings, column: str) -> Settings:
    """The settings, with this column as that of the clusters."""
    return settings.model_copy(update={"data": settings.data.model_copy(update={"cluster": column})})
