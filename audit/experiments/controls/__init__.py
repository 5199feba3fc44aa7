"""Controls: experiments on a whole run that test the audit itself. `def NAME(run, record, *, options) -> Rows`.

They run after the pictures. What a control returns goes into the record in one transaction; a run that was broken off
does an unfinished one again. `passes(run, per_picture, *, options)` beside it says how many passes through the network
it takes at most, where the pictures take so many each.
"""

from audit.registry import Need

NOUN = "control"
OFFERS: frozenset[Need] = frozenset({"gradient", "layers", "region", "donors", "maps", "grid"})
"""What a module here may declare in its `NEEDS`."""
