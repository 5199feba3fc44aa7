"""The search for cues, and the experiments that confirm them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from audit.bounds import MOST_PICTURES, Drawn
from audit.datasets.exclusions import Rejected
from audit.datasets.loader import Loaded
from audit.engine.altered_pictures import example
from audit.engine.plan import Plan
from audit.engine.thumbnails import encode_picture
from audit.errors import AuditError
from audit.experiments.altered_batch import answers
from audit.experiments.appearances import CROP, appearances, descriptors
from audit.experiments.fills import blur
from audit.experiments.grid import GRID, Spots, read_spots
from audit.experiments.places import FEWEST, Candidate, Floats, Ints, places, ranked, window_sums
from audit.experiments.runner import answer_rows, made
from audit.experiments.windows import corners_of, cut, mask_of, paste, size_of
from audit.models.model import asked_by
from audit.record.altered_layers import Alteration
from audit.record.record import Record
from audit.record.schema import SUBJECT, AnswerRow, CropRow, CueRow, Rows, ThumbnailRow
from audit.record.writer import meta_rows
from audit.registry import Need
from audit.saliency.batch import Batch

NEEDS: frozenset[Need] = frozenset({"region", "grid"})

Pictures = Annotated[int, Field(ge=FEWEST, le=MOST_PICTURES)]
SHOWN = 12
"""Crops of a candidate that the record keeps."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Where the experiments on the candidates are made."""

    run: Plan
    spots: Spots
    frame: tuple[int, int]
    """(H, W) in pixels."""


class Tested(NamedTuple):
    """One candidate, and what the experiment with it yielded."""

    cue: CueRow
    crops: list[CropRow]
    answers: list[AnswerRow]
    shown: list[ThumbnailRow]
    """The picture that loses the most with the candidate hidden, and the one that gains the most where it is pasted."""


def shared_cues(run: Plan, record: Record, *, pictures: Pictures = 24, most: Drawn = 8) -> Rows:
    """Finds where, and on what, maps of a class agree outside the boxes, and what hiding and pasting it does.

    At most `most` candidates, places and recurring appearances. On up to `pictures` pictures of its class each is
    hidden ("hidden", its pixels blurred away), and so is one window of the same size, drawn elsewhere outside the boxes
    ("elsewhere"). Its crops are pasted outside the boxes of as many pictures of other classes, and the network is asked
    for the cue's class before ("unpasted"), after ("pasted"), and with crops from elsewhere ("pasted elsewhere"). All
    pictures are ones that the network gets right.
    """
    frame, settings = run.factory.loader.frame, run.inputs.settings
    if frame is None:
        return {}
    stage = Stage(run, read_spots(record, frame, settings.experiments.margin), frame)
    candidates = [*places(stage.spots), *appearances(stage.spots, partial(_describe, stage), settings.run.seed)]
    tested: list[Tested] = []
    for candidate in ranked(candidates, most):
        tested += _experiment(stage, candidate, len(tested) + 1, pictures)
    return {
        "meta": meta_rows({"shared_cues": {"answers": {each.cue.id: len(each.answers) for each in tested}}}),
        "cue": [each.cue for each in tested],
        "crop": [row for each in tested for row in each.crops],
        "answer": [row for each in tested for row in each.answers],
        "thumbnail": [row for each in tested for row in each.shown],
    }


def passes(run: Plan, per_picture: float, *, pictures: int, most: int) -> float:
    """Of each candidate, five answers for each of its pictures."""
    del per_picture
    return most * min(pictures, len(run.inputs.samples)) * 5


def _describe(stage: Stage, chosen: Ints, windows: Ints) -> Floats:
    """Descriptors (m, D) of what lies under the windows (m, 4) of the pictures at these places in the spots."""
    width, height = size_of(windows, stage.frame)
    corners = corners_of(windows, stage.frame)

    def crop(number: int, corner: Ints) -> Tensor:
        pixels = _picture(stage, number).framed.pixels
        part = pixels[:, corner[1] : corner[1] + height, corner[0] : corner[0] + width]
        return F.interpolate(part[None].float() / 255, (CROP, CROP), mode="bilinear", antialias=True)[0]

    with ThreadPoolExecutor(stage.run.factory.loader.workers) as pool:
        return descriptors(torch.stack(list(pool.map(crop, stage.spots.sample[chosen].tolist(), corners))))


