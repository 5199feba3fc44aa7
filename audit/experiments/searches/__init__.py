"""Searches for cues on a whole run, after the controls. `def NAME(run, record, *, options) -> Rows`, one file each.

Maps propose candidates, experiments confirm them. What a search returns goes into the record in one transaction.
`passes` beside it says how much work it is, as for controls.
"""

from audit.registry import Need

NOUN = "search"
OFFERS: frozenset[Need] = frozenset({"gradient", "layers", "region", "donors", "maps", "grid"})
"""What a module here may declare in its `NEEDS`."""
