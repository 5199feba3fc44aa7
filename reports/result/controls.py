"""The audit's tests of itself: copies that rely on a planted mark, randomised networks, methods against each other."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from checks.frozen import Frozen
from checks.table.cells import Miss, judged_by_experiment, missed
from checks.table.controls import Planted
from checks.table.evidence import Evidence, Floats
from checks.table.planted_copies import KEPT, outside
from checks.verdict import Outcome
from reports.result.experiments import REMOVED
from reports.result.summary import mean
from reports.wording.detection import Limit, limit_of_detection, no_limit_of_detection
from reports.wording.worded import WordedVerdict


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
    """The limit of detection: how much must hang on something outside the object before this audit flags it."""

    reliance: float | None = Field(
        description="for the detector that is hardest to catch: the share of the right answers that the mark of another"
        " class costs the first copy that is flagged; null where there is no limit"
    )
    upper: float | None = Field(description="its upper bound, one-sided")
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


def detection(evidence: Evidence, verdict: WordedVerdict | None, not_run: str) -> Detection:
    """What the rule control_is_caught says. verdict: None where the profile does not name it.

    not_run: why the control left nothing, or ''.
    """
    planted = evidence.planted
    detectors = planted.detectors if planted else ()
    findings = {finding.key: finding for finding in verdict.findings} if verdict else {}
    values = {key: finding.value for key, finding in findings.items()}
    flagged = {detector: values.get(detector) for detector in detectors}
    kept = values.get(KEPT)
    mark = _mark(verdict, list(flagged.values()))
    hardest = _hardest(verdict, mark)
    limit = None if mark is None or kept is None else Limit(mark, kept, outside(mark, kept), *hardest)
    return Detection(
        reliance=limit.reliance if limit else None,
        upper=limit.upper if limit else None,
        share=limit.outside if limit else None,
        kept=kept,
        by_detector=flagged,
        blamed_by_detector={
            detector: findings[key].details["share"] if (key := f"{detector}/blame") in findings else None
            for detector in detectors
        },
        sentence=limit_of_detection(limit, detectors, planted.pictures if planted else 0)
        if limit
        else no_limit_of_detection(verdict, not_run),
    )


def _mark(verdict: WordedVerdict | None, flagged: Sequence[float | None]) -> float | None:
    """The mark's share from which on every detector's copies are flagged; None where one of them is not, or INVALID."""
    shares = [share for share in flagged if share is not None]
    if verdict is None or verdict.outcome is Outcome.INVALID or len(shares) < len(flagged):
        return None
    return max(shares, default=None)


def _hardest(verdict: WordedVerdict | None, mark: float | None) -> tuple[float | None, float | None]:
    """The reliance at this share, and its upper bound."""
    findings = verdict.findings if verdict and mark is not None else ()
    at_the_limit = [finding.details for finding in findings if finding.value == mark and "reliance" in finding.details]
    return (at_the_limit[0]["reliance"], at_the_limit[0]["upper"]) if at_the_limit else (None, None)


def planted_strengths(evidence: Evidence, miss: Miss) -> tuple[PlantedStrength, ...]:
    """One for each detector and share, in their order. Empty where the control was not run."""
    planted = evidence.planted
    if planted is None:
        return ()
    return tuple(
        _strength(evidence, planted, detector, share, miss)
        for detector in planted.detectors
        for share in planted.lambdas
    )


def cascades(evidence: Evidence) -> tuple[Cascade, ...]:
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
                for stage in evidence.cascade[method]
            ),
        )
        for method in evidence.methods
        if method in evidence.cascade
    )


def agreements(evidence: Evidence) -> tuple[Agreement, ...]:
    """One for each pair of methods that was compared, in the settings' order."""
    pairs = []
    for place, one in enumerate(evidence.methods):
        for other in evidence.methods[place + 1 :]:
            values = _agreement(evidence.notes, one, other)
            if values is not None:
                pairs.append(Agreement(one=one, other=other, n=int(np.isfinite(values).sum()), agreement=mean(values)))
    return tuple(pairs)


def _agreement(notes: Mapping[tuple[str, str], Floats], one: str, other: str) -> Floats | None:
    values = notes.get((one, f"agreement with {other}"))
    return values if values is not None else notes.get((other, f"agreement with {one}"))


def _strength(evidence: Evidence, planted: Planted, detector: str, share: float, miss: Miss) -> PlantedStrength:
    subject = planted.subject(detector, share)
    copy = evidence.as_subject(subject)
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
            method: mean(evidence.notes[method, f"mass on mark, {subject}"])
            for method in evidence.methods
            if (method, f"mass on mark, {subject}") in evidence.notes
        },
    )
