"""The engine: from settings to a finished record."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from torch import nn

from audit.engine.plan import Plan, plan
from audit.engine.rows import measure_batch
from audit.engine.thumbnails import Gallery, choose
from audit.errors import AuditError
from audit.hashing import file_hash, picture_seed
from audit.importing import importable
from audit.models.model import Model, state_hash
from audit.models.pass_counter import Passes
from audit.record.map_readers import read_mean_auc
from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256, read_done, read_exclusions, read_pictures
from audit.record.schema import FILE_NAME, ExclusionRow, Rows
from audit.record.writer import add_rows, create_record
from audit.settings import Settings, load_settings

REHEARSAL = "rehearsal"
"""Where the record keeps what the network said before the audit."""
PICTURES = "pictures"
Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and of what: 'pictures', then the name of a control or search."""


def measure(
    settings: Settings | Path | str,
    out: Path | str,
    *,
    model: Model | None = None,
    resume: bool = False,
    device: str = "cpu",
    registered: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    reuse: bool = False,
) -> Path:
    """Measure where a model's evidence lies, and return the path of the record, `out/audit.sqlite`.

    settings: a `Settings`, or the path of a settings file. model: a network from Python instead of the settings'; a
    copy of it is audited. resume: go on with the record that a run left in `out`. registered: further entries of the
    record's identity, as the profile that is to judge it, so that it is fixed before the first picture is looked at.
    reuse: take the record in `out`, whole or broken off, where everything that went into it is as it was; write a new
    one in its place where it is not.

    A picture that cannot be audited is excluded with its reason; whatever breaks the audit as a whole raises
    AuditError. One batch is one transaction: an interrupted run loses at most the batch in flight.
    """
    if not isinstance(settings, Settings):
        settings = load_settings(settings)
    path = Path(out) / FILE_NAME
    if path.exists() and not (resume or reuse):
        raise AuditError(path, "exists", "need a new folder", "Choose another, or resume the run that left it.")
    if resume and not path.exists():
        raise AuditError(path, "no such record", "need the record of a run that was broken off", "Begin one.")
    with importable(settings.folder):
        ready = plan(settings, model, device)
        identity = json.loads(json.dumps({**ready.identity(), **(registered or {})}))
        begin = _resumed if resume else _reused if reuse else _begun
        with begin(path, ready, identity) as record:
            record.write_ahead()
            try:
                with Passes(*_networks(ready)) as passes:
                    told = progress or (lambda done, total, what: None)
                    _run(ready, record, passes, told)
                    _run_after_pictures(ready, record, passes, told)
            finally:
                _check_state(ready, record)
            _finish(ready, record)
    return path


def _begun(path: Path, ready: Plan, identity: dict[str, Any]) -> Record:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AuditError(path.parent, f"cannot be made ({error.strerror})", "need a folder for the results") from error
    told = {**identity, REHEARSAL: ready.rehearsal.recorded()} if ready.rehearsal else identity
    return create_record(path, told, ready.samples, ready.excluded)


def _resumed(path: Path, ready: Plan, identity: dict[str, Any]) -> Record:
    """The record that an earlier run left, if everything that went into it is as it was."""
    record = Record.open(path)
    then = record.identity()
    changed = [place for key in sorted(identity) for place in _differences(key, then.get(key), identity[key])]
    if (then.get("finished") or {}).get("state_unchanged") is False:
        changed.append("network: it changed itself in the earlier run")
    if not changed:
        changed = _changed_pictures(ready, record)
    if not changed and ready.rehearsal:
        changed = ready.rehearsal.changed(then.get(REHEARSAL))
    if changed:
        record.__exit__()
        shown = ", ".join(place for place in changed if not place.endswith("_sha256")) or changed[0]
        raise AuditError(
            path,
            f"was begun with something else ({shown})",
            "need the same settings, files, code and versions",
            "Start afresh in another folder.",
        )
    return record


def _reused(path: Path, ready: Plan, identity: dict[str, Any]) -> Record:
    """The record of the very same inputs, if that is what lies there, else a new one."""
    if path.exists():
        try:
            return _resumed(path, ready, identity)
        except AuditError:
            path.unlink()
    return _begun(path, ready, identity)


