"""From requirement to evidence, deviations, and what is left to be signed."""

from pathlib import Path
from typing import Any

import pytest

from audit import registry
from audit.record.record import Record
from checks.judge import judge
from checks.profile import load_profile
from checks.table.evidence import evidence
from checks.verdict import Finding, Judgement, Outcome, Verdict
from fixtures.pages import check, words
from fixtures.records import Kind, write_record
from reports.page import render as page
from reports.page.deviations import deviations
from reports.page.requirements import EVIDENCE, Requirement, requirements
from reports.result.build import identity

Told = tuple[str, Judgement, dict[str, str]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("honest") / "audit.sqlite"


@pytest.fixture(scope="module")
def honest(path: Path) -> Told:
    return told(path)


def told(path: Path, kind: Kind = "honest", **settings: Any) -> Told:
    """The page, the judgement and the deviations of a new record."""
    with Record.open(write_record(path, n=120, kind=kind)) as record:
        record.set_meta("settings", {**record.meta("settings"), **settings})
        judgement = judge(record)
        found = evidence(record, judgement.profile)
        departs = {entry.what: entry.said for entry in deviations(identity(record), found, judgement)}
        return page.page(record, judgement), judgement, departs


def finding(outcome: Outcome, value: float | None, limit: float | None = 0.05) -> Finding:
    return Finding(
        subject=f"{outcome} {value}", outcome=outcome, quantity="share", value=value, limit=limit, n=9, sentence=""
    )


def required(rule: str, outcome: Outcome, *findings: Finding) -> Requirement:
    verdict = Verdict(rule=rule, question="Does it?", outcome=outcome, sentence="", findings=findings)
    (row,) = requirements([verdict], load_profile("default"))
    return row


def test_every_rule_that_ships_has_its_evidence_on_the_page(honest: Told) -> None:
    assert set(EVIDENCE) == set(registry.names("checks.rules"))
    ids = check(honest[0]).ids
    assert {anchor for anchor, _ in EVIDENCE.values()} <= set(ids)


def test_the_table_has_one_row_for_each_rule_that_decides(tmp_path: Path) -> None:
    html, judgement, _ = told(tmp_path / "audit.sqlite", "cheating")
    part = html[html.index('<section id="requirements"') :].partition("</section>")[0]
    deciding = [verdict for verdict in judgement.verdicts if not verdict.advisory]
    assert 4 < len(deciding) < len(judgement.verdicts)
    assert part.count('<th scope="row">') == len(deciding)
    assert part.count('class="outcome is-FAIL"') == sum(v.outcome is Outcome.FAIL for v in deciding)
    row = words(part[part.index("Where the label is predicted") :].partition("</tr>")[0]).replace("\u202f", " ")
    wrong = judgement.right_for_the_wrong_reason[0]
    assert "at most 5.0 %" in row
    assert f"≤ {100 * (wrong.upper or 0):.1f} %" in row
    assert 'href="#cells"' in part


def test_the_finding_that_decided_is_told() -> None:
    good, bad, unmeasured = (finding(Outcome.PASS, 0.01), finding(Outcome.FAIL, 0.3), finding(Outcome.FAIL, None))
    row = required("right_for_the_right_reason", Outcome.FAIL, good, unmeasured, bad)
    assert row.finding == bad
    assert (row.others, row.sense) == (2, "at most")
    assert required("right_for_the_right_reason", Outcome.FAIL, unmeasured).finding == unmeasured
    assert required("right_for_the_right_reason", Outcome.INVALID).finding is None
    aside = bad.model_copy(update={"advisory": True})
    assert required("right_for_the_right_reason", Outcome.PASS, aside, good).finding == good


def test_the_finding_of_which_the_verdict_speaks_is_told_before_others() -> None:
    weak, strong = (finding(Outcome.PASS, v).model_copy(update={"sentence": f"It is {v}."}) for v in (0.01, 0.04))
    verdict = Verdict(
        rule="no_shared_hotspot",
        question="Does it?",
        outcome=Outcome.PASS,
        sentence=f"None is confirmed. The strongest: {strong.sentence}",
        findings=(weak, strong),
    )
    (row,) = requirements([verdict], load_profile("default"))
    assert row.finding == strong


@pytest.mark.parametrize(
    ("rule", "limit", "sense"),
    [
        ("depends_on_object", 0.10, "at least"),
        ("depends_on_object", 0.25, "at most"),
        ("no_shared_hotspot", 0.10, "less than"),
        ("no_shared_hotspot", 0.5, "at least"),
        ("survives_other_background[light]", 0.10, "at most"),
        ("model_is_accurate", 0.61, ""),
        ("own.rules:mine", 0.10, ""),
        ("depends_on_object", None, ""),
    ],
)
def test_the_sense_of_a_limit_is_that_of_its_name(rule: str, limit: float | None, sense: str) -> None:
    assert required(rule, Outcome.PASS, finding(Outcome.PASS, 0.2, limit)).sense == sense


def test_slices_and_rules_of_ones_own_lead_to_what_there_is() -> None:
    assert required("depends_on_object[light]", Outcome.PASS).evidence == ("slices", "Kinds of pictures")
    assert required("own.rules:mine", Outcome.PASS).evidence is None
    assert required("own.rules:mine", Outcome.PASS).check == "check-own-rules-mine"


def test_deviations_are_told(path: Path, honest: Told, tmp_path: Path) -> None:
    html, judgement, departs = honest
    assert set(departs) <= {"Advisory", "Maps on a draw"}
    assert "relevance_beats_chance" in departs["Advisory"]
    *_, left = told(tmp_path / "b.sqlite", data={"ignore": ["crane", "tug"]})
    assert left["Labels left out"].endswith("unknown to the network: crane, tug.")
    *_, broken = told(tmp_path / "c.sqlite", "incomplete")
    assert broken["Run"] == "The run stopped after 73 of 121 samples."
    assert "Deviations" in words(html)
    with Record.open(path) as record:
        late = judgement.model_copy(update={"fixed_beforehand": False})
        found = evidence(record, judgement.profile)
        assert "judged by other limits" in deviations(identity(record), found, late)[0].said
        none = late.model_copy(update={"registered": None})
        assert "chosen afterwards" in deviations(identity(record), found, none)[0].said


def test_a_whole_run_with_nothing_advisory_departs_from_nothing(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=80)) as record:
        judgement = judge(record)
        verdicts = tuple(verdict for verdict in judgement.verdicts if not verdict.advisory)
        html = page.page(record, judgement.model_copy(update={"verdicts": verdicts}))
    assert "None that a record can tell" in words(html)


def test_the_signatures_are_left_open(honest: Told) -> None:
    html, judgement, _ = honest
    part = html[html.index('<section id="sign-off"') :].partition("</section>")[0]
    text = words(part)
    for word in ("Author", "Independent reviewer", "Date", "Deviations agreed"):
        assert word in text
    assert part.count('class="unseen">to be filled in') == 9
    assert judgement.profile.sha256 in part


@pytest.mark.tor("TOR-061")
def test_what_is_not_shown_is_said_of_this_audit(honest: Told, tmp_path: Path) -> None:
    html, *_ = honest
    text = words(html[html.index('<section id="limitations"') :].partition("</section>")[0])
    assert "The 3 of 6 classes of which there is no measured picture." in text
    assert "The 2 excluded samples." in text
    assert "A map is not a proof." in text
    bare = words(told(tmp_path / "b.sqlite", "untouched")[0])
    assert "no limit of detection could be stated" in bare
