"""`list`: what there is to choose from."""

import click
from rich.markup import escape
from rich.table import Column, Table

from audit.cli.output import STDOUT, as_json, print_json


@click.command("list")
@as_json
def list_(as_json: bool) -> int:
    """List everything that settings and profiles can name, and what a report is made of."""
    from audit.cli.catalogue import catalogue, plural_noun

    groups = catalogue()
    if as_json:
        print_json(groups)
        return 0
    for noun, entries in groups.items():
        table = Table(Column(plural_noun(noun), min_width=26), "", box=None, padding=(0, 1))
        for name, line in entries.items():
            table.add_row(escape(name), escape(line))
        STDOUT.print(table, "")
    return 0
