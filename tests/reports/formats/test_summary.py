"""summary.md: what a reviewer of a pull request must see first."""

from pathlib import Path

from fixtures.assessments import DIGESTS, assessed
from reports.formats.summary import summary


def test_it_says_verdict_count_limit_of_detection_and_next_step(tmp_path: Path) -> None:
    with assessed(tmp_path, "honest") as assessment:
        text = summary(assessment, DIGESTS)
    assert summary(assessment, DIGESTS) == text
    lines = text.splitlines()
    assert lines[0] == "## Saliency audit: ✅ PASS"
    wrong = assessment.judgement.right_for_the_wrong_reason[0]
    (count,) = [line for line in lines if line.startswith("**Right for the wrong reason** by experiment: ")]
    assert f": {wrong.count} of {wrong.right}, at most " in count
    assert any(line.startswith("**Limit of detection:** This audit flags a mark once ") for line in lines)
    assert any(line.startswith("**Next:** ") for line in lines)
    table = next(i for i, line in enumerate(lines) if line.startswith("| "))
    assert lines[table - 1] == ""
