"""One batch: pictures in, rows for the record out."""

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from audit.datasets.loader import Loaded, LoadedBatch
from audit.engine.plan import Plan
from audit.engine.thumbnails import encode_map, encode_picture
from audit.experiments.forbidden_pixels import forbidden_pixels, mass_on
from audit.experiments.grid import grid_rows
from audit.experiments.repeats import asked_again, explained_again, explained_twice
from audit.experiments.runner import InterventionRows, intervention_rows
from audit.record.frame_masks import MaskRow, packed
from audit.record.repeat_rows import MapRepeatRow
from audit.record.schema import MEASURES, ForbiddenRow, NoteRow, PictureRow, Rows, ScoreRow, ThumbnailRow
from audit.saliency.batch import Attribution, Batch, dead
from audit.saliency.localisation import Region, score_maps
from audit.saliency.rank_correlation import agreements
from audit.saliency.sources import Source


@dataclass(frozen=True, eq=False)
class Measured:
    """What one batch yields. Its maps live no longer than it does."""

    rows: Rows
    auc: Mapping[int, float]
    """Localisation AUC of each sample, the mean over the ranking methods whose map is not dead."""
    loaded: LoadedBatch
    maps: Mapping[str, Tensor]
    """(N, H, W) on the network's device, of each method; 0 throughout where none was made."""
    made: Mapping[str, Collection[int]]
    """The places in the batch of the pictures that each method made a map of."""

    def thumbnails(self, shown: Collection[int]) -> list[ThumbnailRow]:
        """The small pictures of the samples among `shown`."""
        chosen = [place for place, picture in enumerate(self.loaded.pictures) if picture.number in shown]
        return [row for place in chosen for row in self._thumbnails(place)]

    def _thumbnails(self, place: int) -> list[ThumbnailRow]:
        picture = self.loaded.pictures[place]
        maps = [
            ThumbnailRow(picture.number, label, encode_map(maps[place].cpu()))
            for label, maps in self.maps.items()
            if place in self.made[label]
        ]
        return [ThumbnailRow(picture.number, "picture", encode_picture(picture.framed.pixels)), *maps]


class Prediction(NamedTuple):
    """What the network said of one picture."""

    probability: float | None
    """The label's probability."""
    label_rank: int | None
    predicted: int | None
    confidence: float | None


NO_PREDICTION = Prediction(None, None, None, None)


class SourceMaps(NamedTuple):
    """A source's maps of a batch."""

    source: Source
    chosen: list[int]
    """The places in the batch of the pictures that it is made for."""
    relevance: Tensor
    """(chosen, H, W) on the network's device."""
    dead: list[bool]
    attribution: Attribution

    def over(self, n: int, values: Tensor, otherwise: float) -> Tensor:
        """(n, ...) of the whole batch: the values (chosen, ...), and something else where no map was made."""
        if len(self.chosen) == n:
            return values
        whole = values.new_full((n, *values.shape[1:]), otherwise)
        whole[self.chosen] = values
        return whole


