"""The positive control: copies of the network that rely on a mark, each on a known share of the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, product
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from audit.bounds import MOST_DRAWN, MOST_PICTURES
from audit.datasets.displayed_boxes import displayed_boxes
from audit.datasets.loader import Loaded
from audit.datasets.picture_files import open_picture
from audit.engine.plan import Plan
from audit.engine.thumbnails import encode_picture
from audit.errors import AuditError
from audit.experiments import fills
from audit.experiments.altered_batch import Trial, answers, without
from audit.experiments.planted_mark import (
    DETECTORS,
    Marks,
    Planted,
    Reliance,
    detect,
    free,
    patterns,
    places,
    strength_of,
)
from audit.experiments.planted_shares import Asked, Variant, finer, reliance
from audit.experiments.runner import answer_rows, made, unmade_rows
from audit.models.model import asked_by
from audit.record.planted_copies import copy_name
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.record.schema import AnswerRow, CropRow, MetaRow, NoteRow, Rows, UnmadeRow
from audit.record.writer import meta_rows
from audit.registry import Need
from audit.saliency.batch import dead
from audit.saliency.localisation import region

NEEDS: frozenset[Need] = frozenset({"region", "maps"})

FEWEST = 10
"""Pictures, with fewer of which the control is not made."""
DRAW, MOST = 2, 20
"""How many times the pictures wanted are looked at before the mark's place is chosen, and in all."""

SHARES = tuple(round(0.05 * step, 2) for step in range(1, 20))
Lambdas = Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(max_length=MOST_DRAWN)]


@dataclass(frozen=True, eq=False)
class Control:
    """What the control is made of."""

    run: Plan
    trials: tuple[Trial, ...]
    """The pictures with the mark, batch by batch."""
    numbers: tuple[tuple[int, ...], ...]
    """The numbers of each trial's samples."""
    mark: Marks
    strength: float
    lambdas: tuple[float, ...]


def planted_cue(
    run: Plan,
    record: Record,
    *,
    pictures: Annotated[int, Field(ge=FEWEST, le=MOST_PICTURES)] = 24,
    lambdas: Lambdas = SHARES,
) -> Rows:
    """Tests whether this audit notices copies of the network that rely on marks stamped into its own pictures.

    f_lambda(x) = (1 - lambda) f(x) + lambda s sum_c d_c(x) e_c, see `planted_mark`; lambda 0 and 1 are always among the
    `lambdas`, and finer ones where the reliance leaps between two of them, see `planted_shares`. The run's
    interventions (those that are made for every picture), and hiding the mark itself, alter pictures that carry the
    mark of their class outside every box and whose label the network predicts; donors carry that of theirs, as in a
    data set with such a cue. What a copy loses with the mark of another class ("other") is its true reliance.
    The network is asked once for each altered picture, whatever the lambdas and detectors; maps are made at lambda 0
    and 1, of 10 pictures. Where fewer than 10 pictures will do, only their number is recorded.
    """
    control = _control(run, record, pictures, tuple(sorted({0.0, *(round(lam, 2) for lam in lambdas), 1.0})))
    if isinstance(control, int):
        return {"meta": _meta(control)}
    asked = [_asked(control, trial) for trial in control.trials]
    targets = [trial.batch.target for trial in control.trials]
    control = replace(control, lambdas=finer(control.lambdas, partial(reliance, targets, asked)))
    answer: list[AnswerRow] = []
    unmade: list[UnmadeRow] = []
    note: list[NoteRow] = []
    refused: dict[str, str] = {}
    explained = 0
    for trial, numbers, of_trial in zip(control.trials, control.numbers, asked, strict=True):
        answered, left_out = _answers(control, trial.batch.target, numbers, of_trial)
        answer, unmade = answer + answered, unmade + left_out
        few = numbers[: FEWEST - explained]
        if few:
            note += _masses(control, trial.some(range(len(few))), few, refused)
            explained += len(few)
    meta = _meta(sum(map(len, control.numbers)), control, refused)
    return {"answer": answer, "unmade": unmade, "note": note, "crop": [_example(control)], "meta": meta}


def passes(run: Plan, per_picture: float, *, pictures: int) -> float:
    """What the interventions and the methods cost on these pictures, and a few passes for the mark itself."""
    return min(pictures, len(run.inputs.samples)) * (per_picture + 4)


