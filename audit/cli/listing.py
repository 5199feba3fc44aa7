"""`list` and `init`: what there is to choose from, and a settings file to begin with."""

from pathlib import Path

import click
from rich.markup import escape
from rich.table import Column, Table

from audit.cli.output import FILE, STDOUT, as_json, path_text, print_json
from audit.errors import AuditError
from audit.files import write_text
from audit.phrases import listed

MOST_NAMED = 5
"""Files that were not taken."""


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


@click.command()
@click.argument("dataset", type=FILE)
@click.option("--out", type=FILE, default=Path("audit.toml"), show_default=True, help="Settings file to write.")
def init(dataset: Path, out: Path) -> int:
    """Look at DATASET (a folder or an annotation file) and write a commented settings file for it."""
    import tomllib

    from audit.datasets.discover import look, settings_text
    from audit.preflight import of_dataset
    from audit.settings import parse_settings

    if out.exists():
        raise AuditError(out, "exists", "need a new file", "Choose another --out.")
    seen = look(dataset)
    text = settings_text(seen, out.parent)
    preflight = of_dataset(seen.dataset, parse_settings(tomllib.loads(text), out.parent))
    write_text(out, text)
    count = len(seen.dataset.samples)
    taken = f"{seen.format}: {count} samples, {seen.present} with their picture, from {seen.annotations}."
    STDOUT.print(escape(taken), soft_wrap=True)
    if seen.others:
        names = listed([str(path) for path in seen.others[:MOST_NAMED]])
        more = f" and {len(seen.others) - MOST_NAMED} more" if len(seen.others) > MOST_NAMED else ""
        STDOUT.print(escape(f"Not taken: {names}{more}. To take another, name the file itself."), soft_wrap=True)
    for sentence in preflight.sentences:
        STDOUT.print(escape(sentence), soft_wrap=True, highlight=False)
    file = path_text(out)
    STDOUT.print(f"Written to {file}. Name your model in it, then: saliency-audit run {file}", soft_wrap=True)
    return 0
