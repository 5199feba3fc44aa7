"""The qualification kit: no requirement without a test, no marker without a requirement, no result without a run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from docs.qualification import matrix
from docs.qualification.matrix import FOLDER, MATRIX, marked, plain, requirements, together, with_results
from docs.qualification.results import FAILED, NOT_RUN, PASSED, SKIPPED, worst

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[1]
NAMES = [name for sentences in requirements().values() for name in sentences]
ENVIRONMENT = {"commit": "abc", "python": "3.11"}
TESTS = {"TOR-001": ["tests/test_x.py::test_a", "tests/test_x.py::test_b"], "TOR-002": ["tests/test_x.py::test_b"]}


@pytest.mark.slow
def test_every_requirement_has_a_test_and_every_marker_a_requirement() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert all(re.fullmatch(r"TOR-\d{3}", name) for name in NAMES)
    assert all(said.endswith(".") for sentences in requirements().values() for said in sentences.values())
    assert set(marked()) == set(NAMES)


@pytest.mark.slow
def test_the_committed_matrix_is_that_of_the_markers() -> None:
    assert MATRIX.read_text(encoding="utf-8") == plain(requirements(), marked()), (
        "write it again: python -m docs.qualification.matrix"
    )


@pytest.mark.slow
def test_the_markers_that_are_read_are_those_of_the_tests_that_run(request: pytest.FixtureRequest) -> None:
    read = {(test, name) for name, tests in marked().items() for test in tests}
    collected = {
        (item.nodeid.partition("[")[0], name)
        for item in request.session.items
        for mark in item.iter_markers("tor")
        for name in mark.args
    }
    assert collected <= read
    ran = {item.nodeid.partition("[")[0] for item in request.session.items}
    assert {(test, name) for test, name in read if test in ran} == collected


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ([], NOT_RUN),
        ([PASSED, PASSED], PASSED),
        ([PASSED, SKIPPED], SKIPPED),
        ([PASSED, NOT_RUN, SKIPPED], NOT_RUN),
        ([NOT_RUN, FAILED, PASSED], FAILED),
    ],
)
def test_a_test_passed_where_all_its_cases_did(cases: list[str], expected: str) -> None:
    assert worst(cases) == expected


def written(path: Path, outcomes: dict[str, str], **environment: str) -> Path:
    path.write_text(json.dumps({"environment": ENVIRONMENT | environment, "outcomes": outcomes}), encoding="utf-8")
    return path


def test_runs_fill_each_others_gaps_and_hide_no_failure(tmp_path: Path) -> None:
    quick = {"t::a[1]": PASSED, "t::a[2]": NOT_RUN, "t::b": FAILED, "t::c": NOT_RUN, "t::d": SKIPPED}
    rest = {"t::a[1]": NOT_RUN, "t::a[2]": PASSED, "t::b": PASSED, "t::c": NOT_RUN, "t::d": NOT_RUN}
    files = [written(tmp_path / "quick.json", quick), written(tmp_path / "rest.json", rest)]
    expected = {"t::a": PASSED, "t::b": FAILED, "t::c": NOT_RUN, "t::d": SKIPPED}
    assert together(files) == (ENVIRONMENT, expected)
    assert together(files[:1])[1]["t::a"] == NOT_RUN
    with pytest.raises(AuditError, match=r"different environments \(commit\); need runs of one"):
        together([files[0], written(tmp_path / "other.json", rest, commit="def")])


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({"a": PASSED, "b": PASSED}, ["verified", "verified"]),
        ({"a": FAILED, "b": PASSED}, ["**not verified: failed**", "verified"]),
        ({"b": SKIPPED}, ["**not verified: not run**", "**not verified: skipped**"]),
        ({}, ["**not verified: not run**"] * 2),
    ],
)
def test_verified_is_what_ran_and_passed(outcomes: dict[str, str], expected: list[str]) -> None:
    groups = {"Ours": {"TOR-001": "It works.", "TOR-002": "So does this.", "TOR-003": "Nobody looks."}}
    found = {f"tests/test_x.py::test_{name}": outcome for name, outcome in outcomes.items()}
    text = with_results(groups, TESTS, ENVIRONMENT, found)
    assert re.findall(r"^\| TOR-\d+ \| [^|]+ \| ([^|]+) \|", text, re.MULTILINE) == [
        *expected,
        "**not verified: not run**",
    ]
    assert f"**Verified: {expected.count('verified')} of 3.**" in text
    assert "TOR-003 (not run)" in text
    assert "| commit | abc |" in text
    assert "replaces no other verification" in " ".join(text.split())


@pytest.mark.slow
def test_the_table_of_a_run_is_written_and_a_failure_leaves_with_1(tmp_path: Path) -> None:
    tests = sorted({test for tests in marked().values() for test in tests})
    good = written(tmp_path / "good.json", dict.fromkeys(tests, PASSED))
    assert matrix.main([str(good), "--out", str(tmp_path / "out" / "matrix.md")]) == 0
    text = (tmp_path / "out" / "matrix.md").read_text(encoding="utf-8")
    assert f"**Verified: {len(NAMES)} of {len(NAMES)}.**" in text
    assert "Not verified" not in text
    bad = written(tmp_path / "bad.json", {tests[0]: FAILED})
    assert matrix.main([str(good), str(bad), "--out", str(tmp_path / "bad.md")]) == 1
    assert "**not verified: failed**" in (tmp_path / "bad.md").read_text(encoding="utf-8")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(f"[pytest]\ntestpaths = tests\npythonpath = {ROOT}\nmarkers =\n    tor(*ids): x\n    slow: x\n")
    folder = pytester.mkdir("tests")
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "test_x.py").write_text(
        "import pytest\n"
        "tor = pytest.mark.tor('TOR-001')\n"
        "@tor\n@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.slow)])\ndef test_a(n): pass\n"
        "@tor\ndef test_b(): assert False\n"
        "@tor\ndef test_c(): pytest.skip('no')\n"
        "@pytest.fixture\ndef broken():\n    yield\n    raise OSError\n"
        "@tor\ndef test_d(broken): pass\n"
        "def test_e(): pass\n"
    )
    return pytester


@pytest.mark.slow
@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_a_run_tells_every_case_run_or_not(project: pytest.Pytester, processes: tuple[str, ...]) -> None:
    quickly = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    asked = ("--tor-results", "build/results.json", "-m", "not slow", *quickly)
    project.runpytest_subprocess(*asked, *processes)
    told: dict[str, Any] = json.loads((project.path / "build" / "results.json").read_text())
    assert told["outcomes"] == {
        "tests/test_x.py::test_a[1]": PASSED,
        "tests/test_x.py::test_a[2]": NOT_RUN,
        "tests/test_x.py::test_b": FAILED,
        "tests/test_x.py::test_c": SKIPPED,
        "tests/test_x.py::test_d": FAILED,
    }
    assert {"commit", "python", "torch", "saliency-audit"} <= set(told["environment"])
    assert str(project.path) not in json.dumps(told)
    assert str(ROOT) not in json.dumps(told)


def test_a_run_that_cannot_tell_all_is_refused(project: pytest.Pytester) -> None:
    result = project.runpytest("--tor-results", "results.json", "tests/test_x.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "need the whole collection" in result.stderr.str()
    assert not (project.path / "results.json").exists()


def test_a_known_problem_has_its_effect_and_what_to_do() -> None:
    text = (FOLDER / "known_problems.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (KP-\d{2}) \|(.*)\|$", text, re.MULTILINE)
    assert [name for name, _ in rows] == [f"KP-{number:02}" for number in range(1, len(rows) + 1)]
    assert all(len(cells) == 3 and all(cell.strip() for cell in cells) for cells in (r.split("|") for _, r in rows))


def test_the_templates_leave_to_the_user_what_is_the_users() -> None:
    for name in ("plan_template.md", "accomplishment_template.md"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert text.count("[") > 20, name
        assert "Nothing here qualifies anything" in text or "a tool is not qualified by its makers" in text
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert (FOLDER / link).exists(), (name, link)


def test_each_misuse_says_what_happens_and_what_to_do() -> None:
    text = (FOLDER / "misuse.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| MU-")]
    assert [row[0] for row in rows] == [f"MU-{number:02}" for number in range(1, len(rows) + 1)]
    known = (FOLDER / "known_problems.md").read_text(encoding="utf-8")
    for row in rows:
        assert len(row) == 5, row
        assert row[3].startswith(("seen", "shown", "unseen")), row
        assert all(problem in known for problem in re.findall(r"KP-\d\d", " ".join(row))), row
    for what in ("boxes are wrong", "preprocessing is not", "another order", "those of the training"):
        assert what in text


def test_the_shipped_results_are_of_every_known_answer() -> None:
    results = (FOLDER / "known_answers_results.txt").read_text(encoding="utf-8")
    asked = re.findall(r"KA-\d\d", (FOLDER / "known_answers.toml").read_text(encoding="utf-8"))
    assert re.findall(r"^ok +(KA-\d\d)", results, re.MULTILINE) == sorted(set(asked))
    assert f"{len(set(asked))} of {len(set(asked))} as derived by hand" in results


def test_the_readme_says_what_the_plain_gradient_reaches() -> None:
    """The numbers are those of the table."""
    readme, detection = ((FOLDER.parents[1] / name).read_text("utf-8") for name in ("README.md", "docs/detection.md"))
    said = re.search(r"AUROC of (\S+) against (\S+) of the swaps", " ".join(readme.split()))
    assert said is not None
    for score, number in (("gradient, mass over area", said[1]), ("largest estimate of a swap", said[2])):
        assert re.search(rf"\| {score} +\| {number} ", detection), score


def test_the_kit_claims_no_qualification() -> None:
    text = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())
    assert "is not qualified" in text
    assert "A PASS of this tool replaces no other verification" in text
