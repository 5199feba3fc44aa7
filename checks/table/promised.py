"""What a run's settings and its own account promise of every table, held against the rows that are there."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.draws import are_drawn
from audit.record.experiment_readers import count_notes
from audit.record.record import Record
from audit.record.sample_readers import count_samples
from audit.record.schema import SUBJECT
from checks.table.answers import Ints, Key
from checks.table.evidence import Evidence
from checks.table.regions import NOUNS
from checks.table.variants import KINDS, read_variant

Mask = NDArray[np.bool_]
HIDDEN = "forbidden_hidden"
"""The intervention that answers for pictures with forbidden pixels alone."""


def missing_rows(table: Evidence, record: Record) -> dict[str, Any]:
    """The first table that lacks rows, what they are of, and how many; empty where none does."""
    return next(_missing(table, record), {})


def _missing(table: Evidence, record: Record) -> Iterator[dict[str, Any]]:
    identity, total = record.identity(), count_samples(record)
    yield from _maps(table)
    yield from _interventions(table, identity, total)
    yield from _agreements(table, record)
    yield from _copies(table)
    yield from _candidates(table, identity)
    yield from _lenders(table)
    for search in NOUNS:
        yield from _regions(table, search)
    yield from _stages(table, identity)


def _lacks(name: str, of: str, rows: int) -> Iterator[dict[str, Any]]:
    if rows:
        yield {"table": name, "of": of, "rows": rows}


def _maps(table: Evidence) -> Iterator[dict[str, Any]]:
    for source, made in table.made.items():
        yield from _lacks("score", source, int((table.promised(source) & ~made).sum()))
    if table.forbidden:
        there = table.forbidden.there
        for source, mass in table.forbidden.mass.items():
            lacking = there & table.living(source) & np.isnan(mass)
            yield from _lacks("forbidden", source, int(lacking.sum()))
    there = table.forbidden.there if table.forbidden else np.zeros(table.n, bool)
    for key, given in table.answers.items():
        if key[:2] == (SUBJECT, HIDDEN):
            yield from _lacks("forbidden", "pictures", int((~there[given.place]).sum()))


def _interventions(table: Evidence, identity: Mapping[str, Any], total: int) -> Iterator[dict[str, Any]]:
    """Every picture has an answer to every variant, or the record says that it could not be made."""
    asked = ((identity.get("settings") or {}).get("experiments") or {}).get("interventions") or []
    names = [str(entry["name"]) for entry in asked if isinstance(entry, Mapping) and "name" in entry]
    for name in names:
        drawn = are_drawn(table.sample, table.experiments.get(name), total, table.seed, table.sampled)
        for key in sorted({key for key in (*table.answers, *table.unmade) if key[:2] == (SUBJECT, name)}):
            lacking = drawn.copy()
            lacking[_accounted(table, key)] = False
            yield from _lacks("answer", f"{name} '{key[2]}'", int(lacking.sum()))


def _accounted(table: Evidence, key: Key) -> Ints:
    """The places of the pictures that have an answer to a variant, or could not be altered so."""
    given = table.answers.get(key)
    there = np.empty(0, np.int64) if given is None else given.place
    return np.union1d(there, table.unmade.get(key, there[:0])).astype(np.int64)


def _agreements(table: Evidence, record: Record) -> Iterator[dict[str, Any]]:
    rows = count_notes(record)
    for one, other in combinations(table.methods, 2):
        there = max(rows.get((one, f"agreement with {other}"), 0), rows.get((other, f"agreement with {one}"), 0))
        both = int((table.made[one] & table.made[other]).sum())
        yield from _lacks("note", f"agreement of {one} and {other}", max(0, both - there))


def _copies(table: Evidence) -> Iterator[dict[str, Any]]:
    """Every planted copy was asked for all that the first was asked for, of all pictures with the mark."""
    planted = table.planted
    if planted is None or not planted.detectors:
        return
    subjects = [planted.subject(detector, share) for detector in planted.detectors for share in planted.lambdas]
    variants = sorted({key[1:] for key in (*table.answers, *table.unmade) if key[0] in subjects})
    for subject in subjects:
        for variant in {("mark", "shown"), ("mark", "hidden"), ("mark", "elsewhere"), *variants}:
            rows = planted.pictures - len(_accounted(table, (subject, *variant)))
            yield from _lacks("answer", f"{subject} to {variant[0]} '{variant[1]}'", max(0, rows))


def _candidates(table: Evidence, identity: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every candidate that the search stated has its row, and as many answers."""
    if "shared_cues" not in table.experiments or not table.n:
        return
    stated = (identity.get("shared_cues") or {}).get("answers")
    if not isinstance(stated, Mapping):
        yield from _lacks("meta", "shared_cues", 1)
        return
    yield from _lacks("cue", "shared_cues", len(set(stated) - {str(cue.id) for cue in table.cues}))
    for number, count in stated.items():
        rows = sum(len(_accounted(table, key)) for key in table.answers if key[:2] == (SUBJECT, f"cue {number}"))
        yield from _lacks("answer", f"cue {number}", max(0, count - rows))


def _lenders(table: Evidence) -> Iterator[dict[str, Any]]:
    """Every answer to what a picture was lent has a note on who lent it."""
    for (subject, intervention, variant), given in table.answers.items():
        if subject == SUBJECT and (read := read_variant(variant)).kind in KINDS and read.number is not None:
            lender = table.notes.get((intervention, f"donor of {variant}"), np.full(table.n, np.nan))
            yield from _lacks("note", f"{intervention} '{variant}'", int(np.isnan(lender[given.place]).sum()))


def _regions(table: Evidence, search: str) -> Iterator[dict[str, Any]]:
    """Every region that a search stated was tried on all pictures that were looked at, with every donor."""
    if search not in table.experiments or not table.n:
        return
    searched = table.regions.get(search)
    if searched is None:
        yield from _lacks("meta", search, 1)
        return
    donors = table.experiments[search]["donors"]
    for region in searched.regions:
        for kind in KINDS:
            for number in range(1, donors + 1):
                variant = f"{kind} {number}"
                accounted = table.sample[_accounted(table, (SUBJECT, region.name, variant))]
                rows = int((~np.isin(searched.pictures, accounted)).sum())
                yield from _lacks("answer", f"{region.name} '{variant}'", rows)


def _stages(table: Evidence, identity: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every stage of every method has a similarity for each picture that the control drew."""
    stated = identity.get("randomisation")
    if not isinstance(stated, Mapping) or not isinstance(stated.get("pictures"), int):
        yield from _lacks("cascade", "randomisation", int("randomisation" in table.experiments and table.n > 0))
        return
    most = max((len(stages) for stages in table.cascade.values()), default=0)
    for method in table.methods:
        stages = table.cascade.get(method, ())
        fewest = most if method in (stated.get("refused") or {}) else max(1, most)
        rows = fewest * stated["pictures"] - sum(len(stage.similarity) for stage in stages)
        yield from _lacks("cascade", method, max(0, rows))
