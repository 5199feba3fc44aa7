"""What can be asked of a model besides its answers."""

from dataclasses import dataclass

from audit.registry import Need


@dataclass(frozen=True)
class Capabilities:
    """What a kind of model says of the models that it opens; all of it, unless the kind says less."""

    gradient: bool = True
    """torch can differentiate it, and holds its weights."""
    layers: bool = True
    """Its layers are modules that Python calls."""
    deterministic: bool = True
    """It answers the same pictures in the same way to the last bit; else up to rounding."""

    at_places: bool = False
    """It answers for the boxes of a picture, at which an object is found or not, and takes them beside the pictures."""

    @property
    def unserved(self) -> frozenset[Need]:
        """The needs that it cannot serve."""
        unserved: set[Need] = set()
        if not self.gradient:
            unserved |= {"gradient", "untrained"}
        if not self.layers:
            unserved |= {"layers"}
        return frozenset(unserved)


ALL = Capabilities()
ANSWERS_ALONE = Capabilities(gradient=False, layers=False)
"""Pictures in, answers out."""
NO_LAYERS = Capabilities(layers=False)
"""A program that torch runs as a whole."""
DETECTS = Capabilities(layers=False, at_places=True)
"""A detector: its layers answer for all places at once, so that no map of theirs speaks of one object."""
