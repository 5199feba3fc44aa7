"""Rules. `def NAME(evidence: Evidence, *, options...) -> Verdict`, one file each; a profile names them with limits."""

from audit.registry import Need

OFFERS: frozenset[Need] = frozenset({"region"})
"""What a rule's module may declare in its `NEEDS`: boxes. Where the data have none, a rule that needs them, or does not
declare what it needs, is not asked and is INCONCLUSIVE for that reason."""
NOUN = "rule"
