"""The engine: from settings to a finished record."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.errors import AuditError
from audit.gallery import Gallery, choose
from audit.identity import picture_seed, sha256_of
from audit.measurement import measure_batch
from audit.model import Model, state_hash
from audit.plan import Plan, plan
from audit.record import BatchRows, Record
from audit.settings import Settings, load_settings

RECORD = "audit.sqlite"

Progress = Callable[[int, int], None]
"""Called with the samples done and the samples in all."""


def measure(
    settings: Settings | Path | str,
    out: Path | str,
    *,
    model: Model | None = None,
    resume: bool = False,
    device: str = "cpu",
    registered: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Measure where a model's evidence lies, and return the path of the record, `out/audit.sqlite`.

    settings: a `Settings`, or the path of a settings file. model: a network from Python instead of the settings'; a
    copy of it is audited. resume: go on with the record that a run left in `out`. registered: further entries of the
    record's identity, as the profile that is to judge it, so that it is fixed before the first picture is looked at.

    A picture that cannot be audited is excluded with its reason; whatever breaks the audit as a whole raises
    AuditError. One batch is one transaction: an interrupted run loses at most the batch in flight.
    """
    if not isinstance(settings, Settings):
        settings = load_settings(settings)
    path = Path(out) / RECORD
    if path.exists() and not resume:
        raise AuditError(path, "exists", "need a new folder", "Choose another --out, or go on with --resume.")
    ready = plan(settings, model, device)
    identity = json.loads(json.dumps({**ready.identity(), **(registered or {})}))
    with _open_record(path, ready, identity) as record:
        _run(ready, record, progress or (lambda done, total: None))
        _finish(ready, record)
    return path


def _open_record(path: Path, ready: Plan, identity: dict[str, Any]) -> Record:
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AuditError(
                path.parent, f"cannot be made ({error.strerror})", "need a folder for the results"
            ) from error
        return Record.create(path, identity, ready.samples, ready.excluded)
    record = Record.open(path)
    then = record.identity()
    if changed := sorted(key for key in identity if identity[key] != then.get(key)):
        raise AuditError(
            path,
            f"was begun with other {' and '.join(changed)}",
            "need the same settings, files and versions",
            "Start afresh with another --out.",
        )
    return record


def _run(ready: Plan, record: Record, progress: Progress) -> None:
    done, total = record.done(), len(ready.samples)
    todo = [numbers for numbers in ready.ranges if not done.issuperset(numbers)]
    shown = _keep(ready, _auc_so_far(ready, record))
    finished = len(done)
    progress(finished, total)
    for numbers, loaded in zip(todo, ready.loader.batches(todo), strict=True):
        rows = BatchRows(exclusions=loaded.exclusions)
        if loaded.region:
            measured = measure_batch(ready, loaded, loaded.region)
            before, shown = shown, _keep(ready, {**shown, **measured.auc})
            fresh = sorted(shown.keys() & measured.auc.keys())
            rows = replace(
                rows,
                pictures=measured.pictures,
                scores=measured.scores,
                notes=measured.notes,
                overlays=[(number, *layer) for number in fresh for layer in measured.overlays(number).items()],
                dropped_overlays=sorted(before.keys() - shown.keys()),
            )
        record.add(rows)
        finished += len(numbers)
        progress(finished, total)


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
    found = record.columns(
        f"SELECT sample, avg(auc) AS auc FROM score WHERE source IN ({', '.join('?' * len(labels))}) GROUP BY sample",
        labels,
    )
    return dict(zip(found["sample"].tolist(), found["auc"].astype(float).tolist(), strict=True))


def _finish(ready: Plan, record: Record) -> None:
    """Check that the network came out as it went in, and close the record's identity."""
    if state_hash(ready.model.module) != ready.state_sha256:
        raise AuditError(
            "model", "its weights or statistics changed during the audit", "need a model that stays as it is"
        )
    pictures = record.columns(
        "SELECT s.image, p.sha256 FROM picture p JOIN sample s ON s.id = p.sample ORDER BY s.image, s.label"
    )
    manifest = [list(pair) for pair in zip(*(column.tolist() for column in pictures.values()), strict=True)]
    record.set_meta("gallery", _gallery(ready, _auc_so_far(ready, record))._asdict())
    record.set_meta("finished", {"pictures_sha256": sha256_of(manifest), "state_unchanged": True})
