"""docs/reference.md, what settings and profiles can name, from the code itself: `python -m docs.reference`."""

from pathlib import Path

from audit.cli.catalogue import catalogue, plural_noun
from audit.cli.main import INTERRUPTED
from audit.cli.output import EXIT
from audit.files import write_text

PAGE = Path(__file__).parent / "reference.md"
LEAD = """\
# Reference

Everything that settings and profiles can name, and what a report is made of; `saliency-audit list` prints the same,
with what you have added. [Settings](settings.md) explains the tables that they are named in.

## Exit codes

| code | meaning |
|--:|---|
"""
MEANINGS = {
    "PASS": "every rule that decides passes",
    "FAIL": "a rule that decides fails",
    "INVALID": "the audit proves nothing, or it could not be made: a usage error, a broken file",
    "INCONCLUSIVE": "nothing that decides fails, and something could not be decided",
}


def reference() -> str:
    """The whole page."""
    outcomes = sorted(EXIT, key=lambda outcome: EXIT[outcome])
    codes = [f"| {EXIT[outcome]} | {outcome}: {MEANINGS[outcome]} |" for outcome in outcomes]
    parts = [LEAD + "\n".join([*codes, f"| {INTERRUPTED} | interrupted by the user |"])]
    for noun, entries in catalogue().items():
        rows = "\n".join(f"| `{name}` | {_cell(line)} |" for name, line in entries.items())
        parts.append(f"## {_title(noun)}\n\n| name | |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _title(noun: str) -> str:
    title = plural_noun(noun)
    return title[0].upper() + title[1:]


def _cell(line: str) -> str:
    return line.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    write_text(PAGE, reference())
