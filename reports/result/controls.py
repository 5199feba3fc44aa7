"""The audit's tests of itself: copies that rely on a planted mark, randomised networks, methods against each other."""

from collections.abc import Mapping, Sequence

import numpy as np
from checks.words import count, listed
from pydantic import Field

from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.controls import Planted
from checks.table.evidence import Evidence, Floats
from checks.table.planted_copies import KEPT, outside
from checks.verdict import Frozen, Outcome, Verdict
from reports.result.experiments import REMOVED
from reports.result.summary import mean


class PlantedStrength(Frozen):
    """A copy of the network that draws a known share of its evidence from a mark, and what experiments say of it."""

    detector: str = Field(description="how the copy sees the mark: 'linear' or 'saturating'")
    share: float = Field(description="lambda: the share of the evidence that the mark carries")
    n: int = Field(description="stamped pictures")
    missed: float | None = Field(description="share of them that the experiment calls a miss")
    kept: float | None = Field(description="mean probability of the label without the object, over the fills")
    shown: float | None = Field(description="mean probability of the label on the stamped pictures")
    hidden: float | None = Field(description="the same with the mark hidden")
    elsewhere: float | None = Field(description="the same with equal areas elsewhere hidden")
    blamed: float | None = Field(description="share whose log-odds fall more with the mark hidden than elsewhere")
    mass_on_mark: dict[str, float | None] = Field(description="mean relevance mass on the mark, by method")


class Detection(Frozen):
    """The limit of detection: the share of the evidence from outside the object from which on this audit flags."""

    share: float | None = Field(
        description="for the detector that is hardest to catch: the mark's share, and of the rest what the network"
        " keeps without the object; null where not measured, or hidden by what the network relies on itself"
    )
    kept: float | None = Field(description="share of its evidence that the network itself keeps without the object")
    by_detector: dict[str, float | None] = Field(description="the mark's share alone from which on copies are flagged")
    blamed_by_detector: dict[str, float | None] = Field(description="the share from which on hiding the mark is seen")
    sentence: str


class CascadeStage(Frozen):
    """Maps of the network with its last layers randomised, down to here, against its own."""

    layers: str
    n: int
    similarity: float | None = Field(description="mean rank correlation of the maps' pixels")


class Cascade(Frozen):
    """Cascading randomisation as one method sees it, from the output to the input."""

    method: str
    stages: tuple[CascadeStage, ...]


class Agreement(Frozen):
    """The mean rank correlation of two methods' maps."""

    one: str
    other: str
    n: int
    agreement: float | None


def detection(found: Evidence, verdict: Verdict | None, not_made: str) -> Detection:
    """What the rule control_is_caught says. verdict: None where the profile does not name it. not_made: why, or ''."""
    detectors = found.planted.detectors if found.planted else ()
    values = {finding.subject: finding.value for finding in verdict.findings} if verdict else {}
    limits = {detector: values.get(detector) for detector in detectors}
    told = [limit for limit in limits.values() if limit is not None]
    kept = values.get(KEPT)
    sound = verdict is not None and verdict.outcome is Outcome.PASS and len(told) == len(detectors) > 0
    mark = max(told) if sound and kept is not None else None
    return Detection(
        share=None if mark is None or kept is None else outside(mark, kept),
        kept=kept,
        by_detector=limits,
        blamed_by_detector={detector: values.get(f"{detector}, mark blamed") for detector in detectors},
        sentence=_sentence(mark, kept, detectors, found.planted.pictures if found.planted else 0, verdict, not_made),
    )


def _sentence(
    mark: float | None,
    kept: float | None,
    detectors: Sequence[str],
    pictures: int,
    verdict: Verdict | None,
    not_made: str,
) -> str:
    if mark is not None and kept is not None:
        how = f"tried on copies of this network, {count(pictures, 'picture')}, detectors {listed(detectors)}"
        if not kept:
            seen = f"a mark that carries {100 * mark:.4g} % of the evidence or more: {how}"
        else:
            seen = (
                f"a network that draws {100 * outside(mark, kept):.0f} % of its evidence or more from outside the"
                f" object: {how}. This network keeps {100 * kept:.3g} % without the object as it is, and was flagged"
                f" once a mark carried {100 * mark:.4g} %"
            )
        return f"This audit flags {seen}. A weaker reliance may go unseen."
    if not_made:
        return f"Not measured, so nobody knows what this audit would have missed. {not_made}"
    if verdict is None:
        return "Not measured: the profile does not name the rule control_is_caught."
    return f"Not known. {verdict.sentence}"


def planted_strengths(found: Evidence, miss: Miss) -> tuple[PlantedStrength, ...]:
    """One for each detector and share, in their order. Empty where the control was not run."""
    planted = found.planted
    if planted is None:
        return ()
    return tuple(
        _strength(found, planted, detector, share, miss) for detector in planted.detectors for share in planted.lambdas
    )


def cascades(found: Evidence) -> tuple[Cascade, ...]:
    """One for each method, in the settings' order."""
    return tuple(
        Cascade(
            method=method,
            stages=tuple(
                CascadeStage(
                    layers=stage.layers,
                    n=int(np.isfinite(stage.similarity).sum()),
                    similarity=mean(stage.similarity),
                )
                for stage in found.cascade[method]
            ),
        )
        for method in found.methods
        if method in found.cascade
    )


def agreements(found: Evidence) -> tuple[Agreement, ...]:
    """One for each pair of methods that was compared, in the settings' order."""
    told = []
    for place, one in enumerate(found.methods):
        for other in found.methods[place + 1 :]:
            values = _agreement(found.notes, one, other)
            if values is not None:
                told.append(Agreement(one=one, other=other, n=int(np.isfinite(values).sum()), agreement=mean(values)))
    return tuple(told)


def _agreement(notes: Mapping[tuple[str, str], Floats], one: str, other: str) -> Floats | None:
    found = notes.get((one, f"agreement with {other}"))
    return found if found is not None else notes.get((other, f"agreement with {one}"))


def _strength(found: Evidence, planted: Planted, detector: str, share: float, miss: Miss) -> PlantedStrength:
    subject = planted.subject(detector, share)
    copy = found.as_subject(subject)
    judged = judged_by_experiment(copy)
    hidden, elsewhere = copy.answered("mark", "hidden"), copy.answered("mark", "elsewhere")
    both = hidden.asked & elsewhere.asked
    fall = elsewhere.log_odds - hidden.log_odds
    return PlantedStrength(
        detector=detector,
        share=share,
        n=copy.n,
        missed=mean(missed(copy, miss)[judged].astype(np.float64)),
        kept=mean(np.concatenate([np.empty(0), *(copy.answered(REMOVED, fill).probability for fill in miss.fills)])),
        shown=mean(copy.probability),
        hidden=mean(hidden.probability[both]),
        elsewhere=mean(elsewhere.probability[both]),
        blamed=mean((fall[both] > 0).astype(np.float64)),
        mass_on_mark={
            method: mean(found.notes[method, f"mass on mark, {subject}"])
            for method in found.methods
            if (method, f"mass on mark, {subject}") in found.notes
        },
    )
