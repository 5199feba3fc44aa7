"""Pictures on which candidate and baseline differ, and by how much."""

from collections.abc import Iterator, Sequence

import numpy as np

from checks.baseline.matched import Floats, Mask, Pairs
from checks.baseline.result import Flip, Kind


def flips(pairs: Pairs, sample: Sequence[int]) -> tuple[Flip, ...]:
    """The greatest change first. sample: (n,) the numbers in the candidate's record."""
    before, after = pairs.before, pairs.after
    both = before.judged & after.judged
    turned = [
        *_turned(pairs, sample, "hit to miss", both & ~before.miss & after.miss, (before.lead, after.lead)),
        *_turned(pairs, sample, "right to wrong", before.right & ~after.right, (before.probability, after.probability)),
        *_turned(pairs, sample, "miss to hit", both & before.miss & ~after.miss, (before.lead, after.lead)),
        *_turned(pairs, sample, "wrong to right", ~before.right & after.right, (before.probability, after.probability)),
    ]
    return tuple(turned)


def _turned(
    pairs: Pairs, sample: Sequence[int], kind: Kind, turned: Mask, values: tuple[Floats, Floats]
) -> Iterator[Flip]:
    old, new = values
    change = np.nan_to_num(np.abs(new - old), nan=np.inf)
    for i in sorted(np.flatnonzero(turned).tolist(), key=lambda i: (-change[i], pairs.keys[i])):
        yield Flip(
            kind=kind,
            sample=sample[i],
            image=pairs.keys[i][0],
            label=pairs.keys[i][1],
            before=float(old[i]) if np.isfinite(old[i]) else None,
            after=float(new[i]) if np.isfinite(new[i]) else None,
        )
