"""Reading samples: those of the data set, those that were measured, and those that were excluded."""

import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from audit.datasets.sample import MOST_BOXES, Box
from audit.hashing import sha256_of
from audit.record.dtypes import Bools, Floats, Ints, Objects, class_indices
from audit.record.frame_masks import unpacked
from audit.record.record import Record
from audit.record.schema import ExclusionRow

LONGEST_BOXES = 128 * MOST_BOXES
"""Characters. Four numbers of double precision and what stands between them take at most 108."""


@dataclass(frozen=True, eq=False)
class Samples:
    """n samples of the data set, measured or not, in the order of their numbers. JSON is decoded on first use."""

    number: Ints
    """(n,)"""
    image: Objects
    """(n,) str: path below the data set's picture folder."""
    label: Objects
    """(n,) str: the data set's own word."""
    class_index: Ints
    """(n,)"""
    boxes_json: Objects
    """(n,) str"""
    metadata_json: Objects
    """(n,) str"""

    def at(self, place: Ints | Bools) -> Self:
        """The samples at these places alone."""
        return replace(self, **{field.name: getattr(self, field.name)[place] for field in fields(self)})

    @cached_property
    def boxes(self) -> tuple[tuple[Box, ...], ...]:
        """(n,) the boxes of each, in pixels of the picture."""
        return _decoded_boxes(self.boxes_json)

    @cached_property
    def metadata(self) -> tuple[dict[str, Any], ...]:
        """(n,) the metadata of each."""
        return tuple(json.loads(text) for text in self.metadata_json.tolist())


@dataclass(frozen=True, eq=False)
class Pictures(Samples):
    """The n measured samples, in the order of their numbers."""

    sha256: Objects
    """(n,) str: of the picture's file."""
    pixels_sha256: Objects
    """(n,) str: of the decoded pixels."""
    perceptual_hash: Objects
    """(n,) str: '' where the picture is too plain for one."""
    size: Ints
    """(n, 2) width and height of the picture in pixels."""
    frame_boxes_json: Objects
    """(n,) str"""
    area_share: Floats
    """(n,) share of the network's input inside the boxes or masks."""
    probability: Floats
    """(n,) of the label; like the next three NaN, or -1, where a logit was not finite."""
    label_rank: Floats
    """(n,) 1 where the label is predicted."""
    predicted: Ints
    """(n,)"""
    confidence: Floats
    """(n,) probability of the predicted class."""

    @property
    def right(self) -> Bools:
        """(n,) the label is predicted."""
        return np.asarray(self.predicted == self.class_index)

    @cached_property
    def frame_boxes(self) -> tuple[tuple[Box, ...], ...]:
        """(n,) the boxes of each, in pixels of the network's input."""
        return _decoded_boxes(self.frame_boxes_json)


def read_samples(record: Record) -> Samples:
    """The table `sample`."""
    columns = record.columns("SELECT id, image, label, class, boxes, metadata FROM sample ORDER BY id")
    return Samples(**_sample_columns(columns))


def read_pictures(record: Record) -> Pictures:
    """The table `picture`, with what `sample` says of each."""
    columns = record.columns(
        "SELECT s.id, s.image, s.label, s.class, s.boxes, s.metadata, p.sha256, p.pixels_sha256, p.perceptual_hash,"
        " p.width, p.height, p.frame_boxes, p.area_share, p.probability, p.label_rank, p.predicted, p.confidence"
        " FROM picture p JOIN sample s ON s.id = p.sample ORDER BY p.sample"
    )
    return Pictures(
        **_sample_columns(columns),
        sha256=columns["sha256"].astype(object),
        pixels_sha256=columns["pixels_sha256"].astype(object),
        perceptual_hash=columns["perceptual_hash"].astype(object),
        size=np.stack([columns["width"], columns["height"]], axis=1).astype(np.int64),
        frame_boxes_json=columns["frame_boxes"].astype(object),
        area_share=columns["area_share"].astype(np.float64),
        probability=columns["probability"].astype(np.float64),
        label_rank=columns["label_rank"].astype(np.float64),
        predicted=class_indices(columns["predicted"]),
        confidence=columns["confidence"].astype(np.float64),
    )


def read_masks(record: Record) -> dict[int, Bools]:
    """The table `mask`, by sample: (H, W) the pixels of the frame that the object has."""
    columns = record.columns("SELECT sample, packed FROM mask ORDER BY sample")
    height, width = record.identity().get("frame") or (0, 0)
    rows = zip(columns["sample"].tolist(), columns["packed"].tolist(), strict=True)
    return {sample: unpacked(data, (height, width)) for sample, data in rows}


def count_samples(record: Record) -> int:
    """How many samples were numbered, measured or not."""
    return int(record.columns("SELECT count(*) AS n FROM sample")["n"][0])


def read_exclusions(record: Record) -> tuple[ExclusionRow, ...]:
    """The table `exclusion`, by picture and label."""
    columns = record.columns("SELECT image, label, sample, reason, detail FROM exclusion ORDER BY image, label")
    number = [None if np.isnan(value) else int(value) for value in columns["sample"].astype(np.float64).tolist()]
    texts = (columns[name].tolist() for name in ("image", "label", "reason", "detail"))
    return tuple(
        ExclusionRow(image, label, sample, reason, detail)
        for sample, image, label, reason, detail in zip(number, *texts, strict=True)
    )


def read_done(record: Record) -> set[int]:
    """The numbers of the samples that were measured or excluded."""
    columns = record.columns("SELECT sample FROM picture UNION SELECT sample FROM exclusion WHERE sample IS NOT NULL")
    return set(columns["sample"].astype(np.int64).tolist())


def pictures_sha256(record: Record) -> str:
    """One hash over the names and hashes of all measured pictures."""
    columns = record.columns(
        "SELECT s.image, p.sha256, p.pixels_sha256, p.perceptual_hash FROM picture p JOIN sample s ON s.id = p.sample"
        " ORDER BY s.image, s.label"
    )
    return sha256_of([list(row) for row in zip(*(values.tolist() for values in columns.values()), strict=True)])


def _sample_columns(columns: dict[str, NDArray[Any]]) -> dict[str, Any]:
    return {
        "number": columns["id"].astype(np.int64),
        "image": columns["image"].astype(object),
        "label": columns["label"].astype(object),
        "class_index": columns["class"].astype(np.int64),
        "boxes_json": columns["boxes"].astype(object),
        "metadata_json": columns["metadata"].astype(object),
    }


def _decoded_boxes(texts: Objects) -> tuple[tuple[Box, ...], ...]:
    return tuple(map(_boxes, texts.tolist()))


def _boxes(text: str) -> tuple[Box, ...]:
    if len(text) > LONGEST_BOXES or len(boxes := json.loads(text)) > MOST_BOXES:
        raise ValueError("more boxes of one picture than a run takes")
    return tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in boxes)
