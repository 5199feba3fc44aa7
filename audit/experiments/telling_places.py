"""Places in the frame that tell the label, found without asking the network: no choice can follow its answers.

As in `audit.inspection`, with what the network is shown: a picture's nearest neighbours in what one piece of the frame
looks like are held against its label. Pieces that a box touches are left out of that picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from audit.experiments.pieces import COUNT, PIECE, Pieces, connected, mask_of, quantities, with_neighbours
from audit.inspection.counting import counted, findings
from audit.inspection.findings import Finding, Quantity
from audit.inspection.neighbours import Ints, how_many
from audit.inspection.view import THUMBNAIL

COLOUR, DETAIL = "cell_colour", "cell_detail"
SIMILAR = 0.5
"""Pieces that tell less than this share of what their neighbour tells, above chance, are no part of its place."""
LARGEST = 1 / 3
"""Share of the frame from which on it is no place: the whole picture tells, by its light or its colours. Swapped in one
half of a picture these would leave halves that never go together, and a network that goes by neither would fail."""


@dataclass(frozen=True, eq=False)
class Looks:
    """n pictures, coarsely. T = THUMBNAIL."""

    colour: NDArray[np.float32]
    """(n, C, T, T) from 0 to 255."""
    detail: NDArray[np.float32]
    """(n, 4, T, T): the mean change of brightness to the next pixel, in four directions."""
    free: NDArray[np.bool_]
    """(n, T, T): what no box touches."""

    @classmethod
    def joined(cls, parts: Sequence["Looks"]) -> "Looks":
        columns = zip(*((part.colour, part.detail, part.free) for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


@dataclass(frozen=True)
class Place:
    """Pieces that hang together and tell the label about equally well, or the best of them where they are no place.

    Where places are `drifting`, also the pieces beside those.
    """

    pieces: Pieces
    best: Finding
    """What the most telling of them says."""
    told_by: float
    """Share of the frame that tells the label about equally well and hangs together with it."""


def looks(pixels: Tensor, inside: Tensor) -> Looks:
    """pixels: (N, C, H, W) uint8. inside: (N, 1, H, W) bool, the union of the boxes."""
    size, x = (THUMBNAIL, THUMBNAIL), pixels.float()
    luma = F.pad(x.mean(dim=1, keepdim=True), (0, 1, 0, 1), mode="replicate")
    here, right, below, across = luma[..., :-1, :-1], luma[..., :-1, 1:], luma[..., 1:, :-1], luma[..., 1:, 1:]
    changes = torch.cat([right - here, below - here, across - here, below - right], dim=1).abs()
    touched = F.adaptive_max_pool2d(F.max_pool2d(inside.float(), 3, stride=1, padding=1), size)
    colour, detail = F.adaptive_avg_pool2d(x, size), F.adaptive_avg_pool2d(changes, size)
    return Looks(colour.cpu().numpy(), detail.cpu().numpy(), (touched == 0).squeeze(1).cpu().numpy())


def telling_places(
    seen: Looks, label: Ints, group: Ints, words: Sequence[str], most: int, *, drifting: bool = False
) -> tuple[Place, ...]:
    """At most `most` places, the most telling first; the best of all pieces even where it tells nothing for certain.

    label, group: (n,), a number below len(words), and what is never each other's neighbour. None where no piece is free
    in pictures of two labels. drifting: what lies at a place is not quite as large or quite there in every picture, so
    that the pieces beside a place are part of it.
    """
    k, entries, piece = how_many(label), [], dict[Quantity, int]()
    for number, (descriptor, quantity), used, values in _columns(seen):
        if len(np.unique(label[used])) >= 2:
            piece[quantity] = number
            entries.append(counted((descriptor, quantity), values, label[used], group[used], words, k))
    best: dict[int, Finding] = {}
    for finding in findings(entries):  # the most telling first
        best.setdefault(piece[finding.quantity], finding)
    return _grown(best, most, drifting)


def _grown(best: dict[int, Finding], most: int, drifting: bool) -> tuple[Place, ...]:
    """best: what each piece tells, the most telling first."""
    left, places = dict(best), list[Place]()
    while left and len(places) < most:
        number, finding = next(iter(left.items()))
        if places and not finding.telling:
            break
        alike = [other for other, of in left.items() if of.telling and _excess(of) >= SIMILAR * _excess(finding)]
        grown = connected([*alike, number], number)
        told_by = float(mask_of(grown).mean())
        whole = with_neighbours(grown) if drifting else grown
        places.append(Place(whole if told_by <= LARGEST else (number,), finding, told_by))
        left = {other: of for other, of in left.items() if other not in whole}
    return tuple(places)


def _excess(finding: Finding) -> float:
    return finding.share - finding.chance


def _columns(
    seen: Looks,
) -> Iterator[tuple[int, tuple[str, Quantity], NDArray[np.bool_], NDArray[np.float32]]]:
    """Of every piece and descriptor the key, (n,) the pictures in which the piece is free, and (m, d) its values."""
    detail = np.log1p(seen.detail)
    for number in range(COUNT):
        at = np.equal(PIECE, number)
        used = np.asarray(seen.free[:, at].all(axis=1))
        colour = seen.colour[used][:, :, at].reshape(-1, seen.colour.shape[1] * int(at.sum()))
        yield number, (COLOUR, quantities("colour")[number]), used, colour
        yield number, (DETAIL, quantities("detail")[number]), used, np.asarray(detail[used][:, :, at].mean(axis=2))
