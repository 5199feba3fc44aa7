"""`explore`: a page on which to look at every sample of a record."""

from pathlib import Path

import click

from audit.cli.output import FILE, STDOUT, path_text
from audit.files import is_folder
from audit.record.record import record_of


@click.command()
@click.argument("record", type=FILE)
@click.option("--out", type=FILE, help="HTML file to write. [default: RECORD-explore.html, beside the folder]")
def explore(record: Path, out: Path | None) -> int:
    """Write a page to look at every sample of RECORD (a run's folder, or its audit.sqlite): its map and its answers."""
    from audit.record.record import Record
    from reports.explore.page import write_exploration

    path = record_of(record)
    run = (record if is_folder(record) else record.parent).absolute()
    target = out or run.with_name(f"{run.name}-explore.html")
    with Record.open(path) as opened:
        write_exploration(opened, target)
    STDOUT.print(
        f"Written to {path_text(target)} ({target.stat().st_size / 1e6:.1f} MB). Open it in a browser.", soft_wrap=True
    )
    return 0
