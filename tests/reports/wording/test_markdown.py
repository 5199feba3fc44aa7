"""The summary for a pull request."""

import pytest

from audit.record.record import Record
from checks.verdict import Outcome
from fixtures.assessments import worded_finding, worded_verdict
from fixtures.records import write_record
from reports.result.assessment import judge_in_words
from reports.wording.limit_side import bound_at_limit
from reports.wording.markdown import markdown
from reports.wording.worded import WordedJudgement


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> WordedJudgement:
    path = write_record(tmp_path_factory.mktemp("run") / "audit.sqlite", kind="cheating")
    with Record.open(path) as record:
        return judge_in_words(record)


def test_it_says_outcome_rules_and_next_step(judgement: WordedJudgement) -> None:
    text = markdown(judgement)
    lines = text.splitlines()
    assert lines[0] == "## Saliency audit: ❌ FAIL"
    rows = [line for line in lines if line.startswith("| ") and "**" in line]
    assert len(rows) == len(judgement.verdicts)
    assert all(line.replace("\\|", "").count("|") == 7 for line in rows)
    (row,) = [line for line in rows if "**depends\\_on\\_object**" in line]
    assert row.startswith("| ❌ FAIL | ")
    assert "| 50.0\u202f% |" in row
    assert any(line.startswith("| ❌ FAIL (advisory) |") for line in rows)
    assert "**Next:** " in text
    assert judgement.limits_sha256[:12] in text
    assert "not fixed" not in text
    assert markdown(judgement) == text


def test_late_limits_are_said(judgement: WordedJudgement) -> None:
    text = markdown(judgement.model_copy(update={"fixed_beforehand": False}))
    assert "**The limits were not fixed before the run:**" in text


@pytest.mark.tor("TOR-065")
def test_names_from_outside_stay_text(judgement: WordedJudgement) -> None:
    nasty = worded_verdict(Outcome.FAIL, "r", text="a|b\n<img src=x> [link](http://x) `c` \x1b[31m")
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
    assert bound_at_limit(worded_finding(value=value, limit=limit, lower=0.15, upper=0.25)) == expected


def test_the_numbers_are_those_of_the_finding_that_decides(judgement: WordedJudgement) -> None:
    passed, failed = worded_finding(Outcome.PASS, key="a", value=0.75), worded_finding(key="b")
    advice = worded_finding(key="c", value=0.125, advisory=True)
    verdict = worded_verdict(Outcome.FAIL, "r").model_copy(update={"findings": (passed, advice, failed)})
    for key, value in {"a": "75.0", "b": "25.0", None: "–"}.items():
        decided = verdict.model_copy(update={"decided_by": key})
        text = markdown(judgement.model_copy(update={"verdicts": (decided,)}))
        (row,) = [line for line in text.splitlines() if "**r**" in line]
        assert row.split(" | ")[2].removesuffix("\u202f%") == value
