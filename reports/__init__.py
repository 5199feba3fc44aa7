"""TELL: record and verdicts in; HTML and JSON out. No torch."""

from reports.page.render import render, render_pair

__all__ = ["render", "render_pair"]
