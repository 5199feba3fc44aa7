"""One batch: pictures in, rows for the record out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from audit.agreement import agreements
from audit.batch import Batch, dead
from audit.experiments import part, probe_rows
from audit.gallery import encode_map, encode_picture
from audit.loading import Loaded, LoadedBatch
from audit.plan import Plan
from audit.record import MEASURES, Row, Rows
from audit.scores import Region, score_maps
from audit.spots import spot_rows


@dataclass(frozen=True, eq=False)
class Measured:
    """What one batch yields. Its maps live no longer than it does."""

    rows: Rows
    auc: Mapping[int, float]
    """Localisation AUC of each sample, the mean over the methods whose map is not dead."""
    loaded: LoadedBatch
    maps: Mapping[str, Tensor]
    """(N, H, W) on the CPU, of each method."""

    def overlays(self, number: int) -> dict[str, bytes]:
        """The small pictures of one sample, by layer."""
        index = next(i for i, picture in enumerate(self.loaded.pictures) if picture.number == number)
        shown = {"picture": encode_picture(self.loaded.pictures[index].framed.pixels)}
        return shown | {label: encode_map(maps[index]) for label, maps in self.maps.items()}


def measure_batch(ready: Plan, loaded: LoadedBatch, where: Region) -> Measured:
    """Ask every source for its maps and score them; one pass through the network serves all that can share it.

    where: the objects of the loaded pictures.
    """
    batch = ready.batch(loaded.pictures)
    numbers = [picture.number for picture in loaded.pictures]
    scores: list[Row] = []
    notes: list[Row] = []
    maps: dict[str, Tensor] = {}
    auc: list[Tensor] = []
    for source in ready.sources:
        chosen = [i for i, number in enumerate(numbers) if number in ready.drawn[source.label]]
        if not chosen:
            continue
        asked, there = (batch, where) if len(chosen) == len(numbers) else _part(batch, where, chosen)
        relevance, said = source.ask(asked)
        relevance = relevance.cpu()
        found = score_maps(relevance, there)
        table = torch.stack([dead(relevance).double(), *(found[name] for name in MEASURES)], dim=1).tolist()
        scores += [(numbers[i], source.label, int(row[0]), *row[1:]) for i, row in zip(chosen, table, strict=True)]
        for name, values in said.per_picture.items():
            pairs = zip(chosen, values.double().tolist(), strict=True)
            notes += [(numbers[i], source.label, name, value) for i, value in pairs]
        if not source.is_null:
            maps[source.label] = relevance
            auc.append(found["auc"])
    mean_auc = torch.stack(auc).nanmean(dim=0).tolist()
    shares = where.area_share.tolist()
    predictions = _predictions(batch)
    probed, noted = _probed(ready, loaded, batch, maps)
    pictures = [_row(*entry) for entry in zip(loaded.pictures, shares, predictions, strict=True)]
    notes += noted + _agreements(numbers, maps)
    rows: Rows = {"picture": pictures, "score": scores, "note": notes, "answer": probed}
    if any(study.name == "shared_cues" for study in ready.studies):
        rows = {**rows, "spot": spot_rows(numbers, maps, where.inside)}
    return Measured(rows, dict(zip(numbers, mean_auc, strict=True)), loaded, maps)


def _probed(ready: Plan, loaded: LoadedBatch, batch: Batch, maps: Mapping[str, Tensor]) -> tuple[list[Row], list[Row]]:
    """Rows for the tables `answer` and `note` of every probe."""
    found: list[Row] = []
    notes: list[Row] = []
    if not ready.probes:
        return found, notes
    trial = ready.trial(loaded.pictures, batch, maps)
    for probe in ready.probes:
        chosen = [
            i for i, picture in enumerate(loaded.pictures) if picture.number in ready.drawn[f"probe {probe.name}"]
        ]
        if chosen:
            some = trial if len(chosen) == len(loaded.pictures) else part(trial, chosen)
            said, noted = probe_rows(probe, some, [loaded.pictures[i].number for i in chosen])
            found, notes = found + said, notes + noted
    return found, notes


def _agreements(numbers: list[int], maps: Mapping[str, Tensor]) -> list[Row]:
    """Notes: how alike two methods rank the places of each picture."""
    return [
        (number, one, f"agreement with {other}", value)
        for (one, other), values in agreements(maps).items()
        for number, value in zip(numbers, values.tolist(), strict=True)
    ]


def _part(batch: Batch, where: Region, chosen: list[int]) -> tuple[Batch, Region]:
    seeds = tuple(batch.seeds[i] for i in chosen)
    part = replace(batch, x=batch.x[chosen], target=batch.target[chosen], seeds=seeds)
    return part, Region(where.inside[chosen], where.near[chosen])


def _predictions(batch: Batch) -> list[tuple[float | None, int | None, int | None, float | None]]:
    """Probability and rank of the label, the predicted class and its probability; None where a logit is NaN."""
    logits = batch.logits.double().cpu()
    target = batch.target.cpu().unsqueeze(1)
    probability = logits.softmax(dim=1)
    rank = (logits > logits.gather(1, target)).sum(dim=1) + 1
    confidence, predicted = probability.max(dim=1)
    label = probability.gather(1, target).squeeze(1)
    rows = zip(label.tolist(), rank.tolist(), predicted.tolist(), confidence.tolist(), strict=True)
    sound = torch.isfinite(logits).all(dim=1).tolist()
    return [row if ok else (None, None, None, None) for row, ok in zip(rows, sound, strict=True)]


def _row(
    picture: Loaded, area_share: float, prediction: tuple[float | None, int | None, int | None, float | None]
) -> Row:
    boxes = json.dumps([[round(value, 2) for value in box] for box in picture.framed.boxes.tolist()])
    return (picture.number, picture.sha256, *picture.size, boxes, area_share, *prediction)
