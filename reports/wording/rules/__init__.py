"""Wordings of rules. `def NAME(verdict: Verdict, about: About) -> Words`, one file for each rule in `checks/rules/`.

A wording reads the verdict's fields and nothing else. A rule without one is worded from its fields by `generic`.
"""

NOUN = "wording"
