"""Pictures that turned worse or better, the bound of what was lost, and what follows for the margin."""

from collections.abc import Callable
from typing import NamedTuple

from checks.compared import What
from checks.comparison import FEWEST
from checks.paired import CONTINUITY, paired_share_bounds, tango
from checks.pairs import Mask, Pairs
from checks.statistics import MOST_UNITS, Bounds
from checks.verdict import Outcome, Profile

MOVE = (
    "Look at the pictures that turned worse. Where the loss is intended, move the baseline:"
    " saliency-audit accept RUN --reason '…'."
)
MORE = "Add boxed pictures, audit both models on them, and accept the baseline's run again."
QUANTITY: dict[What, str] = {
    "evidence": "misses by experiment as a share of the pictures, less those of the baseline",
    "prediction": "accuracy of the baseline less that of the candidate",
}


class Margin(NamedTuple):
    """What is allowed, and how sure one must be."""

    margin: float
    why: str
    confidence: float


class Turned(NamedTuple):
    """How many pictures turned, of how many."""

    worse: int
    better: int
    n: int

    @property
    def loss(self) -> float:
        return (self.worse - self.better) / self.n if self.n else 0.0


class Turn(NamedTuple):
    """Which pictures are bad on either side, of those that count; each (n,)."""

    bad_before: Mask
    bad_after: Mask
    counted: Mask

    @property
    def worse(self) -> Mask:
        return self.counted & self.bad_after & ~self.bad_before

    def among(self, here: Mask) -> Turned:
        better = self.counted & self.bad_before & ~self.bad_after
        return Turned(*(int((mask & here).sum()) for mask in (self.worse, better, self.counted)))


def turns(pairs: Pairs) -> dict[What, Turn]:
    """Evidence: where the baseline was judged by experiment; what the candidate then leaves unjudged is its miss."""
    before, after = pairs.before, pairs.after
    everywhere = before.right | ~before.right
    return {
        "evidence": Turn(before.miss, ~after.judged | after.miss, before.judged),
        "prediction": Turn(~before.right, ~after.right, everywhere),
    }


def margin_of(profile: Profile) -> Margin:
    """Raises ValueError where the profile fixes none."""
    if profile.non_inferiority is None:
        raise ValueError(f"profile {profile.name} fixes no margin")
    return Margin(profile.non_inferiority.margin, profile.non_inferiority.why, profile.confidence)


def bounds_of(turned: Turned, confidence: float, same: bool) -> Bounds:
    """Of the loss; exactly none where the same network gave the same numbers."""
    return Bounds(0.0, 0.0) if same and turned.n else paired_share_bounds(*turned, confidence)


def non_inferior(loss: Bounds, margin: float) -> Outcome:
    """PASS where the upper bound is within the margin, FAIL where the lower one is beyond, else INCONCLUSIVE."""
    if loss.upper < margin:
        return Outcome.PASS
    return Outcome.FAIL if loss.lower > margin else Outcome.INCONCLUSIVE


def further_pictures(turned: Turned, allowed: Margin) -> int | None:
    """Further pictures after which the bound is within the margin, where as many turn; None where none would do."""
    if turned.n == 0:
        return FEWEST
    if not turned.loss < allowed.margin:
        return None

    def enough(n: int) -> bool:
        worse, better = (k * n / turned.n for k in (turned.worse, turned.better))
        return tango(worse, better, n, allowed.confidence, CONTINUITY).upper < allowed.margin

    return _least(enough, turned.n, MOST_UNITS)


def _least(enough: Callable[[int], bool], low: int, high: int) -> int | None:
    """How many more than `low`, which is not enough, are; None where `high` is not."""
    start = low
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high - start
