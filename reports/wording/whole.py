"""The whole judgement in words: the verdict that speaks for it, and whatever else must be known beside it."""

from collections.abc import Sequence

from audit.phrases import count
from checks.conclude import WHOLE
from checks.rules import control_is_caught, explainer_is_valid
from checks.table.integrity import LOOK
from checks.verdict import Judgement, Outcome
from reports.wording.phrases import all_of
from reports.wording.worded import WordedJudgement, WordedVerdict, fields_of, worded_verdicts
from reports.wording.words import About

NO_RULE = "The profile names no rule that decides, so nothing was judged."
ANOTHER_PROFILE = "Judge with a profile that has such a rule."
WORST = "the worst pictures in the report"
WRONG_REASON = f"the pictures that are right for the wrong reason and at {WORST}"
CONTROL_MISSING = {control_is_caught.NO_CONTROL, explainer_is_valid.NO_CONTROL}
LEFT_OUT = "A look leaves out this control, so nothing is known of it."
ALL_SAMPLES = "Run the audit without --limit."
OTHERS_NEED = "The requirements say what the other checks need."
BEFORE_SIGNING = "Look at {} before you sign; a PASS replaces no other verification."


def worded_judgement(judgement: Judgement, about: About) -> WordedJudgement:
    """The judgement with every sentence that a person reads."""
    verdicts = _in_a_look(worded_verdicts(judgement.verdicts, about))
    sentence, next_step = whole(judgement, verdicts)
    return WordedJudgement.model_validate(
        {**fields_of(judgement, Judgement), "verdicts": verdicts, "sentence": sentence, "next_step": next_step}
    )


def _in_a_look(verdicts: Sequence[WordedVerdict]) -> tuple[WordedVerdict, ...]:
    """A look makes no controls, so that nobody need mend what the rules on them say."""
    look = any(verdict.rule == WHOLE and verdict.reason == LOOK for verdict in verdicts)
    words = {"sentence": LEFT_OUT, "next_step": ALL_SAMPLES}
    return tuple(v.model_copy(update=words) if look and v.reason in CONTROL_MISSING else v for v in verdicts)


def whole(judgement: Judgement, verdicts: Sequence[WordedVerdict]) -> tuple[str, str]:
    """The sentence and the next step. verdicts: those of the judgement, worded."""
    entering = [verdict for verdict in verdicts if not verdict.advisory and verdict.outcome is judgement.outcome]
    spokesman = next((verdict for verdict in entering if verdict.rule == judgement.decided_by), None)
    if spokesman is None:
        return NO_RULE, ANOTHER_PROFILE
    disagreement = _disagreement(judgement, verdicts)
    if judgement.outcome is Outcome.PASS:
        checks = all_of(len(entering), "check").capitalize()
        verb = "decides passes" if len(entering) == 1 else "decide pass"
        seen = f"{checks} that {verb} on {count(judgement.pictures, 'picture')}"
        ending = f".{disagreement}" if disagreement else _advice(verdicts)
        return f"{seen}{ending}", BEFORE_SIGNING.format(_to_look_at(judgement))
    others = len(entering) - 1
    verb = "is" if others == 1 else "are"
    more = f" {count(others, 'other check')} {verb} also {judgement.outcome}." if others else ""
    further = f" {OTHERS_NEED}" if others and spokesman.next_step and judgement.outcome is Outcome.INCONCLUSIVE else ""
    return f"{spokesman.sentence}{more}{disagreement}", f"{spokesman.next_step}{further}"


def _to_look_at(judgement: Judgement) -> str:
    """By the experiment where it was made, else by the first method's maps."""
    reasons = judgement.right_for_the_wrong_reason
    return WRONG_REASON if reasons and reasons[0].count else WORST


def _advice(verdicts: Sequence[WordedVerdict]) -> str:
    """How many advisory rules do not PASS beside those that decide."""
    against = sum(verdict.advisory and verdict.outcome is not Outcome.PASS for verdict in verdicts)
    if not against:
        return "."
    return "; 1 that only advises does not." if against == 1 else f"; {against} that only advise do not."


def _disagreement(judgement: Judgement, verdicts: Sequence[WordedVerdict]) -> str:
    if judgement.maps_disagree is None:
        return ""
    rule, key = judgement.maps_disagree
    sentence = next(f.sentence for v in verdicts if v.rule == rule for f in v.findings if f.key == key)
    return f" Maps and experiments disagree: {sentence} The experiments decide; look at the pictures before you sign."
