"""From requirement to evidence, deviations, and what is left to be signed."""

from pathlib import Path
from typing import Any

import pytest

from audit import registry
from audit.record.record import Record
from checks.verdict import Direction, Outcome
from fixtures.assessments import assessment_of, page_of, rejudged, worded_finding
from fixtures.pages import check, words
from fixtures.records import Kind, write_record
from reports.page import render as page
from reports.page.deviations import deviations
from reports.page.requirements import Requirement, requirements
from reports.result.traceability import EVIDENCE, decisive
from reports.wording.worded import WordedFinding, WordedJudgement, WordedVerdict

Told = tuple[str, WordedJudgement, dict[str, str]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("honest") / "audit.sqlite"


@pytest.fixture(scope="module")
def honest(path: Path) -> Told:
    return told(path)


@pytest.mark.tor("TOR-128")
def test_a_list_of_training_pictures_is_said_by_its_hash(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=60)) as record:
        training = {"pictures": 5_000, "unread": 0, "sha256": "ab" * 32}
        record.set_meta("dataset", {**record.meta("dataset"), "training": training})
        record.set_meta("training_copies", {"same": [], "alike": []})
        html = page_of(assessment_of(record))
    assert "no list of its training pictures is named" not in html
    assert "ab" * 32 in html
    assert "on the list of those that the network was trained on trained on PASS 0.0 %" in words(html)


def told(path: Path, kind: Kind = "honest", **settings: Any) -> Told:
    """The page, the judgement and the deviations of a new record."""
    with Record.open(write_record(path, n=120, kind=kind)) as record:
        record.set_meta("settings", {**record.meta("settings"), **settings})
        assessment = assessment_of(record)
        departs = {entry.what: entry.sentence for entry in deviations(assessment)}
        return page_of(assessment), assessment.judgement, departs


def finding(key: str, outcome: Outcome, value: float | None, **changes: Any) -> WordedFinding:
    return worded_finding(outcome, key=key, value=value, **{"limit": 0.05, **changes})


def required(rule: str, *findings: WordedFinding, decided_by: str | None = None, **changes: Any) -> Requirement:
    verdict = WordedVerdict(
        rule=rule,
        question="Does it?",
        outcome=Outcome.FAIL,
        decided_by=decided_by,
        sentence="",
        next_step="",
        findings=findings,
        **changes,
    )
    (row,) = requirements([verdict])
    return row


@pytest.mark.slow
def test_every_rule_that_ships_has_its_evidence_on_the_page(honest: Told) -> None:
    assert set(EVIDENCE) == set(registry.names("checks.rules"))
    ids = check(honest[0]).ids
    assert {anchor for anchor, _ in EVIDENCE.values()} <= set(ids)


@pytest.mark.slow
def test_the_table_has_one_row_for_each_rule_that_decides(tmp_path: Path) -> None:
    html, judgement, _ = told(tmp_path / "audit.sqlite", "cheating")
    part = html[html.index(' id="requirements"') :].partition("</table>")[0]
    deciding = [verdict for verdict in judgement.verdicts if not verdict.advisory]
    assert 4 < len(deciding) < len(judgement.verdicts)
    assert part.count('<th scope="row">') == len(deciding)
    assert part.count('class="outcome is-FAIL"') == sum(v.outcome is Outcome.FAIL for v in deciding)
    row = words(part[part.index("Does the model predict the label often enough") :].partition("</tr>")[0]).replace(
        "\u202f", " "
    )
    assert "at least 50.0 %" in row
    assert 'href="#reliance"' in part
    assert "Do the right answers rest" not in part, "advice"


def test_the_finding_that_decides_is_shown_whatever_the_sentences_say() -> None:
    good, bad, unmeasured = (
        finding("good", Outcome.PASS, 0.01),
        finding("bad", Outcome.FAIL, 0.3),
        finding("unmeasured", Outcome.FAIL, None),
    )
    row = required("right_for_the_right_reason", good, unmeasured, bad, decided_by="bad")
    assert row.finding == bad
    assert row.comparisons == 3
    assert required("right_for_the_right_reason", unmeasured, bad, decided_by="unmeasured").finding == unmeasured
    assert required("right_for_the_right_reason").finding is None
    assert required("right_for_the_right_reason").comparisons == 0
    aside = bad.model_copy(update={"advisory": True})
    assert required("right_for_the_right_reason", aside, good, decided_by="good").comparisons == 1


