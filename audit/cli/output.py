"""What the command line prints, and the codes that it leaves with."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table

from audit.cli import completion
from reports.wording.phrases import bounded

if TYPE_CHECKING:
    from checks.verdict import Outcome
    from reports.wording.preflight import WordedPreflight
    from reports.wording.worded import WordedJudgement, WordedVerdict

FILE = click.Path(path_type=Path)
EXIT = {"PASS": 0, "FAIL": 1, "INVALID": 2, "INCONCLUSIVE": 3}
COLOURS = {"PASS": "green", "FAIL": "red", "INCONCLUSIVE": "yellow", "INVALID": "magenta"}

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
profile = click.option(
    "--profile", help="Another profile: a name, or the path of a TOML file.", shell_complete=completion.profiles
)
own_profile = click.option("--profile", help="The profile of the run, where it names rules of your own: a TOML file.")


_UNSEEN = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Text in which what a terminal would obey, and not show, is spelt out: control and direction characters."""
    return _UNSEEN.sub(lambda character: character[0].encode("unicode_escape").decode(), text)


def path_text(path: Path) -> str:
    """A path in rich markup: what looks like a style in it stays text."""
    return escape(str(path))


class TerminalSafe(Console):
    """Names and texts from outside stay text: styles are rich's own, and escapes inside a text are shown."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


STDOUT = TerminalSafe(highlight=False, emoji=False, width=None if sys.stdout and sys.stdout.isatty() else 160)


def print_json(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo(_UNSEEN.sub(lambda character: f"\\u{ord(character[0]):04x}", text))


def answer(outcome: "Outcome", show: Callable[[], None]) -> int:
    """Print the result, and return the exit code."""
    show()
    return EXIT[outcome]


def show_judgement(judgement: "WordedJudgement", out: Path | None) -> None:
    """The result, for people."""
    show_outcome(judgement.outcome, None if judgement.fixed_beforehand else judgement.profile.name)
    for wrong in judgement.right_for_the_wrong_reason:
        bound = bounded(wrong.lower, wrong.upper, judgement.profile.confidence)
        counted = f"{wrong.count} of {wrong.right}{', ' if bound else ''}{bound}"
        STDOUT.print(f"Right for the wrong reason by {escape(wrong.source)}: {counted}.", soft_wrap=True)
    show_verdicts(judgement.verdicts, judgement.next_step)
    if out:
        STDOUT.print(f"Report: {path_text(out / 'report.html')}", soft_wrap=True)


def show_preflight(title: str, preflight: "WordedPreflight") -> None:
    """What the data can answer, on stderr: a run has not begun to tell its result."""
    for sentence in preflight.sentences:
        sys.stderr.write(visible(f"{title}: {sentence}\n"))


def show_outcome(outcome: "Outcome", late_profile: str | None) -> None:
    """late_profile: the name of limits that were not fixed before the run."""
    STDOUT.print(f"[bold {COLOURS[outcome]}]{outcome}[/]")
    if late_profile is not None:
        name = escape(late_profile)
        STDOUT.print(f"[bold]The limits were not fixed before the run[/] (profile {name}): base no claim on this.")


def show_verdicts(verdicts: Iterable["WordedVerdict"], next_step: str) -> None:
    """What says the same of several rules is said once."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    alike: dict[tuple[Outcome, bool, str], list[str]] = {}
    for verdict in verdicts:
        alike.setdefault((verdict.outcome, verdict.advisory, verdict.sentence), []).append(verdict.rule)
    for (outcome, advisory, sentence), (rule, *more) in alike.items():
        style, word = ("dim", "advisory: ") if advisory else (COLOURS[outcome], "")
        named = f"{rule} and {len(more)} more" if more else rule
        table.add_row(f"[{style}]{word}{outcome}[/]", escape(named), escape(sentence))
    STDOUT.print(table)
    if next_step:
        STDOUT.print(f"Next: {escape(next_step)}")
