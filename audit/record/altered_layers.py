"""The thumbnails that are altered pictures: their layer names the intervention and its variant."""

from typing import NamedTuple

PREFIX = "altered: "


class Alteration(NamedTuple):
    """What was done to a picture, as the answers name it: 'object_removed' and 'blur', 'cue 1' and 'hidden'."""

    intervention: str
    variant: str

    @property
    def layer(self) -> str:
        return f"{PREFIX}{self.intervention}, {self.variant}"


def read_layer(layer: str) -> Alteration | None:
    """The alteration that a layer names; None for the picture itself and for a map."""
    if not layer.startswith(PREFIX):
        return None
    intervention, _, variant = layer.removeprefix(PREFIX).rpartition(", ")
    return Alteration(intervention, variant)
