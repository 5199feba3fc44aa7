"""The command line: the one place that knows all three packages."""

import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from rich.markup import escape
from rich.table import Column, Table

from audit import registry
from audit.choices import Reduction, Score
from audit.cli.baselines import accept, compare
from audit.cli.evidence import pdf, print_or_skip, verify
from audit.cli.output import EXIT, FILE, STDOUT, answer, as_json, print_json, show_judgement, visible
from audit.errors import AuditError
from audit.files import write_text
from audit.record.record import FILE_NAME, record_of
from checks.verdict import Judgement

if TYPE_CHECKING:
    from audit.settings import Settings

DEMO = Path(__file__).parents[1] / "demo"
DEMO_OUTCOMES = {"honest": "PASS", "cheating": "FAIL"}
DEMO_LEAD = (
    "Both name what lies ahead of an aircraft with the same accuracy. One learnt the object, the other the camera’s tag"
    " in the corner. Accuracy cannot tell them apart."
)
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="saliency-audit")
def cli() -> None:
    """Does this image classifier look at the object?

    Exit codes: 0 PASS, 1 FAIL, 2 usage error or INVALID, 3 INCONCLUSIVE, 130 interrupted.
    """


cli.add_command(compare)
cli.add_command(accept)
cli.add_command(verify)


