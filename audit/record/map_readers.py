"""Reading what maps came to: scores, relevance on forbidden pixels, grids, randomisation, and the gallery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.record.dtypes import Bools, Floats, Ints, Objects
from audit.record.record import Record
from audit.record.schema import MEASURES, GridRow


@dataclass(frozen=True, eq=False)
class Scores:
    """The n maps of one source against the boxes, in the order of the samples' numbers."""

    sample: Ints
    """(n,)"""
    dead: Bools
    """(n,)"""
    values: Mapping[str, Floats]
    """By measure, as in `MEASURES`: (n,), NaN where the map is dead."""


@dataclass(frozen=True, eq=False)
class ForbiddenShares:
    """n maps against forbidden pixels, by source, then in the order of the samples' numbers."""

    source: Objects
    """(n,) str"""
    sample: Ints
    """(n,)"""
    area_share: Floats
    """(n,)"""
    mass: Floats
    """(n,) NaN where the map is dead."""


@dataclass(frozen=True, eq=False)
class Cascade:
    """n maps of randomised networks, by method, stage, and in the order of the samples' numbers."""

    method: Objects
    """(n,) str"""
    stage: Ints
    """(n,) from 1"""
    layers: Objects
    """(n,) str: what lost its weights in this stage."""
    sample: Ints
    """(n,)"""
    similarity: Floats
    """(n,) with the map of the network as it is, NaN where one of the two is dead."""


def read_scores(record: Record, source: str) -> Scores:
    """The table `score`, of one source."""
    columns = record.columns(
        f"SELECT sample, dead, {', '.join(MEASURES)} FROM score WHERE source = ? ORDER BY sample", (source,)
    )
    return Scores(
        sample=columns["sample"].astype(np.int64),
        dead=columns["dead"].astype(bool),
        values={measure: columns[measure].astype(np.float64) for measure in MEASURES},
    )


def read_mean_auc(record: Record, sources: Sequence[str]) -> dict[int, float]:
    """Each sample's mean localisation AUC over these sources, NaN where all maps are dead."""
    columns = record.columns(
        f"SELECT sample, avg(auc) AS auc FROM score WHERE source IN ({', '.join('?' * len(sources))}) GROUP BY sample",
        sources,
    )
    return dict(zip(columns["sample"].tolist(), columns["auc"].astype(np.float64).tolist(), strict=True))


def read_forbidden_shares(record: Record) -> ForbiddenShares:
    """The table `forbidden`."""
    columns = record.columns("SELECT source, sample, area_share, mass FROM forbidden ORDER BY source, sample")
    return ForbiddenShares(
        source=columns["source"].astype(object),
        sample=columns["sample"].astype(np.int64),
        area_share=columns["area_share"].astype(np.float64),
        mass=columns["mass"].astype(np.float64),
    )


def read_cascade(record: Record) -> Cascade:
    """The table `cascade`."""
    columns = record.columns(
        "SELECT method, stage, layers, sample, similarity FROM cascade ORDER BY method, stage, sample"
    )
    return Cascade(
        method=columns["method"].astype(object),
        stage=columns["stage"].astype(np.int64),
        layers=columns["layers"].astype(object),
        sample=columns["sample"].astype(np.int64),
        similarity=columns["similarity"].astype(np.float64),
    )


def read_grids(record: Record) -> tuple[GridRow, ...]:
    """The table `grid`, in the order of the samples' numbers."""
    columns = record.columns("SELECT sample, cells FROM grid ORDER BY sample")
    return tuple(map(GridRow, columns["sample"].tolist(), columns["cells"].tolist()))


def read_thumbnails(record: Record) -> dict[int, dict[str, bytes]]:
    """For each sample of the gallery: image files by layer, 'picture' or a method's label."""
    columns = record.columns("SELECT sample, layer, encoded FROM thumbnail ORDER BY sample, layer")
    thumbnails: dict[int, dict[str, bytes]] = {}
    for sample, layer, encoded in zip(*(column.tolist() for column in columns.values()), strict=True):
        thumbnails.setdefault(sample, {})[layer] = encoded
    return thumbnails
