"""TELL: record and verdicts in; HTML and JSON out. No torch."""

from reports.page import render

__all__ = ["render"]
