"""The pictures that lend in a run, gathered before it."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor

from audit.datasets.coding import OTHER_JPEG
from audit.datasets.file_pixels import FilePixels
from audit.datasets.geometry import hull_of
from audit.datasets.loader import Loaded
from audit.engine.batch_factory import BatchFactory
from audit.engine.inputs import Inputs
from audit.experiments.altered_batch import Donors
from audit.experiments.fills import blur
from audit.experiments.fine_detail import BANDS, band_power, luminance, spectrum
from audit.experiments.recompression import NO_WAVES, FileTrace, wave_power
from audit.saliency.batch import are_numbers


def gather(inputs: Inputs, factory: BatchFactory, *, with_files: bool = False) -> Donors:
    """The donors of a run: drawn over the classes in turns, each content once, all labels' objects filled by `blur`.

    Pictures that cannot be audited lend nothing, nor do those that all their objects together cover or that lost them
    in the preprocessing. There may be fewer donors than asked for, even none. with_files: also what their files lend.
    """
    pictures = _drawn(inputs, factory)
    whole, x, detail = _with_and_without_objects(pictures, factory, inputs.settings.run.batch_size)
    # a picture that its objects cover, which data.max_box_share may allow, has no surroundings to lend
    lends = are_numbers(x)
    x, pictures = x[lends], [picture for picture, usable in zip(pictures, lends.tolist(), strict=True) if usable]
    target = [inputs.samples[picture.number][1] for picture in pictures]
    return Donors(
        x=x,
        target=torch.tensor(target, dtype=torch.int64, device=factory.device),
        held=_held(inputs, pictures).to(factory.device),
        pictures=tuple(picture.content for picture in pictures),
        samples=torch.tensor([picture.number for picture in pictures], dtype=torch.int64, device=factory.device),
        hulls=_hulls(inputs, pictures).to(factory.device),
        detail=detail[lends],
        whole=whole[lends],
        files=_traces(FilePixels(factory.loader, tuple(pictures))) if with_files else (),
    )


def _traces(files: FilePixels) -> tuple[FileTrace, ...]:
    """What the files lend. Where all lend the same, nobody asks for their detail, and it is not measured."""
    jpegs = [picture.compression for picture in files.pictures]
    if len({*jpegs} - {OTHER_JPEG}) <= 1:
        return tuple(FileTrace(jpeg, NO_WAVES) for jpeg in jpegs)
    opened = (files.opened(place) for place in range(len(jpegs)))
    return tuple(FileTrace(of.compression, wave_power(np.asarray(of.picture))) for of in opened)


def _hulls(inputs: Inputs, pictures: Sequence[Loaded]) -> Tensor:
    """(D, 4) around the boxes of the sample's own label, which come first."""
    own = [p.framed.boxes[: len(inputs.samples[p.number][0].boxes)] for p in pictures]
    around = [hull_of(boxes) for boxes in own]
    return torch.stack(around) if around else torch.empty(0, 4)


def _drawn(inputs: Inputs, factory: BatchFactory) -> list[Loaded]:
    """The donors' pictures, with all their objects."""
    whole = [sample.with_objects(sample.objects + sample.other_objects, ()) for sample in factory.loader.samples]
    loader = replace(factory.loader, samples=whole)
    numbers, count, size = _in_turns(inputs), inputs.settings.experiments.donors, inputs.settings.run.batch_size
    by_pixels: dict[str, Loaded] = {}
    with closing(loader.batches([numbers[i : i + size] for i in range(0, len(numbers), size)])) as batches:
        for batch in batches:
            for picture in batch.pictures:
                by_pixels.setdefault(picture.content.pixels_sha256, picture)
            if len(by_pixels) >= count:
                break
    return list(by_pixels.values())[:count]


def _in_turns(inputs: Inputs) -> list[int]:
    """The numbers of one sample of each file, shuffled: one of every class, then a second of every class, and so on."""
    order = np.random.default_rng(inputs.settings.run.seed).permutation(len(inputs.samples)).tolist()
    of_file = {inputs.samples[number][0].image: number for number in order}
    classes: dict[int, list[int]] = {}
    for number in of_file.values():
        classes.setdefault(inputs.samples[number][1], []).append(number)
    turns = zip_longest(*classes.values())
    return [number for turn in turns for number in turn if number is not None]


def _with_and_without_objects(
    pictures: Sequence[Loaded], factory: BatchFactory, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """(D, C, H, W) twice, the second NaN throughout where the objects cover the picture; and (D, BANDS) the detail."""
    shape = factory.preprocessing.channels, *(factory.loader.frame or (0, 0))
    whole = [torch.empty(0, *shape, device=factory.device)]
    filled, detail = [*whole], [torch.empty(0, BANDS, device=factory.device)]
    for start in range(0, len(pictures), size):
        some = pictures[start : start + size]
        batch = factory.batch(some)
        whole.append(batch.x)
        filled.append(blur(batch.x, factory.inside(some)))
        detail.append(band_power(spectrum(luminance(batch.pixels(batch.x)))))
    return torch.cat(whole), torch.cat(filled), torch.cat(detail)


def _held(inputs: Inputs, pictures: Sequence[Loaded]) -> Tensor:
    """(D, K) bool: the classes whose objects are in each picture's file."""
    row = {inputs.samples[picture.number][0].image: i for i, picture in enumerate(pictures)}
    held = torch.zeros(len(pictures), len(inputs.classes), dtype=torch.bool)
    for sample, class_index in inputs.samples:
        if sample.image in row:
            held[row[sample.image], class_index] = True
    return held
