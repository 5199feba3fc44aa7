"""The cards of the candidates for a cue: the experiment on each, and whether it is confirmed."""

from dataclasses import dataclass
from typing import Any

from audit.record.record import Record
from checks.verdict import Outcome
from reports.page.crops import crops
from reports.result.cues import CueSummary
from reports.wording.worded import WordedFinding, WordedJudgement, WordedVerdict

RULE = "no_shared_hotspot"
BACKGROUND = "survives_other_background"
TAGS: dict[Outcome | None, str] = {
    Outcome.FAIL: "confirmed",
    Outcome.PASS: "not confirmed",
    Outcome.INCONCLUSIVE: "neither confirmed nor ruled out",
    Outcome.INVALID: "not confirmed: no answers",
    None: "not judged by this profile",
}


@dataclass(frozen=True)
class CueCard:
    """One candidate."""

    cue: CueSummary
    finding: WordedFinding | None
    """What the rule on cues says of it; None where the profile does not name the rule, or where it broke."""
    crops: tuple[str, ...]
    """Data URIs."""

    @property
    def confirmed(self) -> bool:
        return self.finding is not None and self.finding.outcome is Outcome.FAIL

    @property
    def tag(self) -> str:
        """Whether it is a cue, in a few words."""
        return TAGS[self.finding.outcome if self.finding else None]


def cue_section(record: Record, cues: tuple[CueSummary, ...], judgement: WordedJudgement) -> dict[str, Any]:
    """Every value of the section on cues, and the stamped picture of the planted control."""
    verdict = judgement.verdict(RULE)
    pictures = crops(record)
    cards = [CueCard(cue, _finding(verdict, cue.id), pictures.get(cue.id, ())) for cue in cues]
    background = judgement.verdict(BACKGROUND)
    placeless = background is not None and background.outcome is Outcome.FAIL and not any(c.confirmed for c in cards)
    return {
        "cue_cards": cards,
        "placeless": background.sentence if background and placeless else "",
        "search": verdict.finding("search") if verdict else None,
        "stamped": next(iter(pictures.get(0, ())), None),
    }


def _finding(verdict: WordedVerdict | None, cue: int) -> WordedFinding | None:
    findings = verdict.findings if verdict else ()
    return next((finding for finding in findings if finding.details.get("id") == cue), None)
