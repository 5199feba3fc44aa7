"""JUDGE: the record in, verdicts out. No torch.

`register(profile)` fixes limits before the run, and `measured_by(settings, profile)` takes from them what to measure;
`judge(record)` applies those; `judge(record, profile)` applies others.
"""

from checks.judge import judge, judge_evidence
from checks.measure_table import measured_by
from checks.profile import register

__all__ = ["judge", "judge_evidence", "measured_by", "register"]
