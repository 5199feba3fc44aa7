"""JUDGE: the record in, verdicts out. No torch."""
