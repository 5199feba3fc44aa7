"""How numbers, names and verdicts are written."""
