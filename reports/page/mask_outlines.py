"""The outlines of masks as paths of SVG, in pixels of the frame."""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from audit.record.record import Record
from audit.record.sample_readers import read_masks


def outline_paths(record: Record, samples: Collection[int]) -> dict[str, str]:
    """By id, of those of the samples whose objects are masks."""
    return {_id(sample): outline_path(mask) for sample, mask in read_masks(record).items() if sample in samples}


def outline_id(sample: int, outlines: Mapping[str, str]) -> str:
    """The id of the sample's outline; '' where it has none."""
    return _id(sample) if _id(sample) in outlines else ""


def outline_path(inside: NDArray[np.bool_]) -> str:
    """Strokes along every edge between a pixel (H, W) that belongs to the mask and one that does not.

    The edge of the frame is one. Edges on one line that follow each other are one stroke.
    """
    padded = np.pad(inside, 1)
    level = _strokes(padded[1:, 1:-1] != padded[:-1, 1:-1])
    upright = _strokes((padded[1:-1, 1:] != padded[1:-1, :-1]).T)
    across = [f"M{start} {line}H{end}" for line, start, end in level]
    return "".join([*across, *(f"M{line} {start}V{end}" for line, start, end in upright)])


def _strokes(edges: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Line, start and end of every run along the second axis."""
    steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (line, start), (_, end) = np.nonzero(steps == 1), np.nonzero(steps == -1)
    return list(zip(line.tolist(), start.tolist(), end.tolist(), strict=True))


def _id(sample: int) -> str:
    return f"outline{sample}"
