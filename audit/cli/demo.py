"""`demo`: two networks that come along, one honest and one that cheats."""

from pathlib import Path

import click

from audit.cli.output import EXIT, FILE, STDOUT, path_text, show_judgement
from audit.cli.run import audit_with_progress
from audit.errors import AuditError
from audit.record.place import FILE_NAME

FOLDER = Path(__file__).parents[1] / "demo"
OUTCOMES = {"honest": "PASS", "cheating": "FAIL"}
LEAD = (
    "Both networks name what lies ahead of an aircraft, with the same accuracy. One learnt the object, the other the"
    " camera’s tag in the corner. Accuracy cannot tell them apart."
)


@click.command()
@click.option(
    "--out", type=FILE, default=Path("saliency-audit-demo"), show_default=True, help="Folder for the results."
)
def demo(out: Path) -> int:
    """Audit two small networks that come along: one learnt the object, the other a cue."""
    from audit.demo.tag_slider import slider_frames
    from audit.settings import load_settings
    from reports.page.demo_page import render_demo

    judged = {}
    for name in OUTCOMES:
        if (out / name / FILE_NAME).exists():
            raise AuditError(out, "already holds a demo", "need a new folder", "Choose another --out.")
        judged[name] = audit_with_progress(load_settings(FOLDER / f"{name}.toml"), out / name, name, {}).judgement
        show_judgement(judged[name], out / name)
        STDOUT.print()
    page = render_demo(out / "index.html", "Two networks, one data set", LEAD, judged, slider_frames())
    STDOUT.print(f"Side by side: {path_text(page)}", soft_wrap=True)
    return 0 if {name: judgement.outcome for name, judgement in judged.items()} == OUTCOMES else EXIT["INVALID"]
