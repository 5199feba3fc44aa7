"""A candidate against what was accepted before, on the same pictures."""
