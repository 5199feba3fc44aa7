"""Writing what others read: whole or not at all."""

from contextlib import suppress
from pathlib import Path

from audit.errors import AuditError


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text through a temporary file beside it, so that a full disk never leaves half a file.

    Raises AuditError where the folder cannot be made or written, or is full.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise AuditError(
            path, f"cannot be written ({error.strerror})", "need a writable folder with free space"
        ) from error
