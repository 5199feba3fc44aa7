"""`report.pdf` and `report-summary.pdf`: the page, whole and on two sheets, as a headless Chromium prints it.

Needs the extra `pdf`.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from audit.errors import AuditError

FILE, SUMMARY = "report.pdf", "report-summary.pdf"
FILES = (FILE, SUMMARY)
SHEETS = 2
"""Of the summary: the verdict, the requirements and the sign-off. The style says what belongs to it."""
SCALES = (0.9, 0.8, 0.72, 0.64, 0.56)
"""The summary's, the first at which it fits."""
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")
_NODE = re.compile(rb"\(node(\d{8})\)")
_INSTALL = "Install it: pip install 'saliency-audit[pdf]'; playwright install chromium"


def print_pdf(page: Path, target: Path) -> None:
    """Print an HTML file, with bookmarks and tagged for screen readers, and its summary beside the target.

    The dates that Chromium writes are set to the epoch, and its tags are numbered from 1, because it continues the
    count of whatever it printed before. Both keep their length, so that the same page gives the same bytes.

    Raises AuditError where Playwright or a Chromium is not there, or where the file cannot be written.
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 an extra
    except ImportError as error:
        raise AuditError(FILE, "not made: Playwright is not installed", "need the extra pdf", _INSTALL) from error
    try:
        with sync_playwright() as playwright:
            own = Path(playwright.chromium.executable_path)
            browser = playwright.chromium.launch(executable_path=own if own.exists() else chromium())
            with browser:
                tab = browser.new_page(java_script_enabled=False)
                tab.goto(page.resolve().as_uri())
                printed = {target: _printed(tab)}
                tab.evaluate("document.documentElement.classList.add('summary')")
                summaries = (_printed(tab, scale) for scale in SCALES)
                fitting = (summary for summary in summaries if sheets(summary) <= SHEETS)
                printed[target.with_name(SUMMARY)] = next(fitting, None) or _printed(tab, SCALES[-1])
    except Error as error:
        reason = str(error).splitlines()[0]
        raise AuditError(FILE, f"not made ({reason})", "need a Chromium that Playwright can start", _INSTALL) from error
    try:
        for file, content in printed.items():
            file.write_bytes(_numbered(_DATE.sub(_epoch, content)))
    except OSError as error:
        raise AuditError(target, f"cannot be written ({error.strerror})", "need a writable folder") from error


def sheets(printed: bytes) -> int:
    """How many pages a PDF of Chromium has."""
    return len(re.findall(rb"/Type /Page\b", printed))


def _printed(tab: Any, scale: float = 1.0) -> bytes:
    content: bytes = tab.pdf(format="A4", print_background=True, tagged=True, outline=True, scale=scale)
    return content


def chromium() -> str | None:
    """The Chromium on the path, which prints where Playwright has none of its own; None where there is none."""
    return shutil.which("chromium")


def _epoch(match: re.Match[bytes]) -> bytes:
    """The epoch, as long as the date was, because a PDF's table of contents counts bytes."""
    begin = b"/" + match[1] + b" (D:"
    date = b"19700101000000+00'00'"
    return begin + date[: len(match[0]) - len(begin) - 1].ljust(len(match[0]) - len(begin) - 1, b"'") + b")"


def _numbered(printed: bytes) -> bytes:
    """The tags renumbered in their order, by which the file's index finds them, with eight digits as before."""
    rank = {name: number for number, name in enumerate(sorted(set(_NODE.findall(printed))), 1)}
    return _NODE.sub(lambda match: b"(node%08d)" % rank[match[1]], printed)
