"""`inspect`: what in the data gives the label away, before any network is asked."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Column, Table

from audit.cli.output import FILE, STDOUT, as_json, print_json
from audit.cli.progress import after_a_moment, progress

if TYPE_CHECKING:
    from audit.inspection.findings import Finding, Inspection

MOST_ROWS = 20
"""Of the table; `--json` lists all."""


@click.command()
@click.argument("data", type=FILE)
@as_json
def inspect(data: Path, as_json: bool) -> int:
    """What in DATA (settings, a folder or an annotation file) gives the label away, the objects left out?

    Asks no network and judges nothing.
    """
    from audit.inspection.inspect import inspect as inspected
    from audit.inspection.source import source

    given = source(data)
    with progress("inspect") as report:
        inspection = inspected(
            given.folder, given.samples, given.excluded, given.cluster, given.workers, after_a_moment(report)
        )
    if as_json:
        print_json(_fields(inspection))
    else:
        _show(inspection)
    return 0


def _show(inspection: "Inspection") -> None:
    from reports.wording.inspection import NO_VERDICT, basis, headline, limits, next_steps, notes, remainder

    STDOUT.print(f"[bold]{escape(headline(inspection))}[/]", soft_wrap=True)
    STDOUT.print(escape(basis(inspection)), soft_wrap=True)
    shown = inspection.telling[:MOST_ROWS]
    if shown:
        STDOUT.print(_table(shown))
    for line in (remainder(inspection, MOST_ROWS), *notes(inspection)):
        if line:
            STDOUT.print(escape(line), soft_wrap=True)
    for step in next_steps(inspection):
        STDOUT.print(f"Next: {escape(step)}", soft_wrap=True)
    STDOUT.print(escape(f"{limits(inspection)} {NO_VERDICT}"), soft_wrap=True)


def _table(findings: "tuple[Finding, ...]") -> Table:
    from reports.wording.inspection import best_class

    numbers = [Column(name, justify="right", no_wrap=True) for name in ("told right", "chance", "critical", "n")]
    table = Table(
        Column("quantity", overflow="fold"), *numbers, Column("best told class (its chance)", overflow="fold"), box=None
    )
    for finding in findings:
        critical = "" if finding.critical is None else f"{finding.critical:.2f}"
        figures = f"{finding.share:.2f}", f"{finding.chance:.2f}", critical, f"{finding.n:,}"
        table.add_row(escape(finding.quantity.name), *figures, escape(best_class(finding.classes)))
    return table


def _fields(inspection: "Inspection") -> Mapping[str, Any]:
    from reports.wording.inspection import headline, next_steps, notes

    words = {"sentence": headline(inspection), "notes": notes(inspection), "next": next_steps(inspection)}
    findings = [{**asdict(finding), "telling": finding.telling} for finding in inspection.findings]
    return {**words, **asdict(inspection), "labels": dict(inspection.labels), "findings": findings}
