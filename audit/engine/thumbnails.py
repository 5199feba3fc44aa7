"""Which samples the report shows, and their small pictures."""

import io
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

EACH = 12


class Gallery(NamedTuple):
    """Sample numbers. Worst alone would slander a model, random alone would hide its faults."""

    worst: list[int]
    borderline: list[int]
    """Without those that are among the worst."""
    random: list[int]


def choose(auc: Mapping[int, float], draw: Mapping[int, int]) -> Gallery:
    """The gallery. auc: of each sample, the mean over the methods, NaN where all maps are dead. draw: random numbers.

    Adding samples never brings back one that was not chosen before, so that a run can decide batch by batch.
    """
    scored = sorted((value, number) for number, value in auc.items() if not np.isnan(value))
    worst = [number for _, number in scored[:EACH]]
    near = sorted((abs(value - 0.5), number) for value, number in scored[EACH:])
    return Gallery(worst, [n for _, n in near[:EACH]], first_drawn(draw, EACH))


def first_drawn(draw: Mapping[int, int], most: int) -> list[int]:
    """The samples with the lowest random numbers, at most so many."""
    return sorted(draw, key=lambda n: (draw[n], n))[:most]


def encode_picture(pixels: Tensor) -> bytes:
    """(3, H, W) or (1, H, W) uint8 -> JPEG."""
    return _encoded(Image.fromarray(shown(pixels)), "JPEG", quality=92, subsampling=0)


def encode_exactly(pixels: Tensor) -> bytes:
    """(3, H, W) or (1, H, W) uint8 -> PNG, of which no pixel is another."""
    return _encoded(Image.fromarray(shown(pixels)), "PNG")


def shown(pixels: Tensor) -> NDArray[np.uint8]:
    """(3, H, W) or (1, H, W) uint8 as a viewer shows it: (H, W, 3)."""
    return np.ascontiguousarray(pixels.expand(3, -1, -1).permute(1, 2, 0).numpy())


def encode_map(relevance: Tensor) -> bytes:
    """(H, W) non-negative -> 8-bit grey PNG, linear up to the 99.5th percentile. A map that is not finite is black."""
    finite = np.nan_to_num(relevance.float().numpy(), nan=0, posinf=0, neginf=0)
    top = np.quantile(finite, 0.995) or max(finite.max(), np.finfo(np.float32).tiny)
    grey = (finite / top).clip(0, 1) * 255
    # Runs and frequencies alone: noise, as most maps are, holds nothing else that could be shortened.
    return _encoded(Image.fromarray(grey.round().astype(np.uint8)), "PNG", compress_type=zlib.Z_RLE)


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()
