"""`explain`: one picture, one class, one map."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import click
from rich.markup import escape
from rich.table import Column, Table

from audit.choices import Reduction, Score
from audit.cli import completion
from audit.cli.output import FILE, STDOUT, as_json, print_json
from audit.errors import AuditError
from audit.phrases import listed


@click.command()
@click.argument("image", type=FILE)
@click.option("--model", help="KIND:NAME, as torchvision:densenet201.")
@click.option("--weights", help="A state dict, or the name of published weights. [default: the kind's own]")
@click.option("--classes", type=FILE, help="File with the class names in index order.")
@click.option("--settings", type=FILE, help="Take model and preprocessing from there instead.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    default=["gradient"],
    show_default=True,
    help="As `saliency-audit list` names it. Given several times, all are drawn in one figure.",
    shell_complete=completion.methods,
)
@click.option("--reduction", type=click.Choice(get_args(Reduction)), default="abs_max", show_default=True)
@click.option("--score", type=click.Choice(get_args(Score)), default="log_probability", show_default=True)
@click.option("--target", help="Class name or index. [default: the most probable]")
@click.option("--vmin", type=float, default=0.0, help="Share of the maximum that is darkest. [default: 0]")
@click.option("--vmax", type=float, help="Share of the maximum that is brightest. [default: the 99.5th percentile]")
@click.option("--out", type=FILE, help="PNG to write. [default: IMAGE-METHOD.png]")
@as_json
def explain(
    image: Path,
    methods: tuple[str, ...],
    vmin: float,
    vmax: float | None,
    out: Path | None,
    as_json: bool,
    **question: Any,
) -> int:
    """Explain one picture, without boxes: the top five classes; picture, map and blend side by side."""
    from audit.explanation import explain as explained
    from audit.importing import importable
    from audit.models.named import model_of_settings, named_model

    model, weights, classes, settings = (question.pop(name) for name in ("model", "weights", "classes", "settings"))
    if not (settings or model):
        raise AuditError("explain", "no model", "need --model KIND:NAME, or --settings with a [model] table")
    with importable(settings.parent if settings else Path()):
        opened = model_of_settings(settings) if settings else named_model(model, weights, classes)
        if len(methods) > 1:
            several = explained(opened, image, methods=methods, **question)
            target = out or Path(f"{image.stem}-methods.png")
            several.save(target, vmin=vmin, vmax=vmax)
            explanation, title, high = several.explanations[0], f"{listed(methods)}: {several.title}", vmax
        else:
            explanation = explained(opened, image, method=methods[0], **question)
            target = out or Path(f"{image.stem}-{explanation.method}.png")
            title, high = explanation.title, explanation.save(target, vmin=vmin, vmax=vmax)
    if as_json:
        top = [asdict(entry) for entry in explanation.top]
        shown = {"top": top, "target": asdict(explanation.target)}
        print_json({**shown, "vmin": vmin, "vmax": high, "image": str(target)})
        return 0
    table = Table("class", Column("index", justify="right"), Column("probability", justify="right"), box=None)
    for entry in explanation.top:
        table.add_row(escape(entry.name), str(entry.index), f"{entry.probability:.2%}")
    STDOUT.print(table)
    end = f"{high:.3f}" if high is not None else "the 99.5th percentile of each map"
    window = f"window {vmin:g} to {end}{' of the maximum' if high is not None else ''}"
    STDOUT.print(escape(f"\n{title}\n{window}\nwritten to {target}"), soft_wrap=True)
    return 0
