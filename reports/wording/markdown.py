"""`summary.md`: the judgement for a pull request. A pure function of it, as every report."""

import re

from checks.words import bounded

from checks.verdict import Judgement, Outcome, Verdict, WrongReason
from reports.wording.numbers import count, decimal, short
from reports.wording.telling import bound, telling

MARKS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔", Outcome.INVALID: "⛔"}
MOST = 800
"""Characters of one text, whatever a class is called."""
SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]()#|!~"} | {"<": "&lt;", ">": "&gt;"})


def markdown(judgement: Judgement, detection: str = "") -> str:
    """GitHub's and GitLab's Markdown: the outcome in one sentence, one row a rule, the next step.

    detection: the limit of detection, in a sentence.
    """
    lines = [f"## Saliency audit: {MARKS[judgement.outcome]} {judgement.outcome}", "", _text(judgement.sentence), ""]
    if not judgement.fixed_beforehand:
        lines += ["**By limits that were not fixed before the run:** no claim rests on this.", ""]
    lines += [_wrong_reason(wrong, judgement) for wrong in judgement.right_for_the_wrong_reason[:1]]
    lines += [f"**Limit of detection:** {_text(detection)}", ""] if detection else []
    lines += ["| | rule | value | limit | bound | n |", "|---|---|--:|--:|--:|--:|"]
    lines += [_row(verdict) for verdict in judgement.verdicts]
    if judgement.next_step:
        lines += ["", f"**Next:** {_text(judgement.next_step)}"]
    profile = judgement.profile
    lines += ["", f"Profile {_text(profile.name)} (`{profile.sha256[:12]}`), confidence {profile.confidence:.0%}."]
    return "\n".join(lines) + "\n"


def _wrong_reason(wrong: WrongReason, judgement: Judgement) -> str:
    """By the experiment, where it was made."""
    bound = bounded(wrong.lower, wrong.upper, judgement.profile.confidence)
    counted = f"{count(wrong.count)} of {count(wrong.right)}"
    return f"**Right for the wrong reason** by {_text(wrong.source)}: {counted}{', ' if bound else ''}{bound}.\n"


def _row(verdict: Verdict) -> str:
    finding = telling(verdict)
    numbers = [finding.value, finding.limit, bound(finding)] if finding else [None] * 3
    cells = [*map(decimal, numbers), count(finding.n if finding else 0)]
    advice = " (advisory)" if verdict.advisory else ""
    mark = f"{MARKS[verdict.outcome]} {verdict.outcome}"
    return f"| {mark}{advice} | **{_text(verdict.rule)}**<br>{_text(verdict.sentence)} | {' | '.join(cells)} |"


def _text(text: str) -> str:
    """As it is, whatever a class or a file is called: it links nothing and calls nobody."""
    shown = short(" ".join(text.split()), MOST).translate(SPECIAL)
    return re.sub(r"@|(?<=:)(?=//)|(?i:www)(?=\\.)", r"\g<0>&#8203;", shown)
