"""The compression of the picture's file, swapped."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from math import prod

import numpy as np
import torch
from torch import Tensor

from audit.bounds import Drawn, Pictures
from audit.datasets.preprocessing import normalised
from audit.experiments.altered_batch import Altered, Trial, without
from audit.experiments.donors import chosen
from audit.experiments.recompression import recompressed, wave_power, without_blocks
from audit.experiments.swaps import KINDS, Lenders, swap_variants, swapped
from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset({"donors", "files"})
AT_ONCE = 50_000_000
"""Pixels of the files that are altered at the same time."""


def variants(*, donors: int) -> tuple[str, ...]:
    """What the options make, by name."""
    return swap_variants(donors)


def compression_swapped(trial: Trial, *, donors: Drawn = 1, pictures: Pictures = 300) -> Altered:
    """What the network answers where the file of the picture is compressed as another one.

    The pixels of the file, at its own size, are freed of the blocks that its compression left and of the lack of detail
    that it brought, compressed with the tables and the colour subsampling of `donors` pictures without an object of the
    class, and prepared as always. Files that are no JPEG lend no compression. Where all lend the same, the pictures
    stay as they are. pictures: how many of the whole data set are drawn.

    Variants: 'other 1' …; and 'same 1' … compressed as pictures of the same class, changed alike, so that same less
    other is what the compression alone does. Notes: as those of `background_replaced`. Cost: 1 forward pass for each
    variant; the file is opened once more, and compressed four times and once for each variant.
    """
    batch, traces = trial.batch, trial.donors.files
    frames = _frames(trial, donors) if len({trace.jpeg for trace in traces if trace.lends}) > 1 else None
    able = torch.tensor([*(trace.lends for trace in traces), False], device=batch.x.device)
    """The last one stands for no donor."""

    def alter(lent: Lenders) -> Tensor:
        x = batch.x if frames is None else _seen(batch, frames, lent.place.tolist())
        return without(x, ~able[lent.place])

    return replace(swapped(trial, "compression_swapped", donors, alter), decoded=True)


def _frames(trial: Trial, donors: int) -> list[dict[int, Tensor]]:
    """Of each picture, by the place of the donor: (C, H, W) uint8 as the donor's file would hold it."""
    wanted = torch.cat([chosen(trial, kind, donors) for kind in KINDS], dim=1).tolist()
    largest = max(prod(picture.size) for picture in trial.files.pictures)
    threads = min(len(wanted), torch.get_num_threads(), AT_ONCE // largest)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        return list(pool.map(partial(_framed, trial), range(len(wanted)), wanted))


def _framed(trial: Trial, number: int, wanted: list[int]) -> dict[int, Tensor]:
    opened, traces, seed = trial.files.opened(number), trial.donors.files, trial.batch.seeds[number]
    plain = without_blocks(np.asarray(opened.picture), opened.jpeg)
    power = wave_power(plain)
    return {
        place: trial.files.framed(recompressed(plain, opened.jpeg, power, traces[place], seed))
        for place in {*wanted}
        if place >= 0 and traces[place].lends
    }


def _seen(batch: Batch, frames: list[dict[int, Tensor]], places: list[int]) -> Tensor:
    """(N, C, H, W) as the network sees them; of any colour where there is no frame."""
    none = torch.zeros(batch.x.shape[1:], dtype=torch.uint8)
    pixels = torch.stack([of.get(place, none) for of, place in zip(frames, places, strict=True)])
    return normalised(pixels.to(batch.x.device), batch.mean, batch.std)
