"""One frame of the demo's slider, and what the networks say of it."""

from collections.abc import Mapping
from typing import NamedTuple


class SliderAnswer(NamedTuple):
    """What a network says of one frame."""

    name: str
    """The most probable class."""
    probability: float
    right: bool


class SliderFrame(NamedTuple):
    """One place of the tag."""

    png: bytes
    answers: Mapping[str, SliderAnswer]
    """By network."""
