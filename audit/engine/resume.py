"""The record that a run writes to: a new one, or the one that an earlier run left, if it is of the same inputs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from audit.datasets.picture_files import picture_sha256
from audit.engine.plan import Plan
from audit.errors import AuditError
from audit.record.record import Record
from audit.record.sample_readers import read_exclusions, read_pictures
from audit.record.seal import FINISHED, broken_seal
from audit.record.writer import create_record

FINGERPRINT = "rehearsal"
"""Where the record keeps what the network said before the audit."""


LEDGER = "ledger"
"""Where the record keeps the runs that the ledger listed when it began."""
THREADS = "threads"
NOT_COMPARED = frozenset({LEDGER, THREADS})
"""With other ones the run goes on all the same: runs that were made since, another number of threads."""


def begun(path: Path, plan: Plan, identity: dict[str, Any]) -> Record:
    """A new record."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AuditError(path.parent, f"cannot be made ({error.strerror})", "need a folder for the results") from error
    answers = {FINGERPRINT: plan.fingerprint.recorded()} if plan.fingerprint else {}
    return create_record(path, {**identity, **answers}, plan.inputs.samples, plan.inputs.excluded)


def resumed(path: Path, plan: Plan, identity: dict[str, Any]) -> Record:
    """The record that an earlier run left.

    Raises AuditError where anything that went into it has changed, and where the run ended and somebody wrote since.
    """
    record = Record.open(path)
    if record.has(FINISHED) and (broken := broken_seal(record)) and not _changed_itself(record):
        record.__exit__()
        raise AuditError(
            path,
            f"was altered since the run ended (table {broken.table})",
            "need the record as the run left it",
            "Start again in another folder.",
        )
    changed = _changed(record, plan, identity)
    if changed:
        record.__exit__()
        raise other_inputs(path, changed)
    return record


def other_inputs(where: Path | str, changed: Sequence[str]) -> AuditError:
    """Something was measured with other inputs. changed: what differs."""
    shown = ", ".join(place for place in changed if not place.endswith("_sha256")) or changed[0]
    return AuditError(
        where,
        f"was started with something else ({shown})",
        "need the same settings, files, code and versions",
        "Start again in another folder.",
    )


def reused(path: Path, plan: Plan, identity: dict[str, Any]) -> Record:
    """The record of the very same inputs, if that is what lies there, else a new one."""
    if path.exists():
        try:
            return resumed(path, plan, identity)
        except AuditError:
            path.unlink()
    return begun(path, plan, identity)


def _changed(record: Record, plan: Plan, identity: dict[str, Any]) -> list[str]:
    """What differs from the earlier run. A dearer comparison is made only where the cheaper ones find nothing.

    identity: as JSON has it.
    """
    then = record.identity()
    changed = changed_entries(then, identity)
    if _changed_itself(record):
        changed.append("network: it changed itself in the earlier run")
    if not changed:
        changed = list(islice(_changed_pictures(plan, record), 1))
    if not changed and plan.fingerprint:
        changed = plan.fingerprint.changed(then.get(FINGERPRINT))
    return changed


def changed_entries(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The places at which the entries of an earlier identity are not those of now."""
    compared = sorted(now.keys() - NOT_COMPARED)
    return [place for key in compared for place in differences(key, then.get(key), now[key])]


def _changed_itself(record: Record) -> bool:
    """The network changed in the earlier run, which ended there."""
    return (record.identity().get(FINISHED) or {}).get("state_unchanged") is False


def differences(place: str, then: Any, now: Any) -> list[str]:
    """The places, as 'settings.run.seed', at which two JSON values differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        keys = sorted(then.keys() | now.keys())
        return [inner for key in keys for inner in differences(f"{place}.{key}", then.get(key), now.get(key))]
    return [] if then == now else [place]


def _changed_pictures(plan: Plan, record: Record) -> Iterator[str]:
    yield from other_files(plan, record)
    yield from _other_annotations(plan, record)
    yield from _other_exclusions(plan, record)


def other_files(plan: Plan, record: Record) -> Iterator[str]:
    """Pictures that were measured and are no longer the same files."""
    measured = read_pictures(record)
    for image, sha256 in zip(measured.image, measured.sha256, strict=True):
        if picture_sha256(image, plan.factory.loader.folder) != sha256:
            yield f"picture {image}"


def _other_annotations(plan: Plan, record: Record) -> Iterator[str]:
    """Samples that the annotations excluded and no longer do, or the other way round."""
    then = {(row.image, row.label, row.reason) for row in read_exclusions(record) if row.sample is None}
    now = {(exclusion.image, exclusion.label, exclusion.reason) for exclusion in plan.inputs.excluded}
    yield from (f"picture {image}" for image, *_ in sorted(then ^ now))


def _other_exclusions(plan: Plan, record: Record) -> Iterator[str]:
    """Pictures that were excluded when they were loaded and would no longer be, or for another reason."""
    excluded = {row.sample: row for row in read_exclusions(record) if row.sample is not None}
    numbers = sorted(excluded)
    with closing(plan.factory.loader.batches([[number] for number in numbers])) as again:
        for number, loaded in zip(numbers, again, strict=True):
            if [exclusion.reason for _, exclusion in loaded.exclusions] != [excluded[number].reason]:
                yield f"picture {excluded[number].image}"
