"""Which requirement of the owner each verdict verifies, where the settings say so."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from audit.errors import AuditError, did_you_mean
from audit.record.record import Record
from checks.profile import TRACED
from checks.verdict import Profile, Verdict


def traced(verdicts: Sequence[Verdict], record: Record) -> tuple[Verdict, ...]:
    """The verdicts with what the record's settings state of their requirements, over what the profile states."""
    judged = (record.identity().get("settings") or {}).get("judge") or {}
    stated = judged.get("requirements") or {}
    return tuple(_over(verdict, stated.get(verdict.rule)) for verdict in verdicts)


def unknown_rules(stated: Collection[str], profile: Profile) -> Iterator[AuditError]:
    """What is wrong with the names under `[judge.requirements]`: a rule, or a rule in slices, as the profile has it."""
    known = [*profile.rules, *profile.sliced]
    for name in stated:
        if name not in known:
            seen = f"no rule {name!r} in the profile {profile.name}"
            yield AuditError("settings [judge.requirements]", seen, did_you_mean(name, known))


def _over(verdict: Verdict, stated: Mapping[str, Any] | None) -> Verdict:
    if not stated:
        return verdict
    return verdict.model_copy(update={key: str(stated[key]) for key in TRACED if stated.get(key)})
