"""`pytest audit.toml`, as its users meet it: in a session of its own, mostly with a record that nobody measured."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.internal.observability  # noqa: F401  # its plugin imports it at the end of each session
import pytest

# pytester forgets what a session imports, and neither torch nor scipy can be imported twice
import scipy.optimize
import scipy.special
import scipy.stats  # noqa: F401

import audit.cli.progress
import audit.pipeline
import audit.pytest_plugin.fixture
import audit.pytest_plugin.gate  # noqa: F401
from audit.errors import AuditError, Problems
from audit.pytest_plugin.result import COMPARED
from audit.record.place import FILE_NAME
from audit.record.record import Record
from audit.record.seal import SEAL, seal
from checks.baseline.accept import accept
from fixtures.records import Kind, write_record
from fixtures.shapes import write_shapes
from reports.evidence_folder import AUDIT, REPORT, format_files, write_evidence
from reports.result.assessment import Assessment
from reports.verify import verify

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[3]
PROFILE = """
[rules.model_is_accurate]
min_accuracy = 0.5
why = "Ours."

[rules.depends_on_object]
min_evidence = 0.5
max_evidence_elsewhere = 0.25
why = "Ours."

[rules.relevance_beats_chance]
margin = 0.01
advisory = true
why = "Ours."

[non_inferiority]
margin = 0.05
why = "Ours."
"""
SETTINGS = """
[model]
kind = "factory"
function = "ours:network"

[data]
format = "csv"
annotations = "boxes.csv"
images = "pictures"

[judge]
profile = "mine.toml"
"""
RULES = ("run_is_whole", "depends_on_object", "model_is_accurate", "relevance_beats_chance")


@dataclass
class Measured:
    """What stands in for the engine."""

    kind: Kind = "honest"
    n: int = 80
    fault: BaseException | None = None
    altered: Callable[[Record], None] = lambda record: None
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, settings: Any, out: Path, **given: Any) -> Path:
        self.calls.append({"settings": settings, "out": out, **given})
        if self.fault:
            raise self.fault
        given["progress"](0, self.n, "pictures", 0.0)
        path = write_record(out / FILE_NAME, kind=self.kind, n=self.n)
        with Record.open(path) as record:
            record.set_meta("profile", given["registered"]["profile"])
            self.altered(record)
            record.set_meta(SEAL, seal(record))
        given["progress"](self.n, self.n, "pictures", 1.0)
        return path


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    stub = Measured()
    monkeypatch.setattr("audit.pipeline.measure", stub)
    for problems in ("name_problems", "silent_kind_problems"):
        monkeypatch.setattr(f"audit.pipeline.{problems}", lambda settings: ())
    monkeypatch.setattr("audit.pipeline.input_problems", lambda settings, model, first=None: Problems("settings"))
    monkeypatch.setattr("reports.evidence_folder.write_evidence", blank_evidence)
    return stub


def blank_evidence(_assessment: Assessment, folder: Path, _printer: object = None) -> Path:
    """Drawing the page takes most of the time."""
    for name in (AUDIT, REPORT, *format_files().values()):
        (folder / name).touch()
    return folder / REPORT


@pytest.fixture
def shop(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a settings file and a profile of its own."""
    (pytester.path / "audit.toml").write_text(SETTINGS)
    (pytester.path / "mine.toml").write_text(PROFILE)
    return pytester


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    return {key: n for key, n in result.parseoutcomes().items() if key != "warnings"}


