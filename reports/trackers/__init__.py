"""Experiment trackers: an audit's evidence and numbers among the runs of the training.

`x.py` defines `log_audit(folder: Path) -> str`, which returns where they can be found. It imports its tracker at its
top: nothing else imports it.
"""
