"""`run`, `check` and `report`: from settings to a verdict, and from a record to one again."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.cli.engine import engine_options
from audit.cli.evidence import pdf, print_or_skip
from audit.cli.output import FILE, answer, as_json, print_json, profile, show_judgement, show_preflight, visible
from audit.cli.shards import Cut, SettingsShard, ShardOption, run_one_shard, shard_folder
from audit.errors import AuditError
from audit.files import is_there
from audit.record.place import FILE_NAME

if TYPE_CHECKING:
    from audit.engine.measured_batch import Engine
    from audit.result import Result
    from audit.settings import Settings
    from reports.wording.preflight import WordedPreflight
    from reports.wording.worded import WordedJudgement

limit = click.option("--limit", type=click.IntRange(1), help="A first look at so many samples. It decides nothing.")
device = click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")


@click.command()
@click.argument("settings", type=FILE)
@click.option("--out", type=FILE, help="Folder for the results. [default: NAME-audit]")
@click.option("--resume", is_flag=True, help="Continue the interrupted run in --out.")
@limit
@click.option("--shard", type=ShardOption(), help="One part of the run, as 2/8: decides nothing before `merge`.")
@engine_options
@device
@pdf
@as_json
def run(  # noqa: PLR0913, PLR0917 one for each option
    settings: Path,
    out: Path | None,
    resume: bool,
    limit: int | None,
    shard: Cut | None,
    engine: "Engine | None",
    device: str,
    pdf: bool,
    as_json: bool,
) -> int:
    """Audit the model that SETTINGS names; write record, report.html, audit.json and the rest of the evidence."""
    from audit.pipeline import read_settings

    loaded = limited(read_settings(settings), limit)
    if shard is not None:
        if engine is not None:
            raise click.UsageError("--shard and --engine ray are two ways to share a run; take one.")
        part = SettingsShard(settings, out or shard_folder(settings, shard), shard, limit)
        return run_one_shard(loaded, part, resume=resume, device=device, as_json=as_json)
    target = out or Path(f"{settings.stem}-audit")
    if (target / FILE_NAME).exists() and not resume:
        raise AuditError(target, "holds a run", "need a new folder", "Choose another --out, or continue with --resume.")
    try:
        how = {"resume": resume, "device": device, "printer": print_or_skip if pdf else None}
        how |= {} if engine is None else {"engine": engine}
        result = audit_with_progress(loaded, target, settings.stem, how)
    except KeyboardInterrupt:
        click.echo(visible(f"\n{_after_interruption(target, limit)}"), err=True)
        raise
    code = show_result(result.judgement, target, as_json, result.preflight)
    if baseline := loaded.judge.baseline:
        _point_at(loaded.path(baseline), target)
    return code


@click.command()
@click.argument("record", type=FILE)
@profile
@as_json
def check(record: Path, profile: str | None, as_json: bool) -> int:
    """Judge RECORD (a run's folder, or its audit.sqlite) again, and print the verdict."""
    from audit.record.place import record_of
    from audit.record.record import Record
    from reports.result.assessment import judge_in_words

    with Record.open(record_of(record)) as opened:
        judgement = judge_in_words(opened, profile)
    return show_result(judgement, None, as_json)


@click.command()
@click.argument("record", type=FILE)
@profile
@click.option("--out", type=FILE, help="Folder to write to. [default: the record's]")
@pdf
@as_json
def report(record: Path, profile: str | None, out: Path | None, pdf: bool, as_json: bool) -> int:
    """Write the evidence of RECORD (a run's folder, or its audit.sqlite) again, report.html and all."""
    from audit.record.place import record_of
    from reports.evidence_folder import concluded

    path = record_of(record)
    target = out or path.parent
    other = target / FILE_NAME
    if other.exists() and not (path.exists() and other.samefile(path)):
        raise AuditError(target, "holds another run", "need a folder of its own", "Choose another --out.")
    printer = print_or_skip if pdf else None
    with concluded(path, target, profile=profile, printer=printer) as assessment:
        return show_result(assessment.judgement, target, as_json)


def limited(settings: "Settings", limit: int | None) -> "Settings":
    """The settings of a look at so many samples; as they are where it is None."""
    if limit is None:
        return settings
    return settings.model_copy(update={"run": settings.run.model_copy(update={"limit": limit})})


def _after_interruption(out: Path, limit: int | None) -> str:
    if (out / FILE_NAME).exists():
        again = "" if limit is None else f" --limit {limit}"
        return f"The measured batches are kept. Continue with --out {out} --resume{again}."
    return "Nothing was measured yet, so nothing is kept. Start again without --resume."


def _point_at(baseline: Path, run: Path) -> None:
    """How this run is compared with the baseline that its settings name, or becomes it."""
    if is_there(baseline):
        step = f"To compare it with the baseline: saliency-audit compare {baseline} {run}"
    else:
        step = (
            f"There is no {baseline} to compare it with: saliency-audit accept {run} --baseline {baseline} --reason …"
        )
    click.echo(visible(f"Judged on its own. {step}"), err=True)


def audit_with_progress(settings: "Settings", out: Path, title: str, how: Mapping[str, Any]) -> "Result":
    """The whole job, which says on stderr what the data can answer, and how far it has come.

    how: further arguments of `run`.
    """
    from audit.cli.malloc import kept_memory
    from audit.cli.progress import progress
    from audit.pipeline import run as audited

    # stdout is for the result alone: a model's own prints go to stderr
    with progress(title) as report, redirect_stdout(sys.stderr), kept_memory():
        return audited(settings, out, progress=report, notice=lambda seen: show_preflight(title, seen), **how)


def show_result(
    judgement: "WordedJudgement", out: Path | None, as_json: bool, preflight: "WordedPreflight | None" = None
) -> int:
    """Print the result, and return the exit code."""

    def show() -> None:
        if as_json:
            before = {} if preflight is None else {"preflight": preflight.model_dump(mode="json")}
            print_json({**judgement.model_dump(mode="json"), **before})
        else:
            show_judgement(judgement, out)

    return answer(judgement.outcome, show)
