"""Interventions on the pixels of every picture. `def NAME(trial: Trial, *, options) -> Altered`, one file each.

An intervention alters the pictures of a batch; what it made is moved to the grid of their files (see
`audit.datasets.coding`) unless it says that it is `decoded`, and the network's answers to that go into the record. An
option `pictures` limits it to a draw of so many pictures. `def variants(*, options) -> tuple[str, ...]` beside it says
which variants its options make, so that a rule that needs others is known to be out of reach before the first picture.
"""

from audit.registry import Need

NOUN = "intervention"
OFFERS: frozenset[Need] = frozenset({"gradient", "layers", "region", "donors", "maps", "files"})
"""What a module here may declare in its `NEEDS`."""
