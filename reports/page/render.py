"""`report.html`: one file, a pure function of the assessment."""

import base64
import hashlib
from functools import cache
from itertools import count
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from audit.errors import AuditError
from audit.files import write_text
from reports.page import toml_text
from reports.page.context import page_values
from reports.result.assessment import Assessment
from reports.wording.numbers import FILTERS, is_digest, slug

_HERE = Path(__file__).parent
STYLES = ("style.css", "sections.css")
_SECTIONS = _HERE.parent / "sections"


def render(assessment: Assessment, out: Path | str) -> Path:
    """Write the report of an assessment, and return its path.

    `out` is the HTML file, or a folder that gets a `report.html`. Needs neither the network nor the pictures.
    Raises AuditError where `out` cannot be written.
    """
    target = Path(out)
    if target.suffix != ".html":
        target = target / "report.html"
    write_text(target, page(assessment))
    return target


def page(assessment: Assessment) -> str:
    """The report as HTML text."""
    templates = environment()
    values = page_values(assessment)
    sections = _numbered(
        [
            _section(templates.get_template(f"sections/{path.name}"), path.name, values)
            for path in sorted(_SECTIONS.glob("*.html.j2"))
        ]
    )
    return templates.get_template("page.html.j2").render(
        **values, sections=sections, style=style(), script=script("viewer.js")
    )


def style() -> Markup:
    """The look of all pages."""
    return Markup("".join((_HERE / name).read_text(encoding="utf-8") for name in STYLES))


class Script(NamedTuple):
    """The only script that a page may run: its content policy names its hash."""

    text: Markup
    sha256: str
    """In base 64."""


def script(name: str) -> Script:
    """One of the scripts beside this file."""
    text = (_HERE / name).read_text(encoding="utf-8")
    return Script(Markup(text), base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


@cache
def environment() -> Environment:
    """The templates of all pages and sections, with their filters."""
    templates = Environment(
        loader=FileSystemLoader([_HERE, _HERE.parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    templates.filters |= FILTERS
    templates.tests["digest"] = is_digest
    templates.filters["toml"] = toml_text.dumps
    return templates


def _section(template: Template, file_name: str, values: dict[str, Any]) -> dict[str, object]:
    """A section's id from its file's name, its title from the file itself, its body.

    A file that sets `folded` to what the section holds, in a few words, is closed on screen and open in print.
    """
    module = template.make_module(values)
    title = getattr(module, "title", None)
    if not title:
        raise AuditError(file_name, "sets no title", "need {% set title = '…' %} at its top")
    return {
        "id": slug(file_name.removesuffix(".html.j2").partition("_")[2]),
        "title": title,
        "folded": getattr(module, "folded", ""),
        "body": Markup(str(module)),
    }


def _numbered(sections: list[dict[str, object]]) -> list[dict[str, object]]:
    """The first, which is the verdict, bears no number; the others have numbers, and letters where they are folded."""
    numbers, letters = count(1), iter(ascii_uppercase)
    for place, section in enumerate(sections):
        section["number"] = next(letters, "") if section["folded"] else next(numbers) if place else ""
    return sections
