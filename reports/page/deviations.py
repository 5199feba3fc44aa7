"""Where a run or its judgement departs from what was planned, or from all that this version can do."""

from typing import Any, NamedTuple

from checks.words import count, listed

from checks.table.evidence import Evidence
from checks.verdict import Judgement
from reports.result.schema import Identity
from reports.wording.numbers import short

MOST_NAMES = 12


class Deviation(NamedTuple):
    """One departure."""

    what: str
    said: str


def deviations(what: Identity, found: Evidence, judgement: Judgement) -> tuple[Deviation, ...]:
    """Those that the record and the judgement can tell; what people agreed besides stands in no record."""
    told = [
        Deviation("Limits", _limits(judgement)),
        Deviation("Run", _run(what, found)),
        Deviation("Labels left out", _ignored(what)),
        Deviation("Maps on a draw", _draws(found)),
        Deviation("Advisory", _advisory(judgement)),
    ]
    return tuple(deviation for deviation in told if deviation.said)


def _limits(judgement: Judgement) -> str:
    if judgement.fixed_beforehand:
        return ""
    if judgement.registered is None:
        return "No profile was fixed before the run; the limits of this report were chosen afterwards."
    return (
        f"The run was started with the profile {short(judgement.registered)}; this report is judged by other limits,"
        f" those of {short(judgement.profile.name)}."
    )


def _run(what: Identity, found: Evidence) -> str:
    if not found.complete:
        return f"The run stopped after {found.n + len(found.exclusions):,} of {count(found.total, 'sample')}."
    changed = (what.finished or {}).get("state_unchanged") is False
    return "The network changed while the run was under way." if changed else ""


def _ignored(what: Identity) -> str:
    table: Any = what.settings.get("data") or {}
    labels = [short(label, 40) for label in table.get("ignore") or ()]
    if not labels:
        return ""
    rest = f" and {count(len(labels) - MOST_NAMES, 'further label')}" if len(labels) > MOST_NAMES else ""
    return f"The settings leave out, as unknown to the network: {', '.join(labels[:MOST_NAMES])}{rest}."


def _draws(found: Evidence) -> str:
    parts = [
        f"{short(source, 32)} on {int(made.sum()):,}"
        for source, made in found.made.items()
        if source in (*found.methods, *found.null_maps) and int(made.sum()) < found.n
    ]
    return f"Not made for all {count(found.n, 'picture')}: {listed(parts)}." if parts else ""


def _advisory(judgement: Judgement) -> str:
    names = [verdict.rule for verdict in judgement.verdicts if verdict.advisory]
    return f"Shown without a say in the verdict: {listed(short(name) for name in names)}." if names else ""