def measure_batch(plan: Plan, loaded: LoadedBatch, meanwhile: Callable[[], None] = lambda: None) -> Measured:
    """Ask every source for its maps and score them; one pass through the network serves all that can share it.

    There is at least one picture. meanwhile: called before the maps are scored, to begin what then goes on
    beside it. Torch is done by then: its threads wait for each other, and for whatever else has taken their cores.
    """
    batch = plan.factory.batch(loaded.pictures)
    numbers = [picture.number for picture in loaded.pictures]
    assert loaded.region is not None
    where = loaded.region.on(batch.x.device)
    made = [maps for source in plan.sources for maps in _ask(source, plan.draws.sources[source.label], batch, numbers)]
    methods = [entry for entry in made if not entry.source.is_null]
    maps = {entry.source.label: entry.over(len(numbers), entry.relevance, 0) for entry in methods}
    chosen = {entry.source.label: frozenset(entry.chosen) for entry in methods}
    pictures = [
        _picture_row(*entry)
        for entry in zip(loaded.pictures, where.area_share.tolist(), _predictions(batch), strict=True)
    ]
    turn = numbers[0] // plan.inputs.settings.run.batch_size
    answers, notes, unmade, repeats = _intervene(plan, loaded, batch, maps, turn if turn in plan.repeated else None)
    notes += _agreements(numbers, maps, chosen)
    banned = forbidden_pixels(loaded.pictures, where.inside.unsqueeze(1))
    meanwhile()
    scored = [_score(entry, numbers, where, banned) for entry in made]
    map_repeats: list[MapRepeatRow] = []
    if turn in plan.repeated:
        again = replace(batch)  # without what the network said of it
        map_repeats = _explain_again(plan, made, again, numbers, turn)
        repeats += asked_again(batch, again, numbers)
    rows: Rows = {
        "picture": pictures,
        "mask": _mask_rows(loaded.pictures, where.inside),
        "score": [row for scores in scored for row in scores.score],
        "forbidden": [row for scores in scored for row in scores.forbidden],
        "note": notes + [row for scores in scored for row in scores.note],
        "answer": answers,
        "repeat": repeats,
        "map_repeat": map_repeats,
        "unmade": unmade,
        "grid": grid_rows(numbers, maps, where.inside) if "grid" in plan.needs else [],
    }
    mean_auc = _mean_auc(plan, made, scored, len(numbers))
    return Measured(rows, dict(zip(numbers, mean_auc, strict=True)), loaded, maps, chosen)


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of several parts of a batch, in their order."""
    if len(parts) == 1:
        return parts[0]
    by_table = [cast("dict[str, list[Any]]", part) for part in parts]
    return cast("Rows", {table: [row for part in by_table for row in part[table]] for table in by_table[0]})


def _mean_auc(plan: Plan, made: Sequence[SourceMaps], scored: Sequence["Scores"], n: int) -> list[float]:
    """(n,) over the ranking methods; NaN where none made a map that is not dead."""
    ranking = {source.label for source in plan.ranking}
    auc = [
        maps.over(n, scores.auc, torch.nan)
        for maps, scores in zip(made, scored, strict=True)
        if maps.source.label in ranking
    ]
    means: list[float] = torch.stack(auc).nanmean(dim=0).tolist() if auc else [math.nan] * n
    return means


def _ask(source: Source, drawn: set[int], batch: Batch, numbers: list[int]) -> list[SourceMaps]:
    """Nothing where none of the batch's pictures is drawn for the source."""
    chosen = [i for i, number in enumerate(numbers) if number in drawn]
    if not chosen:
        return []
    relevance, attribution = source.ask(batch if len(chosen) == len(numbers) else batch.some(chosen))
    return [SourceMaps(source, chosen, relevance, dead(relevance).tolist(), attribution)]


def _explain_again(
    plan: Plan, made: Sequence[SourceMaps], again: Batch, numbers: Sequence[int], turn: int
) -> list[MapRepeatRow]:
    """The first method's maps both ways in every batch in which the network is asked again; of each other source a few
    in one of these batches.
    """
    order, labels = sorted(plan.repeated), [source.label for source in plan.sources]
    rows: list[MapRepeatRow] = []
    for entry in made:
        place, chosen = labels.index(entry.source.label), [numbers[i] for i in entry.chosen]
        some = again if len(chosen) == len(numbers) else again.some(entry.chosen)
        if place == 0:
            rows += explained_again(entry.source, some, chosen, entry.relevance)
        elif order[place % len(order)] == turn:
            rows += explained_twice(entry.source, some, chosen)
    return rows


class Scores(NamedTuple):
    """What a source's maps of a batch yield: rows by table, and the localisation AUC of each map."""

    score: list[ScoreRow]
    forbidden: list[ForbiddenRow]
    note: list[NoteRow]
    auc: Tensor


