"""The only way to move a baseline."""

import datetime
from pathlib import Path

from audit.errors import AuditError
from audit.files import is_there, write_text
from audit.phrases import listed
from audit.record.place import record_of
from audit.record.record import Record
from checks.baseline.file import Baseline, Move, baseline_text, load_baseline, move_sha256, summary
from checks.baseline.judged_run import judged_run
from checks.baseline.snapshot import in_short, see_why, snapshot
from checks.verdict import Judgement, Outcome


def accept(
    run: Path | str,
    baseline: Path | str,
    *,
    reason: str,
    by: str,
    force: bool = False,
    on: datetime.date | None = None,
    profile: str | Path | None = None,
) -> Baseline:
    """Make a run (its folder or its record) the baseline in that file, and return it with its history.

    force: accept a run that is FAIL or INCONCLUSIVE; the absolute limits stay in force for every later one, and its
    outcome is kept with the reason. on: the day; default: today, UTC. profile: the file of the run's own limits, which
    alone may bring rules of the user's own: what the record names is never imported. Raises AuditError without a
    reason or a name, where one of them holds a control character, where the run is not PASS by the limits that were
    fixed in it and not forced, or INVALID, where the profile has other limits, and where the file is there but cannot
    be read: its history would be lost.
    """
    target = Path(baseline)
    for what, text in (("reason", reason), ("name of who accepts", by)):
        if not text.strip():
            raise AuditError(
                f"accept {run}", f"no {what}", "an auditor will ask why the baseline moved, and who did it"
            )
        hidden = next((character for character in _line(text) if not character.isprintable()), None)
        if hidden is not None:
            raise AuditError(
                f"accept {run}",
                f"{what} holds the control character {hidden!a}",
                "need text without control characters",
            )
    history = load_baseline(target).history if is_there(target) else ()
    with Record.open(record_of(Path(run))) as record:
        judged = judged_run(record, profile)
        if profile is not None and not judged.judgement.fixed_beforehand:
            raise AuditError(record.path, f"was started with other limits than {profile}", "need those of the run")
        _check_outcome(record, judged.judgement, force)
        now = snapshot(judged)
    day = on or datetime.datetime.now(datetime.UTC).date()
    moved = now.model_copy(update={"history": (*history, _move(now, history, (by, reason), day))})
    write_text(target, baseline_text(moved))
    return moved


def _check_outcome(record: Record, judgement: Judgement, force: bool) -> None:
    seen = f"is {judgement.outcome}{_why(judgement)}"
    if judgement.outcome is Outcome.INVALID:
        raise AuditError(record.path, seen, "need an audit that can be trusted", see_why(record.path))
    if judgement.outcome is not Outcome.PASS and not force:
        step = "To accept it all the same, add --force; say in --reason why that is right."
        raise AuditError(record.path, seen, "need a run that passes", step)


def _why(judgement: Judgement) -> str:
    """The checks to which the outcome is due: what the one that decides says, and the names of the others."""
    verdict = judgement.verdict(judgement.decided_by) if judgement.decided_by else None
    if verdict is None:
        return ""
    alike = (v.rule for v in judgement.verdicts if v.outcome is judgement.outcome and not v.advisory)
    others = [rule for rule in alike if rule != verdict.rule]
    return f" ({in_short(verdict)}{f'; also {listed(others)}' if others else ''})"


def _line(text: str) -> str:
    return " ".join(text.split())


def _move(now: Baseline, history: tuple[Move, ...], by_and_why: tuple[str, str], day: datetime.date) -> Move:
    by, reason = map(_line, by_and_why)
    return Move(
        by=by,
        reason=reason,
        on=day.isoformat(),
        **summary(now),
        previous_sha256=move_sha256(history[-1]) if history else None,
    )
