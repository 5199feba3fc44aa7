"""The evidence folder: every file that one audit is written as, and the hash of each."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from audit import registry
from audit.errors import AuditError
from audit.files import MOST_WRITTEN, holds, is_regular, read_regular, write_text
from audit.garbage import rarely_collected
from audit.hashing import file_hash
from audit.record.place import FILE_NAME
from audit.record.record import Record
from checks.verdict import Profile
from reports import checksums
from reports.formats import Digests
from reports.page import pdf
from reports.page.render import page
from reports.result.assessment import Assessment, assess
from reports.result.json_text import audit_json

AUDIT, REPORT = "audit.json", "report.html"
WHOLE = (AUDIT, REPORT, *pdf.FILES)
"""The files that hold the audit as a whole, so that formats refer to them."""
FORMATS = "reports.formats"
Printer = Callable[[Path, Path], None]
"""Makes report.pdf (its second argument) of the page (its first), and the summary beside it."""


@contextmanager
def concluded(
    record: Path, folder: Path, *, profile: str | Path | Profile | None = None, printer: Printer | None = None
) -> Iterator[Assessment]:
    """Judge a record by the limits that were registered in it, or by others, and write its evidence folder.

    Raises AuditError where the record or the profile cannot be read, or the folder cannot be written.
    """
    with rarely_collected(), Record.open(record) as opened:
        assessment = assess(opened, profile)
        write_evidence(assessment, folder, printer)
        yield assessment


def write_evidence(assessment: Assessment, folder: Path, printer: Printer | None = None) -> Path:
    """Write `audit.json`, `report.html`, a file for each output format, and `SHA256SUMS`; return the report's path.

    The sums are over these files and the record, where it lies in the folder; the statement names the record's hash
    wherever it lies. printer: makes `report.pdf` (its second argument) from the page (its first), or leaves it, as
    `print_pdf` does with its summary; PDFs of another page are removed.
    Raises AuditError where the folder cannot be made or written; SHA256SUMS is then the one from before, or missing.
    """
    shown = page(assessment)
    same = holds(folder / REPORT, shown.encode())
    printed = [name for name in pdf.FILES if same and _is_listed(folder, name)]
    for name, text in {AUDIT: audit_json(assessment.audit), REPORT: shown}.items():
        write_text(folder / name, text)
    for name in pdf.FILES:
        if name not in printed:
            _remove(folder / name)
    if printer is not None and len(printed) < len(pdf.FILES):
        printer(folder / REPORT, folder / pdf.FILE)
    digests = {name: file_hash(folder / name) for name in WHOLE if (folder / name).is_file()}
    for name, text in format_texts(assessment, {**digests, FILE_NAME: file_hash(assessment.record.path)}).items():
        write_text(folder / name, text)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    if (folder / FILE_NAME).is_file():
        digests[FILE_NAME] = file_hash(folder / FILE_NAME)
    write_text(folder / checksums.FILE, checksums.sums_text(digests))
    return folder / REPORT


def remove_evidence(folder: Path) -> None:
    """Remove whatever `write_evidence` wrote before. Raises AuditError where a file cannot be removed."""
    for name in (*WHOLE, *format_files().values(), checksums.FILE):
        _remove(folder / name)


def format_texts(assessment: Assessment, digests: Digests) -> dict[str, str]:
    """The text of every output format, by the name of its file."""
    return {file: registry.resolve(FORMATS, name)(assessment, digests) for name, file in format_files().items()}


def format_files() -> Mapping[str, str]:
    """The file of every output format, by the format's name."""
    return {name: str(import_module(f"{FORMATS}.{name}").FILE) for name in registry.names(FORMATS)}


def _is_listed(folder: Path, name: str) -> bool:
    """The file is there, and the one that the folder's checksums list."""
    try:
        listed = checksums.read_sums(read_regular(folder / checksums.FILE, MOST_WRITTEN).decode("ascii"))
        return is_regular(folder / name) and listed.get(name) == file_hash(folder / name)
    except (OSError, ValueError):
        return False


def _remove(file: Path) -> None:
    if not os.path.lexists(file):
        return  # a read-only disk would refuse
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise AuditError(file, f"cannot be removed ({error.strerror})", "need a writable folder") from error
