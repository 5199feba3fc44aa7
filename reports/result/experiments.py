"""What was done to the pixels, and what the network answered: values for the page and for `audit.json`."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import Field

from audit.record.schema import SUBJECT
from checks.frozen import Frozen
from checks.swaps.loans import donors, swap_of, variants
from checks.table.answers import Answered
from checks.table.evidence import OTHER_BACKGROUND, Evidence, Floats
from checks.table.variants import KINDS
from reports.result.summary import mean

REMOVED, REPLACED = "object_removed", "background_replaced"
ELSEWHERE = " elsewhere"


class Removal(Frozen):
    """One fill in the place of the object, and the same fill on an equal area elsewhere. Means, paired.

    Over the pictures predicted right, as in the rules.
    """

    fill: str
    n: int = Field(description="pictures with both answers, or with the first alone where there is no control")
    before: float | None = Field(description="probability of the label on the pictures as they are")
    kept: float | None = Field(description="probability without the object")
    kept_elsewhere: float | None = Field(description="probability with the fill elsewhere: the control")
    log_odds: float | None = Field(description="of the label without the object")
    log_odds_elsewhere: float | None = Field(description="of the label with the fill elsewhere")


class Replacement(Frozen):
    """One kind of background behind the object. Means over the pictures predicted right, and over their donors."""

    fill: str
    n: int
    kept: float | None = Field(description="probability of the label")
    log_odds: float | None
    accuracy: float | None = Field(description="share of the answers that name the label")


class Swap(Frozen):
    """A property taken from pictures of the label's class against the same taken from pictures of other classes.

    Over the pictures predicted right that have both.
    """

    intervention: str
    n: int
    same: float = Field(description="share of the answers that name the label, donors of the same class")
    other: float = Field(description="the same, donors of other classes")
    follows: float | None = Field(description="share of the answers that name the class of the donor")


class Noise(Frozen):
    """What a little noise on the picture does."""

    n: int
    same_prediction: float = Field(description="share of the pictures whose prediction stays")
    probability: float | None = Field(description="mean probability of the label on the noisy pictures")
    similarity: dict[str, float | None] = Field(description="mean rank correlation of a method's maps, by method")


class Experiments(Frozen):
    """What removing the object, swapping properties of the picture and adding noise did, on the whole."""

    removed: tuple[Removal, ...] = Field(description="one for each fill; empty where object_removed left no answer")
    replaced: tuple[Replacement, ...] = Field(description="empty where background_replaced left no answer")
    swaps: tuple[Swap, ...] = Field(description="one for each intervention with donors of both kinds")
    noise: Noise | None


class Halves(NamedTuple):
    """What a picture's two halves say for the label, in log-odds, by the fill that favours the object most.

    (n,) each, NaN where not asked; `alone - surroundings` is the lead.
    """

    alone: Floats
    surroundings: Floats


def halves(evidence: Evidence, fills: Sequence[str]) -> Halves:
    """The object alone and its surroundings alone."""
    alone = np.stack([evidence.answered(REPLACED, OTHER_BACKGROUND[fill]).log_odds for fill in fills])
    surroundings = np.stack([evidence.answered(REMOVED, fill).log_odds for fill in fills])
    lead = alone - surroundings
    best = np.argmax(np.where(np.isfinite(lead), lead, -np.inf), axis=0)[None]
    there = np.isfinite(lead).any(axis=0)
    pair = (np.take_along_axis(values, best, axis=0)[0] for values in (alone, surroundings))
    return Halves(*(np.where(there, values, np.nan) for values in pair))


def experiments(evidence: Evidence) -> Experiments:
    """Everything that the interventions' answers say on the whole."""
    fills = sorted((v for v in evidence.variants(REMOVED) if not v.endswith(ELSEWHERE)), key=_usual)
    removed = tuple(_removal(evidence, fill) for fill in fills)
    return Experiments(
        removed=tuple(entry for entry in removed if entry.n),
        replaced=tuple(_replacements(evidence)),
        swaps=tuple(swap for name in _interventions(evidence) if (swap := _swap(evidence, name))),
        noise=_noise(evidence),
    )


