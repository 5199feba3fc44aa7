"""What is known of runs before this one, by which its limits might have been chosen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from audit.ledger import data_sha256
from audit.phrases import count, listed
from checks.frozen import Frozen

ENTRY = "ledger"
"""Of the record's identity: the runs that the ledger listed when this one began."""


class EarlierRuns(Frozen):
    """Those that the ledger lists. A run that was made without it, or a line that was cut off, is not known."""

    listed: int = Field(description="in all")
    same_data: int = Field(description="of any network on the same annotation files")
    same: int = Field(description="of this network on the same annotation files")
    other_limits: int = Field(description="of these, judged by other limits, or with other inclusion criteria")
    outcomes: dict[str, int] = Field(description="of those of this network on the same annotation files")


def earlier_runs(identity: Mapping[str, Any], limits_sha256: str) -> EarlierRuns | None:
    """None where no ledger is kept. identity: the record's, with all its entries."""
    runs = identity.get(ENTRY)
    if not isinstance(runs, Sequence):
        return None
    data, state = data_sha256(identity.get("dataset") or {}), (identity.get("model") or {}).get("state_sha256")
    on_these = [run for run in runs if run["data"] == data]
    same = [run for run in on_these if run["model"] == state]
    return EarlierRuns(
        listed=len(runs),
        same_data=len(on_these),
        same=len(same),
        other_limits=sum(run["limits"] != limits_sha256 for run in same),
        outcomes=dict(sorted(Counter(run["outcome"] for run in same).items())),
    )


def in_words(runs: EarlierRuns | None) -> str:
    """One sentence."""
    if runs is None:
        return "Whether earlier runs helped to choose the limits is unknown: no ledger is kept (judge.ledger)."
    if not runs.same:
        others = f", {count(runs.same_data, 'run')} of other networks on them" if runs.same_data else ""
        return f"The ledger lists no earlier run of this network on these data{others}."
    outcomes = listed(f"{n} {outcome}" for outcome, n in runs.outcomes.items())
    other = f", {runs.other_limits} of them by other limits" if runs.other_limits else ", all by the same limits"
    return f"The ledger lists {count(runs.same, 'earlier run')} of this network on these data ({outcomes}){other}."
