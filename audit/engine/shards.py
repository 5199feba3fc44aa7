"""One run on several machines: each measures a shard of the batches, which `merged_shards` brings together."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from audit.datasets.picture_files import picture_sha256
from audit.engine.inputs import Inputs
from audit.engine.measure import changed_network, entries_of
from audit.engine.measured_batch import MeasuredBatch, unpacked
from audit.engine.pictures import measured_here
from audit.engine.plan import Plan, plan
from audit.engine.progress import PICTURES, Progress, Work, silent
from audit.engine.resume import FINGERPRINT, changed_entries, other_inputs
from audit.engine.shown_samples import ShownSamples
from audit.engine.threads import threads
from audit.errors import AuditError
from audit.hashing import sha256_of
from audit.importing import importable
from audit.models.pass_counter import Passes
from audit.phrases import count
from audit.record.place import SHARD_NAME
from audit.record.record import UNREADABLE
from audit.record.shard_file import UNSTEADY, Shard, ShardFile, create_shard
from audit.record.writer import sample_row
from audit.settings import Settings

SAMPLES = "samples_sha256"
"""Entry of a shard's identity: one hash of all samples and of what the annotations left out."""


def shard_ranges(ranges: Sequence[range], shard: Shard) -> list[range]:
    """The batches of a shard: the shards take turns, so that none has two more than another."""
    return list(ranges[shard.number - 1 :: shard.of])


def measure_shard(
    settings: Settings,
    out: Path,
    shard: Shard,
    *,
    resume: bool = False,
    device: str = "cpu",
    registered: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    before: Callable[[Inputs], None] | None = None,
) -> Path:
    """Measure one shard of the batches, and return the path of its file, `out/shard.sqlite`. The rest as `measure`."""
    path = out / SHARD_NAME
    if path.exists() and not resume:
        raise AuditError(path, "exists", "need a new folder", "Choose another, or resume the shard that it holds.")
    if resume and not path.exists():
        raise AuditError(path, "no such shard", "need the file of an interrupted one", "Start it.")
    with importable(settings.folder), threads(settings) as computing:
        run = plan(settings, None, device, before)
        if shard.of > len(run.ranges):
            seen = f"{shard.of} shards of {count(len(run.ranges), 'batch')}"
            raise AuditError(
                "--shard", seen, "need a batch for each", "Take fewer shards, or a smaller run.batch_size."
            )
        entries = {**entries_of(run, registered, computing), SAMPLES: samples_sha256(run.inputs)}
        with _resumed(path, shard, run, entries) if resume else _begun(path, shard, run, entries) as file:
            _measure(run, file, progress or silent)
    return path


def batch_of(file: ShardFile, numbers: range) -> MeasuredBatch:
    """What a shard holds of these samples. Raises AuditError where it is damaged."""
    packed = file.measured(numbers)
    try:
        return unpacked(numbers, packed)
    except UNREADABLE as error:
        raise file.damaged(f"cannot be read ({type(error).__name__}: {str(error)[:200]})") from error


def other_entries(file: ShardFile, plan: Plan, entries: Mapping[str, Any]) -> list[str]:
    """What a shard was measured with that is not as it is now."""
    then = file.identity()
    changed = changed_entries(then, entries)
    if then.get(UNSTEADY):
        changed.append("network: it changed itself in the earlier run")
    if not changed and plan.fingerprint:
        changed = plan.fingerprint.changed(then.get(FINGERPRINT))
    return changed


def _begun(path: Path, shard: Shard, plan: Plan, entries: Mapping[str, Any]) -> ShardFile:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AuditError(path.parent, f"cannot be made ({error.strerror})", "need a folder for the shard") from error
    answers = {FINGERPRINT: plan.fingerprint.recorded()} if plan.fingerprint else {}
    return create_shard(path, shard, {**entries, **answers})


def _resumed(path: Path, shard: Shard, plan: Plan, entries: Mapping[str, Any]) -> ShardFile:
    """The shard that an earlier run left. Raises AuditError where anything that went into it has changed."""
    file = ShardFile.open(path)
    changed = [] if file.shard == shard else [f"shard {file.shard}"]
    changed = changed or other_entries(file, plan, entries) or _other_files(file, plan)
    if changed:
        file.__exit__()
        raise other_inputs(path, changed)
    return file


def _other_files(file: ShardFile, plan: Plan) -> list[str]:
    """The first picture that was measured and is no longer the same file."""
    for numbers in file.ranges():
        for row in batch_of(file, numbers).rows.get("picture", ()):
            image = plan.inputs.samples[row.sample][0].image
            if picture_sha256(image, plan.factory.loader.folder) != row.sha256:
                return [f"picture {image}"]
    return []


def _measure(plan: Plan, file: ShardFile, progress: Progress) -> None:
    """Measure what the shard lacks. Raises AuditError where the network is no longer as it went in."""
    own = shard_ranges(plan.ranges, file.shard)
    todo = [numbers for numbers in own if numbers not in file.ranges()]
    total = sum(map(len, own))
    if file.is_whole():
        progress(total, total, PICTURES, 1.0)
        return
    file.write_ahead()
    try:
        with Passes(*plan.factory.networks) as passes:
            work = Work(progress, lambda: passes.total, {})
            finished = total - sum(map(len, todo))
            work.pictures(finished, total)
            for batch in measured_here(plan, todo, passes, ShownSamples(plan)):
                file.add(batch.numbers, batch.packed())
                finished += len(batch.numbers)
                work.pictures(finished, total)
    finally:
        if changed := changed_network(plan):
            file.set_meta(UNSTEADY, True)
            raise changed
    file.finish()


def samples_sha256(inputs: Inputs) -> str:
    """One hash of all samples, and of what the annotations left out."""
    samples = [list(sample_row(number, *entry)) for number, entry in enumerate(inputs.samples)]
    return sha256_of(json.loads(json.dumps([samples, [[e.image, e.label, e.reason] for e in inputs.excluded]])))