def properties(path: Path) -> dict[str, dict[str, str]]:
    """By test, what JUnit XML says of it."""
    return {
        case.attrib["name"]: {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
        for case in ET.parse(path).iter("testcase")
    }


@pytest.mark.slow
def test_a_settings_file_is_one_test_a_rule_and_measured_once(
    shop: pytest.Pytester, measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.evidence_folder.write_evidence", write_evidence)
    result = shop.runpytest("audit.toml", "-v", "--junitxml=junit.xml")
    assert result.ret == 0
    assert outcomes(result) == {"passed": 4}
    result.stdout.fnmatch_lines([f"audit.toml::{rule} PASSED*" for rule in RULES])
    assert len(measured.calls) == 1
    assert measured.calls[0]["reuse"] is False
    assert measured.calls[0]["registered"]["profile"]["name"] == "mine"
    result.stderr.fnmatch_lines(["audit.toml: 0 of 80, first batch …", "audit.toml: 80 of 80*"])
    report = shop.path / ".pytest_cache/d/saliency-audit/audit/report.html"
    result.stdout.fnmatch_lines(["*saliency audits*", f"audit.toml: PASS, {report}"])
    assert "<html" in report.read_text()
    assert "✅ PASS" in (report.parent / "summary.md").read_text()
    assert (report.parent / "audit.json").exists()
    assert verify(report.parent) == ()
    entries = properties(shop.path / "junit.xml")["depends_on_object"]
    assert entries["limit"] == "0.5"
    assert float(entries["value"]) > float(entries["bound"]) > 0.1
    assert int(entries["n"]) > 59
    assert (entries["audit"], entries["report"]) == ("PASS", str(report))


@pytest.mark.slow
def test_a_required_column_is_one_test_a_rule_whose_failure_names_the_slices(
    shop: pytest.Pytester, measured: Measured
) -> None:
    measured.n = 150
    slices = '[slices]\nby = ["light", "prediction"]\nrules = ["depends_on_object"]\nwhy = "By night too."\n'
    (shop.path / "mine.toml").write_text(PROFILE + slices)
    result = shop.runpytest("audit.toml", "-v", "--junitxml=junit.xml")
    assert outcomes(result) == {"passed": 5, "failed": 1}
    result.stdout.fnmatch_lines(
        [
            "audit.toml::depends_on_object[[]light] PASSED*",
            "audit.toml::depends_on_object[[]prediction] FAILED*",
            "INCONCLUSIVE: prediction: wrong: No picture is predicted right, *",
            "  prediction: wrong: INCONCLUSIVE",
            "Why this limit: By night too.",
        ]
    )
    assert len(measured.calls) == 1
    assert properties(shop.path / "junit.xml")["depends_on_object[light]"]["subject"] == "light: day"
    chosen = shop.runpytest("audit.toml", "-k", "light")
    assert outcomes(chosen) == {"passed": 1, "deselected": 5}


@pytest.mark.slow
def test_a_failure_says_what_one_needs_to_act(shop: pytest.Pytester, measured: Measured) -> None:
    measured.kind = "cheating"
    result = shop.runpytest("audit.toml")
    assert result.ret == 1
    assert outcomes(result) == {"failed": 1, "passed": 2, "xfailed": 1}
    result.stdout.fnmatch_lines(
        [
            "* audit.toml: depends_on_object *",
            "FAIL: The object carries too little *",
            "Does the object carry the evidence *[?]",
            "  object removed: FAIL",
            "    value *%, limit 50.0\u202f%, bounds *% to *% (one-sided, 95% each), n * (*)",
            "    worst pictures: pictures/*.png (*), *",
            "Why this limit: Ours.",
            "Next: Look at the worst pictures: *",
            f"Report: {shop.path}/.pytest_cache/d/saliency-audit/audit/report.html",
            "audit.toml: FAIL, *",
            "FAILED audit.toml::depends_on_object*",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "gate.py" not in result.stdout.str()


@pytest.mark.slow
def test_advice_is_an_expected_failure_that_is_shown(shop: pytest.Pytester, measured: Measured) -> None:
    measured.kind = "cheating"
    result = shop.runpytest("audit.toml::relevance_beats_chance", "-rx", "--junitxml=junit.xml")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["XFAIL audit.toml::relevance_beats_chance - *advisory: FAIL. *"])
    assert properties(shop.path / "junit.xml")["relevance_beats_chance"]["advisory"] == "yes"


@pytest.mark.slow
@pytest.mark.tor("TOR-069")
@pytest.mark.parametrize(("kind", "n", "outcome"), [("honest", 12, "INCONCLUSIVE"), ("untouched", 80, "INVALID")])
def test_neither_too_little_nor_nothing_passes(
    shop: pytest.Pytester, measured: Measured, kind: Kind, n: int, outcome: str
) -> None:
    measured.kind, measured.n = kind, n
    result = shop.runpytest("audit.toml", "-k", "depends_on_object")
    assert result.ret == 1
    assert f"{outcome}: " in result.stdout.str()


@pytest.mark.slow
@pytest.mark.tor("TOR-069")
def test_a_run_that_is_not_whole_fails_whatever_is_chosen(shop: pytest.Pytester, measured: Measured) -> None:
    measured.kind = "incomplete"
    result = shop.runpytest("audit.toml")
    assert outcomes(result) == {"failed": 4}
    result = shop.runpytest("audit.toml", "-k", "accurate")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["INVALID: The run stopped after *", "Next: Continue the run where it stopped: *"])


@pytest.mark.slow
@pytest.mark.tor("TOR-069")
def test_no_rule_that_decides_is_no_pass(shop: pytest.Pytester, measured: Measured) -> None:
    advice = PROFILE[PROFILE.index("[rules.relevance") :]
    (shop.path / "mine.toml").write_text(advice)
    result = shop.runpytest("audit.toml")
    assert outcomes(result) == {"failed": 1, "passed": 1}
    result.stdout.fnmatch_lines(["INVALID: The profile names no rule that decides, so nothing was judged."])


@pytest.mark.tor("TOR-069")
def test_what_cannot_be_measured_is_tried_once_and_fails_every_test(shop: pytest.Pytester, measured: Measured) -> None:
    measured.fault = AuditError("model", "returns a tuple", "need logits", "Wrap it.")
    result = shop.runpytest("audit.toml")
    assert outcomes(result) == {"failed": 4}
    assert len(measured.calls) == 1
    assert result.stdout.str().count("\nmodel: returns a tuple; need logits. Wrap it.\n") == 4


@pytest.mark.parametrize("fault", [ZeroDivisionError("theirs"), SystemExit(0)])
def test_code_that_breaks_shows_where(shop: pytest.Pytester, measured: Measured, fault: BaseException) -> None:
    measured.fault = fault
    result = shop.runpytest("audit.toml", "-k", "accurate")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Traceback*", f"{type(fault).__name__}: *", "Nothing was judged."])


@pytest.mark.slow
def test_an_interruption_stays_one(shop: pytest.Pytester, measured: Measured) -> None:
    measured.fault = KeyboardInterrupt()
    assert shop.inline_run("audit.toml", no_reraise_ctrlc=True).ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.slow
def test_stale_files_do_not_outlive_a_run_that_breaks(shop: pytest.Pytester, measured: Measured) -> None:
    assert shop.runpytest("audit.toml").ret == 0
    measured.fault = AuditError("model", "is gone")
    assert shop.runpytest("audit.toml").ret == 1
    assert list((shop.path / ".pytest_cache/d/saliency-audit/audit").iterdir()) == []


@pytest.mark.slow
def test_last_failed_runs_what_failed(shop: pytest.Pytester, measured: Measured) -> None:
    measured.kind = "cheating"
    shop.runpytest("audit.toml")
    result = shop.runpytest("audit.toml", "--lf")
    assert outcomes(result) == {"failed": 1, "deselected": 3}


@pytest.mark.slow
def test_reuse_keeps_the_record_and_out_says_where(shop: pytest.Pytester, measured: Measured) -> None:
    shop.runpytest("audit.toml", "--saliency-audit-reuse", "--saliency-audit-out=out", "--saliency-audit-device=cuda")
    assert (measured.calls[0]["reuse"], measured.calls[0]["device"]) == (True, "cuda")
    assert measured.calls[0]["out"] == shop.path / "out" / "audit"
    (shop.path / "out/audit" / FILE_NAME).rename(shop.path / "kept")
    shop.runpytest("audit.toml", "--saliency-audit-out=out")
    assert measured.calls[1]["reuse"] is False


@pytest.mark.slow
def test_without_a_cache_one_must_say_where(shop: pytest.Pytester, measured: Measured) -> None:
    result = shop.runpytest("audit.toml", "-p", "no:cacheprovider", "-k", "accurate")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["pytest: runs without its cache; need *. Pass --saliency-audit-out DIR."])
    assert shop.runpytest("audit.toml", "-p", "no:cacheprovider", "--saliency-audit-out=out").ret == 0


@pytest.mark.slow
def test_other_files_are_left_alone(shop: pytest.Pytester) -> None:
    (shop.path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    assert outcomes(shop.runpytest()) == {"passed": 1}, "a folder's settings files are not collected unasked"
    assert shop.runpytest("mine.toml").ret == pytest.ExitCode.USAGE_ERROR
    shop.makeini("[pytest]\nsaliency_audit_files = *.toml\n")
    (shop.path / "Cargo.toml").write_text("[package]\nname = 'x'\n")
    result = shop.runpytest("--collect-only", "-q")
    result.stdout.fnmatch_lines([*(f"audit.toml::{rule}" for rule in RULES), "test_nothing.py::test_nothing"])
    assert "mine.toml" not in result.stdout.str()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("audit.toml", "[model", "audit.toml: cannot be read (*; need a TOML file."),
        ("mine.toml", "[rules.model_is_acurate]\n", "*no rule 'model_is_acurate'; did you mean 'model_is_accurate'*"),
    ],
)
def test_what_cannot_be_read_is_an_error(shop: pytest.Pytester, file: str, text: str, said: str) -> None:
    (shop.path / file).write_text(text)
    result = shop.runpytest("audit.toml")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([said])
    assert "Traceback" not in result.stdout.str()


