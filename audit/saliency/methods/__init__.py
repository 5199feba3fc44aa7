"""Saliency methods. `def NAME(batch: Batch, *, options...) -> Tensor | Attribution`, one file each.

A method returns the signed attribution `(N, C, H, W)`, or `(N, 1, H, W)` where it has no channels, in the frame of
the network's input. It never reduces channels, never normalises, and leaves nothing behind in the network.
"""

from audit.registry import Need

NOUN = "saliency method"
OFFERS: frozenset[Need] = frozenset({"gradient", "layers"})
"""What a module here may declare in its `NEEDS`."""
