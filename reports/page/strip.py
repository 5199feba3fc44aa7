"""The strip of the first screen: the strongest case against the network, as it is and altered."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from audit.record.altered_layers import Alteration
from audit.record.record import Record
from checks.table.evidence import Evidence
from reports.page.altered_frames import HIDDEN, PASTED, Frame, altered_frames, frame_of
from reports.page.cue_cards import CueCard
from reports.result.summary import class_name

MOST = 6


class Strip(NamedTuple):
    """One picture, its map, and what was done to it."""

    sample: int
    boxes: tuple[tuple[float, float, float, float], ...]
    outline: str
    frames: tuple[Frame, ...]
    caption: str
    linked: bool
    """The gallery shows the picture."""


class Shown(NamedTuple):
    """What the page holds of the pictures."""

    ids: Mapping[int, Mapping[str, str]]
    """Of the layers in the page, by sample and layer."""
    cards: Mapping[int, Any]
    method: str | None
    """Whose map is shown."""
    classes: Sequence[str]
    linked: frozenset[int]
    """The samples that have a card in the gallery."""


def strip(table: Evidence, shown: Shown, worst: Sequence[int], cues: Sequence[CueCard]) -> Strip | None:
    """Of the picture that loses most where the strongest confirmed cue is hidden, or of the worst case.

    None where the record keeps no such picture.
    """
    cue = strongest(cues, shown.ids)
    sample = _holder(shown.ids, cue, HIDDEN) if cue else next((number for number in worst if number in shown.ids), None)
    if sample is None:
        return None
    frames = [*_as_it_is(table, shown, sample), *_altered(table, shown, sample)]
    if cue and (other := _holder(shown.ids, cue, PASTED)) is not None:
        of = Alteration(f"cue {cue.cue.id}", PASTED)
        pasted = frame_of(table, other, of, shown.ids[other][of.layer], shown.classes, cue.cue.class_index)
        frames += [_named(pasted, table, other)] if pasted else []
    card, first = shown.cards[sample], tuple(sorted(frames, key=lambda frame: frame.rank))[:MOST]
    return Strip(sample, card.boxes, card.outline, first, _caption(cue), sample in shown.linked)


def worst_cases(record: Record) -> Sequence[int]:
    """The samples that the run chose as the worst, the worst first."""
    cases: Any = record.identity().get("cases") or {}
    return tuple(cases.get("worst", ()))


def strongest(cues: Sequence[CueCard], ids: Mapping[int, Mapping[str, str]]) -> CueCard | None:
    """The confirmed cue whose hiding costs most, of those with a picture; None where there is none."""
    confirmed = [card for card in cues if card.confirmed and _holder(ids, card, HIDDEN) is not None]
    return max(confirmed, key=lambda card: (card.finding.value or 0.0) if card.finding else 0.0, default=None)


def _holder(ids: Mapping[int, Mapping[str, str]], card: CueCard, variant: str) -> int | None:
    """The sample whose picture with the cue hidden, or pasted, the page holds."""
    layer = Alteration(f"cue {card.cue.id}", variant).layer
    return next((sample for sample, layers in sorted(ids.items()) if layer in layers), None)


def _as_it_is(table: Evidence, shown: Shown, sample: int) -> list[Frame]:
    place, ids = int(np.searchsorted(table.sample, sample)), shown.ids[sample]
    label, right = class_name(shown.classes, int(table.class_index[place])), bool(table.right[place])
    answer = "" if right else f"answers ‘{class_name(shown.classes, int(table.predicted[place]))}’"
    frames = [Frame("Picture", ids["picture"], False, True, label, float(table.probability[place]), right, answer)]
    if shown.method in ids:
        frames.append(Frame(f"Map of {shown.method}", ids[shown.method or ""], True, True, "", None, True, "", 1))
    return frames


def _altered(table: Evidence, shown: Shown, sample: int) -> list[Frame]:
    return list(altered_frames(table, sample, shown.ids[sample], shown.classes))


def _named(frame: Frame, table: Evidence, sample: int) -> Frame:
    """The cue pasted on a picture of another class, with that class in its title."""
    label = str(table.label[int(np.searchsorted(table.sample, sample))])
    return frame._replace(title=f"Cue pasted on {label}", boxed=False)


def _caption(cue: CueCard | None) -> str:
    where = f"cue {cue.cue.id}, {cue.cue.where}, in" if cue else "the right answer that loses most to a swap,"
    return f"The strongest case against the network: {where}"
