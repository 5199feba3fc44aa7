"""JUDGE: the record in, verdicts out. No torch.

`register(profile)` fixes limits before the run; `judge(record)` applies those; `judge(record, profile)` applies others.
"""

from checks.judge import judge
from checks.profile import register

__all__ = ["judge", "register"]
