"""How a run says how far it has come."""

from collections.abc import Callable

PICTURES, QUANTITIES = "pictures", "quantities"
EVEN = frozenset({PICTURES, QUANTITIES})
"""What comes in great numbers, each taking about as long as the others."""
Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and of what: 'pictures', then the name of a control or search, or
what else there is to count."""


def silent(done: int, total: int, what: str) -> None:
    """Says nothing."""
