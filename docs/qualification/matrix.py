"""Requirement, test, result: `python -m docs.qualification.matrix [RESULTS ...] [--out FILE]`.

Without results it writes matrix.md, which is committed: the requirements and the tests that are marked with them. With
the files that `python -m pytest --tor-results FILE` wrote it says what those runs came to.
"""

import argparse
import ast
import json
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from audit.errors import AuditError
from docs.qualification.results import FAILED, NOT_RUN, PASSED, ROOT, worst

FOLDER = Path(__file__).parent
MATRIX = FOLDER / "matrix.md"
Tests = Mapping[str, Sequence[str]]
"""Requirement -> tests, as tests/x/test_y.py::test_z."""
Groups = Mapping[str, Mapping[str, str]]
"""Title -> requirement -> sentence."""

PLAIN = """\
# Requirements and the tests that verify them

Written by `python -m docs.qualification.matrix`; a test holds it to the markers of the tests. Results belong to a run
and an environment: README.md says how to make this table with them.
"""
RUN = """\
# Requirements, tests and results

A requirement is verified if it has tests and all of their cases ran and passed. A PASS of this tool replaces no other
verification.
"""


def requirements() -> Groups:
    groups: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "requirements.toml").read_text(encoding="utf-8"))
    return groups


def marked(tests: Path = ROOT / "tests") -> Tests:
    """The tests below this folder by the requirements that they are marked with, read without importing them."""
    found: dict[str, list[str]] = {}
    for file in sorted(tests.rglob("test_*.py")):
        name = file.relative_to(tests.parent).as_posix()
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                for requirement in _named(node.decorator_list):
                    found.setdefault(requirement, []).append(f"{name}::{node.name}")
    return {requirement: sorted(named) for requirement, named in found.items()}


def _named(decorators: Iterable[ast.expr]) -> Iterable[str]:
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.tor":
            yield from (ast.literal_eval(argument) for argument in decorator.args)


def together(files: Sequence[Path]) -> tuple[dict[str, str], dict[str, str]]:
    """The environment of these results, and the outcome of each test over all its cases.

    A case that one run left out may have been run by another. Raises AuditError where the environments differ.
    """
    told = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    environment: dict[str, str] = told[0]["environment"]
    for other in told[1:]:
        differs = [key for key in environment if other["environment"].get(key) != environment[key]]
        if differs:
            raise AuditError("results", f"are of different environments ({', '.join(differs)})", "need runs of one")
    cases: dict[str, list[str]] = {}
    for outcomes in (one["outcomes"] for one in told):
        for case, outcome in outcomes.items():
            cases.setdefault(case, []).append(outcome)
    tests: dict[str, list[str]] = {}
    for case, outcomes in cases.items():
        run = [outcome for outcome in outcomes if outcome != NOT_RUN]
        tests.setdefault(case.partition("[")[0], []).append(worst(run))
    return environment, {test: worst(outcomes) for test, outcomes in tests.items()}


def plain(groups: Groups, tests: Tests) -> str:
    """The table without results."""
    parts = [PLAIN]
    for title, sentences in groups.items():
        parts.append(f"\n## {title}\n\n| | Requirement | Tests |\n|---|---|---|\n")
        parts += [_row(name, said, tests.get(name) or ["none"]) for name, said in sentences.items()]
    return "".join(parts)


def with_results(groups: Groups, tests: Tests, environment: Mapping[str, str], outcomes: Mapping[str, str]) -> str:
    """The table of a run."""
    status = {name: _status(tests.get(name, ()), outcomes) for sentences in groups.values() for name in sentences}
    verified = [name for name, said in status.items() if said == PASSED]
    parts = [RUN, "\n| Environment | |\n|---|---|\n", *(_row(*entry) for entry in environment.items())]
    parts.append(f"\n**Verified: {len(verified)} of {len(status)}.**\n")
    if missing := [f"{name} ({said})" for name, said in status.items() if said != PASSED]:
        parts.append(f"\nNot verified: {', '.join(missing)}.\n")
    for title, sentences in groups.items():
        parts.append(f"\n## {title}\n\n| | Requirement | | Tests |\n|---|---|---|---|\n")
        for name, said in sentences.items():
            shown = [f"{test}: {outcomes.get(test, NOT_RUN)}" for test in tests.get(name, ())]
            verdict = "verified" if status[name] == PASSED else f"**not verified: {status[name]}**"
            parts.append(_row(name, said, verdict, shown or ["none"]))
    return "".join(parts)


def _status(tests: Sequence[str], outcomes: Mapping[str, str]) -> str:
    return worst(outcomes.get(test, NOT_RUN) for test in tests)


def _row(*cells: str | Sequence[str]) -> str:
    texts = [cell if isinstance(cell, str) else "<br>".join(cell) for cell in cells]
    return f"| {' | '.join(texts)} |\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 where a test failed, else 0; what was not run is said, not hidden. Raises AuditError as `together`."""
    parser = argparse.ArgumentParser(prog="python -m docs.qualification.matrix", description=__doc__)
    parser.add_argument("results", nargs="*", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    if not given.results:
        (given.out or MATRIX).write_text(plain(requirements(), marked()), encoding="utf-8")
        return 0
    environment, outcomes = together(given.results)
    text = with_results(requirements(), marked(), environment, outcomes)
    out = given.out or ROOT / "build" / "qualification" / "matrix.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    sys.stderr.write(next(line for line in text.splitlines() if line.startswith("**Verified")).strip("*") + "\n")
    return int(FAILED in outcomes.values())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AuditError as error:
        sys.exit(f"error: {error}")
