"""JUDGE: the record in, verdicts out. No torch.

`register(profile)` fixes limits before the run, and `measured_by(settings, profile)` takes from them what to measure;
`judge(record)` applies those; `judge(record, profile)` applies others. The names are imported when they are first used:
bounds wait for scipy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.judge import judge, judge_evidence
    from checks.measure_table import measured_by
    from checks.profile import register

_HOMES = {
    "judge": "checks.judge",
    "judge_evidence": "checks.judge",
    "measured_by": "checks.measure_table",
    "register": "checks.profile",
}

__all__ = ["judge", "judge_evidence", "measured_by", "register"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'checks' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
