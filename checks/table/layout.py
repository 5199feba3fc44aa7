"""The samples before any is loaded: the most that an audit of them can count on."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.datasets.exclusions import by_scope
from audit.datasets.sample import Sample
from checks.demand import Demand, of_capability, of_experiment, of_variants
from checks.statistics.subset import Subset
from checks.verdict import Profile

Bools = NDArray[np.bool_]


class Asked(NamedTuple):
    """What the settings and the model say of an audit."""

    cluster: str | None
    """The column that tells dependent pictures apart."""
    classes: int
    """How many the network knows."""
    methods: int
    experiments: Mapping[str, Mapping[str, Any]]
    """The options of every intervention, control and search that the settings ask for, by its name."""
    seed: int
    variants: Mapping[str, Collection[str]] = MappingProxyType({})
    """What each of the interventions makes by its options, as far as that is known beforehand."""
    donors: int | None = None
    """How many pictures lend their backgrounds at most; None: as many as there are."""
    left_out: Mapping[str, Sequence[str]] = MappingProxyType({})
    """By the name of what is not asked, since the model cannot do it: the capabilities that it lacks."""
    detects: bool = False
    """The network detects objects at their boxes, or nothing there."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Arrays over the n samples that the annotations leave. Whatever the network answers, no rule sees more of them."""

    image: NDArray[np.int64]
    """(n,) ids of the pictures' files."""
    label: NDArray[Any]
    class_index: NDArray[np.int64]
    forbidden: Bools
    """(n,) some of its pixels must not matter."""
    metadata: Mapping[str, NDArray[Any]]
    """(n,) text by column, '' where a sample has no such entry."""
    cluster: NDArray[np.int64] | None
    """(n,) ids; None where the settings name no column."""
    exclusions: Mapping[str, int]
    """Samples that are out already, by reason: of the annotations, of the settings, or foreseen."""
    asked: Asked
    profile: Profile
    boxed: bool = True
    """The samples have boxes."""

    @property
    def n(self) -> int:
        return len(self.image)

    @property
    def defects(self) -> int:
        """Samples that are out for a defect, and not as outside the scope."""
        return sum(self.exclusions[reason] for reason in by_scope(self.exclusions)[0])

    @property
    def subset(self) -> Subset:
        """All samples, as what bounds are taken from."""
        return Subset(self.n, self.profile.confidence, self.asked.seed, self.cluster)

    @property
    def in_classes(self) -> NDArray[np.int64]:
        """The number of samples in each class that has any."""
        return np.unique(self.class_index, return_counts=True)[1]

    def among(self, chosen: NDArray[Any]) -> "Layout":
        """The samples at these places, or where this is true, without exclusions."""
        return replace(
            self,
            image=self.image[chosen],
            label=self.label[chosen],
            class_index=self.class_index[chosen],
            forbidden=self.forbidden[chosen],
            metadata={column: values[chosen] for column, values in self.metadata.items()},
            cluster=None if self.cluster is None else self.cluster[chosen],
            exclusions={},
        )

    def drawn(self, *experiments: str) -> "Layout":
        """As many as the experiments take, by their option `pictures`: the most independent ones, at best."""
        drawn = [self.asked.experiments.get(name, {}).get("pictures") for name in experiments]
        count = min((number for number in drawn if number is not None), default=self.n)
        return self if count >= self.n else self.among(self._one_of_each_cluster()[:count])

    def experiments(self, *names: str) -> tuple[Demand, ...]:
        """The demand for each of these experiments."""
        out = self.asked.left_out
        return tuple(
            of_capability(out[name]) if name in out else of_experiment(name, name in self.asked.experiments)
            for name in names
        )

    @property
    def maps(self) -> tuple[Demand, ...]:
        """The demand for maps, where the model yields none."""
        return () if self.asked.methods else tuple(map(of_capability, [*self.asked.left_out.values()][:1]))

    def answers(self, needs: Mapping[str, Sequence[str]]) -> Iterator[Demand]:
        """The demand for each of these interventions, and for the variants of it that are needed."""
        for name, variants in needs.items():
            asked = name in self.asked.experiments
            yield of_experiment(name, asked)
            if asked and name in self.asked.variants:
                yield of_variants(name, variants, self.asked.variants[name])

    @property
    def lenders(self) -> int:
        """Pictures that can lend their backgrounds; a cluster lends as one."""
        there = len(np.unique(self.image)) if self.cluster is None else len(np.unique(self.cluster))
        return there if self.asked.donors is None else min(there, self.asked.donors)

    def _one_of_each_cluster(self) -> NDArray[np.int64]:
        """Every sample's place: one of each cluster, then a second of each, and so on."""
        if self.cluster is None:
            return np.arange(self.n)
        order = np.argsort(self.cluster, kind="stable")
        starts = np.unique(self.cluster[order], return_index=True)[1]
        turn = np.arange(self.n) - np.repeat(starts, np.diff([*starts, self.n]))
        return np.asarray(order[np.argsort(turn, kind="stable")])


def layout_of(
    samples: Sequence[tuple[Sample, int]], exclusions: Mapping[str, int], asked: Asked, profile: Profile
) -> Layout:
    """The layout of samples, each with its class index. exclusions: of others, by reason."""
    columns = sorted({column for sample, _ in samples for column in sample.metadata})
    metadata = {column: _texts([sample.metadata.get(column, "") for sample, _ in samples]) for column in columns}
    return Layout(
        image=_numbered(_texts([sample.image for sample, _ in samples])),
        label=_texts([sample.label for sample, _ in samples]),
        class_index=np.array([index for _, index in samples], dtype=np.int64),
        forbidden=np.array([bool(sample.forbidden) for sample, _ in samples], dtype=bool),
        metadata=metadata,
        cluster=_numbered(metadata.get(asked.cluster, _texts([""] * len(samples)))) if asked.cluster else None,
        exclusions=exclusions,
        asked=asked,
        profile=profile,
        boxed=not samples or any(sample.boxes for sample, _ in samples),
    )


def _numbered(names: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) the same number for the same name: rules count these often, and numbers are counted faster than text."""
    return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.int64)


def _texts(values: Sequence[str]) -> NDArray[Any]:
    return np.array(values, dtype=object)
