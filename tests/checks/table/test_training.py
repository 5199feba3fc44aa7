"""Audited pictures that the network was trained on are never taken for evidence."""

from typing import Any

import numpy as np
import pytest

from audit.record.training_copies import TrainingCopies, training_copies
from checks import reasons
from checks.rules.evidence_is_complete import evidence_is_complete
from checks.table.training import LOOK_TRAINED_ON, TRAINED_ON
from checks.verdict import Finding, Outcome, Verdict
from fixtures.evidence import make_evidence
from fixtures.rules import altered

LIMITS: dict[str, Any] = {"max_excluded": 0.1, "max_dead": 0.05, "max_duplicates": 0.05, "min_pictures": 59}


def judged(same: list[int], alike: list[int], n: int = 80, **limits: Any) -> Verdict:
    training = TrainingCopies(5_000, 2, np.array(same, dtype=np.int64), np.array(alike, dtype=np.int64))
    found = altered(make_evidence({"a": np.linspace(0.1, 0.9, n)}), training=training)
    return evidence_is_complete(found, **{**LIMITS, **limits})


def finding(verdict: Verdict, quantity: str) -> Finding:
    (only,) = (entry for entry in verdict.findings if entry.quantity == quantity)
    return only


@pytest.mark.tor("TOR-128")
def test_one_picture_of_the_training_makes_the_audit_invalid() -> None:
    verdict = judged([7], [7, 9])
    of = finding(verdict, TRAINED_ON)
    assert (verdict.outcome, verdict.decided_by) == (Outcome.INVALID, "trained_on")
    assert (of.value, of.limit, of.reason, of.worst) == (1 / 80, 0.0, reasons.BEYOND_LIMIT, (7,))
    assert of.details == {"listed": 5_000, "unread": 2, "copies": 1}
    assert judged([7], [7], max_trained_on=0.02).outcome is Outcome.PASS


@pytest.mark.tor("TOR-128")
def test_similar_pictures_are_counted_and_decide_nothing() -> None:
    verdict = judged([], [3, 4])
    similar = finding(verdict, LOOK_TRAINED_ON)
    assert verdict.outcome is Outcome.PASS
    assert (similar.outcome, similar.advisory, similar.details["copies"]) == (Outcome.INCONCLUSIVE, True, 2)
    assert finding(judged([], []), LOOK_TRAINED_ON).outcome is Outcome.PASS


def test_without_a_list_nothing_is_said() -> None:
    found = make_evidence({"a": np.linspace(0.1, 0.9, 80)})
    quantities = {entry.quantity for entry in evidence_is_complete(found, **LIMITS).findings}
    assert not quantities & {TRAINED_ON, LOOK_TRAINED_ON}


def test_no_picture_is_no_pass() -> None:
    assert finding(judged([], [], n=0), TRAINED_ON).outcome is Outcome.INVALID
    assert finding(judged([], [], n=0), LOOK_TRAINED_ON).outcome is Outcome.INCONCLUSIVE


def test_what_the_record_says_is_read_or_refused() -> None:
    stated = {"pictures": 9, "unread": 0, "sha256": "0"}
    assert training_copies({"dataset": {}}) is None
    read = training_copies({"dataset": {"training": stated}, "training_copies": {"same": [1], "alike": [1, 2]}})
    assert read is not None
    assert (read.pictures, read.same.tolist(), read.alike.tolist()) == (9, [1], [1, 2])
    with pytest.raises(KeyError):
        training_copies({"dataset": {"training": stated}})
    with pytest.raises(ValueError, match="copies that are not alike"):
        training_copies({"dataset": {"training": stated}, "training_copies": {"same": [1], "alike": []}})
