"""The negative control: what the methods' maps still show when the network has forgotten everything."""

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from audit.bounds import MOST_PICTURES
from audit.engine.plan import Plan
from audit.errors import AuditError
from audit.experiments.cascade import MOST_STAGES, cascade
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.record.schema import Rows, StageRow
from audit.record.writer import meta_rows
from audit.registry import Need
from audit.saliency.batch import Batch
from audit.saliency.rank_correlation import similarity
from audit.saliency.sources import Source

NEEDS: frozenset[Need] = frozenset({"gradient", "maps"})
"""gradient: of all models it is those whose weights can be replaced."""


def randomisation(run: Plan, record: Record, *, pictures: Annotated[int, Field(ge=2, le=MOST_PICTURES)] = 16) -> Rows:
    """Tests whether the maps change when the network loses its weights, layer by layer from output to input.

    Cascading randomisation (Adebayo et al. 2018), see `cascade`, on a draw of the pictures. For each method,
    stage and picture: Spearman's rank correlation of the map with that of the network as it is; none where one of them
    is dead. A method whose maps cannot be made of the copy has no similarities, and the reason stands in the record.
    """
    numbers = _drawn(run, record, pictures)
    batches = _batches(run, numbers)
    original = {method.label: _maps(method, batches) for method in run.methods}
    rows: list[StageRow] = []
    refused: dict[str, str] = {}
    try:
        copies = cascade(run.factory.module, run.inputs.settings.run.seed, [batch.x for batch in batches])
        for stage, (layers, copied) in enumerate(copies, 1):
            for method in run.methods:
                alike = _similarity(method, [b.of_copy(copied) for b in batches], original[method.label], refused)
                rows += [
                    StageRow(method.label, stage, layers, *pair) for pair in zip(numbers, alike.tolist(), strict=True)
                ]
    except AuditError as error:  # the network cannot be copied or randomised; a method's own refusal ends before
        refused |= {method.label: str(error) for method in run.methods}
    summary = {"pictures": len(numbers), "refused": refused}
    return {"cascade": rows, "meta": meta_rows({"randomisation": summary})}


def passes(run: Plan, per_picture: float, *, pictures: int) -> float:
    """Every method's map of every picture, of the network itself and after each stage, which it also calibrates."""
    return min(pictures, len(run.inputs.samples)) * (MOST_STAGES + 1) * per_picture * _share_of_maps(run)


def _share_of_maps(run: Plan) -> float:
    """Roughly, of the work on a picture, that of the methods."""
    return len(run.methods) / (len(run.sources) + len(run.interventions))


def _drawn(run: Plan, record: Record, count: int) -> list[int]:
    return sorted(run.inputs.shuffled(read_pictures(record).number)[:count])


def _batches(run: Plan, numbers: Sequence[int]) -> list[Batch]:
    size, load = run.batch_size, run.factory.loader.load
    return [run.factory.batch(list(map(load, numbers[i : i + size]))) for i in range(0, len(numbers), size)]


def _maps(source: Source, batches: Sequence[Batch]) -> Tensor:
    """(N, H, W) of all batches."""
    return torch.cat([source.ask(batch)[0] for batch in batches])


def _similarity(source: Source, batches: Sequence[Batch], original: Tensor, refused: dict[str, str]) -> Tensor:
    """(N,) NaN where the method refuses the copy."""
    try:
        return similarity(_maps(source, batches), original)
    except AuditError as error:
        refused[source.label] = str(error)
        return torch.full((len(original),), torch.nan)
