"""Everything that is written beside a record for others to read."""

from pathlib import Path

from audit.files import write_text
from audit.record.record import Record
from checks.verdict import Judgement
from reports.page.render import render
from reports.result.build import audit_json
from reports.wording.markdown import markdown

REPORT = "report.html"
FILES = ("audit.json", "summary.md", REPORT)


def write_outputs(record: Record, judgement: Judgement, folder: Path) -> Path:
    """Write `audit.json`, `summary.md` and `report.html` to a folder, and return the report's path.

    Raises AuditError where the folder cannot be made or written.
    """
    write_text(folder / "audit.json", audit_json(record, judgement))
    write_text(folder / "summary.md", markdown(judgement))
    return render(record, judgement, folder / REPORT)