def _experiment(stage: Stage, candidate: Candidate, number: int, pictures: int) -> list[Tested]:
    """The candidate with its experiment; none where too few pictures have room for it."""
    spots = stage.spots
    rng = np.random.default_rng([stage.run.inputs.settings.run.seed, number])
    usable = rng.permutation(np.flatnonzero(spots.right[candidate.members]))
    usable = usable[stage.run.inputs.one_of_each(spots.sample[candidate.members[usable]].tolist())]
    members, windows = candidate.members[usable], candidate.windows[usable]
    controls, room = _draw(spots.outside[members], windows, rng, apart=True)
    kept = np.flatnonzero(room)[:pictures]
    if len(kept) < FEWEST:
        return []
    members, windows, controls = members[kept], windows[kept], controls[kept]
    loaded = _load(stage, members)
    batch = stage.run.factory.batch(loaded)
    x = batch.x
    corners, others = corners_of(windows, stage.frame), corners_of(controls, stage.frame)
    size = size_of(windows, stage.frame)
    target = torch.full((len(members),), candidate.class_index, device=x.device)
    variants = {
        "hidden": blur(x, mask_of(x, corners, size)),
        "elsewhere": blur(x, mask_of(x, others, size)),
    }
    answer = _answers(stage, number, (members, batch), variants, target)
    hidden, samples = Alteration(f"cue {number}", "hidden"), spots.sample[members].tolist()
    shown = example(batch, variants["hidden"], hidden, answer, samples, highest=False)
    crops, control_crops = cut(x, corners, size), cut(x, others, size)
    pasted, shown_pasted = _pasted(stage, candidate, number, pictures, (crops, control_crops), rng)
    crop_rows = _crop_rows(stage, number, loaded[:SHOWN], corners, size)
    return [Tested(_cue_row(stage, candidate, number), crop_rows, [*answer, *pasted], [*shown, *shown_pasted])]


def _pasted(
    stage: Stage,
    candidate: Candidate,
    number: int,
    pictures: int,
    crops: tuple[Tensor, Tensor],
    rng: np.random.Generator,
) -> tuple[list[AnswerRow], list[ThumbnailRow]]:
    """Answers for the cue's class of pictures of other classes: at a place the crop goes there, else where it is free.

    Beside them the picture that gains the most. crops: of the cue, and of windows elsewhere in the same pictures.
    """
    spots = stage.spots
    own = spots.class_index == candidate.class_index
    others = rng.permutation(np.flatnonzero(spots.right & ~own & ~np.isin(spots.picture, spots.picture[own])))
    others = others[stage.run.inputs.one_of_each(spots.sample[others].tolist())]
    side_x, side_y = (candidate.windows[0, 2:] - candidate.windows[0, :2]).tolist()
    if candidate.kind == "place":
        x0, y0, x1, y1 = candidate.windows[0]
        others = others[spots.outside[others, y0:y1, x0:x1].all(axis=(1, 2))][:pictures]
        windows = np.tile(candidate.windows[0], (len(others), 1))
    else:
        others = others[: 4 * pictures]
        if not len(others):
            return [], []
        windows, room = _draw(spots.outside[others], np.tile([0, 0, side_x, side_y], (len(others), 1)), rng)
        others, windows = others[room][:pictures], windows[room][:pictures]
    if not len(others):
        return [], []
    batch = stage.run.factory.batch(_load(stage, others))
    x = batch.x
    corners, source = corners_of(windows, stage.frame), torch.arange(len(others), device=x.device) % len(crops[0])
    target = torch.full((len(others),), candidate.class_index, device=x.device)
    variants = {
        "unpasted": x,
        "pasted": paste(x, corners, crops[0][source]),
        "pasted elsewhere": paste(x, corners, crops[1][source]),
    }
    rows = _answers(stage, number, (others, batch), variants, target)
    pasted, samples = Alteration(f"cue {number}", "pasted"), spots.sample[others].tolist()
    return rows, example(batch, variants["pasted"], pasted, rows, samples, highest=True)


