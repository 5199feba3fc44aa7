"""How a result and its verdicts show themselves in a notebook: small tables, everything escaped."""

from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup

from checks.verdict import Outcome
from reports.wording.numbers import short
from reports.wording.worded import WordedJudgement, WordedVerdict

COLOURS = {
    Outcome.PASS: "#1a7f37",
    Outcome.FAIL: "#cf222e",
    Outcome.INCONCLUSIVE: "#9a6700",
    Outcome.INVALID: "#8250df",
}
MOST = 400
"""Characters of one text, whatever a class is called."""
_ROW = Markup('<tr><td style="color:{};font-weight:600">{}</td><td>{}</td><td style="text-align:left">{}</td></tr>')


def result_html(judgement: WordedJudgement, report: Path) -> str:
    """The outcome, one row for each rule, and where the report is."""
    head = Markup('<p><b style="color:{}">{}</b> {}</p>').format(
        COLOURS[judgement.outcome], judgement.outcome, short(judgement.sentence, MOST)
    )
    foot = Markup("<p>Report: <code>{}</code></p>").format(short(report, MOST))
    return str(head + _table(judgement.verdicts) + foot)


def verdict_html(verdict: WordedVerdict) -> str:
    """One rule: what it asks, what it says, what to do next."""
    next_step = Markup("<p>Next: {}</p>").format(short(verdict.next_step, MOST)) if verdict.next_step else ""
    return str(Markup("<p>{}</p>").format(short(verdict.question, MOST)) + _table([verdict]) + next_step)


def _table(verdicts: Iterable[WordedVerdict]) -> Markup:
    rows = [
        _ROW.format(
            COLOURS[verdict.outcome],
            f"{verdict.outcome}{' (advisory)' if verdict.advisory else ''}",
            verdict.rule,
            short(verdict.sentence, MOST),
        )
        for verdict in verdicts
    ]
    return Markup("<table>{}</table>").format(Markup("").join(rows))
