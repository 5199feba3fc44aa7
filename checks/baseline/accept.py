"""The only way to move a baseline."""

import datetime
from pathlib import Path

from audit.errors import AuditError
from audit.files import write_text
from audit.record.record import Record, record_of
from checks.baseline.file import Baseline, Move, baseline_text, load_baseline, move_sha256, summary
from checks.baseline.judged_run import judged_run
from checks.baseline.snapshot import SEE_WHY, in_short, snapshot
from checks.verdict import Judgement, Outcome


def accept(
    run: Path | str,
    baseline: Path | str,
    *,
    reason: str,
    by: str,
    on: datetime.date | None = None,
    profile: str | Path | None = None,
) -> Baseline:
    """Make a run (its folder or its record) the baseline in that file, and return it with its history.

    A run that fails may be accepted, since the absolute limits stay in force for every later one; its outcome is kept.
    on: the day; default: today, UTC. profile: the file of the run's own limits, which alone may bring rules of the
    user's own: what the record names is never imported. Raises AuditError without a reason or a name, where one of them
    holds a control character, where the run is INVALID by the limits that were fixed in it, where the profile has
    others, and where the file is there but cannot be read: its history would be lost.
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
    history = load_baseline(target).history if target.exists() else ()
    with Record.open(record_of(Path(run))) as record:
        judged = judged_run(record, profile)
        if profile is not None and not judged.judgement.fixed_beforehand:
            raise AuditError(record.path, f"was started with other limits than {profile}", "need those of the run")
        if judged.judgement.outcome is Outcome.INVALID:
            seen = f"is INVALID{_why(judged.judgement)}"
            raise AuditError(record.path, seen, "need an audit that can be trusted", SEE_WHY)
        now = snapshot(judged)
    day = on or datetime.datetime.now(datetime.UTC).date()
    moved = now.model_copy(update={"history": (*history, _move(now, history, (by, reason), day))})
    write_text(target, baseline_text(moved))
    return moved


def _why(judgement: Judgement) -> str:
    verdict = judgement.verdict(judgement.decided_by) if judgement.decided_by else None
    return f" ({in_short(verdict)})" if verdict else ""


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
