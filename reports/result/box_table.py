"""The boxes of the measured samples as arrays, and how large, where and of which shape they are."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from checks.table.evidence import Floats


@dataclass(frozen=True, eq=False)
class Boxes:
    """Arrays over the n boxes of the measured samples."""

    sample: NDArray[np.int64]
    file: NDArray[Any]
    """SHA-256 of the picture's file."""
    label: NDArray[Any]
    corners: Floats
    """(n, 4) pixels of the picture: left, top, right, bottom."""
    picture: Floats
    """(n, 2) width and height of the picture."""

    @cached_property
    def size(self) -> Floats:
        """(n, 2) width and height."""
        return np.asarray(self.corners[:, 2:] - self.corners[:, :2])

    @cached_property
    def share(self) -> Floats:
        """Share of the picture's area."""
        return np.asarray(self.size.prod(axis=1) / self.picture.prod(axis=1))

    @cached_property
    def aspect(self) -> Floats:
        """Width by height."""
        return np.asarray(self.size[:, 0] / self.size[:, 1])

    @cached_property
    def centre(self) -> Floats:
        """(n, 2) as shares of the picture's width and height."""
        return np.asarray((self.corners[:, :2] + self.corners[:, 2:]) / 2 / self.picture)


def read_boxes(record: Record) -> Boxes:
    """The boxes of the measured samples, in the pixels of their pictures."""
    pictures = read_pictures(record)
    row = np.repeat(np.arange(len(pictures.number)), [len(boxes) for boxes in pictures.boxes])
    return Boxes(
        sample=pictures.number[row],
        file=pictures.sha256[row],
        label=pictures.label[row],
        corners=np.array([box for boxes in pictures.boxes for box in boxes], dtype=float).reshape(-1, 4),
        picture=pictures.size[row].astype(float),
    )