def _meta(pictures: int, control: Control | None = None, refused: Mapping[str, str] | None = None) -> list[MetaRow]:
    summary: dict[str, Any] = {
        "detectors": list(DETECTORS) if control else [],
        "lambdas": list(control.lambdas) if control else [],
        "strength": control.strength if control else 0.0,
        "mark": list(control.mark.box) if control else [0, 0, 0, 0],
        "pictures": pictures,
        "refused": dict(refused or {}),
    }
    return meta_rows({"planted_cue": summary})


def _control(run: Plan, record: Record, wanted: int, lambdas: tuple[float, ...]) -> Control | int:
    """The control, or how many pictures there are for it where they are too few."""
    measured = read_pictures(record)
    right = measured.number[measured.right]
    if len(right) < FEWEST or len(run.inputs.classes) < 2:
        return len(right)
    order = run.inputs.shuffled(right)[: MOST * wanted]
    waiting = ((loaded, _covered(run, loaded)) for loaded in map(run.factory.loader.load, order))
    drawn = list(islice(waiting, DRAW * wanted))
    plain = run.factory.batch([loaded for loaded, _ in drawn[:1]])
    frame = (plain.x.shape[2], plain.x.shape[3])
    classes = torch.tensor(sorted({index for _, index in run.inputs.samples}), device=plain.x.device)
    pictures = patterns(frame, plain.mean, plain.std, len(classes))
    side = pictures.shape[3]
    spots = places(frame, side)
    fits = free(torch.cat([covered for _, covered in drawn]), spots, side).sum(dim=0)
    mark = Marks(pictures, classes, spots[int(fits.argmax())])
    usable = (loaded for loaded, covered in chain(drawn, waiting) if not mark.patch(covered).any())
    chosen = sorted(islice(usable, wanted), key=lambda loaded: loaded.number)
    if len(chosen) < FEWEST:
        return len(chosen)
    return _prepared(run, chosen, mark, lambdas)


def _covered(run: Plan, loaded: Loaded) -> Tensor:
    """(1, H, W) bool: the picture's objects with their margin, and the boxes of other labels."""
    covered = run.factory.inside([loaded]).squeeze(1)
    sample, _ = run.inputs.samples[loaded.number]
    if not sample.other_boxes:
        return covered
    opened = open_picture(sample.image, run.factory.loader.folder)
    boxes = displayed_boxes(sample, opened.header)[1]
    others = run.inputs.preprocessing.frame_boxes(opened.picture.size, boxes).boxes
    height, width = loaded.framed.pixels.shape[1:]
    return covered | region([others], (height, width), 0, run.factory.device).inside


def _prepared(run: Plan, chosen: Sequence[Loaded], mark: Marks, lambdas: tuple[float, ...]) -> Control:
    size = run.batch_size
    parts = [chosen[start : start + size] for start in range(0, len(chosen), size)]
    trials = [run.trial(some, run.factory.batch(some), {}) for some in parts]
    margins = torch.cat([answers(trial.batch.logits, trial.batch.target).log_odds for trial in trials])
    pool = run.donors and replace(run.donors, x=mark.stamped(run.donors.x, run.donors.target))
    marked = [replace(_with(mark, trial), donor_pool=pool) for trial in trials]
    numbers = tuple(tuple(loaded.number for loaded in some) for some in parts)
    return Control(run, tuple(marked), numbers, mark, strength_of(margins, len(run.inputs.classes)), lambdas)


def _with(mark: Marks, trial: Trial) -> Trial:
    """The pictures with the mark of their class, as the network would be shown them, and without methods."""
    x = trial.batch.shown(mark.stamped(trial.batch.x, trial.batch.target))
    return replace(trial, batch=replace(trial.batch, x=x), methods=())


def _asked(control: Control, trial: Trial) -> dict[Variant, Asked]:
    """What the network says of each altered batch: the copies' answers are made of it, whatever their lambda."""
    asked: dict[Variant, Asked] = {}
    for (intervention, variant), (altered, moved) in _altered(control, trial).items():
        was_made = made(altered)
        logits = altered.new_empty((0, len(control.run.inputs.classes)), dtype=torch.float64)
        if bool(was_made.any()):
            with torch.no_grad(), asked_by(f"planted_cue, {intervention}, {variant}"):
                logits = trial.moved_to(moved).batch.ask(altered).double()
        seen = {detector: detect(detector, control.mark, altered) for detector in DETECTORS}
        asked[intervention, variant] = Asked(logits, seen, control.mark.classes, control.strength, was_made)
    return asked


