"""Audited pictures that the network was trained on: they show what it remembers, and not what it does in use."""

from collections.abc import Iterator

import numpy as np

from checks import reasons
from checks.table.evidence import Evidence
from checks.table.mean_difference import WORST
from checks.verdict import Direction, Finding, Outcome, Unit

TRAINED_ON, LOOK_TRAINED_ON = "trained_on_share", "look_trained_on_share"
"""Quantities."""


def training_findings(evidence: Evidence, limit: float) -> Iterator[Finding]:
    """The share of the pictures that are on the list of training pictures; none where the settings name no list.

    Pixel for pixel, it may be `limit` at most. Pictures that are nearly one of the list may be of the same place a
    moment later: they are counted, and decide nothing.

    Details: pictures `listed`, further ones `unread` when the list was made, and how many of the audited are on it
    (`copies`).
    """
    if (training := evidence.training) is None:
        return
    n, listed = evidence.n, {"listed": training.pictures, "unread": training.unread}
    for quantity, numbers, decides in ((TRAINED_ON, training.same, True), (LOOK_TRAINED_ON, training.alike, False)):
        there = evidence.sample[np.isin(evidence.sample, numbers)]
        beyond = n > 0 and len(there) / n > limit
        against = Outcome.INVALID if decides else Outcome.INCONCLUSIVE
        yield Finding(
            key=quantity.removesuffix("_share"),
            outcome=against if beyond or not n else Outcome.PASS,
            quantity=quantity,
            unit=Unit.SHARE,
            better=Direction.LOWER,
            value=len(there) / n if n else None,
            limit=limit,
            exact=True,
            n=n,
            reason=reasons.BEYOND_LIMIT if beyond else "" if n else reasons.NO_PICTURES,
            details={**listed, "copies": len(there)},
            worst=tuple(there[:WORST].tolist()),
            advisory=not decides,
        )
