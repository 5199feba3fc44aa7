"""The shards of a run as an engine: what each of them measured, in the order in which one machine measures it."""

from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from audit.engine.measured_batch import Job, MeasuredBatch, Source
from audit.engine.plan import Plan
from audit.engine.resume import other_inputs
from audit.engine.shards import SAMPLES, batch_of, other_entries, samples_sha256, shard_ranges
from audit.engine.shown_samples import ShownSamples
from audit.errors import AuditError
from audit.models.pass_counter import Passes
from audit.phrases import count, listed
from audit.record.place import shard_of
from audit.record.shard_file import Shard, ShardFile

MOST_NAMED = 20
"""Of the missing shards."""


def merged(paths: Sequence[Path], job: Job) -> Source:
    """The engine that takes the batches from shards.

    Raises AuditError where they are not all shards of this very run, each once and finished.
    """
    plan = job.plan
    known = {**job.entries, SAMPLES: samples_sha256(plan.inputs)}
    places = _every_shard_once([shard_of(path) for path in paths], len(plan.ranges))
    files = {shard.number: path for shard, path in places.items()}
    for shard, path in places.items():
        with ShardFile.open(path) as file:
            _check(file, shard, plan, known)
    return partial(_replayed, plan, files)


def _replayed(
    plan: Plan, files: Mapping[int, Path], todo: Sequence[range], passes: Passes, shown: ShownSamples
) -> Generator[MeasuredBatch, None, None]:
    del passes, shown
    owner = {numbers.start: place % len(files) + 1 for place, numbers in enumerate(plan.ranges)}
    for numbers in todo:
        with ShardFile.open(files[owner[numbers.start]]) as file:
            yield batch_of(file, numbers)


def _every_shard_once(paths: Sequence[Path], batches: int) -> dict[Shard, Path]:
    """The files of all shards, in their order. batches: of the whole run."""
    by_shard: dict[Shard, Path] = {}
    for path in paths:
        with ShardFile.open(path) as file:
            shard = file.shard
            if shard.of > batches:
                raise AuditError(path, f"is shard {shard} of {count(batches, 'batch')}", "need the shards of this run")
        first = next(iter(by_shard), shard)
        if shard.of != first.of:
            seen = f"is shard {shard}, and {by_shard[first]} is {first}"
            raise AuditError(path, seen, "need shards of one cut")
        if shard in by_shard:
            seen = f"is shard {shard}, as {by_shard[shard]} is"
            raise AuditError(path, seen, "need each shard once", "Leave one out.")
        by_shard[shard] = path
    if not by_shard:
        raise AuditError("merge", "no shard", "need the folders of all shards of a run")
    of = next(iter(by_shard)).of
    if missing := [f"{number}/{of}" for number in range(1, of + 1) if Shard(number, of) not in by_shard]:
        some = listed(missing[:MOST_NAMED]) + (" and more" if len(missing) > MOST_NAMED else "")
        step = f"Measure it: saliency-audit run SETTINGS.toml --shard {missing[0]}"
        raise AuditError("merge", f"{count(len(missing), 'shard')} missing ({some})", f"need all {of}", step)
    return dict(sorted(by_shard.items()))


def _check(file: ShardFile, shard: Shard, plan: Plan, entries: Mapping[str, Any]) -> None:
    """Raises AuditError where a shard was measured with something else, or is not finished."""
    if changed := other_entries(file, plan, entries):
        raise other_inputs(f"{file.path} (shard {shard})", changed)
    missing = [numbers for numbers in shard_ranges(plan.ranges, shard) if numbers not in file.ranges()]
    if missing or not file.is_whole():
        seen = f"shard {shard} lacks {count(len(missing), 'batch')}" if missing else f"shard {shard} has not ended"
        step = f"saliency-audit run SETTINGS.toml --shard {shard} --out {file.path.parent} --resume"
        raise AuditError(file.path, seen, "need it finished", f"Continue it: {step}")