def _answers(
    control: Control, target: Tensor, numbers: Sequence[int], asked: Mapping[Variant, Asked]
) -> tuple[list[AnswerRow], list[UnmadeRow]]:
    """Rows of the answers of every copy to every altered picture, and of the pictures that could not be altered."""
    rows, unmade = list[AnswerRow](), list[UnmadeRow]()
    for (intervention, variant), one in asked.items():
        for detector, lam in product(DETECTORS, control.lambdas):
            copy = copy_name(detector, lam)
            unmade += unmade_rows(copy, numbers, intervention, variant, one.made)
            if len(one.logits):
                answered = answers(one.copy(detector, lam), target)
                rows += answer_rows(copy, numbers, intervention, variant, answered, one.made)
    return rows, unmade


def _altered(control: Control, trial: Trial) -> dict[Variant, tuple[Tensor, tuple[Tensor, ...]]]:
    """The pictures as the interventions alter them, and with the mark shown, another class's, hidden, and elsewhere.

    Each with the places to which it moved their objects; none where they stay.
    """
    x, seeds = trial.batch.x, trial.batch.seeds
    mask = torch.zeros_like(trial.inside)
    control.mark.patch(mask).fill_(True)
    other = fills.elsewhere(mask, trial.inside | mask, seeds)
    crowded = other.flatten(1).sum(dim=1) < mask.flatten(1).sum(dim=1)
    marked: dict[Variant, Tensor] = {
        ("mark", "shown"): x,
        ("mark", "other"): trial.batch.shown(control.mark.stamped(x, trial.batch.target, further=1)),
        ("mark", "hidden"): trial.batch.shown(fills.blur(x, mask)),
        ("mark", "elsewhere"): trial.batch.shown(without(fills.blur(x, other), crowded)),
    }
    pictures = {variant: (altered, trial.batch.places) for variant, altered in marked.items()}
    interventions = [
        intervention for intervention in control.run.interventions if intervention.options.get("pictures") is None
    ]
    for intervention in interventions:
        made_of = intervention.alter(trial)
        for variant, altered in made_of.altered.items():
            pictures[intervention.name, variant] = altered, made_of.places.get(variant, ())
    return pictures


def _masses(control: Control, trial: Trial, numbers: Sequence[int], refused: dict[str, str]) -> list[NoteRow]:
    """Notes: each method's relevance mass on the mark, of the copies that rely on it not at all and alone."""
    batch, rows = trial.batch, list[NoteRow]()
    for source in control.run.methods:
        with asked_by(f"planted_cue, {source.label}"):
            honest = _mass(control.mark, source.ask(batch)[0])
        for detector in DETECTORS:
            copy = Planted(batch.module, Reliance(control.mark, detector, control.strength, 1.0))
            try:
                relying = _mass(control.mark, source.ask(batch.of(copy))[0])
            except AuditError as error:
                refused[f"{source.label}, {copy_name(detector, 1.0)}"] = str(error)
                relying = torch.full_like(honest, torch.nan)
            for lam, mass in ((0.0, honest), (1.0, relying)):
                name = f"mass on mark, {copy_name(detector, lam)}"
                rows += [NoteRow(n, source.label, name, value) for n, value in zip(numbers, mass.tolist(), strict=True)]
    return rows


def _mass(mark: Marks, relevance: Tensor) -> Tensor:
    """(N,) share of the relevance (N, H, W) on the mark, NaN where the map is dead."""
    share = mark.patch(relevance).double().sum(dim=(1, 2)) / relevance.double().sum(dim=(1, 2))
    return torch.where(dead(relevance), torch.nan, share).cpu()


def _example(control: Control) -> CropRow:
    """The first of the pictures with the mark, as cue 0."""
    batch, (x0, y0, x1, y1) = control.trials[0].batch, control.mark.box
    pixels = batch.eight_bit(batch.x[:1])[0].cpu()
    height, width = pixels.shape[1:]
    place = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height)
    return CropRow(0, 0, control.numbers[0][0], *place, encode_picture(pixels))
