"""`doctor`: what is installed, what the machine has, and the line that installs what is missing."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from audit.cli.output import EXIT, STDOUT, as_json, print_json
from audit.hashing import tool
from audit.phrases import count

if TYPE_CHECKING:
    from audit.cli.installation import Extra, Missing


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Say what is installed and what the machine has.

    Exit code 2 where a package is missing without which nothing works.
    """
    from audit.cli.installation import extras, machine, missing_packages
    from reports.page.pdf import chromium

    missing, found = missing_packages(), extras()
    state: dict[str, Any] = {
        **tool(),
        **machine(Path()),
        **({} if any(each.package == "torch" for each in missing) else devices()),
        "chromium": chromium(),
        "missing": [asdict(each) for each in missing],
        "extras": {extra.name: [asdict(each) for each in extra.missing] for extra in found},
    }
    if as_json:
        print_json(state)
    else:
        _show(state, missing, found)
    return EXIT["INVALID"] if missing else 0


def devices() -> dict[str, Any]:
    """What torch computes on. Imported here, since it takes a second and may be what is missing."""
    import torch

    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {"torch": torch.__version__, "threads": torch.get_num_threads(), "cuda": names}


def _show(state: dict[str, Any], missing: "tuple[Missing, ...]", found: "tuple[Extra, ...]") -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for name, value in _lines(state):
        table.add_row(name, escape(value))
    for extra in found:
        lacks = ", ".join(_lack(each) for each in extra.missing)
        table.add_row(f"extra {extra.name}", f"missing: {escape(lacks)}" if lacks else "[green]installed[/]")
    STDOUT.print(table)
    for each in missing:
        STDOUT.print(f"[bold red]Nothing works without {escape(_lack(each))}.[/] pip install '{escape(each.asked)}'")
    for extra in found:
        if extra.missing:
            STDOUT.print(f"For {extra.name}: {escape(extra.install)}", soft_wrap=True)


def _lines(state: dict[str, Any]) -> list[tuple[str, str]]:
    cuda = state.get("cuda")
    memory = state["memory_gib"]
    return [
        (state["name"], state["version"]),
        ("Python", f"{state['python']} on {state['system']}"),
        ("processor", f"{count(state['cores'], 'core')}{'' if memory is None else f', {memory:g} GiB of memory'}"),
        ("disk", f"{state['free_disk_gib']:g} GiB free here"),
        ("torch", f"{state['torch']}, {count(state['threads'], 'thread')}" if "torch" in state else "missing"),
        ("GPU", "unknown" if cuda is None else ", ".join(cuda) or "none that torch can use"),
        ("Chromium", state["chromium"] or "none on the path; only report.pdf needs one"),
    ]


def _lack(each: "Missing") -> str:
    return f"{each.asked} (here: {each.installed})" if each.installed else each.asked
