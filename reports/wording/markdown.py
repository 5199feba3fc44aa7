"""The judgement as Markdown, for a pull request."""

import re

from checks.verdict import Outcome, WrongReason
from reports.wording.limit_side import bound_at_limit
from reports.wording.numbers import DASH, count, in_unit, short
from reports.wording.phrases import bounded
from reports.wording.worded import WordedJudgement, WordedVerdict

MARKS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔", Outcome.INVALID: "⛔"}
MOST = 800
"""Characters of one text, whatever a class is called."""
SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]()#|!~"} | {"<": "&lt;", ">": "&gt;"})


def markdown(judgement: WordedJudgement, detection: str = "") -> str:
    """GitHub's and GitLab's Markdown: the outcome in one sentence, one row a rule, the next step.

    detection: the limit of detection, in a sentence.
    """
    lines = [f"## Saliency audit: {MARKS[judgement.outcome]} {judgement.outcome}", "", escaped(judgement.sentence), ""]
    if not judgement.fixed_beforehand:
        lines += ["**The limits were not fixed before the run:** base no claim on this.", ""]
    lines += [_wrong_reason(wrong, judgement) for wrong in judgement.right_for_the_wrong_reason[:1]]
    lines += [f"**Limit of detection:** {escaped(detection)}", ""] if detection else []
    lines += ["| | rule | value | limit | bound | n |", "|---|---|--:|--:|--:|--:|"]
    lines += [_row(verdict) for verdict in judgement.verdicts]
    if judgement.next_step:
        lines += ["", f"**Next:** {escaped(judgement.next_step)}"]
    limits = f"Profile {escaped(judgement.profile.name)} with its scope (`{judgement.limits_sha256[:12]}`)"
    lines += ["", f"{limits}, confidence {judgement.profile.confidence:.0%}."]
    return "\n".join(lines) + "\n"


def _wrong_reason(wrong: WrongReason, judgement: WordedJudgement) -> str:
    """By the experiment, where it was made."""
    bound = bounded(wrong.lower, wrong.upper, judgement.profile.confidence)
    counted = f"{count(wrong.count)} of {count(wrong.right)}"
    return f"**Right for the wrong reason** by {escaped(wrong.source)}: {counted}{', ' if bound else ''}{bound}.\n"


def _row(verdict: WordedVerdict) -> str:
    finding = verdict.deciding
    if finding is None:
        cells = [DASH, DASH, DASH, count(0)]
    else:
        numbers = finding.value, finding.limit, bound_at_limit(finding)
        cells = [*(in_unit(number, finding.unit) for number in numbers), count(finding.n)]
    advice = " (advisory)" if verdict.advisory else ""
    mark = f"{MARKS[verdict.outcome]} {verdict.outcome}"
    return f"| {mark}{advice} | **{escaped(verdict.rule)}**<br>{escaped(verdict.sentence)} | {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """As it is, whatever a class or a file is called: it links nothing and calls nobody."""
    shown = short(" ".join(text.split()), MOST).translate(SPECIAL)
    return re.sub(r"@|(?<=:)(?=//)|(?i:www)(?=\\.)", r"\g<0>&#8203;", shown)
