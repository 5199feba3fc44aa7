"""How many classes a state dict knows, by the part of the network that their number decides."""

from collections.abc import Mapping

from torch import Tensor

from audit.errors import AuditError

IMAGENET = 1000
"""Classes whose names and order are assumed to be ImageNet's."""


def head_size(
    state: Mapping[str, Tensor], two: Mapping[str, Tensor], three: Mapping[str, Tensor], where: tuple[str, str]
) -> int:
    """The number of classes in `state`. two, three: states of the network for so many. where: its name, and the file's.

    Each class may take several rows of a head, as it does in a detector, one for each anchor.

    Raises AuditError where `state` has no such head, or several of different sizes.
    """
    name, file = where
    head = {key: value for key, value in two.items() if value.shape != three[key].shape}
    present = [key for key, value in head.items() if key in state and state[key].ndim == value.ndim]
    sizes = {2 + (len(state[key]) - len(head[key])) // (len(three[key]) - len(head[key])) for key in present}
    if len(sizes) != 1:
        raise AuditError(
            file,
            f"has heads of {sorted(sizes)} classes" if sizes else f"has no head of {name} ({', '.join(head)})",
            f"need the state dict of a {name}",
            "Check the model's name against the one that was trained.",
        )
    return sizes.pop()
