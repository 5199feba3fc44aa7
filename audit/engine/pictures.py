"""The pictures of a run, batch by batch: each batch is one transaction of the record."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial

from audit.datasets.loader import LoadedBatch
from audit.engine.measured_batch import Job, MeasuredBatch, Source
from audit.engine.memory import in_parts
from audit.engine.plan import Plan
from audit.engine.progress import PICTURES, Work
from audit.engine.rows import Measured, joined, measure_batch
from audit.engine.shown_samples import ShownSamples, shown_so_far
from audit.models.pass_counter import Passes
from audit.record.record import Record
from audit.record.sample_readers import read_done
from audit.record.schema import ExclusionRow, Rows
from audit.record.writer import add_rows


def measure_pictures(plan: Plan, record: Record, passes: Passes, work: Work, source: Source) -> int:
    """Measure the pictures that the record does not hold yet, and return how many went through the network at once."""
    size = plan.batch_size
    done, total = read_done(record), len(plan.inputs.samples)
    todo = [numbers for numbers in plan.ranges if not done.issuperset(numbers)]
    shown = shown_so_far(plan, record)
    finished = len(done)
    work.pictures(finished, total)
    counted = passes.total
    with closing(source(todo, passes, shown.copy())) as batches:
        for numbers, batch in zip(todo, batches, strict=True):
            dropped = shown.add(batch.auc)
            add_rows(record, batch.shown(shown.auc.keys()), dropped)
            size = batch.at_once
            work.earlier += batch.passes - (passes.total - counted)  # those of other processes
            counted = passes.total
            finished += len(numbers)
            work.pictures(finished, total)
    return size


def here(job: Job) -> Source:
    """The engine that measures in this process."""
    return partial(measured_here, job.plan)


def measured_here(
    plan: Plan, todo: Sequence[range], passes: Passes, shown: ShownSamples
) -> Generator[MeasuredBatch, None, None]:
    """Measure the ranges in this process."""
    size = plan.batch_size
    with closing(plan.factory.loader.batches(todo, many=True)) as upcoming:
        for numbers, loaded in zip(todo, upcoming, strict=True):
            auc: dict[int, float] = {}
            rows: Rows = {
                "exclusion": [ExclusionRow(e.image, e.label, i, e.reason, e.detail) for i, e in loaded.exclusions]
            }
            if loaded.region:
                ask = partial(_measured, plan, loaded, upcoming.start)
                parts, size = in_parts(len(loaded.pictures), size, ask)
                auc = {number: value for part in parts for number, value in part.auc.items()}
                shown.add(auc)
                rows |= joined([part.rows for part in parts])
                rows["thumbnail"] = [row for part in parts for row in part.thumbnails(shown.auc.keys())]
                del parts
            yield MeasuredBatch(numbers, {**rows, "passes": [passes.take(PICTURES, len(numbers))]}, auc, size)


def _measured(plan: Plan, loaded: LoadedBatch, meanwhile: Callable[[], None], places: range) -> Measured:
    """What the pictures at these places alone yield."""
    return measure_batch(plan, loaded.some(places), meanwhile)
