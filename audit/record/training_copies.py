"""What a record says of the pictures that the network was trained on."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TRAINING = "training"
"""Entry of the identity's `dataset`: the list that the settings named."""
TRAINING_COPIES = "training_copies"
"""Entry of the identity: the numbers of the samples whose pictures it holds."""


class TrainingCopies(NamedTuple):
    """The measured samples against the list."""

    pictures: int
    """That the list holds."""
    unread: int
    """Further pictures that could not be read when it was made."""
    same: NDArray[np.int64]
    """Numbers of the samples whose picture it holds, pixel for pixel."""
    alike: NDArray[np.int64]
    """Of those whose picture is nearly one of the list's, these among them."""


def training_copies(identity: Mapping[str, Any]) -> TrainingCopies | None:
    """None where the settings name no list. Raises LookupError, TypeError or ValueError where the entry is broken."""
    stated = (identity.get("dataset") or {}).get(TRAINING)
    if stated is None:
        return None
    copies = identity[TRAINING_COPIES]
    same, alike = (np.array(copies[name], dtype=np.int64) for name in ("same", "alike"))
    if not np.isin(same, alike).all():
        raise ValueError("copies that are not alike")
    return TrainingCopies(int(stated["pictures"]), int(stated["unread"]), same, alike)
