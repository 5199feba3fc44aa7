"""Apply a profile's rules to a record. Nothing is ever PASS by absence."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from audit import registry
from audit.errors import AuditError
from audit.record import Record
from checks.evidence import Evidence, evidence
from checks.profile import RULES, fingerprint, load_profile
from checks.statistics import share_bounds
from checks.verdict import Judgement, Outcome, Profile, Verdict, WrongReason, worst
from checks.whole import run_is_whole
from checks.words import count

PASSED = (
    "Look at the pictures that are right for the wrong reason and at the worst of the gallery before you sign; a pass"
    " replaces no other verification."
)


def judge(record: Record | Path | str, profile: str | Path | Profile | None = None) -> Judgement:
    """Judge a record, or the file of one, by the profile that was hashed into it before the run, or by another.

    A rule that cannot be evaluated is INVALID, as are an unfinished run, a network that changed, a record that was
    altered, and an empty set of rules. Raises AuditError where the record or the profile cannot be read.
    """
    if not isinstance(record, Record):
        with Record.open(Path(record)) as opened:
            return judge(opened, profile)
    registered = _registered(record)
    if profile is None:
        if registered is None:
            raise AuditError(record.path, "holds no profile", "need limits to judge by", "Name a profile.")
        profile = registered
    limits = profile if isinstance(profile, Profile) else load_profile(profile)
    found = evidence(record, limits.confidence)
    verdicts = (
        *run_is_whole(found, record),
        *(_verdict(found, rule, limits.rules[rule]) for rule in sorted(limits.rules)),
    )
    outcome = worst(verdict.outcome for verdict in verdicts)
    sentence, next_step = _whole(verdicts, outcome, found.n)
    return Judgement(
        outcome=outcome,
        sentence=sentence,
        next_step=next_step,
        profile=limits,
        registered=registered.name if registered is not None else None,
        fixed_beforehand=registered is not None and registered.sha256 == fingerprint(registered) == fingerprint(limits),
        verdicts=verdicts,
        right_for_the_wrong_reason=tuple(_wrong_reason(found, method) for method in found.methods),
    )


def _registered(record: Record) -> Profile | None:
    stored = record.identity().get("profile")
    try:
        return None if stored is None else Profile.model_validate(stored)
    except ValidationError as error:
        raise AuditError(
            record.path, f"holds a broken profile ({registry.first_problem(error)})", "need a whole one"
        ) from error


def _verdict(found: Evidence, rule: str, table: dict[str, Any]) -> Verdict:
    why = str(table.get("why", ""))
    try:
        function = registry.resolve(RULES, rule)
        given = {key: value for key, value in table.items() if key != "why"}
        verdict = function(found, **registry.options(function, given, rule))
        if not isinstance(verdict, Verdict):
            raise TypeError(f"it returns a {type(verdict).__name__} where a Verdict is needed")
        if verdict.outcome is Outcome.PASS and worst(f.outcome for f in verdict.findings) is not Outcome.PASS:
            raise ValueError("it says PASS, but not every finding does, or there is none")
    except Exception as error:  # noqa: BLE001 a check that breaks, of whatever cause, must end as INVALID
        return Verdict(
            rule=rule,
            question=f"Does {rule} hold?",
            outcome=Outcome.INVALID,
            sentence=f"{rule} could not be evaluated ({type(error).__name__}: {error}).",
            next_step="Mend the rule or its limits, and judge the record again.",
            why=why,
        )
    return verdict.model_copy(update={"rule": rule, "why": why})


def _whole(verdicts: tuple[Verdict, ...], outcome: Outcome, n: int) -> tuple[str, str]:
    """The sentence and the next step of the whole: those of the first verdict with the worst outcome."""
    telling = [verdict for verdict in verdicts if verdict.outcome is outcome]
    if not telling:
        return "The profile names no rule, so nothing was judged.", "Judge with a profile that names rules."
    if outcome is Outcome.PASS:
        checks = "The one check passes" if len(telling) == 1 else f"All {len(telling)} checks pass"
        return f"{checks} on {count(n, 'picture')}.", PASSED
    others = len(telling) - 1
    more = f" {count(others, 'further check')} {'is' if others == 1 else 'are'} {outcome} too." if others else ""
    return telling[0].sentence + more, telling[0].next_step


def _wrong_reason(found: Evidence, method: str) -> WrongReason:
    right = found.right & found.judged(method)
    n, k = int(right.sum()), int(np.sum(right & found.miss(method)))
    return WrongReason(
        source=method,
        count=k,
        right=n,
        share=k / n if n else None,
        upper=share_bounds(k, n, found.confidence).upper if n else None,
    )
