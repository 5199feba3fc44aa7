"""The pictures of a run, batch by batch: each batch is one transaction of the record."""

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial

from audit.datasets.loader import LoadedBatch
from audit.engine.memory import in_parts
from audit.engine.plan import Plan
from audit.engine.progress import PICTURES, Work
from audit.engine.rows import Measured, joined, measure_batch
from audit.engine.thumbnails import Gallery, choose, first_drawn
from audit.hashing import picture_seed
from audit.models.pass_counter import Passes
from audit.record.map_readers import read_mean_auc
from audit.record.record import Record
from audit.record.sample_readers import read_done, read_pictures
from audit.record.schema import ExclusionRow, Rows
from audit.record.writer import add_rows


def measure_pictures(plan: Plan, record: Record, passes: Passes, work: Work) -> int:
    """Measure the pictures that the record does not hold yet, and return how many went through the network at once."""
    size = plan.batch_size
    done, total = read_done(record), len(plan.inputs.samples)
    todo = [numbers for numbers in plan.ranges if not done.issuperset(numbers)]
    shown = _shown(plan, auc_so_far(plan, record))
    finished = len(done)
    work.pictures(finished, total)
    with closing(plan.factory.loader.batches(todo)) as upcoming:
        for numbers, loaded in zip(todo, upcoming, strict=True):
            rows: Rows = {
                "exclusion": [ExclusionRow(e.image, e.label, i, e.reason, e.detail) for i, e in loaded.exclusions]
            }
            dropped: list[int] = []
            if loaded.region:
                ask = partial(_measured, plan, loaded, upcoming.start)
                parts, size = in_parts(len(loaded.pictures), size, ask)
                auc = {number: value for part in parts for number, value in part.auc.items()}
                before, shown = shown, _shown(plan, {**shown, **auc})
                rows |= joined([part.rows for part in parts])
                rows["thumbnail"] = [row for part in parts for row in part.thumbnails(shown.keys())]
                dropped = sorted(before.keys() - shown.keys())
            rows = {**rows, "passes": [passes.take(PICTURES, len(numbers))]}
            add_rows(record, rows, dropped)
            finished += len(numbers)
            work.pictures(finished, total)
    return size


def _measured(plan: Plan, loaded: LoadedBatch, meanwhile: Callable[[], None], places: range) -> Measured:
    """Of the pictures at these places alone."""
    return measure_batch(plan, loaded.some(places), meanwhile)


def gallery(plan: Plan, auc: Mapping[int, float]) -> Gallery:
    """Which samples the report shows. auc: by the number of the sample."""
    return choose(auc, _draw(plan, auc))


def auc_so_far(plan: Plan, record: Record) -> dict[int, float]:
    """Each measured sample's mean localisation AUC over the ranking methods, NaN where none of their maps lives."""
    unknown = dict.fromkeys(read_pictures(record).number.tolist(), math.nan)
    return unknown | read_mean_auc(record, [source.label for source in plan.ranking])


def _shown(plan: Plan, auc: Mapping[int, float]) -> dict[int, float]:
    """The part of `auc` that is kept: what is in the gallery, and the further ones that the settings ask for.

    A sample that is not chosen among some is not chosen among more.
    """
    draw = _draw(plan, auc)
    members = {number for group in choose(auc, draw) for number in group}
    members |= {*first_drawn(draw, plan.inputs.settings.run.maps_kept)}
    return {number: value for number, value in auc.items() if number in members}


def _draw(plan: Plan, numbers: Iterable[int]) -> dict[int, int]:
    """A random number for each of the samples."""
    samples, seed = plan.inputs.samples, plan.inputs.settings.run.seed
    return {number: picture_seed(seed, samples[number][0].image, samples[number][0].label) for number in numbers}
