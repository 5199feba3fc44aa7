"""Rules. `def NAME(evidence: Evidence, *, options...) -> Verdict`, one file each; a profile names them with limits."""

NOUN = "rule"
