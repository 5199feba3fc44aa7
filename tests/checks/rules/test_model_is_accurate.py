"""Accuracy, its bounds and its limit."""

import numpy as np
import pytest

from checks.rules.model_is_accurate import ONE_CLASS_KNOWN, ONE_CLASS_SHOWN, model_is_accurate
from checks.verdict import Verdict
from fixtures.evidence import make_evidence
from fixtures.rules import FAIL, INCONCLUSIVE, INVALID, PASS, altered


def accurate(right: int, n: int, limit: float, classes: int = 10) -> Verdict:
    evidence = make_evidence({"a": np.full(n, 0.5)}, right=np.arange(n) < right, classes=classes)
    return model_is_accurate(evidence, min_accuracy=limit)


@pytest.mark.tor("TOR-044")
def test_accuracy_outcomes() -> None:
    assert accurate(59, 59, 0.95).outcome is PASS
    assert accurate(58, 58, 0.95).outcome is INCONCLUSIVE
    assert accurate(58, 58, 0.95).findings[0].further == 1
    assert accurate(40, 100, 0.5).outcome is FAIL
    bound = accurate(90, 100, 0.5).findings[0].lower
    assert bound is not None
    assert accurate(90, 100, bound).outcome is PASS, "at the limit is within it"
    assert accurate(50, 100, 0.5).outcome is INCONCLUSIVE
    assert accurate(50, 100, 0.5).findings[0].further is None


@pytest.mark.tor("TOR-044")
def test_accuracy_must_exceed_the_share_of_the_commonest_class() -> None:
    """72 of 80 pictures are of one class: 71 right answers are too few to be sure of more than naming it always."""
    class_index = np.where(np.arange(80) < 72, 0, 1)
    evidence = make_evidence({"a": np.full(80, 0.5)})
    right = altered(evidence, class_index=class_index, predicted=np.where(np.arange(80) < 71, class_index, 5))
    verdict = model_is_accurate(right, min_accuracy=0.5)
    assert verdict.outcome is INCONCLUSIVE
    assert (verdict.findings[0].limit, verdict.findings[0].chance) == (0.9, 0.9)
    always = altered(evidence, class_index=class_index, predicted=np.zeros(80, np.int64))
    assert model_is_accurate(always, min_accuracy=0.5).outcome is INCONCLUSIVE
    assert model_is_accurate(altered(right, predicted=class_index), min_accuracy=0.5).outcome is PASS


@pytest.mark.tor("TOR-044")
def test_accuracy_of_a_single_class_says_nothing() -> None:
    one = altered(make_evidence({"a": np.full(80, 0.5)}), class_index=np.zeros(80, np.int64))
    verdict = model_is_accurate(one, min_accuracy=0.5)
    assert (verdict.outcome, verdict.findings[0].reason) == (INVALID, ONE_CLASS_SHOWN)
    network = model_is_accurate(make_evidence({"a": np.full(80, 0.5)}, classes=1), min_accuracy=0.5)
    assert (network.outcome, network.findings[0].reason) == (INVALID, ONE_CLASS_KNOWN)


@pytest.mark.tor("TOR-044")
def test_a_detector_is_accurate_on_a_single_class_too() -> None:
    """It may detect nothing, so that naming one class always makes none right, and the limit is that of the profile."""
    one = altered(make_evidence({"a": np.full(80, 0.5)}), class_index=np.zeros(80, np.int64), detects=True)
    found = altered(one, predicted=np.zeros(80, np.int64))
    missed = altered(one, predicted=np.where(np.arange(80) < 20, 0, 1))
    assert model_is_accurate(found, min_accuracy=0.9).outcome is PASS
    assert model_is_accurate(missed, min_accuracy=0.9).outcome is FAIL
    assert model_is_accurate(found, min_accuracy=0.9).findings[0].limit == 0.9


def test_how_often_the_label_is_among_the_first_five() -> None:
    assert accurate(90, 100, 0.5).findings[0].details == {"right": 90, "silent": 0, "in_first_five": 0.9}
    assert "in_first_five" not in accurate(90, 100, 0.5, classes=5).findings[0].details


@pytest.mark.tor("TOR-044")
def test_a_picture_without_an_answer_counts_as_wrong() -> None:
    evidence = make_evidence({"a": np.full(100, 0.5)})
    evidence.label_rank[:30] = np.nan
    evidence.probability[:30] = np.nan
    verdict = model_is_accurate(evidence, min_accuracy=0.6)
    assert verdict.findings[0].value == pytest.approx(0.7)
    assert verdict.findings[0].worst[0] == 0
    assert verdict.findings[0].details["silent"] == 30
