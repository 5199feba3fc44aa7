"""What the network is for: from the settings, 'not stated' where absent, and what bears on it in the crosswalk."""

from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.record.record import Record
from audit.settings import parse_settings
from checks.verdict import Outcome
from fixtures.assessments import assessment_of, page_of
from fixtures.pages import check, words
from fixtures.records import write_record
from reports.result.bearings import Case, bearing
from reports.result.clauses import Bearing

DATA = {"data": {"format": "csv", "annotations": "boxes.csv", "images": "pictures"}}
WHOLE = {"intended_use": "Names\nthe runway.", "operational_domain": "Day, paved.", "audience": "Engineers."}


def shown(path: Path, report: Any, key: str = "intended_use", n: int = 120) -> tuple[str, Bearing]:
    with Record.open(write_record(path, n=n)) as record:
        record.set_meta("settings", {**record.meta("settings"), "report": report})
        assessment = assessment_of(record)
        case = Case(assessment.judgement, assessment.audit.identity, assessment.table)
        return page_of(assessment), bearing(key, case)


@pytest.mark.slow
def test_what_is_stated_is_shown_early(tmp_path: Path) -> None:
    html, bears = shown(tmp_path / "audit.sqlite", WHOLE)
    check(html)
    first = html[html.index('<section id="verdict"') :].partition("</section>")[0]
    assert "Use Names the runway." in words(first)
    assert '<a href="#use">' in first
    text = words(html)
    assert "Intended use Names the runway." in text
    assert "Not stated" not in text
    assert (bears.outcome, bears.anchor) == (Outcome.PASS, "use")


@pytest.mark.slow
@pytest.mark.parametrize("report", [None, {}, {"audience": " "}, "none"])
def test_what_is_absent_is_not_stated(tmp_path: Path, report: Any) -> None:
    html, bears = shown(tmp_path / "audit.sqlite", report)
    check(html)
    text = words(html)
    assert text.count("Not stated :") == 3
    assert "nothing here is evidence for a use" in text
    assert "Anything about an operational domain: none is stated." in text
    assert (bears.outcome, bears.summary) == (None, "not stated")


@pytest.mark.slow
def test_what_is_lacking_is_named(tmp_path: Path) -> None:
    html, bears = shown(tmp_path / "audit.sqlite", {**WHOLE, "operational_domain": ""})
    assert words(html).count("Not stated :") == 1
    assert (bears.outcome, bears.summary) == (Outcome.INCONCLUSIVE, "no operational domain stated")


@pytest.mark.slow
def test_a_hostile_use_does_nothing(tmp_path: Path) -> None:
    hostile = '"><script>alert(1)</script>\u202egpj.' + "x" * 5000
    html, _ = shown(tmp_path / "audit.sqlite", dict.fromkeys(WHOLE, hostile))
    check(html)
    assert "<script>alert" not in html
    assert "\u202e" not in html


@pytest.mark.slow
def test_the_label_audit_and_the_signature_bear(tmp_path: Path) -> None:
    assert shown(tmp_path / "a.sqlite", {}, "label_audit")[1].anchor == "labels"
    assert shown(tmp_path / "b.sqlite", {}, "label_audit", n=1)[1].outcome is None
    html, bears = shown(tmp_path / "c.sqlite", {}, "sign_off")
    assert f' id="{bears.anchor}"' in html
    assert bears.outcome is Outcome.INCONCLUSIVE


def test_the_settings_hold_it_and_the_record_too() -> None:
    settings = parse_settings({**DATA, "report": {"intended_use": "  A use. "}})
    assert settings.report.intended_use == "A use."
    assert settings.recorded()["report"]["intended_use"] == "A use."
    assert settings.report.audience == ""


def test_a_wrong_key_and_too_long_a_text_are_refused() -> None:
    with pytest.raises(AuditError, match=r"no key 'report\.intendeduse'"):
        parse_settings({**DATA, "report": {"intendeduse": "x"}})
    with pytest.raises(AuditError, match=r"report\.audience"):
        parse_settings({**DATA, "report": {"audience": "x" * 4001}})
