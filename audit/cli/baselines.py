"""`compare` and `accept`: a candidate against what was accepted before."""

import getpass
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from audit.cli.output import (
    FILE,
    STDOUT,
    answer,
    as_json,
    own_profile,
    path_text,
    print_json,
    profile,
    show_outcome,
    show_verdicts,
)
from audit.errors import AuditError

if TYPE_CHECKING:
    from checks.baseline.file import Move
    from reports.wording.comparison import WordedComparison


@click.command()
@click.argument("baseline", type=FILE)
@click.argument("candidate", type=FILE)
@profile
@click.option(
    "--out",
    type=FILE,
    default=Path(),
    help="Folder for compare.html, not a run's: verify would call it added. [default: the current one]",
)
@as_json
def compare(baseline: Path, candidate: Path, profile: str | None, out: Path, as_json: bool) -> int:
    """Is CANDIDATE, a run, worse than BASELINE, a run or a baseline file? Writes compare.html."""
    from audit.record.place import record_of
    from audit.record.record import Record
    from checks.baseline.compare import gate
    from checks.baseline.judged_run import judged_run
    from checks.baseline.snapshot import holds_record
    from reports.page.comparison_page import render_comparison
    from reports.wording.comparison import worded_comparison
    from reports.wording.words import about

    path = record_of(candidate)
    with ExitStack() as opened:
        record = opened.enter_context(Record.open(path))
        candidate_run = judged_run(record, profile)
        comparison = worded_comparison(gate(baseline, candidate_run), about(candidate_run.table))
        before = None
        if comparison.baseline and holds_record(baseline):
            before = opened.enter_context(Record.open(record_of(baseline)))
        page = render_comparison(comparison, record, before, out / "compare.html")

    def show() -> None:
        if as_json:
            print_json(comparison.model_dump(mode="json"))
        else:
            _show(comparison, page)

    return answer(comparison.outcome, show)


@click.command()
@click.argument("run", type=FILE)
@click.option("--reason", required=True, help="Why: an auditor will ask.")
@click.option(
    "--baseline",
    type=FILE,
    default=Path("baseline.json"),
    show_default=True,
    help="File to keep under version control.",
)
@click.option("--by", help="Who accepts. [default: your login name]")
@click.option("--force", is_flag=True, help="Accept a run that is FAIL or INCONCLUSIVE.")
@own_profile
def accept(run: Path, reason: str, baseline: Path, by: str | None, force: bool, profile: str | None) -> int:
    """Make RUN the baseline: the only way to move one. Its history is kept."""
    from checks.baseline.accept import accept as accepted

    who = _login() if by is None else by
    moved = accepted(run, baseline, reason=reason, by=who, force=force, profile=profile)
    *earlier, now = moved.history
    STDOUT.print(f"Accepted as baseline {len(moved.history)} by {escape(now.by)}: {_counts(now)}.")
    if earlier:
        STDOUT.print(f"Before: {_counts(earlier[-1])}.")
    file = path_text(baseline)
    STDOUT.print(f"Written to {file}: commit it. Later runs: saliency-audit compare {file} RUN", soft_wrap=True)
    return 0


def _show(comparison: "WordedComparison", page: Path) -> None:
    """The result, for people."""
    show_outcome(comparison.outcome, None if comparison.fixed_beforehand else comparison.profile.name)
    STDOUT.print(escape(comparison.sentence))
    show_verdicts(comparison.verdicts, comparison.next_step)
    STDOUT.print(f"Report: {path_text(page)}", soft_wrap=True)


def _counts(move: "Move") -> str:
    judged = f", {move.misses:,} of {move.judged:,} misses by experiment" if move.judged else ""
    return f"{move.outcome}, {move.right:,} of {move.pictures:,} predicted right{judged}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError) as error:
        raise AuditError("accept", "your login has no name", "need to know who accepts", "Add --by NAME.") from error