def _score(maps: SourceMaps, numbers: Sequence[int], where: Region, banned: Tensor | None) -> Scores:
    """numbers, where, banned: of all pictures of the batch."""
    label, chosen = maps.source.label, maps.chosen
    objects = where if len(chosen) == len(numbers) else where.some(chosen)
    measures = score_maps(maps.relevance, objects)
    table = zip(chosen, maps.dead, *(measures[name].tolist() for name in MEASURES), strict=True)
    return Scores(
        score=[ScoreRow(numbers[i], label, int(silent), *row) for i, silent, *row in table],
        forbidden=[]
        if banned is None
        else _forbidden_rows([numbers[i] for i in chosen], label, maps.relevance, banned[chosen, 0]),
        note=[
            NoteRow(numbers[i], label, name, value)
            for name, values in maps.attribution.per_picture.items()
            for i, value in zip(chosen, values.double().tolist(), strict=True)
        ],
        auc=measures["auc"],
    )


def _intervene(
    plan: Plan, loaded: LoadedBatch, batch: Batch, maps: Mapping[str, Tensor], turn: int | None
) -> InterventionRows:
    """The rows of every intervention. turn: of a batch in which the network is asked again."""
    rows = InterventionRows([], [], [], [])
    if not plan.interventions:
        return rows
    trial = plan.trial(loaded.pictures, batch, maps)
    for intervention in plan.interventions:
        drawn = plan.draws.interventions[intervention.name]
        chosen = [i for i, picture in enumerate(loaded.pictures) if picture.number in drawn]
        if chosen:
            some = trial if len(chosen) == len(loaded.pictures) else trial.some(chosen)
            of_one = intervention_rows(intervention, some, [loaded.pictures[i].number for i in chosen], turn)
            rows.answer.extend(of_one.answer)
            rows.note.extend(of_one.note)
            rows.unmade.extend(of_one.unmade)
            rows.repeat.extend(of_one.repeat)
    return rows


def _forbidden_rows(numbers: list[int], source: str, relevance: Tensor, banned: Tensor) -> list[ForbiddenRow]:
    """Rows for the pictures that have forbidden pixels. banned: (N, H, W) bool."""
    area = banned.flatten(1).double().mean(dim=1).tolist()
    rows = zip(numbers, area, mass_on(relevance, banned).tolist(), strict=True)
    return [ForbiddenRow(number, source, share, mass) for number, share, mass in rows if share > 0]


def _agreements(
    numbers: Sequence[int], maps: Mapping[str, Tensor], made: Mapping[str, Collection[int]]
) -> list[NoteRow]:
    """Notes: how alike two methods rank the places of each picture of which both made a map."""
    return [
        NoteRow(number, one, f"agreement with {other}", value)
        for (one, other), values in agreements(maps).items()
        for place, (number, value) in enumerate(zip(numbers, values.tolist(), strict=True))
        if place in made[one] and place in made[other]
    ]


def _predictions(batch: Batch) -> list[Prediction]:
    """What the network said of each picture; None throughout where a logit is not finite."""
    logits = batch.logits.double().cpu()
    target = batch.target.cpu().unsqueeze(1)
    probability = logits.softmax(dim=1)
    rank = (logits > logits.gather(1, target)).sum(dim=1) + 1
    confidence, predicted = probability.max(dim=1)
    label = probability.gather(1, target).squeeze(1)
    rows = zip(label.tolist(), rank.tolist(), predicted.tolist(), confidence.tolist(), strict=True)
    finite = torch.isfinite(logits).all(dim=1).tolist()
    return [Prediction(*row) if is_number else NO_PREDICTION for row, is_number in zip(rows, finite, strict=True)]


def _mask_rows(pictures: Sequence[Loaded], inside: Tensor) -> list[MaskRow]:
    """Rows for the pictures whose objects are masks. inside: (N, H, W) bool."""
    drawn = [i for i, picture in enumerate(pictures) if picture.framed.drawn is not None]
    return [MaskRow(pictures[i].number, packed(inside[i].cpu().numpy())) for i in drawn]


def _picture_row(picture: Loaded, area_share: float, prediction: Prediction) -> PictureRow:
    width, height = picture.size
    boxes = json.dumps([[round(value, 2) for value in box] for box in picture.framed.boxes.tolist()])
    seen = picture.content
    return PictureRow(
        picture.number,
        picture.sha256,
        seen.pixels_sha256,
        seen.perceptual_hash,
        width,
        height,
        boxes,
        area_share,
        *prediction,
    )