@cli.command()
@click.argument("settings", type=FILE)
@click.option("--out", type=FILE, help="Folder for the results. [default: NAME-audit]")
@click.option("--resume", is_flag=True, help="Go on with the run that was broken off in --out.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@pdf
@as_json
def run(settings: Path, out: Path | None, resume: bool, device: str, pdf: bool, as_json: bool) -> int:
    """Audit the model that SETTINGS names; write record, report.html, audit.json and the rest of the evidence."""
    from audit.settings import load_settings

    asked, target = load_settings(settings), out or Path(f"{settings.stem}-audit")
    if (target / FILE_NAME).exists() and not resume:
        raise AuditError(target, "holds a run", "need a new folder", "Choose another --out, or go on with --resume.")
    try:
        record = _measure(asked, settings.stem, target, resume, device)
    except KeyboardInterrupt:
        click.echo(f"\nMeasured batches are kept: go on with --out {target} --resume.", err=True)
        raise
    code = _answer(_conclude(record, None, target, pdf), target, as_json)
    if baseline := asked.judge.baseline:
        _point_at(asked.path(baseline), target)
    return code


@cli.command()
@click.argument("record", type=FILE)
@click.option("--profile", help="Another profile: a name, or the path of a TOML file.")
@as_json
def check(record: Path, profile: str | None, as_json: bool) -> int:
    """Judge RECORD (a run's folder, or its audit.sqlite) again, and print the verdict."""
    from checks import judge

    return _answer(judge(record_of(record), profile), None, as_json)


@cli.command()
@click.argument("record", type=FILE)
@click.option("--profile", help="Another profile: a name, or the path of a TOML file.")
@click.option("--out", type=FILE, help="Folder to write to. [default: the record's]")
@pdf
@as_json
def report(record: Path, profile: str | None, out: Path | None, pdf: bool, as_json: bool) -> int:
    """Write the evidence of RECORD (a run's folder, or its audit.sqlite) again, report.html and all."""
    path = record_of(record)
    target = out or path.parent
    other = target / FILE_NAME
    if other.exists() and not (path.exists() and other.samefile(path)):
        raise AuditError(target, "holds another run", "need a folder of its own", "Choose another --out.")
    return _answer(_conclude(path, profile, target, pdf), target, as_json)


@cli.command()
@click.option(
    "--out", type=FILE, default=Path("saliency-audit-demo"), show_default=True, help="Folder for the results."
)
def demo(out: Path) -> int:
    """Audit two small networks that come along: one learnt the object, the other a cue."""
    from audit.settings import load_settings
    from reports import render_pair

    judged = {}
    for name in DEMO_OUTCOMES:
        if (out / name / FILE_NAME).exists():
            raise AuditError(out, "holds a demo already", "need a new folder", "Choose another --out.")
        record = _measure(load_settings(DEMO / f"{name}.toml"), name, out / name, False, "cpu")
        judged[name] = _conclude(record, None, out / name)
        show_judgement(judged[name], out / name)
        STDOUT.print()
    page = render_pair(out / "index.html", "Two networks, one data set", DEMO_LEAD, judged)
    STDOUT.print(f"Side by side: {page}", soft_wrap=True)
    return 0 if {name: judgement.outcome for name, judgement in judged.items()} == DEMO_OUTCOMES else EXIT["INVALID"]


@cli.command()
@click.argument("image", type=FILE)
@click.option("--model", help="KIND:NAME, as torchvision:densenet201.")
@click.option("--weights", help="A state dict, or the name of published weights. [default: the kind's own]")
@click.option("--classes", type=FILE, help="File with the class names in index order.")
@click.option("--settings", type=FILE, help="Take model and preprocessing from there instead.")
@click.option("--method", default="gradient", show_default=True, help="As `saliency-audit list` names it.")
@click.option("--reduction", type=click.Choice(get_args(Reduction)), default="abs_max", show_default=True)
@click.option("--score", type=click.Choice(get_args(Score)), default="log_probability", show_default=True)
@click.option("--target", help="Class name or index. [default: the most probable]")
@click.option("--vmin", type=float, default=0.0, help="Share of the maximum that is darkest. [default: 0]")
@click.option("--vmax", type=float, help="Share of the maximum that is brightest. [default: the 99.5th percentile]")
@click.option("--out", type=FILE, help="PNG to write. [default: IMAGE-METHOD.png]")
@as_json
def explain(image: Path, vmin: float, vmax: float | None, out: Path | None, as_json: bool, **asked: Any) -> int:
    """Explain one picture, without boxes: the top five classes; picture, map and blend side by side."""
    from audit.explanation import Question, draw
    from audit.explanation import explain as explained

    answer = explained(Question(image, **asked))
    index, name, probability = answer.target
    target = out or Path(f"{image.stem}-{asked['method']}.png")
    title = f"{asked['method']}: evidence for {name} ({probability:.1%})"
    high = draw(answer, target, title, (vmin, vmax))
    if as_json:
        top = [{"index": i, "name": n, "probability": p} for i, n, p in answer.top]
        shown = {"index": index, "name": name, "probability": probability}
        print_json({"top": top, "target": shown, "vmin": vmin, "vmax": high, "image": str(target)})
        return 0
    table = Table("class", Column("index", justify="right"), Column("probability", justify="right"), box=None)
    for i, n, p in answer.top:
        table.add_row(escape(n), str(i), f"{p:.2%}")
    STDOUT.print(table)
    STDOUT.print(
        escape(f"\n{title}\nwindow {vmin:g} to {high:.3f} of the maximum\nwritten to {target}"), soft_wrap=True
    )
    return 0


@cli.command("list")
@as_json
def list_(as_json: bool) -> int:
    """List saliency methods, null maps, dataset formats, model kinds, rules and profiles."""
    from checks.profile import built_in

    packages = (
        "audit.saliency.methods",
        "audit.saliency.null_maps",
        "audit.datasets.formats",
        "audit.models.kinds",
        "checks.rules",
    )
    found = {
        registry.noun(package): {
            name: registry.summary(function) + registry.options_text(function)
            for name in registry.names(package)
            for function in [registry.resolve(package, name)]
        }
        for package in packages
    } | {"profile": {profile.name: profile.description for profile in built_in()}}
    if as_json:
        print_json(found)
        return 0
    for noun, entries in found.items():
        table = Table(
            Column(f"{noun}s" if not noun.endswith("s") else noun, min_width=26), "", box=None, padding=(0, 1)
        )
        for name, line in entries.items():
            table.add_row(name, escape(line))
        STDOUT.print(table, "")
    return 0


@cli.command()
@click.argument("dataset", type=FILE)
@click.option("--out", type=FILE, default=Path("audit.toml"), show_default=True, help="Settings file to write.")
def init(dataset: Path, out: Path) -> int:
    """Look at DATASET (a folder or an annotation file) and write a commented settings file for it."""
    from audit.datasets.discover import look, settings_text

    if out.exists():
        raise AuditError(out, "exists", "need a new file", "Choose another --out.")
    found = look(dataset)
    write_text(out, settings_text(found, out.parent))
    count = len(found.dataset.samples)
    STDOUT.print(f"{found.format}: {count} samples, {found.present} with their picture.", highlight=False)
    STDOUT.print(f"Written to {out}. Name your model in it, then: saliency-audit run {out}", soft_wrap=True)
    return 0


def _point_at(baseline: Path, run: Path) -> None:
    """How this run is compared with the baseline that its settings name, or becomes it."""
    if baseline.exists():
        said = f"Against the baseline: saliency-audit compare {baseline} {run}"
    else:
        said = (
            f"There is no {baseline} to compare it with: saliency-audit accept {run} --baseline {baseline} --reason …"
        )
    click.echo(visible(f"Judged alone. {said}"), err=True)


def _measure(asked: "Settings", title: str, out: Path, resume: bool, device: str) -> Path:
    from audit.cli.malloc import kept_memory
    from audit.cli.progress import progress
    from audit.engine.measure import measure
    from audit.settings import profile_of
    from checks import measured_by, register
    from reports.result.crosswalk import standard_files

    standard_files(asked.report.standards or ())
    profile = profile_of(asked.judge.profile, asked.folder)
    # stdout is for the result alone: a model's own prints go to stderr
    with progress(title) as report, redirect_stdout(sys.stderr), kept_memory():
        return measure(
            measured_by(asked, profile),
            out,
            resume=resume,
            device=device,
            registered=register(profile),
            progress=report,
        )


def _conclude(record: Path, profile: str | None, out: Path, pdf: bool = False) -> Judgement:
    """Judge, and write what others read."""
    from audit.record.record import Record
    from checks import judge
    from reports.evidence_folder import write_evidence

    with Record.open(record) as opened:
        judgement = judge(opened, profile)
        write_evidence(opened, judgement, out, print_or_skip if pdf else None)
    return judgement


def _answer(judgement: Judgement, out: Path | None, as_json: bool) -> int:
    return answer(
        judgement.outcome,
        lambda: print_json(judgement.model_dump(mode="json")) if as_json else show_judgement(judgement, out),
    )


def main() -> None:
    """Run the command line and leave with its exit code. Whatever breaks leaves with that of INVALID."""
    try:
        code = cli.main(standalone_mode=False)
    except AuditError as error:
        code = _broken(f"error: {error}")
    except click.ClickException as error:
        error.show()
        code = EXIT["INVALID"]
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        code = INTERRUPTED
    except SystemExit as error:
        code = _broken(f"error: the code that the settings name tried to leave the program (exit {error.code})")
    except Exception as error:  # noqa: BLE001 an exit code of 1 would say FAIL
        click.echo(visible(traceback.format_exc()), err=True, nl=False)
        code = _broken(f"error: unexpected {type(error).__name__}: {error}. Nothing was judged; please report this.")
    sys.exit(code)


def _broken(message: str) -> int:
    click.echo(visible(message), err=True)
    return EXIT["INVALID"]
