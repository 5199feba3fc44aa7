"""What the audit cost, in passes through the network."""

from pydantic import Field

from audit.record.experiment_readers import read_passes
from audit.record.record import Record
from checks.frozen import Frozen


class Passes(Frozen):
    """The pictures that one part of the audit sent through the network."""

    part: str = Field(description="'pictures' for maps and interventions, or the name of a control or search")
    forward: int
    backward: int = Field(description="passes back to the pixels")
    forward_per_picture: float | None = Field(description="per measured picture, also where a control took a draw")
    backward_per_picture: float | None
    equivalents: float | None = Field(
        description="forward-equivalents per measured picture: with frozen weights a pass back costs about one forward"
    )


def passes(record: Record, measured: int) -> tuple[Passes, ...]:
    """One for each part: the pictures', then the controls' in the order in which they ran."""
    return tuple(_passes(row.part, row.forward, row.backward, measured) for row in read_passes(record))


def total(parts: tuple[Passes, ...], measured: int) -> Passes | None:
    """All parts in one; None where nothing was counted."""
    if not parts:
        return None
    return _passes("in all", sum(p.forward for p in parts), sum(p.backward for p in parts), measured)


def _passes(part: str, forward: int, backward: int, measured: int) -> Passes:
    return Passes(
        part=part,
        forward=forward,
        backward=backward,
        forward_per_picture=forward / measured if measured else None,
        backward_per_picture=backward / measured if measured else None,
        equivalents=(forward + backward) / measured if measured else None,
    )
