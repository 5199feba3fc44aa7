"""`explore`: a page on which to look at every sample of a record."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.output import FILE, STDOUT, path_text, visible
from audit.errors import AuditError
from audit.files import is_folder
from audit.record.place import record_of

if TYPE_CHECKING:
    from audit.cli.explore_server import Answer
    from audit.record.record import Record

    Answers = tuple[Answer | None, Answer | None]


@click.command()
@click.argument("record", type=FILE)
@click.option("--out", type=FILE, help="HTML file to write. [default: RECORD-explore.html, beside the folder]")
@click.option("--serve", is_flag=True, help="Serve the page to this machine's browser alone, instead of a file.")
@click.option("--settings", type=FILE, help="With --serve: the run's settings file, for maps and questions on demand.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --serve. [default: any that is free]")
@click.option("--device", default="cpu", show_default=True, help="With --serve: cpu or cuda.")
def explore(record: Path, out: Path | None, serve: bool, settings: Path | None, port: int, device: str) -> int:
    """Write a page to look at every sample of RECORD (a run's folder, or its audit.sqlite): its map and its answers."""
    from audit.record.record import Record
    from reports.explore.page import write_exploration

    if serve:
        return _serve(record, settings, port, device)
    path = record_of(record)
    run = (record if is_folder(record) else record.parent).absolute()
    target = out or run.with_name(f"{run.name}-explore.html")
    with Record.open(path) as opened:
        write_exploration(opened, target)
    STDOUT.print(
        f"Written to {path_text(target)} ({target.stat().st_size / 1e6:.1f} MB). Open it in a browser.", soft_wrap=True
    )
    return 0


NO_SETTINGS = "Name the run's settings file with --settings: what a record names is never opened."


def _serve(record: Path, settings: Path | None, port: int, device: str) -> int:
    """Until it is interrupted."""
    from audit.cli.explore_server import ExploreServer
    from audit.importing import importable
    from audit.record.record import Record, readable
    from reports.explore.page import Served, page

    with Record.open(record_of(record)) as opened, importable(settings.parent if settings else Path()):
        answers, fault = _answers(opened, settings, device)
        with readable(opened):
            html = page(opened, served=Served(fault))
        with ExploreServer(html, *answers, port) as server:
            if fault:
                click.echo(visible(f"The network is not at hand: {fault}"), err=True)
            with suppress(KeyboardInterrupt):
                click.echo(f"Serving {server.address} until Ctrl-C. Nobody else can reach it.")
                server.serve_forever()
    return 0


def _answers(record: "Record", settings: Path | None, device: str) -> tuple["Answers", str]:
    """What looks at samples and what asks the network, and why there is none of them; '' where there is."""
    if settings is None:
        return (None, None), NO_SETTINGS
    from functools import partial

    from audit.cli import explore_live

    try:
        live = explore_live.opened(settings, record, device)
    except AuditError as error:
        return (None, None), str(error)
    return (partial(explore_live.look, live), partial(explore_live.ask, live)), ""