def numbered(evidence: Evidence, intervention: str, kind: str) -> tuple[str, ...]:
    """Variants 'other 1', 'other 2' … of an intervention, in order."""
    given = variants(evidence, intervention, kind)
    return tuple(sorted(given, key=lambda variant: int(variant.split()[1])))


def _interventions(evidence: Evidence) -> list[str]:
    return sorted({of for whose, of, _ in evidence.answers if whose == SUBJECT})


def _usual(fill: str) -> tuple[bool, int, str]:
    """The fills that ship in their usual order, then others by name."""
    usual = [*OTHER_BACKGROUND]
    return fill not in usual, usual.index(fill) if fill in usual else 0, fill


def _removal(evidence: Evidence, fill: str) -> Removal:
    without, control = evidence.answered(REMOVED, fill), evidence.answered(REMOVED, fill + ELSEWHERE)
    asked = without.asked & evidence.right
    both = asked & control.asked
    chosen = both if both.any() else asked
    return Removal(
        fill=fill,
        n=int(chosen.sum()),
        before=mean(evidence.probability[chosen]),
        kept=mean(without.probability[chosen]),
        kept_elsewhere=mean(control.probability[chosen]),
        log_odds=mean(without.log_odds[chosen]),
        log_odds_elsewhere=mean(control.log_odds[chosen]),
    )


def _replacements(evidence: Evidence) -> Iterator[Replacement]:
    from_donors = {kind: numbered(evidence, REPLACED, kind) for kind in KINDS}
    single = sorted(
        (v for v in evidence.variants(REPLACED) if v not in (*from_donors["same"], *from_donors["other"])), key=_usual
    )

    def named(answer: Answered) -> Floats:
        return np.asarray(answer.predicted == evidence.class_index, dtype=np.float64)

    for fill, tried in [*((v, (v,)) for v in single), *from_donors.items()]:
        answers = [evidence.answered(REPLACED, variant) for variant in tried]
        asked = [answer.asked & evidence.right for answer in answers]
        n = int(np.any(asked, axis=0).sum()) if answers else 0
        if n:
            pairs = list(zip(answers, asked, strict=True))
            yield Replacement(
                fill=fill,
                n=n,
                kept=mean(np.concatenate([answer.probability[there] for answer, there in pairs])),
                log_odds=mean(np.concatenate([answer.log_odds[there] for answer, there in pairs])),
                accuracy=mean(np.concatenate([named(answer)[there] for answer, there in pairs])),
            )


def _swap(evidence: Evidence, intervention: str) -> Swap | None:
    of_both = swap_of(evidence, intervention)
    same, other = of_both.same.each, of_both.other.each
    both = evidence.right & np.isfinite(same) & np.isfinite(other)
    if not both.any():
        return None
    followed = [_follows(answer, donor) for answer, donor in donors(evidence, intervention)]
    return Swap(
        intervention=intervention,
        n=int(both.sum()),
        same=float(same[both].mean()),
        other=float(other[both].mean()),
        follows=mean(np.concatenate([column[both] for column in followed])),
    )


def _follows(answer: Answered, donor: Floats) -> Floats:
    """(n,) 1 where the prediction is the class of the donor, else 0; NaN where not asked."""
    there = answer.asked & np.isfinite(donor)
    return np.where(there, (answer.predicted == donor).astype(np.float64), np.nan)


def _noise(evidence: Evidence) -> Noise | None:
    answer = evidence.answered("noise", "noise")
    there = answer.asked
    if not there.any():
        return None
    return Noise(
        n=int(there.sum()),
        same_prediction=float((answer.predicted[there] == evidence.predicted[there]).mean()),
        probability=mean(answer.probability[there]),
        similarity={
            method: mean(evidence.notes[method, "noise_similarity"])
            for method in evidence.methods
            if (method, "noise_similarity") in evidence.notes
        },
    )
