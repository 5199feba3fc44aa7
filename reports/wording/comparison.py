"""A comparison with a baseline in words."""

from pydantic import Field

from audit.phrases import count
from checks.baseline.compare import ABSOLUTE
from checks.baseline.result import Comparison
from checks.verdict import Outcome
from reports.wording.phrases import points
from reports.wording.whole import worded_judgement
from reports.wording.worded import WordedJudgement, WordedVerdict, worded_verdicts
from reports.wording.words import About

PASSED = "Look at the pictures that turned worse before you sign: a margin limits how many may, not which ones."
NONE_WORSE = "No picture turned worse. A PASS replaces no other verification."


class WordedComparison(Comparison):
    """The whole answer, in fields and in words."""

    sentence: str
    next_step: str
    verdicts: tuple[WordedVerdict, ...]
    judgement: WordedJudgement = Field(description="of the candidate by itself")

    def verdict(self, rule: str) -> WordedVerdict | None:
        """What a rule of the comparison says; None where it was not applied."""
        return next((verdict for verdict in self.verdicts if verdict.rule == rule), None)


def worded_comparison(comparison: Comparison, about: About) -> WordedComparison:
    """The comparison with every sentence that a person reads."""
    verdicts = worded_verdicts(comparison.verdicts, about)
    judgement = worded_judgement(comparison.judgement, about)
    sentence, next_step = _whole(comparison, verdicts, judgement)
    fields = {name: getattr(comparison, name) for name in Comparison.model_fields}
    stated = {"verdicts": verdicts, "judgement": judgement, "sentence": sentence, "next_step": next_step}
    return WordedComparison.model_validate({**fields, **stated})


def _whole(comparison: Comparison, verdicts: tuple[WordedVerdict, ...], judgement: WordedJudgement) -> tuple[str, str]:
    """The sentence and the next step."""
    if comparison.outcome is Outcome.PASS and comparison.candidate and comparison.profile.non_inferiority:
        margin = points(comparison.profile.non_inferiority.margin)
        return (
            f"With {100 * comparison.profile.confidence:g} % confidence the candidate is less than {margin} worse than"
            f" the baseline, shown on {count(comparison.candidate.pictures, 'picture')}, and it meets the absolute"
            " limits.",
            PASSED if _some_turned_worse(verdicts) else NONE_WORSE,
        )
    if comparison.decided_by == ABSOLUTE:
        return f"By itself the candidate is {judgement.outcome}: {judgement.sentence}", judgement.next_step
    spokesman = next(verdict for verdict in verdicts if verdict.rule == comparison.decided_by)
    return spokesman.sentence, spokesman.next_step


def _some_turned_worse(verdicts: tuple[WordedVerdict, ...]) -> bool:
    losses = (f for v in verdicts if v.rule in ("evidence_holds", "accuracy_holds") for f in v.findings)
    return any(finding.details["worse"] for finding in losses)
