"""`run`, `check` and `report`: from settings to a verdict, and from a record to one again."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.evidence import pdf, print_or_skip
from audit.cli.output import FILE, answer, as_json, print_json, show_judgement
from audit.errors import AuditError
from audit.record.record import record_of
from audit.record.schema import FILE_NAME
from checks.verdict import Judgement

if TYPE_CHECKING:
    from audit.settings import Settings


@click.command()
@click.argument("settings", type=FILE)
@click.option("--out", type=FILE, help="Folder for the results. [default: NAME-audit]")
@click.option("--resume", is_flag=True, help="Go on with the run that was broken off in --out.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@pdf
@as_json
def run(settings: Path, out: Path | None, resume: bool, device: str, pdf: bool, as_json: bool) -> int:
    """Audit the model that SETTINGS names; write record, report.html, audit.json and the rest of the evidence."""
    from audit.settings import load_settings

    loaded, target = load_settings(settings), out or Path(f"{settings.stem}-audit")
    if (target / FILE_NAME).exists() and not resume:
        raise AuditError(target, "holds a run", "need a new folder", "Choose another --out, or go on with --resume.")
    try:
        record = measure_run(loaded, settings.stem, target, resume, device)
    except KeyboardInterrupt:
        click.echo(f"\nMeasured batches are kept: go on with --out {target} --resume.", err=True)
        raise
    code = _answer(conclude(record, None, target, pdf), target, as_json)
    if baseline := loaded.judge.baseline:
        _point_at(loaded.path(baseline), target)
    return code


@click.command()
@click.argument("record", type=FILE)
@click.option("--profile", help="Another profile: a name, or the path of a TOML file.")
@as_json
def check(record: Path, profile: str | None, as_json: bool) -> int:
    """Judge RECORD (a run's folder, or its audit.sqlite) again, and print the verdict."""
    from checks import judge

    return _answer(judge(record_of(record), profile), None, as_json)


@click.command()
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
    return _answer(conclude(path, profile, target, pdf), target, as_json)


def _point_at(baseline: Path, run: Path) -> None:
    """How this run is compared with the baseline that its settings name, or becomes it."""
    if baseline.exists():
        step = f"Against the baseline: saliency-audit compare {baseline} {run}"
    else:
        step = (
            f"There is no {baseline} to compare it with: saliency-audit accept {run} --baseline {baseline} --reason …"
        )
    click.echo(f"Judged alone. {step}", err=True)


def measure_run(settings: "Settings", title: str, out: Path, resume: bool, device: str) -> Path:
    """Measure by limits that are fixed before, and say on stderr how far it has come. Returns the record."""
    from audit.cli.malloc import kept_memory
    from audit.cli.progress import progress
    from audit.engine.measure import measure
    from audit.settings import profile_of
    from checks import measured_by, register
    from reports.result.crosswalk import standard_files

    standard_files(settings.report.standards or ())
    profile = profile_of(settings.judge.profile, settings.folder)
    # stdout is for the result alone: a model's own prints go to stderr
    with progress(title) as report, redirect_stdout(sys.stderr), kept_memory():
        return measure(
            measured_by(settings, profile),
            out,
            resume=resume,
            device=device,
            registered=register(profile),
            progress=report,
        )


def conclude(record: Path, profile: str | None, out: Path, pdf: bool = False) -> Judgement:
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
