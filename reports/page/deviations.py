"""Where a run or its judgement departs from what was planned, or leaves out what this version can do."""

from typing import Any, NamedTuple

from audit.phrases import count, listed
from checks.table.evidence import Evidence
from checks.verdict import Judgement
from reports.result.assessment import Assessment
from reports.result.schema import Identity
from reports.wording.missing import the_model_lacks
from reports.wording.numbers import short

MOST_NAMES = 12


class Deviation(NamedTuple):
    """One departure."""

    what: str
    sentence: str


def deviations(assessment: Assessment) -> tuple[Deviation, ...]:
    """Those that the record and the judgement show; the record does not know what people agreed."""
    identity, table, judgement = assessment.audit.identity, assessment.table, assessment.judgement
    entries = [
        Deviation("Limits", _limits(judgement)),
        Deviation("Run", _run(identity, table)),
        Deviation("Labels left out", _ignored(identity)),
        Deviation("Beyond the model", _beyond(table)),
        Deviation("Maps on fewer pictures", _fewer_maps(table)),
        Deviation("Advisory", _advisory(judgement)),
    ]
    return tuple(entry for entry in entries if entry.sentence)


def _limits(judgement: Judgement) -> str:
    if judgement.fixed_beforehand:
        return ""
    if judgement.registered is None:
        return "No profile was fixed before the run; the limits of this report were chosen afterwards."
    return (
        f"The run was started with the profile {short(judgement.registered)}; this report judges it by other limits,"
        f" those of {short(judgement.profile.name)}."
    )


def _run(identity: Identity, table: Evidence) -> str:
    if not table.complete:
        return f"The run stopped after {table.n + len(table.exclusions):,} of {count(table.total, 'sample')}."
    changed = (identity.finished or {}).get("state_unchanged") is False
    return "The network changed during the run." if changed else ""


def _ignored(identity: Identity) -> str:
    data: Any = identity.settings.get("data") or {}
    labels = [short(label, 40) for label in data.get("ignore") or ()]
    if not labels:
        return ""
    rest = f" and {count(len(labels) - MOST_NAMES, 'further label')}" if len(labels) > MOST_NAMES else ""
    return (
        f"The settings leave out these labels, which the network does not know: {', '.join(labels[:MOST_NAMES])}{rest}."
    )


def _beyond(table: Evidence) -> str:
    names = listed(short(name, 40) for name in [*table.left_out][:MOST_NAMES])
    return f"Left out, since {the_model_lacks(table.lacking)}: {names}." if names else ""


def _fewer_maps(table: Evidence) -> str:
    parts = [
        f"{short(source, 32)} has maps for {int(made.sum()):,}"
        for source, made in table.made.items()
        if source in (*table.methods, *table.null_maps) and int(made.sum()) < table.n
    ]
    return f"Of {count(table.n, 'picture')}, {listed(parts)}." if parts else ""


def _advisory(judgement: Judgement) -> str:
    names = [verdict.rule for verdict in judgement.verdicts if verdict.advisory]
    return f"Shown, but not part of the verdict: {listed(short(name) for name in names)}." if names else ""
