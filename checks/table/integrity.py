"""Is the record that of a whole run, and can its numbers be true? What fails here makes any verdict worthless."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.datasets.exclusions import by_scope
from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256
from audit.record.seal import broken_seal
from checks.table.evidence import Evidence, Floats
from checks.table.mean_difference import ROUNDING
from checks.table.plausibility import impossible_answers, strays, unfinished_experiments
from checks.table.promised import missing_rows
from checks.table.repeats import different_answers, different_classes, different_maps, not_repeated
from checks.verdict import Outcome, Verdict

RULE = "run_is_whole"
NETWORK_CHANGED = "network_changed"
"""The network is not the same after the audit as before."""
STOPPED = "stopped"
"""Not every sample was reached; details: the samples `reached`, and `total`."""
ALL_EXCLUDED = "all_excluded"
"""No sample was measured; details: `total`, and how many of these lie `outside_scope`."""
NO_SAMPLES = "no_samples"
"""The data set holds no sample."""
EXPERIMENTS_UNFINISHED = "experiments_unfinished"
"""Controls and searches that the settings ask for were not finished; details: their names as `experiments`."""
SAMPLES_NOT_STATED = "samples_not_stated"
"""The record does not say how many samples the data set held."""
OTHER_NUMBER_OF_SAMPLES = "other_number_of_samples"
"""The record counts other samples than the data set held; details: `stated` and `counted`."""
OTHER_PICTURES = "other_pictures"
"""The pictures are not those that the run hashed when it finished."""
STRAY_ROWS = "stray_rows"
"""Rows about samples that were not measured; details: `rows`, the `table`, the `first` sample."""
OTHER_ROWS = "other_rows"
"""Rows are not those that the run stated when it finished; details: the `table`, `stated` and `counted` rows."""
MISSING_ROWS = "missing_rows"
"""Rows are missing that the settings, or what the run says of itself, promise; details: the `table`, what the rows are
`of`, and how many `rows`."""
IMPOSSIBLE_NUMBERS = "impossible_numbers"
"""Numbers that no run can yield; details: the `quantity`, and what it is of."""

LOOK = "look"
"""Some of the samples alone were audited, as the settings ask; details: `samples`, and how many they are `of`."""
NOT_REPEATED = "not_repeated"
"""The network was not asked again as often as it should have been; details: pictures `done`, and `pictures` in all."""
ANSWERS_DIFFER = "answers_differ"
"""Asked again, the network gives other answers; details: those of `different_answers`."""
CLASSES_DIFFER = "classes_differ"
"""Asked again, the network names other classes, though its answers hardly move; details: those of
`different_classes`."""
MAPS_DIFFER = "maps_differ"
"""Asked again, a method makes other maps; details: those of `different_maps`."""


class Trouble(NamedTuple):
    """Why the record is worth nothing."""

    reason: str
    details: Mapping[str, Any] = MappingProxyType({})


def run_is_whole(table: Evidence, record: Record) -> tuple[Verdict, ...]:
    """One INVALID verdict, or one INCONCLUSIVE for a look at some of the samples, or none."""
    trouble = _unfinished(table, record) or _altered(table, record) or _unsteady(table, record)
    if trouble is not None:
        return (Verdict(rule=RULE, outcome=Outcome.INVALID, reason=trouble.reason, details=dict(trouble.details)),)
    look = record.identity().get(LOOK)
    if look is None:
        return ()
    return (
        Verdict(
            rule=RULE,
            outcome=Outcome.INCONCLUSIVE,
            reason=LOOK,
            details={key: int(look[key]) for key in ("samples", "of")},
        ),
    )


def _unfinished(table: Evidence, record: Record) -> Trouble | None:
    finished = record.identity().get("finished") or {}
    reached = table.n + len(table.exclusions)
    if finished and finished.get("state_unchanged") is not True:
        return Trouble(NETWORK_CHANGED)
    if not table.complete or not finished:
        return Trouble(STOPPED, {"reached": reached, "total": table.total})
    if table.n == 0:
        return Trouble(ALL_EXCLUDED, _left_out(table)) if table.total else Trouble(NO_SAMPLES)
    if left := unfinished_experiments(record):
        return Trouble(EXPERIMENTS_UNFINISHED, {"experiments": left})
    return None


def _left_out(table: Evidence) -> dict[str, int]:
    return {"total": table.total, "outside_scope": len(by_scope(table.exclusions)[1])}


def _altered(table: Evidence, record: Record) -> Trouble | None:
    return next(_signs(table, record), None)


def _signs(table: Evidence, record: Record) -> Iterator[Trouble]:
    """Every sign that the record is not what the run wrote, the plainest first."""
    identity = record.identity()
    stated = (identity.get("dataset") or {}).get("samples")
    if stated is None:
        yield Trouble(SAMPLES_NOT_STATED)
    if stated != table.total:
        yield Trouble(OTHER_NUMBER_OF_SAMPLES, {"stated": stated, "counted": table.total})
    if identity["finished"].get("pictures_sha256") != pictures_sha256(record):
        yield Trouble(OTHER_PICTURES)
    if stray := strays(record):
        yield Trouble(STRAY_ROWS, stray)
    if impossible := _impossible_scores(table) or impossible_answers(table):
        yield Trouble(IMPOSSIBLE_NUMBERS, impossible)
    if missing := missing_rows(table, record):
        yield Trouble(MISSING_ROWS, missing)
    if broken := broken_seal(record):
        yield Trouble(OTHER_ROWS, broken._asdict())


def _unsteady(table: Evidence, record: Record) -> Trouble | None:
    if missing := not_repeated(table, record):
        return Trouble(NOT_REPEATED, missing)
    if differing := different_answers(record):
        return Trouble(ANSWERS_DIFFER, differing)
    if differing := different_classes(record):
        return Trouble(CLASSES_DIFFER, differing)
    if differing := different_maps(record):
        return Trouble(MAPS_DIFFER, differing)
    return None


def _impossible_scores(table: Evidence) -> dict[str, Any]:
    """The first quantity with values that no run can yield, in how many samples; empty where there is none.

    NaN is no number, and so not impossible.
    """
    suspects = {
        ("area share", ""): ~_possible_area(table),
        ("prediction", ""): _half(table),
        ("probability", ""): _outside(table.probability),
        ("probability of the predicted class", ""): _outside(table.confidence_of_prediction),
    }
    for source, scores in table.scores.items():
        suspects |= {(measure, source): _outside(scores[measure]) for measure in scores if measure != "lift"}
        suspects["lift", source] = (scores["lift"] < 0) | np.isinf(scores["lift"])
    if table.forbidden:
        suspects["area share of the forbidden pixels", ""] = _outside(table.forbidden.area)
        suspects |= {("mass on forbidden pixels", of): _outside(mass) for of, mass in table.forbidden.mass.items()}
    for (quantity, source), wrong in suspects.items():
        if wrong.any():
            of = {"source": source} if source else {}
            return {"quantity": quantity, **of, "samples": int(wrong.sum()), "first": int(table.sample[wrong].min())}
    return {}


def _possible_area(table: Evidence) -> NDArray[np.bool_]:
    """(n,) boxes cover something, and no more than all; where there are none, nothing."""
    if not table.boxed:
        return np.asarray(table.area_share == 0)
    return np.asarray((table.area_share > 0) & (table.area_share <= 1 + ROUNDING))


def _half(table: Evidence) -> NDArray[np.bool_]:
    """Some of what the network said of a picture is a number, and some is none."""
    numbers = (table.probability, table.label_rank, table.confidence_of_prediction)
    known = np.stack([table.predicted >= 0, *(~np.isnan(column) for column in numbers)])
    return np.asarray(known.any(axis=0) & ~known.all(axis=0))


def _outside(share: Floats) -> NDArray[np.bool_]:
    """No share between 0 and 1, up to rounding."""
    return np.asarray(~np.isnan(share) & ~((share >= -ROUNDING) & (share <= 1 + ROUNDING)))
