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

    Raises AuditError where `state` has no such head, or several of different sizes.
    """
    name, file = where
    head = {key: value.ndim for key, value in two.items() if value.shape != three[key].shape}
    sizes = {len(state[key]) for key, ndim in head.items() if key in state and state[key].ndim == ndim}
    if len(sizes) != 1:
        raise AuditError(
            file,
            f"has heads of {sorted(sizes)} classes" if sizes else f"has no head of {name} ({', '.join(head)})",
            f"need the state dict of a {name}",
            "Check the model's name against the one that was trained.",
        )
    return sizes.pop()
