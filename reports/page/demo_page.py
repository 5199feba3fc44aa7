"""The demo's first page: one picture on which both networks are right, a tag that slides, and the two verdicts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from audit.demo.slider_frame import SliderFrame
from audit.files import write_text
from reports.page.images import unaltered
from reports.page.render import environment, script, style
from reports.wording.worded import WordedJudgement


def render_demo(
    out: Path, title: str, lead: str, judgements: Mapping[str, WordedJudgement], frames: Sequence[SliderFrame]
) -> Path:
    """Write the page, and return its path.

    The report of each name in `judgements` lies beside `out`, as NAME/report.html. Raises AuditError where `out` cannot
    be written.
    """
    entries = [
        {"name": name, "judgement": judgement, "href": f"{name}/report.html"} for name, judgement in judgements.items()
    ]
    slides = [{"uri": unaltered(frame.png), "answers": frame.answers} for frame in frames]
    template = environment().get_template("demo.html.j2")
    write_text(
        out,
        template.render(
            title=title, lead=lead, entries=entries, frames=slides, style=style(), script=script("slider.js")
        ),
    )
    return out
