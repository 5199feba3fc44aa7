"""A record as a baseline: what a comparison needs of it, and what must be the same on both sides."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.errors import AuditError
from audit.files import is_folder, is_regular
from audit.record.place import record_of
from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256, read_pictures
from checks.baseline.file import SCHEMA_VERSION, Baseline, Scored, load_baseline
from checks.baseline.judged_run import JudgedRun, judged_run
from checks.table.answers import json_number
from checks.table.cells import judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence
from checks.verdict import Judgement, Profile, Verdict

MAY_DIFFER: Mapping[str, tuple[str, ...]] = {
    "data": ("annotations", "images"),
    "run": ("batch_size", "limit", "maps_kept"),
}
"""Keys of the settings' tables that change no number, or that the data set's hashes stand for."""
NOT_SETTINGS = ("title", "model", "judge", "report")
"""Tables left out: the model is what is compared, the profile has a place of its own, and reports change no number."""
RESOLVED = ("classes", "sources", "experiments", "options", "preprocessing", "frame")
"""Entries of the record's identity that say what the settings came to."""
NOT_WHOLE = "run_is_whole"
SQLITE = b"SQLite format 3\x00"
DIGITS = 16


def see_why(record: Path) -> str:
    return f"See why: saliency-audit check {shlex.quote(str(record))}."


def read_baseline(path: Path, profile: Profile) -> Baseline:
    """From a baseline file, a record or the folder of a run; a record is judged by the profile.

    Raises AuditError where there is none, or it cannot be used.
    """
    if not holds_record(path):
        return load_baseline(path)
    with Record.open(record_of(path)) as record:
        return snapshot(judged_run(record, profile))


def holds_record(path: Path) -> bool:
    """It is a run's folder or a record, and not a baseline file."""
    if is_folder(path):
        return True
    if not is_regular(path):  # reading from a pipe may wait for ever
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def snapshot(run: JudgedRun) -> Baseline:
    """What a later run is compared with, without a history. Raises AuditError where the run is not whole."""
    record, table, judgement = run.record, run.table, run.judgement
    if broken := not_whole(judgement):
        raise AuditError(
            record.path,
            f"is not the record of a complete run ({in_short(broken)})",
            "need a complete run",
            see_why(record.path),
        )
    identity = record.identity()
    return Baseline(
        schema_version=SCHEMA_VERSION,
        tool=identity.get("tool") or {},
        versions=identity.get("versions") or {},
        model=identity.get("model") or {},
        dataset=identity.get("dataset") or {},
        settings=comparable_settings(identity),
        profile=judgement.profile,
        pictures_sha256=pictures_sha256(record),
        outcome=judgement.outcome,
        methods=table.methods,
        samples=_samples(record, table),
    )


def not_whole(judgement: Judgement) -> Verdict | None:
    """What the judgement says of a run that is not whole."""
    return judgement.verdict(NOT_WHOLE)


def in_short(verdict: Verdict) -> str:
    """A verdict in an error: 'run_is_whole: stopped, reached 73, total 121'."""
    deciding = verdict.deciding
    reason, details = (deciding.reason, {}) if deciding else (verdict.reason, verdict.details)
    parts = [reason, *(f"{name} {value}" for name, value in details.items())]
    return f"{verdict.rule}: {', '.join(parts).replace('_', ' ')}"


def comparable_settings(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What decides how pictures are measured, whatever the model, the place of the files and the limits."""
    stated = {
        name: {k: v for k, v in table.items() if k not in MAY_DIFFER.get(name, ())}
        if isinstance(table, dict)
        else table
        for name, table in (identity.get("settings") or {}).items()
        if name not in NOT_SETTINGS
    }
    return {**stated, "resolved": {name: identity[name] for name in RESOLVED if name in identity}}


def _samples(record: Record, table: Evidence) -> tuple[Scored, ...]:
    """All measured samples, ordered by name, so that a data set in another order is the same."""
    names = read_pictures(record).image
    miss = miss_of(table.profile)
    judged, off, lead = judged_by_experiment(table), missed(table, miss), table.lead(miss.fills)
    scored = [
        Scored(
            image=str(names[i]),
            label=str(table.label[i]),
            picture=str(table.picture[i])[:DIGITS],
            right=bool(table.right[i]),
            miss=bool(off[i]) if judged[i] else None,
            lead=json_number(lead[i]),
            probability=json_number(table.probability[i]),
            mass=tuple(json_number(table.scores[method]["mass"][i]) for method in table.methods),
            auc=tuple(json_number(table.scores[method]["auc"][i]) for method in table.methods),
        )
        for i in range(table.n)
    ]
    return tuple(sorted(scored, key=lambda sample: sample.key))
