"""Audits the real grid: `python -m benchmarks.real_grid --out FOLDER`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click
import torch

from audit.cli.malloc import kept_memory
from benchmarks.real_grid.backbones import BACKBONES, Backbone
from benchmarks.real_grid.cues import KINDS, Kind
from benchmarks.real_grid.examine import examine, settings_of, truth
from benchmarks.real_grid.lines import Line, add_line, done, read_lines
from benchmarks.real_grid.material import Material, material, write_pictures
from benchmarks.real_grid.network import keep, recall
from benchmarks.real_grid.photographs import Parts, read_photographs, split
from benchmarks.real_grid.recipes import ORDER, Recipe, heads
from benchmarks.real_grid.table import NOT_OF_RELIANCE, tables

PROFILE = "default"


def _names(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of what is found.")
@click.option("--backbone", type=click.Choice([*BACKBONES]), multiple=True, help="Default: all.")
@click.option("--kinds", callback=_names, help="Kinds of cue, comma between. Default: all.")
@click.option("--heads", "count", default=len(ORDER), show_default=True, help="Of each backbone and kind.")
@click.option("--pictures", default=120, show_default=True, help="Audited for each head.")
@click.option("--profile", default=PROFILE, show_default=True)
@click.option("--methods", callback=_names, help="Comma between. Default: one that costs no pass.")
@click.option("--interventions", callback=_names, help="Comma between. Default: those of the settings.")
@click.option("--searches", callback=_names, help="Comma between. Default: those of the settings.")
@click.option("--table", is_flag=True, help="Audit nothing, and print the tables of what was found.")
def main(  # noqa: PLR0913 options of the command
    *,
    out: Path,
    backbone: Sequence[str],
    kinds: list[str] | None,
    count: int,
    pictures: int,
    profile: str,
    methods: list[str] | None,
    interventions: list[str] | None,
    searches: list[str] | None,
    table: bool,
) -> None:
    """Audit heads of known reliance on frozen real networks, and keep one line for each in OUT/heads.jsonl.

    Called again, it goes on where it stopped. The photographs are those of the folder SALIENCY_AUDIT_REAL.
    """
    if table:
        click.echo(tables(read_lines(out)))
        return
    if unknown := sorted(set(kinds or ()) - set(KINDS)):
        raise click.ClickException(f"There is no kind {unknown[0]!r}; there are {', '.join(KINDS)}.")
    torch.set_num_threads(1)
    parts = split(read_photographs(real_folder()), pictures)
    experiments = {"methods": methods, "interventions": interventions, "searches": searches}
    asked = {"pictures": pictures, "profile": profile, **experiments}
    out.mkdir(parents=True, exist_ok=True)
    with kept_memory():
        for name, kind in product(backbone or BACKBONES, kinds or KINDS):
            for line in audit_kind(name, KINDS[kind], parts, count, asked, out):
                add_line(out, line)
                click.echo(report_line(line))


def real_folder() -> Path:
    """Raises click.ClickException where the environment names none."""
    named = os.environ.get("SALIENCY_AUDIT_REAL")
    if not named:
        raise click.ClickException("Name the folder of real photographs by SALIENCY_AUDIT_REAL.")
    return Path(named)


def audit_kind(name: str, kind: Kind, parts: Parts, count: int, asked: Mapping[str, Any], out: Path) -> Iterator[Line]:
    """The lines of the first `count` heads of a kind on a backbone that are not in `out` yet."""
    there = done(read_lines(out), asked)
    if {(name, kind.name, head) for head in ORDER[:count]} <= there:
        return
    click.echo(f"{name}, {kind.name}: fitting heads")
    backbone = BACKBONES[name](real_folder())
    backbone.module.eval().requires_grad_(False)
    memory = out / "features" / f"{name}-{kind.name}.npz"
    recall(memory)
    shared = material(backbone, kind, parts)
    keep(memory)
    data = write_pictures(kind, parts, out / "pictures" / kind.name)
    settings = settings_of(data, backbone, asked)
    for recipe in heads(shared.trained, kind.of_class, count):
        if (name, kind.name, recipe.name) not in there:
            click.echo(f"{name}, {kind.name}, {recipe.name}: auditing")
            known = {"backbone": name, "kind": kind.name, "asked": dict(asked)}
            yield {**known, **_line(recipe, kind, backbone, shared, settings, asked["profile"])}
            keep(memory)


def _line(
    recipe: Recipe, kind: Kind, backbone: Backbone, shared: Material, settings: Mapping[str, Any], profile: str
) -> Line:
    true = truth(recipe.head, shared.true, shared.true_labels, kind.of_class)
    return {
        "head": recipe.name,
        "share": recipe.share,
        **true,
        **examine(recipe.head, backbone, settings, profile),
    }


def report_line(line: Line) -> str:
    """What the command prints of a network."""
    failed = [
        rule for rule, verdict in line["rules"].items() if verdict["outcome"] == "FAIL" and rule not in NOT_OF_RELIANCE
    ]
    took = f"{line['seconds']} s, {line['processor_seconds']} s of the processor"
    return (
        f"{line['backbone']}, {line['kind']}, {line['head']}: {line['reliance']:.1f} ± {line['error']:.1f} points,"
        f" {took}; FAIL of {', '.join(failed) or 'no rule'}"
    )


if __name__ == "__main__":
    main()