def _draw(
    outside: np.ndarray, windows: Ints, rng: np.random.Generator, *, apart: bool = False
) -> tuple[Ints, np.ndarray]:
    """A random window (m, 4) of the same size for each picture, outside the boxes; and where there is room for it.

    outside: (m, GRID, GRID). apart: it shares no cell with the window that is given.
    """
    width, height = (windows[0, 2:] - windows[0, :2]).tolist()
    free = window_sums(outside, width, height) == width * height
    if apart:
        y, x = np.arange(free.shape[1]), np.arange(free.shape[2])
        near_y = np.abs(y - windows[:, 1:2]) < height
        near_x = np.abs(x - windows[:, 0:1]) < width
        free &= ~(near_y[:, :, None] & near_x[:, None, :])
    chance = np.where(free, rng.random(free.shape), -1).reshape(len(free), -1)
    y, x = np.divmod(chance.argmax(axis=1), GRID - width + 1)
    return np.stack([x, y, x + width, y + height], axis=1), free.any(axis=(1, 2))


def _load(stage: Stage, chosen: Ints) -> list[Loaded]:
    with ThreadPoolExecutor(stage.run.factory.loader.workers) as pool:
        return list(pool.map(partial(_picture, stage), stage.spots.sample[chosen].tolist()))


def _picture(stage: Stage, number: int) -> Loaded:
    try:
        return stage.run.factory.loader.load(number)
    except Rejected as rejected:
        raise AuditError(
            "shared_cues", f"a measured picture can no longer be read ({rejected})", "need the pictures as they were"
        ) from rejected


def _answers(
    stage: Stage, number: int, chosen: tuple[Ints, Batch], variants: dict[str, Tensor], target: Tensor
) -> list[AnswerRow]:
    """chosen: the places of the pictures in the spots, and the pictures."""
    samples, batch = stage.spots.sample[chosen[0]].tolist(), chosen[1]
    size = stage.run.batch_size
    parts = [range(len(samples))[start : start + size] for start in range(0, len(samples), size)]
    rows: list[AnswerRow] = []
    for variant, pictures in variants.items():
        altered = batch.shown(pictures)
        with torch.no_grad(), asked_by(f"shared_cues, cue {number}, {variant}"):
            logits = torch.cat([batch.ask(altered[part.start : part.stop], part) for part in parts])
        rows += answer_rows(SUBJECT, samples, f"cue {number}", variant, answers(logits, target), made(altered))
    return rows


def _cue_row(stage: Stage, candidate: Candidate, number: int) -> CueRow:
    (width, height), (y, x) = size_of(candidate.windows, stage.frame), stage.frame
    side = float(np.sqrt(width * height / (x * y)))
    x0, y0, x1, y1 = (None,) * 4
    if candidate.kind == "place":
        left, top = corners_of(candidate.windows, stage.frame)[0].tolist()
        x0, y0, x1, y1 = left / x, top / y, (left + width) / x, (top + height) / y
    return CueRow(
        id=number,
        class_index=candidate.class_index,
        kind=candidate.kind,
        x0=x0,
        y0=y0,
        x1=x1,
        y1=y1,
        side=side,
        seen_in=len(candidate.members),
        pictures=candidate.pictures,
    )


def _crop_rows(
    stage: Stage, number: int, loaded: Sequence[Loaded], corners: Ints, size: tuple[int, int]
) -> list[CropRow]:
    """Examples with the middle of each window as shares of the frame."""
    (width, height), (down, across) = size, stage.frame
    rows: list[CropRow] = []
    for place, (picture, (x, y)) in enumerate(zip(loaded, corners.tolist(), strict=False)):
        encoded = encode_picture(picture.framed.pixels[:, y : y + height, x : x + width])
        middle = (x + width / 2) / across, (y + height / 2) / down
        rows.append(CropRow(number, place, picture.number, *middle, encoded))
    return rows
