"""The summary for a pull request, and the numbers that speak for a verdict."""

import pytest

from audit.record.record import Record
from checks import judge
from checks.verdict import Finding, Judgement, Outcome, Verdict
from fixtures.records import write_record
from reports.wording.markdown import markdown
from reports.wording.telling import bound, telling


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    path = write_record(tmp_path_factory.mktemp("run") / "audit.sqlite", kind="cheating")
    with Record.open(path) as record:
        return judge(record)


def finding(outcome: Outcome = Outcome.FAIL, **given: object) -> Finding:
    return Finding.model_validate(
        {"subject": "x", "outcome": outcome, "quantity": "share", "value": 0.2, "n": 9, "sentence": "Seen.", **given}
    )


def verdict(*findings: Finding, outcome: Outcome = Outcome.FAIL) -> Verdict:
    return Verdict(rule="r", question="?", outcome=outcome, sentence="Said.", findings=findings)


def test_it_says_outcome_rules_and_next_step(judgement: Judgement) -> None:
    text = markdown(judgement)
    lines = text.splitlines()
    assert lines[0] == "## Saliency audit: ❌ FAIL"
    rows = [line for line in lines if line.startswith("| ") and "**" in line]
    assert len(rows) == len(judgement.verdicts)
    assert all(line.replace("\\|", "").count("|") == 7 for line in rows)
    (row,) = [line for line in rows if "**depends\\_on\\_object**" in line]
    assert row.startswith("| ❌ FAIL | ")
    assert "| 0.100 |" in row
    assert any(line.startswith("| ❌ FAIL (advisory) |") for line in rows)
    assert "**Next:** " in text
    assert judgement.profile.sha256[:12] in text
    assert "not fixed" not in text
    assert markdown(judgement) == text


def test_late_limits_are_said(judgement: Judgement) -> None:
    text = markdown(judgement.model_copy(update={"fixed_beforehand": False}))
    assert "**By limits that were not fixed before the run:**" in text


@pytest.mark.tor("TOR-065")
def test_names_from_outside_stay_text(judgement: Judgement) -> None:
    nasty = verdict().model_copy(update={"sentence": "a|b\n<img src=x> [link](http://x) `c` \x1b[31m"})
    text = markdown(judgement.model_copy(update={"verdicts": (nasty,)}))
    (row,) = [line for line in text.splitlines() if "**r**" in line]
    assert "a\\|b &lt;img src=x&gt; \\[link\\]\\(http:&#8203;//x\\) \\`c\\`" in row
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("value", "limit", "expected"), [(0.2, 0.1, 0.15), (0.2, 0.3, 0.25), (None, 0.1, None), (0.2, None, None)]
)
def test_the_bound_that_decides_is_on_the_side_of_the_limit(
    value: float | None, limit: float | None, expected: float | None
) -> None:
    assert bound(finding(value=value, limit=limit, lower=0.15, upper=0.25)) == expected


def test_the_finding_that_tells_is_the_one_that_decided() -> None:
    passed, failed, advice = finding(Outcome.PASS), finding(subject="y"), finding(subject="z", advisory=True)
    assert telling(verdict(passed, advice, failed)) == failed
    assert telling(verdict(passed, advice, outcome=Outcome.INVALID)) == passed
    assert telling(verdict()) is None