def test_what_is_wrong_with_the_settings_is_said(shop: pytest.Pytester) -> None:
    (shop.path / "audit.toml").write_text(SETTINGS.replace("[data]", "[data]\nmax_box_shere = 1\n[datta]"))
    result = shop.runpytest("audit.toml", "-k", "accurate")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["audit.toml: *"])


@pytest.mark.slow
def test_a_limit_for_unit_tests_is_none_for_audits(shop: pytest.Pytester, measured: Measured) -> None:
    result = shop.runpytest("audit.toml", "--timeout=0.01")
    assert result.ret == 0


@pytest.mark.slow
def test_a_project_that_audits_nothing_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\ndef test_nothing(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.hasplugin('saliency-audit')\n"
        "    assert not {'torch', 'numpy', 'checks', 'reports', 'pydantic'} & set(sys.modules)\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        str(tmp_path),
    ]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0


FIXTURE = """
import pytest
from torch import nn

DATA = {"data": {"format": "csv", "annotations": "boxes.csv", "images": "pictures"}}

@pytest.fixture(scope="module")
def audited(saliency_audit):
    return saliency_audit(nn.Linear(2, 2), DATA, classes=["dark", "light"], profile="mine.toml")

def test_passes(audited):
    audited.assert_passes()

def test_depends(audited):
    assert audited.verdict("depends_on_object").outcome == "PASS"

def test_of_its_own(saliency_audit):
    saliency_audit(nn.Linear(2, 2), "data.toml", classes=["dark", "light"]).assert_passes()
"""


