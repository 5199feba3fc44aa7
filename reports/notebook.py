"""How a result and its verdicts show themselves in a notebook: small tables, everything escaped."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from markupsafe import Markup

from checks.verdict import Outcome
from reports.wording.numbers import short

COLOURS = {
    Outcome.PASS: "#1a7f37",
    Outcome.FAIL: "#cf222e",
    Outcome.INCONCLUSIVE: "#9a6700",
    Outcome.INVALID: "#8250df",
}
MOST = 400
"""Characters of one text, whatever a class is called."""
_ROW = Markup('<tr><td style="color:{};font-weight:600">{}</td><td>{}</td><td style="text-align:left">{}</td></tr>')


class Worded(Protocol):
    """A verdict with its sentences."""

    @property
    def rule(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def advisory(self) -> bool: ...
    @property
    def question(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def next_step(self) -> str: ...


def result_html(outcome: Outcome, sentence: str, verdicts: Sequence[Worded], report: Path) -> str:
    """The outcome, one row for each rule, and where the report is."""
    head = Markup('<p><b style="color:{}">{}</b> {}</p>').format(COLOURS[outcome], outcome, short(sentence, MOST))
    foot = Markup("<p>Report: <code>{}</code></p>").format(short(report, MOST))
    return str(head + _table(verdicts) + foot)


def verdict_html(verdict: Worded) -> str:
    """One rule: what it asks, what it says, what to do next."""
    next_step = Markup("<p>Next: {}</p>").format(short(verdict.next_step, MOST)) if verdict.next_step else ""
    return str(Markup("<p>{}</p>").format(short(verdict.question, MOST)) + _table([verdict]) + next_step)


def _table(verdicts: Iterable[Worded]) -> Markup:
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
