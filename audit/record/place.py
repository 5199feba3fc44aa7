"""Where the record of a run lies, or that of one shard of it."""

from pathlib import Path

from audit.errors import AuditError
from audit.files import is_folder, is_there

FILE_NAME = "audit.sqlite"
"""In a run's folder."""
SHARD_NAME = "shard.sqlite"
"""In the folder of one shard of a run."""


def record_of(path: Path) -> Path:
    """The record's file, of a run's folder or of the record itself. Raises AuditError where it is a shard's."""
    record = path / FILE_NAME if is_folder(path) else path
    shard = shard_of(path)
    if shard.name == SHARD_NAME and is_there(shard) and not is_there(record.with_name(FILE_NAME)):
        seen, step = "holds one shard of a run, which decides nothing", "saliency-audit merge SETTINGS.toml SHARD…"
        raise AuditError(path, seen, "need the record of the whole run", f"Merge its shards: {step}")
    return record


def shard_of(path: Path) -> Path:
    """The shard's file, of a shard's folder or of the shard itself."""
    return path / SHARD_NAME if is_folder(path) else path