def _differences(place: str, then: Any, now: Any) -> list[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        keys = sorted(then.keys() | now.keys())
        return [found for key in keys for found in _differences(f"{place}.{key}", then.get(key), now.get(key))]
    return [] if then == now else [place]


def _changed_pictures(ready: Plan, record: Record) -> list[str]:
    """Pictures that were measured and are no longer the same files, or were excluded and would no longer be so."""
    measured = read_pictures(record)
    for image, sha256 in zip(measured.image, measured.sha256, strict=True):
        file = ready.loader.folder / image
        if not file.is_file() or file_hash(file) != sha256:
            return [f"picture {image}"]
    exclusions = read_exclusions(record)
    then = {(row.image, row.label, row.reason) for row in exclusions if row.sample is None}
    now = {(exclusion.image, exclusion.label, exclusion.reason) for exclusion in ready.excluded}
    if then != now:
        return [f"picture {min(then ^ now)[0]}"]
    left_out = {row.sample: row for row in exclusions if row.sample is not None}
    with closing(ready.loader.batches([[number] for number in sorted(left_out)])) as again:
        for number, loaded in zip(sorted(left_out), again, strict=True):
            if [found.reason for _, found in loaded.exclusions] != [left_out[number].reason]:
                return [f"picture {left_out[number].image}"]
    return []


def _run(ready: Plan, record: Record, passes: Passes, progress: Progress) -> None:
    done, total = read_done(record), len(ready.samples)
    todo = [numbers for numbers in ready.ranges if not done.issuperset(numbers)]
    shown = _keep(ready, _auc_so_far(ready, record))
    finished = len(done)
    progress(finished, total, PICTURES)
    with closing(ready.loader.batches(todo)) as upcoming:
        for numbers, loaded in zip(todo, upcoming, strict=True):
            rows: Rows = {
                "exclusion": [ExclusionRow(e.image, e.label, i, e.reason, e.detail) for i, e in loaded.exclusions]
            }
            dropped: list[int] = []
            if loaded.region:
                measured = measure_batch(ready, loaded, loaded.region, upcoming.start)
                before, shown = shown, _keep(ready, {**shown, **measured.auc})
                fresh = sorted(shown.keys() & measured.auc.keys())
                thumbnails = [row for number in fresh for row in measured.thumbnails(number)]
                rows = {**rows, **measured.rows, "thumbnail": thumbnails}
                dropped = sorted(before.keys() - shown.keys())
            rows = {**rows, "passes": [passes.take("pictures", len(numbers))]}
            add_rows(record, rows, dropped)
            finished += len(numbers)
            progress(finished, total, PICTURES)


def _run_after_pictures(ready: Plan, record: Record, passes: Passes, progress: Progress) -> None:
    """The experiments on the run as a whole that are not done yet."""
    if not len(read_pictures(record).number):
        return
    for number, experiment in enumerate(ready.after_pictures):
        if not record.has(f"done {experiment.name}"):
            progress(number, len(ready.after_pictures), experiment.name)
            rows: Rows = experiment.function(ready, record, **experiment.options)
            add_rows(record, {**rows, "passes": [passes.take(experiment.name, 0)]}, finished=experiment.name)


def _networks(ready: Plan) -> list[nn.Module]:
    return [module for module in (ready.model.module, ready.untrained) if module is not None]


def _gallery(ready: Plan, auc: Mapping[int, float]) -> Gallery:
    def draw(number: int) -> int:
        sample, _ = ready.samples[number]
        return picture_seed(ready.settings.run.seed, sample.image, sample.label)

    return choose(auc, {number: draw(number) for number in auc})


def _keep(ready: Plan, auc: Mapping[int, float]) -> dict[int, float]:
    """The part of `auc` that is in the gallery. Who is not chosen among some is not chosen among more."""
    members = {number for group in _gallery(ready, auc) for number in group}
    return {number: value for number, value in auc.items() if number in members}


def _auc_so_far(ready: Plan, record: Record) -> dict[int, float]:
    """Each measured sample's mean localisation AUC over the methods, NaN where all its maps are dead."""
    labels = [source.label for source in ready.sources if not source.is_null]
    return read_mean_auc(record, labels)


def _check_state(ready: Plan, record: Record) -> None:
    """Raises AuditError where the network is not as it went in; the record says so for good."""
    if state_hash(ready.model.module) != ready.state_sha256:
        seen = "its weights or statistics changed during the audit"
    elif ready.rehearsal and not ready.rehearsal.is_repeated_by(ready.model.module):
        seen = "its answers changed during the audit"
    else:
        return
    record.set_meta("finished", {"pictures_sha256": "", "state_unchanged": False})
    raise AuditError("model", seen, "need a model that stays as it is", "Take counters and memory out of forward.")


def _finish(ready: Plan, record: Record) -> None:
    """What is known only at the end: the pictures' hashes in one, and which of them the report shows."""
    record.set_meta("gallery", _gallery(ready, _auc_so_far(ready, record))._asdict())
    record.set_meta("finished", {"pictures_sha256": pictures_sha256(record), "state_unchanged": True})
