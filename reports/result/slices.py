"""The audit's numbers by kind of pictures: accuracy and wrong reasons, each cell with its interval."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from checks.frozen import Frozen
from checks.statistics.bounds import wilson
from checks.statistics.subset import FEWEST
from checks.statistics.tolerance import enough_for_tolerance
from checks.table.cells import judged_by_experiment, miss_of, missed
from checks.table.evidence import Evidence
from checks.table.kinds import CLASS, repeated
from checks.table.slices import MOST_VALUES, columns, slices
from checks.verdict import Profile

Mask = NDArray[np.bool_]

RULE = "right_for_the_right_reason"
EMPTY, FEW = "empty", "too few"


class Share(Frozen):
    """k of n, between two one-sided bounds at the profile's confidence: Wilson's, or exact ones by cluster."""

    count: int
    of: int
    share: float | None = Field(description="null where there are none")
    lower: float
    upper: float


class SliceCell(Frozen):
    """The pictures with one value."""

    value: str
    n: int
    clusters: int | None = Field(description="of which they come; null where the settings name none")
    accuracy: Share = Field(description="predicted right, of all")
    wrong_reason: Share = Field(
        description="right for the wrong reason by the experiment, of those predicted right on which it was made"
    )
    power: str = Field(
        description="'' where the pictures could show the limit on wrong reasons if none was, 'too few' where they"
        " could not, 'empty' where there is none"
    )


class SliceTable(Frozen):
    """All values of one column."""

    column: str
    required: tuple[str, ...] = Field(description="rules that must hold in each slice, by the profile")
    cells: tuple[SliceCell, ...]


class Slices(Frozen):
    """Kinds of pictures. What is not required decides nothing."""

    fewest: int = Field(
        description="independent pictures, predicted right and tried by experiment, under which a cell is too few"
    )
    missing: tuple[str, ...] = Field(description="columns that the profile requires and the data does not have")
    left_out: tuple[str, ...] = Field(description=f"columns with more than {MOST_VALUES} values")
    repeated: dict[str, str] = Field(
        description="columns without a table, since they say again what the class or the named column says"
    )
    tables: tuple[SliceTable, ...]


def slice_tables(evidence: Evidence) -> Slices:
    """By every column of the metadata and every derived one that tells pictures apart; required ones first."""
    required, fewest = evidence.profile.slices, fewest_for(evidence.profile)
    asked = required.by if required else ()
    there = columns(evidence) if evidence.n else ()
    parts = {column: slices(evidence, column) for column in there}
    left_out = tuple(column for column, values in parts.items() if len(values) > MOST_VALUES)
    again = _repeated(evidence, without=(*asked, *left_out)) if evidence.n else {}
    shown = [c for c in there if c not in (*left_out, *again) and (c in asked or len(parts[c]) > 1)]
    off = missed(evidence, miss_of(evidence.profile))
    tried = evidence.right & judged_by_experiment(evidence)
    tables = [
        SliceTable(
            column=column,
            required=required.rules if required and column in asked else (),
            cells=tuple(_cell(evidence, part.value, part.here, off, tried, fewest) for part in parts[column]),
        )
        for column in sorted(shown, key=lambda column: column not in asked)
    ]
    missing = tuple(column for column in asked if column not in there)
    return Slices(fewest=fewest, missing=missing, left_out=left_out, repeated=again, tables=tuple(tables))


def _repeated(evidence: Evidence, without: tuple[str, ...]) -> dict[str, str]:
    """A column that is itself called 'class' is shown in place of the class."""
    columns = {name: values for name, values in evidence.metadata.items() if name not in (*without, CLASS)}
    return repeated(evidence.label, columns)


def fewest_for(profile: Profile) -> int:
    """Pictures in which no miss at all would show the profile's limit on wrong reasons; else what a mean needs."""
    limit = profile.rules.get(RULE, {}).get("max_share")
    if not isinstance(limit, float) or not 0 < limit < 1:
        return FEWEST
    return enough_for_tolerance(1 - limit, profile.confidence)


def _cell(evidence: Evidence, value: str, here: Mask, off: Mask, tried: Mask, fewest: int) -> SliceCell:
    """The pictures that are `here`; of those `tried` by the experiment, some are `off` the object."""
    all_here, worth = evidence.subset(here), evidence.subset(here & tried)
    enough = (worth.n if worth.independent is None else worth.independent) >= fewest
    return SliceCell(
        value=value,
        n=all_here.n,
        clusters=all_here.clusters,
        accuracy=_share(evidence, evidence.right, here),
        wrong_reason=_share(evidence, off, here & tried),
        power="" if enough else FEW if all_here.n else EMPTY,
    )


def _share(evidence: Evidence, hit: Mask, among: Mask) -> Share:
    subset, k = evidence.subset(among), int((hit & among).sum())
    by_picture = subset.cluster is None
    lower, upper = wilson(k, subset.n, subset.confidence) if by_picture else subset.share(hit[among])
    return Share(count=k, of=subset.n, share=k / subset.n if subset.n else None, lower=lower, upper=upper)
