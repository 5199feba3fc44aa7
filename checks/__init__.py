"""JUDGE: the record in, verdicts out. No torch.

`judge(record)` applies the limits that were fixed before the run; `judge(record, profile)` applies others.
"""

from checks.judge import judge

__all__ = ["judge"]