def test_of_a_pass_the_finding_nearest_its_limit_is_shown() -> None:
    """Whichever decides the sentence: 0.286 of 0.700 must not hide 0.640 of 0.700."""
    far = finding("far", Outcome.PASS, 0.25, upper=0.286, limit=0.7, better=Direction.LOWER)
    near = finding("near", Outcome.PASS, 0.6, upper=0.64, limit=0.7, better=Direction.LOWER)
    counted = finding("counted", Outcome.PASS, 0.0, upper=None, limit=0.0, better=Direction.LOWER, exact=True)
    aside = finding("aside", Outcome.PASS, 0.69, upper=0.7, limit=0.7, better=Direction.LOWER, advisory=True)
    verdict = required("explainer_is_valid", counted, far, near, aside, decided_by="far").verdict
    assert decisive(verdict.model_copy(update={"outcome": Outcome.PASS})) == near
    higher = finding("higher", Outcome.PASS, 0.9, lower=0.52, limit=0.5, better=Direction.HIGHER)
    verdict = required("explainer_is_valid", near, higher, decided_by="near").verdict
    assert decisive(verdict.model_copy(update={"outcome": Outcome.PASS})) == higher
    assert decisive(verdict) == near, "what fails is shown by what decides"


def test_advice_is_no_requirement() -> None:
    verdict = required("right_for_the_right_reason").verdict
    assert requirements([verdict.model_copy(update={"advisory": True})]) == ()


@pytest.mark.parametrize(
    ("better", "limit", "sense"),
    [
        (Direction.HIGHER, 0.10, "at least"),
        (Direction.LOWER, 0.25, "at most"),
        (Direction.HIGHER, None, ""),
        (Direction.LOWER, None, ""),
    ],
)
def test_the_sense_of_a_limit_is_that_of_the_finding(better: Direction, limit: float | None, sense: str) -> None:
    row = required("own.rules:mine", finding("seen", Outcome.PASS, 0.2, limit=limit, better=better), decided_by="seen")
    assert row.sense == sense
    assert required("own.rules:mine").sense == ""


@pytest.mark.slow
def test_the_page_says_of_every_limit_on_which_side_it_is(tmp_path: Path) -> None:
    html, judgement, _ = told(tmp_path / "audit.sqlite", "cheating")
    part = html[html.index(' id="requirements"') :].partition("</section>")[0]
    limited = [decisive(verdict) for verdict in judgement.verdicts if not verdict.advisory]
    sides = [finding.better for finding in limited if finding and finding.limit is not None]
    assert {Direction.HIGHER, Direction.LOWER} == set(sides)
    assert part.count(">at least ") == sides.count(Direction.HIGHER)
    assert part.count(">at most ") == sides.count(Direction.LOWER)


def test_slices_and_rules_of_ones_own_lead_to_what_there_is() -> None:
    assert required("depends_on_object[light]", column="light").evidence == ("slices", "Slices")
    assert required("own.rules:mine").evidence is None
    assert required("own.rules:mine").check == "check-own-rules-mine"


@pytest.mark.slow
def test_deviations_are_told(path: Path, honest: Told, tmp_path: Path) -> None:
    html, judgement, departs = honest
    assert set(departs) <= {"Advisory", "Maps on fewer pictures"}
    assert "relevance_beats_chance" in departs["Advisory"]
    *_, left = told(tmp_path / "b.sqlite", data={"ignore": ["crane", "tug"]})
    assert left["Labels left out"].endswith("which the network does not know: crane, tug.")
    *_, broken = told(tmp_path / "c.sqlite", "incomplete")
    assert broken["Run"] == "The run stopped after 73 of 121 samples."
    assert "Deviations" in words(html)
    assert judgement.fixed_beforehand
    with Record.open(path) as record:
        late = rejudged(assessment_of(record), fixed_beforehand=False)
        assert "judges it by other limits" in deviations(late)[0].sentence
        assert "chosen afterwards" in deviations(rejudged(late, registered=None))[0].sentence


def test_a_whole_run_with_nothing_advisory_departs_from_nothing(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=120)) as record:
        assessment = assessment_of(record)
        verdicts = [verdict for verdict in assessment.judgement.verdicts if not verdict.advisory]
        html = page.page(rejudged(assessment, *verdicts))
    assert "The record shows none" in words(html)


@pytest.mark.slow
def test_the_signatures_are_left_open(honest: Told) -> None:
    html, judgement, _ = honest
    part = html[html.index(' id="sign-off"') :].partition("</section>")[0]
    text = words(part)
    for word in ("Author", "Independent reviewer", "Date", "Deviations agreed"):
        assert word in text
    assert part.count('class="unseen">to be filled in') == 9
    assert judgement.profile.sha256 in part


@pytest.mark.slow
@pytest.mark.tor("TOR-061")
def test_what_is_not_shown_is_said_of_this_audit(honest: Told, tmp_path: Path) -> None:
    html, *_ = honest
    text = words(html[html.index(' id="limitations"') :].partition("</section>")[0])
    assert "Anything about 3 of 6 classes: no picture of them was measured." in text
    assert "Anything about the 2 excluded samples." in text
    assert "A map is not a proof." in text
    assert "no list of its training pictures is named" in text
    bare = words(told(tmp_path / "b.sqlite", "untouched")[0])
    assert "no limit of detection is known" in bare
