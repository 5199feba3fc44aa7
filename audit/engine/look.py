"""A first look: which samples it takes, the same for the same seed, and what is made of them."""

from collections import Counter
from collections.abc import Sequence

from audit.datasets.sample import Sample
from audit.hashing import picture_seed
from audit.settings import Settings

Labelled = tuple[Sample, int]
"""A sample and its class index."""


def looked_at(samples: Sequence[Labelled], limit: int | None, seed: int) -> tuple[Labelled, ...]:
    """At most `limit` of the samples, in their order; all where it is None.

    Classes take turns, each with its samples in an order drawn with the seed: of two classes neither has two samples
    more than the other unless that one has no more. Which samples are taken does not depend on their order.
    """
    if limit is None or limit >= len(samples):
        return tuple(samples)
    draw = [picture_seed(seed, sample.image, sample.label) for sample, _ in samples]
    turns, taken = [0] * len(samples), Counter[int]()
    for place in sorted(range(len(samples)), key=draw.__getitem__):
        turns[place] = taken[samples[place][1]]
        taken[samples[place][1]] += 1
    chosen = sorted(range(len(samples)), key=lambda place: (turns[place], draw[place]))[:limit]
    return tuple(samples[place] for place in sorted(chosen))


def of_a_look(settings: Settings) -> Settings:
    """The settings of a look: without controls where these are not stated, which would be most of its cost."""
    table = settings.experiments
    if "controls" in table.model_fields_set:
        return settings
    return settings.model_copy(update={"experiments": table.model_copy(update={"controls": ()})})
