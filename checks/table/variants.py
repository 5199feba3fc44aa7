"""The names of an intervention's variants in a record, read in one place: 'blur elsewhere', 'other 2', 'noise'."""

from typing import NamedTuple

ELSEWHERE = "elsewhere"
KINDS = ("same", "other")
"""Whose property a picture was given: that of a picture of its own class, or of one without an object of its class."""


class Variant(NamedTuple):
    """One variant of an intervention."""

    kind: str
    """How a region is filled, or whose background it is: 'blur', 'other'."""
    number: int | None = None
    """The number of one of several donors, from 1."""
    elsewhere: bool = False
    """As much is altered elsewhere, as the control."""


def read_variant(name: str) -> Variant:
    """The variant of that name. One that no run writes is a kind of its own."""
    kind, _, rest = name.partition(" ")
    if rest == ELSEWHERE:
        return Variant(kind, elsewhere=True)
    if rest.isdecimal():
        return Variant(kind, number=int(rest))
    return Variant(name)
