"""The engine: from settings to a finished record."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from audit.datasets.file_pixels import changed_picture
from audit.engine.cases import keep_cases
from audit.engine.identity import identity
from audit.engine.inputs import Inputs
from audit.engine.measured_batch import Engine, Job, Source
from audit.engine.memory import enough_memory
from audit.engine.pictures import here, measure_pictures
from audit.engine.plan import Plan, plan
from audit.engine.progress import PICTURES, Progress, Work, silent
from audit.engine.resume import THREADS, begun, other_files, resumed, reused
from audit.engine.shown_samples import auc_so_far, gallery
from audit.engine.threads import threads
from audit.engine.training_overlap import note_training_copies
from audit.errors import AuditError
from audit.importing import importable
from audit.models.model import Model, state_hash
from audit.models.pass_counter import Passes
from audit.record.experiment_readers import read_passes
from audit.record.place import FILE_NAME
from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256, read_pictures
from audit.record.schema import Rows
from audit.record.seal import FINISHED, SEAL, seal
from audit.record.writer import add_rows
from audit.settings import Settings, load_settings


def measure(  # noqa: PLR0913 keywords of one job, all but two of them optional
    settings: Settings | Path | str,
    out: Path | str,
    *,
    model: Model | None = None,
    resume: bool = False,
    device: str = "cpu",
    registered: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    before: Callable[[Inputs], None] | None = None,
    reuse: bool = False,
    engine: Engine = here,
) -> Path:
    """Measure where a model's evidence lies, and return the path of the record, `out/audit.sqlite`.

    settings: a `Settings`, or the path of a settings file. model: a network from Python instead of the settings'; a
    copy of it is audited. resume: go on with the record that a run left in `out`. registered: further entries of the
    record's identity, as the profile that is to judge it, so that it is fixed before the first picture is looked at.
    before: called with the inputs before the first picture is loaded; what it raises ends the run.
    reuse: take the record in `out`, whole or broken off, where everything that went into it is as it was; write a new
    one in its place where it is not. Where the run that left it ended, nothing is written.
    engine: what measures the batches of pictures, in this process or elsewhere.

    A picture that cannot be audited is excluded with its reason; whatever breaks the audit as a whole raises
    AuditError. One batch is one transaction: an interrupted run loses at most the batch in flight.
    """
    if not isinstance(settings, Settings):
        settings = load_settings(settings)
    path = Path(out) / FILE_NAME
    if path.exists() and not (resume or reuse):
        raise AuditError(path, "exists", "need a new folder", "Choose another, or resume the run that left it.")
    if resume and not path.exists():
        raise AuditError(path, "no such record", "need the record of an interrupted run", "Start one.")
    open_record = resumed if resume else reused if reuse else begun
    with importable(settings.folder), threads(settings) as computing:
        run = plan(settings, model, device, before)
        entries = entries_of(run, registered, computing)
        source = engine(Job(run, entries, settings, device))
        with open_record(path, run, entries) as record:
            report, samples = progress or silent, len(run.inputs.samples)
            if record.has(FINISHED):
                report(samples, samples, PICTURES, 1.0)
                return path
            record.write_ahead()
            _measure(run, record, report, source)
            _finish(run, record)
    return path


def entries_of(plan: Plan, registered: Mapping[str, Any] | None, computing: int) -> dict[str, Any]:
    """The record's identity as JSON has it. computing: the threads of the network."""
    entries: dict[str, Any] = json.loads(json.dumps({**identity(plan), **(registered or {}), THREADS: computing}))
    return entries


def _measure(plan: Plan, record: Record, progress: Progress, source: Source) -> None:
    """Measure what is not measured yet. Raises AuditError where the network is no longer as it went in."""
    try:
        with Passes(*plan.factory.networks) as passes:
            work = _work(plan, record, passes, progress)
            size = measure_pictures(plan, record, passes, work, source)
            with enough_memory(size):
                _run_after_pictures(replace(plan, batch_size=size), record, passes, work)
                keep_cases(plan, record, passes)
    finally:
        _check_state(plan, record)


def _work(plan: Plan, record: Record, passes: Passes, progress: Progress) -> Work:
    left = [entry for entry in plan.after_pictures if not record.has(f"done {entry.name}")]
    parts = {entry.name: partial(entry.passes, plan) for entry in left}
    earlier = sum(row.forward + row.backward for row in read_passes(record))
    work = Work(progress, lambda: passes.total, parts, earlier)
    passes.listen(work.tick)
    return work


def _run_after_pictures(plan: Plan, record: Record, passes: Passes, work: Work) -> None:
    """The experiments on the run as a whole that are not done yet."""
    if not len(read_pictures(record).number):
        return
    for number, experiment in enumerate(plan.after_pictures):
        if not record.has(f"done {experiment.name}"):
            work.begin(number, len(plan.after_pictures), experiment.name)
            rows: Rows = experiment.function(plan, record, **experiment.options)
            add_rows(record, {**rows, "passes": [passes.take(experiment.name, 0)]}, finished=experiment.name)


def _check_state(plan: Plan, record: Record) -> None:
    """Raises AuditError where the network is not as it went in; the record says so for good."""
    if changed := changed_network(plan):
        record.set_meta(FINISHED, {"pictures_sha256": "", "state_unchanged": False})
        raise changed


def changed_network(plan: Plan) -> AuditError | None:
    """What to raise where the network is no longer as it went in."""
    if state_hash(plan.factory.module) != plan.inputs.state_sha256:
        seen = "its weights or statistics changed during the audit"
    elif plan.fingerprint and not plan.fingerprint.is_repeated_by(plan.factory.module):
        seen = "its answers changed during the audit"
    else:
        return None
    return AuditError("model", seen, "need a model that does not change", "Remove counters and memory from forward.")


def _finish(plan: Plan, record: Record) -> None:
    """What is known only at the end: the pictures' hashes in one, and which of them the report shows.

    Raises AuditError where a picture's file is no longer the one that was measured: controls and searches read it
    again.
    """
    if changed := next(other_files(plan, record), None):
        raise changed_picture(changed)
    note_training_copies(plan, record)
    record.set_meta("gallery", gallery(plan, auc_so_far(plan, record))._asdict())
    record.set_meta(SEAL, seal(record))
    record.set_meta(FINISHED, {"pictures_sha256": pictures_sha256(record), "state_unchanged": True})
