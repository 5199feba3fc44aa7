"""How a run says how far it has come."""

from collections.abc import Callable

PICTURES = "pictures"
Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and of what: 'pictures', then the name of a control or search."""


def silent(done: int, total: int, what: str) -> None:
    """Says nothing."""
