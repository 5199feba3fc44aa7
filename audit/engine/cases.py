"""The cases: the pictures that the report shows altered, chosen by what decides when all answers are there.

They are loaded and altered once more, one at a time, which gives the very pictures that were asked about: every draw
goes by a picture's own seed, and what the network is shown lies on the grid of its file.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.engine.altered_pictures import encode_altered
from audit.engine.explained_samples import loaded_again
from audit.engine.plan import Plan
from audit.engine.shown_samples import random_numbers
from audit.engine.thumbnails import encode_map, encode_picture, first_drawn
from audit.models.pass_counter import Passes
from audit.record.altered_layers import Alteration, read_layer
from audit.record.experiment_readers import Answers, read_answers
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import Pictures, read_pictures
from audit.record.schema import SUBJECT, ThumbnailRow
from audit.record.writer import add_rows, meta_rows

EACH = 4
"""Pictures of a kind."""
CASES = "cases"
"""Entry of the record's metadata, and part of the passes."""
OWN, OTHERS = "same ", "other "
"""How variants begin that take a property from pictures of the same class, and of others."""
REMOVED, BACKGROUND = "object_removed", "background_replaced"
ELSEWHERE = " elsewhere"


class Cases(NamedTuple):
    """Sample numbers, none twice."""

    worst: list[int]
    """Right answers that lose the most where a property contradicts the label; of equal ones the nearest to turning."""
    borderline: list[int]
    """Of the others that turn under no swap, those that come nearest to it."""
    random: list[int]
    """Drawn with the run's seed."""


class Swapped(NamedTuple):
    """What swaps do to n pictures."""

    lost: NDArray[np.float64]
    """(n,) the largest share of answers that a property of other classes turns, less that of its own class; 0: none."""
    least: NDArray[np.float64]
    """(n,) the lowest log-odds of the label on a property of another class; NaN where none was tried."""


def keep_cases(plan: Plan, record: Record, passes: Passes) -> None:
    """Choose the cases and add to the record what it does not keep of them yet, in one transaction."""
    pictures = read_pictures(record)
    if record.has(f"done {CASES}") or not len(pictures.number):
        return
    answers, kept = read_answers(record), read_thumbnails(record)
    draw = random_numbers(plan, pictures.number.tolist())
    cases = choose_cases(pictures, swapped(answers, pictures), draw)
    altered = {number for number, layers in kept.items() if any(map(read_layer, layers))}
    if not (altered or cases.worst):
        return
    names = [intervention.name for intervention in plan.interventions]
    rows = [
        row
        for number in sorted({*altered, *(number for group in cases for number in group)})
        for row in _rows(plan, number, kept.get(number, {}), worst_variants(answers, number, names))
    ]
    asked = passes.take(CASES, 0)
    entries = meta_rows({CASES: cases._asdict()})
    add_rows(record, {"thumbnail": rows, "meta": entries, "passes": [asked] if asked.forward else []}, finished=CASES)


def choose_cases(pictures: Pictures, swaps: Swapped, draw: Mapping[int, int]) -> Cases:
    """Which samples. draw: a random number for each."""
    number, right = pictures.number, pictures.right & np.isfinite(swaps.least)
    order = np.lexsort((number, swaps.least, -swaps.lost))
    ranked = [int(number[i]) for i in order if right[i]]
    worst = ranked[:EACH]
    steady = {int(number[i]) for i in np.flatnonzero(right & (swaps.lost <= 0))}
    borderline = [sample for sample in ranked[EACH:] if sample in steady][:EACH]
    rest = {sample: value for sample, value in draw.items() if sample not in {*worst, *borderline}}
    return Cases(worst, borderline, first_drawn(rest, EACH))


def swapped(answers: Answers, pictures: Pictures) -> Swapped:
    """What swaps take from each measured picture, over all interventions with donors of both kinds."""
    lost = np.zeros(len(pictures.number))
    least = np.full(len(pictures.number), np.nan)
    given = {kind: _given(answers, kind) for kind in (OWN, OTHERS)}
    for intervention in sorted(set(answers.intervention[given[OTHERS]].tolist())):
        of = answers.intervention == intervention
        own, _ = _share_right(answers, pictures, of & given[OWN])
        other, lowest = _share_right(answers, pictures, of & given[OTHERS])
        if np.isfinite(own).any() and np.isfinite(other).any():
            lost = np.fmax(lost, own - other)
            least = np.fmin(least, lowest)
    return Swapped(lost, least)


def worst_variants(answers: Answers, number: int, interventions: Collection[str]) -> tuple[Alteration, ...]:
    """What speaks most against the network, of one sample and these interventions.

    That is the fill without the object that keeps the most of the label; and of the swaps of the background, and of all
    other swaps, the one that leaves the least.
    """
    here = np.flatnonzero((answers.sample == number) & np.isfinite(answers.log_odds))
    here = here[answers.subject[here] == SUBJECT]
    given = [
        (Alteration(intervention, variant), log_odds)
        for intervention, variant, log_odds in zip(
            answers.intervention[here], answers.variant[here], answers.log_odds[here].tolist(), strict=True
        )
        if intervention in interventions
    ]
    removed = [(-value, of) for of, value in given if of.intervention == REMOVED and ELSEWHERE not in of.variant]
    swaps = [(value, of) for of, value in given if of.variant.startswith(OTHERS)]
    background = [pair for pair in swaps if pair[1].intervention == BACKGROUND]
    rest = [pair for pair in swaps if pair[1].intervention != BACKGROUND]
    return tuple(min(group)[1] for group in (removed, background, rest) if group)


def _given(answers: Answers, kind: str) -> NDArray[np.bool_]:
    """(m,) the audited network's answers to variants of this kind."""
    variants = np.array([str(variant).startswith(kind) for variant in answers.variant], dtype=bool)
    return np.asarray((answers.subject == SUBJECT) & variants)


def _share_right(
    answers: Answers, pictures: Pictures, of: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) the share of these answers (m,) that name the label, and the lowest log-odds; NaN where there is none."""
    chosen = np.flatnonzero(of)
    n = len(pictures.number)
    place = np.searchsorted(pictures.number, answers.sample[chosen])
    known = place < n
    chosen, place = chosen[known], place[known]
    right = answers.predicted[chosen] == pictures.class_index[place]
    asked = np.bincount(place, minlength=n)
    lowest = np.full(n, np.nan)
    np.fmin.at(lowest, place, answers.log_odds[chosen])
    share = np.where(asked > 0, np.bincount(place, weights=right, minlength=n) / np.maximum(asked, 1), np.nan)
    return share, lowest


def _rows(
    plan: Plan, number: int, kept: Mapping[str, bytes], alterations: tuple[Alteration, ...]
) -> Iterator[ThumbnailRow]:
    """What the record lacks of a case: its picture, its maps, and what alters it."""
    picture = loaded_again(plan, number)
    batch = plan.factory.batch([picture])
    if "picture" not in kept:
        yield ThumbnailRow(number, "picture", encode_picture(picture.framed.pixels))
        for source in plan.methods:
            if number in plan.draws.sources[source.label]:
                yield ThumbnailRow(number, source.label, encode_map(source.ask(batch)[0][0].cpu()))
    trial = plan.trial([picture], batch, {})
    for intervention in plan.interventions:
        wanted = [of for of in alterations if of.intervention == intervention.name]
        if wanted:
            altered = intervention.alter(trial).altered
            for of in wanted:
                yield ThumbnailRow(number, of.layer, encode_altered(batch, altered[of.variant], 0))
