"""Which samples a first look takes: so many, spread over the classes, the same for the same seed."""

from collections import Counter
from collections.abc import Sequence

from audit.datasets.sample import Sample
from audit.hashing import picture_seed

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
