"""Verdicts with their sentences: what every format shows and what `audit.json` holds."""

import sys
from collections.abc import Iterable

from pydantic import Field

from audit import registry
from checks import reasons
from checks.verdict import Finding, Judgement, Verdict
from reports.notebook import verdict_html
from reports.wording.generic import generic
from reports.wording.missing import REGION, missing
from reports.wording.slices import sliced
from reports.wording.words import About, Words

WORDINGS = "reports.wording.rules"


class WordedFinding(Finding):
    """One comparison of a value with a limit, in fields and in words."""

    subject: str = Field(description="what was judged, in words, as 'gradient against centre'")
    quantity_in_words: str = Field(description="what the value is, in words")
    sentence: str = Field(description="the finding in one plain sentence")


class WordedVerdict(Verdict):
    """What one rule says, in fields and in words. A notebook shows it."""

    question: str = Field(description="what the rule asks")
    sentence: str
    next_step: str = Field(description="what to do about it; '' for a PASS")
    findings: tuple[WordedFinding, ...] = ()

    def finding(self, key: str) -> WordedFinding | None:
        """The finding of that key; None where there is none."""
        return next((finding for finding in self.findings if finding.key == key), None)

    @property
    def deciding(self) -> WordedFinding | None:
        """The finding that decides; None where there is none."""
        return None if self.decided_by is None else self.finding(self.decided_by)

    def _repr_html_(self) -> str:
        return verdict_html(self)


class WordedJudgement(Judgement):
    """The whole answer, in fields and in words."""

    sentence: str
    next_step: str
    verdicts: tuple[WordedVerdict, ...]

    def verdict(self, rule: str) -> WordedVerdict | None:
        """What a rule says; None where the profile does not name it."""
        return next((verdict for verdict in self.verdicts if verdict.rule == rule), None)


def worded_verdicts(verdicts: Iterable[Verdict], about: About) -> tuple[WordedVerdict, ...]:
    """Each verdict with its sentences, in the order given."""
    return tuple(_worded(verdict, words_of(verdict, about)) for verdict in verdicts)


def words_of(verdict: Verdict, about: About) -> Words:
    """By the wording of the rule's own name; from the fields where there is none, or where the rule broke."""
    if verdict.column is not None:
        return sliced(verdict, about, words_of)
    own = verdict.reason != reasons.BROKEN_RULE and verdict.rule in registry.names(WORDINGS)
    wording = registry.resolve(WORDINGS, verdict.rule) if own else generic
    if verdict.reason == reasons.INCAPABLE and REGION in verdict.details["lacking"]:
        return missing(_question(wording), verdict)
    words: Words = wording(verdict, about)
    return words


def _question(wording: registry.Function) -> str:
    """What a rule asks, as the file of its wording states it: in `QUESTION`, or in what its swap is called."""
    stated = vars(sys.modules[wording.__module__])
    questions = [stated.get("QUESTION"), *(getattr(value, "question", None) for value in stated.values())]
    return next((question for question in questions if isinstance(question, str)), "Does the rule hold?")


def _worded(verdict: Verdict, words: Words) -> WordedVerdict:
    findings = tuple(
        WordedFinding(
            **fields_of(finding, Finding), subject=text.subject, quantity_in_words=text.quantity, sentence=text.sentence
        )
        for finding, text in zip(verdict.findings, words.findings, strict=True)
    )
    return WordedVerdict.model_validate(
        {
            **fields_of(verdict, Verdict),
            "findings": findings,
            "question": words.question,
            "sentence": words.sentence,
            "next_step": words.next_step,
        }
    )


def fields_of(value: Finding | Verdict | Judgement, form: type[Finding | Verdict | Judgement]) -> dict[str, object]:
    """The fields of this form: without words, also where the value has some already."""
    return {name: getattr(value, name) for name in form.model_fields}
