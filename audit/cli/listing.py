"""`list` and `init`: what there is to choose from, and a settings file to begin with."""

import re
from pathlib import Path
from typing import get_args

import click
from rich.markup import escape
from rich.table import Column, Table

from audit import registry
from audit.cli.output import FILE, STDOUT, as_json, path_text, print_json
from audit.errors import AuditError
from audit.files import write_text
from audit.phrases import listed, plural

ROOTS = ("audit", "checks", "reports")
MOST_NAMED = 5
"""Files that were not taken."""
TITLE = re.compile(r'{% set title = "(.*?)" %}')


@click.command("list")
@as_json
def list_(as_json: bool) -> int:
    """List everything that settings and profiles can name, and what a report is made of."""
    groups = {registry.noun(package): _functions(package) for package in registry.packages(*ROOTS)} | _files()
    for package in registry.LIBRARIES:
        lines = {name: _line(package, function) for name, function in registry.of_libraries(package).items()}
        groups[f"{registry.noun(package)} of a library"] = lines
    if as_json:
        print_json(groups)
        return 0
    for noun, entries in groups.items():
        table = Table(Column(_plural(noun), min_width=26), "", box=None, padding=(0, 1))
        for name, line in entries.items():
            table.add_row(escape(name), escape(line))
        STDOUT.print(table, "")
    return 0


def _plural(noun: str) -> str:
    """'saliency methods', 'saliency methods of a library'."""
    head, of, rest = noun.partition(" of ")
    return f"{plural(head)}{of}{rest}"


def _functions(package: str) -> dict[str, str]:
    """One line for each function of a registry package, by name."""
    return {name: _line(package, registry.resolve(package, name)) for name in registry.names(package)}


def _line(package: str, function: registry.Function) -> str:
    """What a function does, its options and its needs."""
    needs = registry.needs(package, function)
    shown = f" Needs: {', '.join(need for need in get_args(registry.Need) if need in needs)}." if needs else ""
    return registry.summary(function) + registry.options_text(function) + shown


def _files() -> dict[str, dict[str, str]]:
    """Entries that are files, not functions: profiles, standards and sections of the report."""
    import reports
    from checks.profile import built_in
    from reports.result.crosswalk import standard_files, standard_names

    templates = sorted((Path(reports.__file__).parent / "sections").glob("*.html.j2"))
    return {
        "profile": {profile.name: profile.description for profile in built_in()},
        "standard": {name: file.title for name, file in standard_files(standard_names()).items()},
        "report section": {file.name.removesuffix(".html.j2"): _title(file) for file in templates},
    }


def _title(template: Path) -> str:
    title = TITLE.search(template.read_text(encoding="utf-8"))
    return title.group(1) if title else ""


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
