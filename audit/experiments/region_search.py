"""What searches for regions share: places in the data that tell the label, and what the network makes of their swap."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from audit.bounds import MOST_PICTURES
from audit.datasets.geometry import hull_of
from audit.datasets.loader import Loaded
from audit.engine.plan import Plan
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.pieces import Pieces, box_of, mask_of
from audit.experiments.places import FEWEST
from audit.experiments.runner import Experiment, intervention_rows
from audit.experiments.swaps import KINDS, Lenders, swapped
from audit.experiments.telling_places import Looks, Place, telling_places
from audit.inspection.independence import COPY_SIDE, copies, joined, same_key
from audit.inspection.neighbours import Ints
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.record.schema import AnswerRow, NoteRow, Rows, UnmadeRow
from audit.record.writer import meta_rows
from audit.registry import Need

SWAP_NEEDS: frozenset[Need] = frozenset({"region", "donors"})
"""What a search for regions needs."""
Pictures = Annotated[int, Field(ge=FEWEST, le=MOST_PICTURES)]


@dataclass(frozen=True)
class Regions:
    """Where a search looks, and what it swaps there."""

    search: str
    """Its name."""
    noun: str
    """The swap of the first region is called 'NOUN 1' in the record."""
    looks: Callable[[Tensor, Tensor], Looks]
    """Of pictures (N, C, H, W) uint8 and the union of their boxes (N, 1, H, W) bool: in the frame of the regions."""
    drifting: bool
    """As `telling_places` says."""
    paste: Callable[[Trial, Pieces, Lenders], Tensor]
    """Makes (N, C, H, W): the pictures, with what their lenders show in these pieces of the frame of the regions."""


def search(run: Plan, record: Record, regions: Regions, *, pictures: int, most: int, donors: int) -> Rows:
    """At most `most` regions of up to `pictures` pictures, each swapped with `donors` pictures of both kinds."""
    chosen = sorted(run.inputs.shuffled(read_pictures(record).number)[:pictures])
    places = _places(run, chosen, regions, most)
    answer: list[AnswerRow] = []
    note: list[NoteRow] = []
    unmade: list[UnmadeRow] = []
    if places:
        for loaded in _batches(run, chosen):
            trial = run.trial(loaded, run.factory.batch(loaded), {})
            for swap in _swaps(places, regions, donors):
                rows = intervention_rows(swap, trial, [picture.number for picture in loaded])
                answer += rows.answer
                note += rows.note
                unmade += rows.unmade
    stated = {"pictures": chosen, "regions": [_stated(number, place) for number, place in enumerate(places, 1)]}
    return {"meta": meta_rows({regions.search: stated}), "answer": answer, "note": note, "unmade": unmade}


def search_passes(run: Plan, *, pictures: int, most: int, donors: int) -> float:
    """Two kinds of donors for each region and picture."""
    return len(KINDS) * donors * most * min(pictures, len(run.inputs.samples))


def _stated(number: int, place: Place) -> dict[str, Any]:
    best = place.best
    return {
        "id": number,
        "box": list(box_of(place.pieces)),
        "pieces": list(place.pieces),
        "area": float(mask_of(place.pieces).mean()),
        "told_by": place.told_by,
        "descriptor": best.descriptor,
        "share": best.share,
        "chance": best.chance,
        "telling": best.telling,
        "classes": [one.label for one in best.classes],
    }


def _batches(run: Plan, numbers: Sequence[int]) -> Iterator[tuple[Loaded, ...]]:
    size = run.batch_size
    parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    with closing(run.factory.loader.batches(parts)) as batches:
        yield from (batch.pictures for batch in batches if batch.pictures)


def _places(run: Plan, numbers: Sequence[int], regions: Regions, most: int) -> tuple[Place, ...]:
    """Where these samples' pictures tell their labels."""
    seen: list[Looks] = []
    loadable: list[int] = []
    small: list[Tensor] = []
    hulls: list[Tensor] = []
    for loaded in _batches(run, numbers):
        pixels = torch.stack([picture.framed.pixels for picture in loaded])
        seen.append(regions.looks(pixels.to(run.factory.device), run.factory.inside(loaded)))
        small.append(F.adaptive_avg_pool2d(pixels.float(), COPY_SIDE).round().to(torch.uint8))
        hulls += [_hull(picture) for picture in loaded]
        loadable += [picture.number for picture in loaded]
    if not seen:
        return ()
    classes, label = np.unique([run.inputs.samples[number][1] for number in loadable], return_inverse=True)
    group = _groups(run, loadable, torch.cat(small), torch.stack(hulls), label)
    words = [run.inputs.classes[index] for index in classes]
    return telling_places(Looks.joined(seen), label, group, words, most, drifting=regions.drifting)


def _hull(picture: Loaded) -> Tensor:
    """(4,) around the boxes, in shares of the frame."""
    height, width = picture.framed.pixels.shape[1:]
    hull = hull_of(picture.framed.boxes)
    return hull / hull.new_tensor([width, height, width, height])


def _groups(run: Plan, numbers: Sequence[int], small: Tensor, hulls: Tensor, label: Ints) -> Ints:
    """(n,) the group of each sample: of one picture, one cluster, or copies of one another."""
    samples, column = [run.inputs.samples[number][0] for number in numbers], run.inputs.settings.data.cluster
    ties = [
        same_key([sample.image for sample in samples]),
        same_key([sample.metadata.get(column) if column else None for sample in samples]),
        copies(small.permute(0, 2, 3, 1).numpy(), hulls.numpy().astype(np.float32), label),
    ]
    return joined(len(samples), ties)


def _swaps(places: Sequence[Place], regions: Regions, donors: int) -> Iterator[Experiment]:
    """The swap of each region, by the name that its answers have in the record."""
    for number, place in enumerate(places, 1):
        name = f"{regions.noun} {number}"
        swap = partial(_swapped, name=name, regions=regions, pieces=place.pieces)
        yield Experiment(name, swap, {"donors": donors}, SWAP_NEEDS)


def _swapped(trial: Trial, *, name: str, regions: Regions, pieces: Pieces, donors: int) -> Altered:
    return swapped(trial, name, donors, lambda lent: regions.paste(trial, pieces, lent))
