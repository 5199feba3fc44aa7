"""`explore`: one page to look at every sample of a record. It decides nothing."""

import base64
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from audit.errors import AuditError
from audit.files import is_regular, write_text
from audit.record.record import Record, readable
from reports import checksums
from reports.explore.answers import answer_groups, lost_answers
from reports.explore.columns import data_block
from reports.explore.exploration import Exploration, explored
from reports.explore.kept_pictures import Kept, colour_tables, kept_pictures
from reports.explore.sample_columns import sample_columns
from reports.page.render import Script, environment, style
from reports.wording.numbers import short

_HERE = Path(__file__).parent
REPORT = "report.html"


def write_exploration(record: Record, out: Path) -> Path:
    """Write the page of a record, and return its path. It links to the report beside the record, where there is one.

    Raises AuditError where the record cannot be read, or where `out` is no place for it: in a folder of evidence, whose
    checksums would not list it.
    """
    if any((folder / checksums.FILE).exists() for folder in out.absolute().parents):
        raise AuditError(
            out,
            "lies among evidence, whose checksums do not list it",
            "need a place elsewhere",
            "Choose another --out.",
        )
    with readable(record):
        write_text(out, page(record, _report_beside(record.path, out)))
    return out


def _report_beside(record: Path, out: Path) -> str:
    """The link from the page to the report; '' where there is none."""
    report = record.parent / REPORT
    return quote(os.path.relpath(report, out.parent).replace(os.sep, "/")) if is_regular(report) else ""


class Served(NamedTuple):
    """What a page has that is served instead of written."""

    fault: str = ""
    """Why the network is not at hand; '' where it is."""


def page(record: Record, report: str = "", served: Served | None = None) -> str:
    """The page as HTML text. report: where its link to the report leads. served: None for a file."""
    live = served is not None and not served.fault
    exploration = explored(record)
    kept = list(kept_pictures(exploration))
    template = environment().get_template("explore/page.html.j2")
    own = Markup((_HERE / "style.css").read_text(encoding="utf-8"))
    return template.render(
        title=exploration.identity.settings.get("title") or "The samples of this run",
        report=report,
        look=exploration.identity.look,
        style=style() + own,
        script=_script(live),
        served=served,
        live=live,
        colours=colour_tables(),
        methods=exploration.table.methods,
        boxed=exploration.table.boxed,
        counts={"samples": exploration.count, "measured": exploration.table.n, "kept": len(kept)},
        samples=data_block(_table(exploration, kept)),
        answers=data_block(answer_groups(exploration)),
        pictures=[(one.place, data_block(one.shown)) for one in kept],
    )


def _table(exploration: Exploration, kept: Iterable[Kept]) -> dict[str, Any]:
    """What the page's script reads first."""
    return {
        **sample_columns(exploration),
        "frame": list(exploration.table.frame or (224, 224)),
        "methods": [{"name": method, "out": method in exploration.taken_out} for method in exploration.table.methods],
        "lost": [{**loss._asdict(), "name": short(loss.name)} for loss in lost_answers(exploration)],
        "kept": [one.place for one in kept],
        "colours": colour_tables(),
    }


def _script(live: bool) -> Script:
    """live: with what asks the program that serves the page."""
    folders = (_HERE / "scripts", *([_HERE / "scripts" / "served"] if live else []))
    paths = sorted((path for folder in folders for path in folder.glob("*.js")), key=lambda path: path.name)
    parts = [path.read_text(encoding="utf-8") for path in paths]
    text = '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"
    return Script(Markup(text), base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())