@pytest.mark.slow
def test_the_fixture_audits_a_network_at_hand(shop: pytest.Pytester, measured: Measured) -> None:
    measured.kind = "cheating"
    shop.makepyfile(FIXTURE)
    data = SETTINGS[SETTINGS.index("[data]") :].replace('"mine.toml"', '"quick"')
    (shop.path / "data.toml").write_text(data)
    result = shop.runpytest()
    assert outcomes(result) == {"failed": 3}
    first, second = measured.calls
    assert first["out"] != second["out"]
    assert [entry.name for entry in first["model"].classes] == ["dark", "light"]
    assert first["settings"].path(first["settings"].data.images) == shop.path / "pictures"
    assert [call["registered"]["profile"]["name"] for call in measured.calls] == ["mine", "quick"]
    result.stdout.fnmatch_lines(
        [
            ">*audited.assert_passes()",
            "E * AssertionError: FAIL: The object carries too little *",
            "E * depends_on_object",
            "E * worst pictures: pictures/*",
            f"E * Report: {first['out']}/report.html",
        ]
    )


@pytest.mark.slow
def test_the_fixture_needs_names_of_classes(shop: pytest.Pytester, measured: Measured) -> None:
    shop.makepyfile(FIXTURE.replace(', classes=["dark", "light"]', ""))
    result = shop.runpytest("-k", "own")
    result.stdout.fnmatch_lines(["E * saliency_audit(model): the network has no class names; need *"])
    assert not measured.calls


def wrong_now(count: int) -> Callable[[Record], None]:
    """So many pictures that were predicted right are predicted wrong."""

    def alter(record: Record) -> None:
        right = record.columns(
            "SELECT p.sample FROM picture p JOIN sample s ON s.id = p.sample WHERE predicted = class"
        )
        chosen = ", ".join(str(int(i)) for i in right["sample"][:count])
        with record._connection as connection:
            connection.execute(
                "UPDATE picture SET predicted = 5, label_rank = 2, probability = 0.01, confidence = 0.9"
                f" WHERE sample IN ({chosen})"
            )
        record.set_meta("model", {**record.meta("model"), "state_sha256": f"{count:064x}"})

    return alter


