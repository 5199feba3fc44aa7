"""What rules see: the measured samples as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.record.schema import SUBJECT
from audit.record.training_copies import TrainingCopies
from checks.statistics.subset import Subset
from checks.table.answers import Answered, Given, Key, Logits
from checks.table.controls import Cue, Planted, Stage
from checks.table.forbidden_pixels import Forbidden
from checks.table.over_columns import largest
from checks.table.regions import Regions
from checks.verdict import Profile

Floats = NDArray[np.float64]
OTHER_BACKGROUND = {"mean": "mean", "blur": "blur", "donor": "other 1"}
"""For each fill of the object, the variant of `background_replaced` that fills everything else alike."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays over the n measured samples, in the order of their numbers. NaN where a map was dead or not made.

    scores[source][measure]: (n,), measures as in `MEASURES`. A source is a method's or a null map's label.
    """

    sample: NDArray[np.int64]
    picture: NDArray[Any]
    """SHA-256 of the picture's file."""
    image: NDArray[Any]
    """The picture's path below the data set's folder."""
    pixels: NDArray[Any]
    """SHA-256 of its decoded pixels."""
    copies: NDArray[np.int64]
    """(n,) a number that pictures share where they are copies of each other (`checks.table.copies`)."""
    label: NDArray[Any]
    class_index: NDArray[np.int64]
    area_share: Floats
    probability: Floats
    label_rank: Floats
    predicted: NDArray[np.int64]
    """-1 where the network yields NaN."""
    confidence_of_prediction: Floats
    methods: tuple[str, ...]
    null_maps: tuple[str, ...]
    null_map_names: frozenset[str]
    """What they are, whatever their labels."""
    scores: Mapping[str, Mapping[str, Floats]]
    made: Mapping[str, NDArray[np.bool_]]
    """A map of this source was made for this sample."""
    dead: Mapping[str, NDArray[np.bool_]]
    exclusions: tuple[str, ...]
    """The reason of each exclusion."""
    total: int
    """Samples that the data set holds: measured and excluded."""
    complete: bool
    """Every sample was measured or excluded."""
    seed: int
    classes: int
    """How many the network knows."""
    profile: Profile
    """The limits that it is judged by."""
    log_odds: Floats
    """The label's log-odds on the pictures as they are."""
    answers: Mapping[Key, Given]
    notes: Mapping[tuple[str, str], Floats]
    """Numbers (n,) by source and name."""
    cascade: Mapping[str, tuple[Stage, ...]]
    """By method, from the output to the input, without the network as it is."""
    cues: tuple[Cue, ...]
    planted: Planted | None
    experiments: Mapping[str, Mapping[str, Any]]
    """The options of every intervention, control and search that was run, by its name."""
    frame: tuple[int, int] | None = None
    """(height, width) of the network's input in pixels; None where no picture was measured."""
    metadata: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """(n,) text by column, '' where a picture has no such entry."""
    box: Floats | None = None
    """(n, 4) x0, y0, x1, y1 of what encloses a picture's boxes, as shares of the frame."""
    cluster: NDArray[Any] | None = None
    """(n,) what pictures share that are not independent: an entry of the column that the settings name, or a picture
    that they are copies of. None where nothing is shared."""
    cluster_column: str = ""
    """'' where the settings name none."""
    cluster_of: NDArray[Any] | None = None
    """(samples,) likewise, of every sample of the data set by its number, measured and chosen or not."""
    forbidden: Forbidden | None = None
    regions: Mapping[str, Regions] = field(default_factory=dict)
    """By search, of those that were made."""
    logit_classes: tuple[int, ...] = ()
    """The J classes whose logits are kept with the answers to swaps, rising."""
    drawn: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """A map of this source was to be made for this sample. What is not here was to be made for all."""
    unmade: Mapping[Key, NDArray[np.int64]] = field(default_factory=dict)
    """(k,) by variant, rising: where the pictures stand that could not be altered so, and have no answer therefore."""
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the name of what was not asked: the capabilities that the model lacks, and `region` without boxes."""
    boxed: bool = True
    """False where the record states that the data have no boxes: then no map has a score, and nothing is covered."""
    sampled: tuple[int, ...] | None = None
    """The numbers of the samples that interventions were made for; None: all."""
    detects: bool = False
    """The network detects objects at their boxes, or nothing there."""
    training: TrainingCopies | None = None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The capabilities for want of which something was left out, sorted."""
        return tuple(sorted({word for words in self.left_out.values() for word in words}))

    @property
    def n(self) -> int:
        return len(self.sample)

    @property
    def confidence(self) -> float:
        """The confidence of every bound, from the profile."""
        return self.profile.confidence

    @property
    def right(self) -> NDArray[np.bool_]:
        """Predicted right."""
        return np.asarray(self.predicted == self.class_index)

    def promised(self, source: str) -> NDArray[np.bool_]:
        """A map of the source was to be made for this sample."""
        return self.drawn.get(source, np.ones(self.n, bool))

    @property
    def intervened(self) -> NDArray[np.bool_]:
        """(n,) interventions were to be made for this sample, but for those that take a draw of their own."""
        return np.ones(self.n, bool) if self.sampled is None else np.isin(self.sample, self.sampled)

    def subset(self, chosen: NDArray[np.bool_]) -> Subset:
        """The chosen pictures (n,), as what bounds are taken from."""
        cluster = None if self.cluster is None else self.cluster[chosen]
        return Subset(int(chosen.sum()), self.confidence, self.seed, cluster)

    def living(self, source: str) -> NDArray[np.bool_]:
        """A map was made, and it is not dead."""
        return np.asarray(self.made[source] & ~self.dead[source])

    def judged(self, method: str) -> NDArray[np.bool_]:
        """A map can be held against the boxes: it was made, it is not dead, and something lies in and outside them."""
        return np.asarray(self.living(method) & (self.area_share > 0) & (self.area_share < 1))

    def miss(self, method: str) -> NDArray[np.bool_]:
        """The evidence does not lie on the object: localisation AUC under ½, or mass under the area share.

        What cannot be judged is neither hit nor miss. A map that is judged but whose score is no number is a miss.
        """
        hit = (self.scores[method]["auc"] >= 0.5) & (self.scores[method]["mass"] >= self.area_share)
        return np.asarray(self.judged(method) & ~hit)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose answers there are, sorted: 'model', and planted copies of it."""
        return tuple(sorted({subject for subject, _, _ in self.answers}))

    def variants(self, intervention: str, subject: str = SUBJECT) -> tuple[str, ...]:
        """Those with an answer to at least one picture, sorted."""
        return tuple(sorted(variant for whose, of, variant in self.answers if (whose, of) == (subject, intervention)))

    def answered(self, intervention: str, variant: str, subject: str = SUBJECT) -> Answered:
        """The answers to one variant; all NaN where there are none."""
        return self.answers.get((subject, intervention, variant), _NONE).over(self.n)

    def logits(self, intervention: str, variant: str) -> Logits:
        """(n, J) of the `logit_classes`, centred; NaN where the record kept none."""
        return self.answers.get((SUBJECT, intervention, variant), _NONE).logits_over(self.n)

    def asked(self, intervention: str) -> NDArray[np.bool_]:
        """(n,) the network answered to at least one variant with a number."""
        asked = np.zeros(self.n, bool)
        for variant in self.variants(intervention):
            asked |= self.answered(intervention, variant).asked
        return asked

    def lead(self, fills: Sequence[str]) -> Floats:
        """(n,) log-odds of the object alone less those of the surroundings alone, the largest over the fills.

        For each fill: the picture with everything but the object filled, against the one with the object filled. Every
        fill has an artefact of its own, and the object is given the benefit of each. A fill that one of the two was not
        made with is left out; NaN where that leaves none.
        """
        leads = [
            self.answered("background_replaced", OTHER_BACKGROUND[fill]).log_odds
            - self.answered("object_removed", fill).log_odds
            for fill in fills
        ]
        return largest(leads, self.n)

    def as_subject(self, subject: str) -> "Evidence":
        """The table of a planted copy: the control's pictures with the mark shown, and its answers for the model's.

        It has no maps, since none are made of it but for its notes.
        """
        shown = self.answers.get((subject, "mark", "shown"), _NONE)
        index = self.class_index[shown.place]
        right = shown.predicted == index
        return replace(
            self._at(shown.place),
            probability=shown.probability,
            log_odds=shown.log_odds,
            label_rank=np.where(right, 1.0, np.nan),
            predicted=shown.predicted,
            confidence_of_prediction=np.where(right, shown.probability, np.nan),
            methods=(),
            null_maps=(),
            null_map_names=frozenset(),
            scores={},
            made={},
            dead={},
            forbidden=self.forbidden and replace(self.forbidden.among(shown.place), mass={}),
            answers={
                (SUBJECT, intervention, variant): given.among(shown.place)
                for (whose, intervention, variant), given in self.answers.items()
                if whose == subject
            },
            unmade={
                (SUBJECT, intervention, variant): _places_among(shown.place, place)
                for (whose, intervention, variant), place in self.unmade.items()
                if whose == subject
            },
            cascade={},
            cues=(),
            planted=None,
        )

    def among(self, chosen: NDArray[np.bool_]) -> "Evidence":
        """The chosen pictures (n,) alone, without exclusions. Controls and cues stay those of the whole run."""
        place = np.flatnonzero(chosen)
        answers = {key: given.among(place) for key, given in self.answers.items()}
        return replace(
            self._at(place),
            probability=self.probability[place],
            log_odds=self.log_odds[place],
            label_rank=self.label_rank[place],
            predicted=self.predicted[place],
            confidence_of_prediction=self.confidence_of_prediction[place],
            scores={s: {m: v[place] for m, v in scores.items()} for s, scores in self.scores.items()},
            made={source: values[place] for source, values in self.made.items()},
            dead={source: values[place] for source, values in self.dead.items()},
            drawn={source: values[place] for source, values in self.drawn.items()},
            answers={key: given for key, given in answers.items() if len(given.place)},
            unmade={key: _places_among(place, places) for key, places in self.unmade.items()},
        )

    def _at(self, place: NDArray[np.int64]) -> "Evidence":
        """The columns that do not depend on the network, at these rows (rising)."""
        return replace(
            self,
            sample=self.sample[place],
            picture=self.picture[place],
            image=self.image[place],
            pixels=self.pixels[place],
            copies=self.copies[place],
            label=self.label[place],
            class_index=self.class_index[place],
            area_share=self.area_share[place],
            exclusions=(),
            total=len(place),
            notes={key: values[place] for key, values in self.notes.items()},
            metadata={column: values[place] for column, values in self.metadata.items()},
            box=None if self.box is None else self.box[place],
            cluster=None if self.cluster is None else self.cluster[place],
            forbidden=self.forbidden and self.forbidden.among(place),
        )


def _places_among(chosen: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places, in those that were chosen (rising), of which they may lack some."""
    return np.flatnonzero(np.isin(chosen, places))


_NONE = Given(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, np.int64))
