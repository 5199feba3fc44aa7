"""Where the record of a run lies."""

from pathlib import Path

from audit.files import is_folder

FILE_NAME = "audit.sqlite"
"""In a run's folder."""


def record_of(path: Path) -> Path:
    """The record's file, of a run's folder or of the record itself."""
    return path / FILE_NAME if is_folder(path) else path
