"""Is the record that of a whole run, and can its numbers be true? What fails here makes any verdict worthless."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256
from checks.table.evidence import Evidence, Floats
from checks.table.mean_difference import ROUNDING
from checks.table.plausibility import impossible_answers, strays, unfinished_experiments
from checks.verdict import Outcome, Verdict
from checks.words import count

AGAIN = "Run the audit again on pictures that can be measured; the exclusions say what is wrong with these."
ALTERED = "Do not use this record: run the audit again, and find out who or what wrote into the file."


class Trouble(NamedTuple):
    seen: str
    next_step: str


def run_is_whole(found: Evidence, record: Record) -> tuple[Verdict, ...]:
    """One INVALID verdict, or none."""
    trouble = _unfinished(found, record) or _altered(found, record)
    if trouble is None:
        return ()
    verdict = Verdict(
        rule="run_is_whole",
        question="Was the run finished, on pictures, without touching the network, and is the record as written?",
        outcome=Outcome.INVALID,
        sentence=trouble.seen,
        next_step=trouble.next_step,
    )
    return (verdict,)


def _unfinished(found: Evidence, record: Record) -> Trouble | None:
    finished = record.identity().get("finished") or {}
    reached = found.n + len(found.exclusions)
    if finished and finished.get("state_unchanged") is not True:
        return Trouble("The network is not the same after the audit as before.", "Freeze it, and run the audit again.")
    if not found.complete or not finished:
        return Trouble(
            f"The run stopped after {reached:,} of {count(found.total, 'sample')}.",
            "Go on where it stopped: saliency-audit run SETTINGS.toml --resume.",
        )
    if found.n == 0:
        seen = f"All {count(found.total, 'sample')} are excluded." if found.total else "The data set holds no sample."
        return Trouble(seen, AGAIN)
    if seen := unfinished_experiments(record):
        return Trouble(seen, "Go on where it stopped: saliency-audit run SETTINGS.toml --resume.")
    return None


def _altered(found: Evidence, record: Record) -> Trouble | None:
    identity = record.identity()
    stated = (identity.get("dataset") or {}).get("samples")
    if stated != found.total:
        seen = f"The data set held {stated} samples, but the record counts {found.total:,}."
        return Trouble(seen if stated is not None else "The record does not say how many samples there were.", ALTERED)
    if identity["finished"].get("pictures_sha256") != pictures_sha256(record):
        return Trouble("The pictures in the record are not those that the run hashed when it finished.", ALTERED)
    if stray := strays(record):
        return Trouble(f"The record holds {stray}.", ALTERED)
    if wrong := _impossible(found) or impossible_answers(found):
        return Trouble(f"The record holds impossible numbers: {wrong}.", ALTERED)
    return None


def _impossible(found: Evidence) -> str:
    """The first quantity with values that no run can yield, and how many; '' where there is none. NaN is no number."""
    suspects = {
        "area share": ~((found.area_share > 0) & (found.area_share <= 1 + ROUNDING)),
        "probability": _outside(found.probability),
        "probability of the predicted class": _outside(found.confidence_of_prediction),
    }
    for source, scores in found.scores.items():
        suspects |= {f"{measure} of {source}": _outside(scores[measure]) for measure in scores if measure != "lift"}
        suspects[f"lift of {source}"] = (scores["lift"] < 0) | np.isinf(scores["lift"])
    if found.forbidden:
        suspects["area share of the forbidden pixels"] = _outside(found.forbidden.area)
        suspects |= {f"{source} on forbidden pixels": _outside(mass) for source, mass in found.forbidden.mass.items()}
    for quantity, wrong in suspects.items():
        if wrong.any():
            first = int(found.sample[wrong].min())
            return f"{quantity} in {count(int(wrong.sum()), 'sample')}, first in number {first}"
    return ""


def _outside(share: Floats) -> NDArray[np.bool_]:
    """No share between 0 and 1, up to rounding."""
    return np.asarray(~np.isnan(share) & ~((share >= -ROUNDING) & (share <= 1 + ROUNDING)))
