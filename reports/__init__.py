"""TELL: record and verdicts in; HTML and JSON out. No torch."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.page.render import render

__all__ = ["render"]


def __getattr__(name: str) -> Any:
    """The page on first use, so that a sentence or a number needs no templates."""
    if name not in __all__:
        raise AttributeError(f"module 'reports' has no attribute {name!r}")
    from reports.page import render  # noqa: PLC0415

    return getattr(render, name)