@pytest.fixture
def gated(shop: pytest.Pytester, measured: Measured) -> pytest.Pytester:
    """The settings name a baseline, and there is none yet."""
    measured.n = 160
    (shop.path / "audit.toml").write_text(f'{SETTINGS}baseline = "baseline.json"\n')
    return shop


def accepted(gated: pytest.Pytester) -> None:
    folder = gated.path / ".pytest_cache/d/saliency-audit/audit"
    accept(folder, gated.path / "baseline.json", reason="First.", by="Ada")


@pytest.mark.slow
def test_the_life_of_a_baseline(gated: pytest.Pytester, measured: Measured) -> None:
    missing = gated.runpytest("audit.toml")
    assert outcomes(missing) == {"failed": 5, "passed": 4}
    missing.stdout.fnmatch_lines(["INVALID: *baseline.json: no such baseline; *", "To accept this run as it is: *"])
    accepted(gated)
    equal = gated.runpytest("audit.toml", "-v")
    assert equal.ret == 0
    equal.stdout.fnmatch_lines([f"audit.toml::{rule} *" for rule in (*RULES, *COMPARED)])
    measured.altered = wrong_now(1)
    within = gated.runpytest("audit.toml")
    assert within.ret == 0, "worse, within the margin"
    measured.altered = wrong_now(30)
    worse = gated.runpytest("audit.toml")
    assert worse.ret == 1
    worse.stdout.fnmatch_lines(
        [
            "* audit.toml: accuracy_holds *",
            "FAIL: Accuracy fell by *",
            "    worst pictures: *",
            "Next: Look at the pictures that turned worse, improve the model * move the baseline: * accept *",
            "Comparison: */audit.compare.html",
            "Only where what fails is intended, accept this run: saliency-audit accept */audit --baseline"
            f" {gated.path}/baseline.json*",
            "audit.toml: FAIL, *",
        ]
    )
    accepted(gated)
    assert gated.runpytest("audit.toml").ret == 0, "nothing but acceptance turns it green"
    measured.altered = wrong_now(0)
    assert gated.runpytest("audit.toml").ret == 0, "better"


@pytest.mark.slow
@pytest.mark.tor("TOR-058")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda parts: parts[0], "INVALID: *baseline.json: is not a baseline (*"),
        ("false".join, "INVALID: *baseline.json: was changed since *"),
    ],
)
def test_a_baseline_that_is_not_as_it_was_accepted(
    gated: pytest.Pytester, measured: Measured, change: Callable[[list[str]], str], said: str
) -> None:
    measured.n = 80
    gated.runpytest("audit.toml")
    accepted(gated)
    file = gated.path / "baseline.json"
    file.write_text(change(file.read_text().rsplit("true", 1)))
    result = gated.runpytest("audit.toml", "-k", "accuracy_holds")
    assert result.ret == 1
    result.stdout.fnmatch_lines([said])


@pytest.mark.slow
@pytest.mark.tor("TOR-058")
def test_a_baseline_of_other_pictures(gated: pytest.Pytester, measured: Measured) -> None:
    measured.n = 80
    gated.runpytest("audit.toml")
    accepted(gated)
    measured.n = 90
    result = gated.runpytest("audit.toml")
    assert outcomes(result) == {"failed": 5, "passed": 4}
    result.stdout.fnmatch_lines(["INVALID: baseline: cannot be compared with the candidate: *"])


@pytest.mark.slow
def test_workers_share_one_measurement_and_reuse_costs_none(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shapes(pytester.path / "data", pictures=12)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=":")
    command = ["data/audit.toml", "-n2", "-v", "--saliency-audit-reuse"]
    first = pytester.runpytest_subprocess(*command)
    assert outcomes(first)["failed"] > 0, "twelve pictures are too few"
    shown = first.stdout.str()
    assert "[gw0]" in shown, shown
    assert "[gw1]" in shown, shown
    assert first.stderr.str().count("audit.toml: 0 of 12") == 1
    assert first.stderr.str().count("audit.toml: 12 of 12") == 1
    second = pytester.runpytest_subprocess(*command)
    assert outcomes(second) == outcomes(first)
    assert second.stderr.str().count("audit.toml: nothing to measure, the record holds all 12 pictures") == 1
    assert "0 of 12" not in second.stderr.str()
