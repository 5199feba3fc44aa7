"""What the record holds of a network that was asked again."""

from typing import NamedTuple

REPEATED = 96
"""Samples, at the least, in the batches in which the network is asked again, where there are so many. What happens to
one picture in ten happens to one or more of them with a probability of 99.99 %."""
AGAIN, OTHERWISE = "again", "otherwise"
"""How the network was asked again: in just the same way, or in another batch, order and memory layout."""


class RepeatRow(NamedTuple):
    """One answer against another to the same pixels."""

    sample: int
    intervention: str
    """'' for the picture as it is."""
    variant: str
    way: str
    """`AGAIN` or `OTHERWISE`."""
    deviation: float
    """How far the label's log-odds are apart: negative where another class is named, NaN where one of them alone is no
    number."""


class MapRepeatRow(NamedTuple):
    """One map against another of the same pixels."""

    sample: int
    source: str
    """Label of the method or null map."""
    way: str
    """`AGAIN` or `OTHERWISE`."""
    deviation: float
    """The sum of their differences as a share of the larger map; NaN where a place of one alone is no number."""
