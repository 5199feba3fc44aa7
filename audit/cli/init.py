"""`init`: a settings file to begin with, and what this data can show."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from audit.cli.output import FILE, STDOUT, path_text
from audit.cli.progress import after_a_moment, progress
from audit.errors import AuditError
from audit.files import write_text
from audit.phrases import count, listed

if TYPE_CHECKING:
    from audit.datasets.discover import Found
    from audit.starter.model_start import ModelStart

MOST_NAMED = 5
"""Files that were not taken."""


@click.command()
@click.argument("dataset", type=FILE)
@click.option("--out", type=FILE, default=Path("audit.toml"), show_default=True, help="Settings file to write.")
@click.option("--split", help="The split to audit, as val or test. [default: asked for where there are several]")
@click.option(
    "--model",
    help="KIND:NAME, as torchvision:resnet18, onnx:model.onnx or factory:mine:MyNet. [default: an example]",
)
@click.option("--weights", help="The model's state dict, or the name of published weights.")
def init(dataset: Path, out: Path, split: str | None, model: str | None, weights: str | None) -> int:
    """Look at DATASET (a folder or an annotation file), write a settings file, and say what this data can show.

    The file has every key there is, with one line of explanation.
    """
    import tomllib

    from audit.preflight import of_dataset
    from audit.settings import parse_settings
    from audit.starter.clusters import in_clusters, likely_cluster
    from audit.starter.facts import facts_of
    from audit.starter.model_start import example_start, named_start
    from audit.starter.settings_text import settings_text
    from reports.wording.starter import fact_sentences, with_clusters

    if out.exists():
        raise AuditError(out, "exists", "need a new file", "Choose another --out.")
    seen = _reading(dataset, split)
    start = named_start(model, weights, out.parent) if model else example_start()
    text = settings_text(seen, out.parent, start)
    settings = parse_settings(tomllib.loads(text), out.parent)
    sentences = of_dataset(seen.dataset, settings).sentences
    write_text(out, text)
    _show_taken(seen)
    with progress("init") as report:
        facts = facts_of(seen, settings.data.max_box_share, after_a_moment(report))
    column = likely_cluster(seen.dataset.samples)
    clustered = of_dataset(seen.dataset, in_clusters(settings, column)) if column else None
    for sentence in (*sentences, *fact_sentences(facts, str(dataset)), *with_clusters(column, clustered)):
        STDOUT.print(escape(sentence), soft_wrap=True, highlight=False)
    file = path_text(out)
    STDOUT.print(
        f"Written to {file}. {_next_step(start, bool(model))}, then: saliency-audit run {file}", soft_wrap=True
    )
    return 0


def _reading(dataset: Path, split: str | None) -> "Found":
    """Of the split that is asked for, or that somebody at a terminal chooses."""
    from audit.starter.splits import reading_of, undecided

    seen = reading_of(dataset, split)
    if not isinstance(seen, Mapping):
        return seen
    if not _at_terminal():
        raise undecided(dataset, seen)
    for name, reading in seen.items():
        click.echo(f"{name}: {count(len(reading.dataset.samples), 'sample')}, {reading.annotations}", err=True)
    question = "Which split, one that the model was not trained on?"
    return seen[click.prompt(question, type=click.Choice([*seen]), err=True)]


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _show_taken(seen: "Found") -> None:
    number = len(seen.dataset.samples)
    option = "".join(f", {key} = {value}" for key, value in seen.options.items())
    taken = (
        f"{seen.format}: {count(number, 'sample')}, {seen.present} with their picture, from {seen.annotations}{option}."
    )
    STDOUT.print(escape(taken), soft_wrap=True)
    if seen.others:
        names = listed([str(path) for path in seen.others[:MOST_NAMED]])
        more = f" and {len(seen.others) - MOST_NAMED} more" if len(seen.others) > MOST_NAMED else ""
        STDOUT.print(escape(f"Not taken: {names}{more}. To take another, name the file itself."), soft_wrap=True)


def _next_step(start: "ModelStart", named: bool) -> str:
    """What is to be filled in, the first word large."""
    if start.problem is not None:
        return f"The model cannot be asked how it wants its pictures ({escape(str(start.problem))}): state it there"
    steps = [] if named else ["name your model"]
    steps += [] if start.preprocessing else ["say how you prepared pictures"]
    steps += [] if start.names_classes else ["check the order of classes"]
    return f"Open it: {listed(steps)}" if steps else "All is filled in: look it over"
