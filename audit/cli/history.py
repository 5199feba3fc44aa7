"""`history`: the verdicts and points of a folder of runs, one after the other."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from audit.cli.output import COLOURS, EXIT, FILE, STDOUT, as_json, path_text, print_json

if TYPE_CHECKING:
    from reports.result.history import History, Point


@click.command()
@click.argument("folder", type=FILE)
@click.option("--out", type=FILE, help="Where to write history.html. [default: FOLDER]")
@as_json
def history(folder: Path, out: Path | None, as_json: bool) -> int:
    """What did the runs in FOLDER say, one after the other? Writes history.html; exits as the last one."""
    from reports.page.history_page import FILE as PAGE
    from reports.page.history_page import render_history
    from reports.result.history import read_history

    runs = read_history(folder)
    page = render_history(runs, (out or folder) / PAGE)
    if as_json:
        print_json(runs.model_dump(mode="json"))
    else:
        _show(runs, page)
    return EXIT[runs.runs[-1].outcome]


def _show(history: "History", page: Path) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("run")
    for run in history.runs:
        table.add_column(escape(run.name), justify="right")
    table.add_row("verdict", *(f"[{COLOURS[run.outcome]}]{run.outcome}[/]" for run in history.runs))
    for rule in history.properties:
        table.add_row(escape(rule), *(_cell(run.points.get(rule)) for run in history.runs))
    STDOUT.print(table)
    if not history.alike:
        STDOUT.print("Not all of them are on the same pictures by the same limits.")
    STDOUT.print(f"Page: {path_text(page)}", soft_wrap=True)


def _cell(point: "Point | None") -> str:
    """Points, with the outcome where it is no PASS."""
    if point is None or point.value is None:
        return "–"
    outcome = "" if point.outcome == "PASS" else f"{point.outcome} "
    return f"[{COLOURS[point.outcome]}]{outcome}{100 * point.value:.1f}[/]"
