"""The numbers beside a finding's own: labelled, and shown only where they say something."""

from pathlib import Path
from typing import Any

import pytest

from audit import registry
from fixtures.assessments import HOSTILE, assessed, worded_finding
from fixtures.records import Kind
from reports.page.further_numbers import LABELS, further_numbers
from reports.wording.numbers import THIN


def test_every_label_is_of_a_rule_that_documents_the_detail() -> None:
    for rule, labels in LABELS.items():
        documented = registry.resolve("checks.rules", rule).__doc__ or ""
        for key in labels:
            assert f"`{key}`" in documented, f"{rule}: {key}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["honest", "cheating"])
def test_every_rule_with_labels_has_numbers_in_a_record(tmp_path: Path, kind: Kind) -> None:
    with assessed(tmp_path, kind, n=120) as assessment:
        verdicts = {verdict.rule: verdict for verdict in assessment.judgement.verdicts}
    shown = {rule for rule, verdict in verdicts.items() for f in verdict.findings if further_numbers(f, rule)}
    assert shown == LABELS.keys() - {"forbidden_pixels_are_ignored"}  # which is not in the profile


def test_what_is_unknown_empty_or_no_fault_is_left_out() -> None:
    details: dict[str, Any] = {
        "right_on_own": None,
        "right_on_other": 0.0,
        "plain": {},
        "without_answer": 0,
        "directed": True,
    }
    finding = worded_finding(details=details)
    (number,) = further_numbers(finding, "survives_other_background")
    assert number == ("Right with what pictures of other classes lent", f"0.0{THIN}%")
    silent = worded_finding(details={"without_answer": 1234})
    assert [number.value for number in further_numbers(silent, "depends_on_object")] == ["1,234"]
    assert further_numbers(finding, "own.rules:mine") == ()


def test_names_from_outside_are_cleaned() -> None:
    finding = worded_finding(details={"by_reason": {HOSTILE: 3}})
    (number,) = further_numbers(finding, "evidence_is_complete")
    assert not {"\x00", "\x1b", "\u202e"} & set(number.value)
    assert number.value.endswith(": 3")
