"""From picture files to batches in the frame of the network's input, decoded ahead in threads."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from audit.pictures import Rejected, displayed_boxes, open_picture
from audit.preprocessing import Framed, Preprocessing
from audit.samples import Exclusion, Sample
from audit.scores import Region, region

AHEAD = 2
"""Batches that are decoded while one is measured."""


@dataclass(frozen=True)
class Loaded:
    """One picture, ready."""

    number: int
    framed: Framed
    region: Region
    sha256: str
    size: tuple[int, int]
    """(width, height) of the picture as a viewer shows it."""


@dataclass(frozen=True)
class LoadedBatch:
    """The usable pictures of one range of samples, and the exclusions among them."""

    pictures: tuple[Loaded, ...]
    exclusions: tuple[tuple[int, Exclusion], ...]

    @property
    def pixels(self) -> Tensor:
        """(N, 3, H, W) uint8."""
        return torch.stack([picture.framed.pixels for picture in self.pictures])

    @property
    def region(self) -> Region:
        inside, near = (torch.cat(part) for part in zip(*(p.region for p in self.pictures), strict=True))
        return Region(inside, near)


@dataclass(frozen=True)
class Loader:
    """How samples are read: below which folder, into which frame, and what is left out."""

    folder: Path
    samples: Sequence[Sample]
    preprocessing: Preprocessing
    max_box_share: float
    min_visible: float
    tolerance: float
    """Of pointing, in pixels of the network's input."""
    workers: int
    frame: tuple[int, int] | None = None
    """(height, width) that every picture must have after the preprocessing; None: not known yet."""

    def batches(self, ranges: Sequence[range]) -> Iterator[LoadedBatch]:
        """One batch for each range of sample numbers, in order.

        What is in a batch depends on its range alone, neither on the workers nor on where a run was resumed.
        """
        with ThreadPoolExecutor(self.workers, thread_name_prefix="load") as pool:
            waiting: deque[tuple[range, list[Future[Loaded]]]] = deque()
            try:
                for numbers in ranges:
                    waiting.append((numbers, [pool.submit(self.load, number) for number in numbers]))
                    if len(waiting) > AHEAD:
                        yield self._collect(*waiting.popleft())
                while waiting:
                    yield self._collect(*waiting.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def load(self, number: int) -> Loaded:
        """Decode one sample and move it into the network's frame. Raises Rejected."""
        sample = self.samples[number]
        opened = open_picture(self.folder / sample.image, self.folder)
        framed = self.preprocessing.frame(opened.picture, displayed_boxes(sample, opened)[0])
        height, width = framed.pixels.shape[1:]
        where = region([framed.boxes], (height, width), self.tolerance, "cpu")
        self._admit(sample.image, framed, where)
        return Loaded(number, framed, where, opened.sha256, opened.picture.size)

    def _admit(self, image: str, framed: Framed, where: Region) -> None:
        height, width = framed.pixels.shape[1:]
        share = where.area_share.item()
        if self.frame and self.frame != (height, width):
            raise Rejected(
                "other frame size",
                f"{image}: the preprocessing makes it {width}x{height}, the first picture {self.frame[1]}x"
                f"{self.frame[0]}; need one size. Set crop, letterbox or a resize of two numbers in [preprocessing].",
            )
        if framed.visible < self.min_visible or not where.inside.any():
            raise Rejected(
                "object cropped away",
                f"{image}: the preprocessing leaves {framed.visible:.0%} of the object; need {self.min_visible:.0%} "
                "and one pixel. Resize instead of cropping, or lower data.min_visible.",
            )
        if share > self.max_box_share:
            raise Rejected(
                "box covers the frame",
                f"{image}: the boxes cover {share:.0%} of the frame, so that inside and outside cannot be told apart; "
                f"need at most {self.max_box_share:.0%} (data.max_box_share).",
            )

    def _collect(self, numbers: range, futures: list[Future[Loaded]]) -> LoadedBatch:
        pictures, exclusions = [], []
        for number, future in zip(numbers, futures, strict=True):
            try:
                pictures.append(future.result())
            except Rejected as rejected:
                sample = self.samples[number]
                exclusions.append((number, Exclusion(sample.image, sample.label, rejected.reason, rejected.detail)))
        return LoadedBatch(tuple(pictures), tuple(exclusions))
