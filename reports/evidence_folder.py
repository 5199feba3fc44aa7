"""The evidence folder: everything that is told of one audit, and the hash of every file of it."""

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from audit import registry
from audit.errors import AuditError
from audit.files import write_text
from audit.hashing import file_hash
from audit.record.record import Record
from audit.record.schema import FILE_NAME
from checks.verdict import Judgement
from reports import checksums as sums
from reports.formats import Told
from reports.page import pdf
from reports.page.render import page
from reports.result.build import results, text_of

AUDIT, REPORT = "audit.json", "report.html"
WHOLE = (AUDIT, REPORT, pdf.FILE)
"""What tells of the audit as a whole, so that formats refer to it."""
FORMATS = "reports.formats"
Printer = Callable[[Path, Path], None]


def write_evidence(record: Record, judgement: Judgement, folder: Path, printer: Printer | None = None) -> Path:
    """Write `audit.json`, `report.html`, a file for each output format, and `SHA256SUMS`; return the report's path.

    The sums are over these files and the record, where it lies in the folder; the statement names the record's hash
    wherever it lies. printer: makes `report.pdf` (its second
    argument) of the page (its first), as `print_pdf`, or leaves it; one that is there from before goes.
    Raises AuditError where the folder cannot be made or written; SHA256SUMS then is that of before, or none.
    """
    audit = results(record, judgement)
    for name, text in {AUDIT: text_of(audit), REPORT: page(record, judgement)}.items():
        write_text(folder / name, text)
    _remove(folder / pdf.FILE)
    if printer is not None:
        printer(folder / REPORT, folder / pdf.FILE)
    hashes = {name: file_hash(folder / name) for name in WHOLE if (folder / name).is_file()}
    told = Told(record, judgement, audit, hashes | {FILE_NAME: file_hash(record.path)})
    for name, text in format_texts(told).items():
        write_text(folder / name, text)
        hashes[name] = hashlib.sha256(text.encode()).hexdigest()
    if (folder / FILE_NAME).is_file():
        hashes[FILE_NAME] = file_hash(folder / FILE_NAME)
    write_text(folder / sums.FILE, sums.sums_text(hashes))
    return folder / REPORT


def format_texts(told: Told) -> dict[str, str]:
    """What every output format makes of an audit, by the name of its file."""
    return {file: registry.resolve(FORMATS, name)(told) for name, file in format_files().items()}


def format_files() -> Mapping[str, str]:
    """The file of every output format, by the format's name."""
    return {name: str(import_module(f"{FORMATS}.{name}").FILE) for name in registry.names(FORMATS)}


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise AuditError(file, f"cannot be removed ({error.strerror})", "need a folder that may be written") from error
