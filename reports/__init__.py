"""TELL: record and verdicts in; HTML and JSON out. No torch."""
