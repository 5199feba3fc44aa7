"""Which samples have small pictures in the record while a run goes on: what the gallery, decided so far, shows."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.engine.plan import Plan
from audit.engine.thumbnails import Gallery, choose, first_drawn
from audit.hashing import picture_seed
from audit.record.map_readers import read_mean_auc
from audit.record.record import Record
from audit.record.sample_readers import read_pictures


@dataclass
class ShownSamples:
    """A sample that is not chosen among some is not chosen among more, so that a run can decide batch by batch."""

    plan: Plan
    auc: dict[int, float] = field(default_factory=dict)
    """Of those that are shown."""

    def add(self, auc: Mapping[int, float]) -> list[int]:
        """Let further samples in, and return those that leave."""
        before, self.auc = self.auc, _kept(self.plan, {**self.auc, **auc})
        return sorted(before.keys() - self.auc.keys())

    def copy(self) -> "ShownSamples":
        return ShownSamples(self.plan, self.auc)


def shown_so_far(plan: Plan, record: Record) -> ShownSamples:
    """What is shown of the samples that the record holds."""
    return ShownSamples(plan, _kept(plan, auc_so_far(plan, record)))


def gallery(plan: Plan, auc: Mapping[int, float]) -> Gallery:
    """Which samples the report shows. auc: by the number of the sample."""
    return choose(auc, random_numbers(plan, auc))


def auc_so_far(plan: Plan, record: Record) -> dict[int, float]:
    """Each measured sample's mean localisation AUC over the ranking methods, NaN where none of their maps lives."""
    unknown = dict.fromkeys(read_pictures(record).number.tolist(), math.nan)
    return unknown | read_mean_auc(record, [source.label for source in plan.ranking])


def _kept(plan: Plan, auc: Mapping[int, float]) -> dict[int, float]:
    """The part of `auc` that is kept: what is in the gallery, and the further ones that the settings ask for."""
    draw = random_numbers(plan, auc)
    members = {number for group in choose(auc, draw) for number in group}
    members |= {*first_drawn(draw, plan.inputs.settings.run.maps_kept)}
    return {number: value for number, value in auc.items() if number in members}


def random_numbers(plan: Plan, numbers: Iterable[int]) -> dict[int, int]:
    """A random number for each of the samples."""
    samples, seed = plan.inputs.samples, plan.inputs.settings.run.seed
    return {number: picture_seed(seed, samples[number][0].image, samples[number][0].label) for number in numbers}
