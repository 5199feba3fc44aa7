"""Null maps: maps that know nothing of the network. `def NAME(batch: Batch) -> Tensor`, `(N, H, W)`, one file each.

A score means something only where it beats them on the same pictures.
"""

from audit.registry import Need

NOUN = "null map"
OFFERS: frozenset[Need] = frozenset({"gradient", "layers", "untrained"})
"""What a module here may declare in its `NEEDS`."""
