"""What is missing from the evidence, and what follows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checks import reasons
from checks.rules.evidence_is_complete import (
    HARDLY_PREDICTED,
    MAPS_MISSING,
    NONE_IN_SCOPE,
    TOO_FEW_DISTINCT,
    evidence_is_complete,
)
from checks.verdict import Outcome, Verdict
from fixtures.evidence import make_evidence
from fixtures.rules import INCONCLUSIVE, INVALID, PASS, altered, deciding, spread

LIMITS: dict[str, Any] = {"max_excluded": 0.1, "max_dead": 0.05, "max_duplicates": 0.02, "min_pictures": 59}


def complete(dead: int = 0, n: int = 60, exclusions: tuple[str, ...] = ()) -> Verdict:
    mass = spread(0.5, n)
    mass[:dead] = np.nan
    return evidence_is_complete(make_evidence({"a": mass}, exclusions=exclusions), **LIMITS)


def test_complete_pass_at_the_limits() -> None:
    verdict = complete(dead=3, exclusions=("crowd",) * 6)
    assert verdict.outcome is PASS
    exclusions, pictures, _, maps = verdict.findings[:4]
    assert (exclusions.value, exclusions.n, exclusions.limit) == (6 / 66, 66, 0.1)
    assert exclusions.details == {"excluded": 6, "by_reason": {"crowd": 6}}
    assert (pictures.value, pictures.details) == (60, {"samples": 60})
    assert (maps.key, maps.value, maps.limit) == ("maps/a", 0.05, 0.05)
    assert maps.details == {"method": "a", "dead": 3, "missing": 0}


@pytest.mark.tor("TOR-050")
def test_too_many_exclusions_are_invalid_and_counted_by_reason() -> None:
    verdict = complete(exclusions=("crowd",) * 3 + ("unreadable",) * 5)
    assert verdict.outcome is INVALID
    assert (verdict.decided_by, deciding(verdict).reason) == ("exclusions", reasons.BEYOND_LIMIT)
    assert list(deciding(verdict).details["by_reason"].items()) == [("unreadable", 5), ("crowd", 3)]
    assert deciding(verdict).value == 8 / 68


@pytest.mark.tor("TOR-050")
def test_what_lies_outside_the_scope_is_shown_and_no_defect() -> None:
    outside = ("box covers the frame",) * 40 + ("label ignored",) * 2
    verdict = complete(exclusions=(*outside, *("crowd",) * 6))
    assert verdict.outcome is PASS
    exclusions, scope = verdict.findings[:2]
    assert (exclusions.value, exclusions.n) == (6 / 66, 66)
    assert exclusions.details == {"excluded": 6, "by_reason": {"crowd": 6}}
    assert (scope.key, scope.value, scope.n, scope.limit, scope.advisory) == ("scope", 42 / 108, 108, None, True)
    assert scope.details == {"outside": 42, "by_reason": {"box covers the frame": 40, "label ignored": 2}}
    too_many = complete(exclusions=(*outside, *("crowd",) * 7))
    assert (too_many.outcome, too_many.decided_by) == (INVALID, "exclusions"), "however many lie outside the scope"


@pytest.mark.tor("TOR-050")
def test_a_scope_without_a_sample_is_never_complete() -> None:
    verdict = complete(n=0, exclusions=("box covers the frame",) * 5)
    assert verdict.outcome is INVALID
    assert (deciding(verdict).key, deciding(verdict).value, deciding(verdict).reason) == (
        "exclusions",
        None,
        NONE_IN_SCOPE,
    )


def with_pictures(pictures: list[str], classes: int = 10) -> Verdict:
    n = len(pictures)
    return evidence_is_complete(make_evidence({"a": spread(0.5, n)}, pictures=pictures, classes=classes), **LIMITS)


@pytest.mark.tor("TOR-050")
def test_a_picture_that_comes_twice_under_one_class_is_a_duplicate() -> None:
    copied = with_pictures([f"{i % 60}" for i in range(70)])  # ten classes take turns, so that copies share theirs
    assert copied.outcome is INVALID
    assert copied.decided_by == copied.findings[2].key == "duplicates"
    assert (copied.findings[2].value, copied.findings[2].details) == (10 / 70, {"copies": 10})
    assert copied.findings[2].worst == tuple(range(60, 68))


def test_two_labels_in_one_picture_are_no_duplicates_but_one_picture() -> None:
    verdict = with_pictures([f"{i // 2}" for i in range(120)])
    assert verdict.outcome is PASS
    assert verdict.findings[2].value == 0
    assert (verdict.findings[1].value, verdict.findings[1].details) == (60, {"samples": 120})
    few = with_pictures([f"{i // 2}" for i in range(100)])
    assert few.outcome is INCONCLUSIVE
    assert (few.findings[1].value, few.findings[1].further) == (50, 9)
    assert (few.decided_by, few.findings[1].reason) == ("pictures", TOO_FEW_DISTINCT)


@pytest.mark.tor("TOR-050")
def test_near_copies_count_once_and_are_said_once() -> None:
    """96 pictures, eight copies each of twelve: no two have the same pixels."""
    found = make_evidence({"a": spread(0.5, 96)})
    assert "copies" not in [finding.key for finding in evidence_is_complete(found, **LIMITS).findings]
    copied = evidence_is_complete(altered(found, copies=np.arange(96) % 12), **LIMITS)
    pictures, duplicates, copies = copied.findings[1], copied.findings[2], copied.findings[-1]
    assert (copied.outcome, copied.decided_by) == (INCONCLUSIVE, "pictures")
    assert (pictures.value, pictures.further, duplicates.value) == (12, 47, 0)
    assert (copies.key, copies.value, copies.n) == ("copies", 96, 96)
    assert copies.details == {"copies": 96, "groups": 12}
    assert (copies.advisory, copies.exact) == (True, True), "a count without a limit enters no verdict"


def test_several_samples_in_one_picture_are_no_copies() -> None:
    found = make_evidence({"a": spread(0.5, 80)}, pictures=[f"{i // 2}" for i in range(80)])
    image = np.array([f"{i // 2}.png" for i in range(80)], dtype=object)
    verdict = evidence_is_complete(altered(found, image=image), **LIMITS)
    assert "copies" not in [finding.key for finding in verdict.findings]
    some = altered(found, image=image, copies=np.minimum(np.arange(80) // 2, 36))
    (finding,) = (f for f in evidence_is_complete(some, **LIMITS).findings if f.key == "copies")
    assert (finding.n, finding.details) == (40, {"copies": 4, "groups": 1})


@pytest.mark.tor("TOR-050")
def test_too_many_dead_maps_are_invalid() -> None:
    verdict = complete(dead=4)
    assert verdict.outcome is INVALID
    assert verdict.decided_by == verdict.findings[3].key == "maps/a"
    assert (verdict.findings[3].value, verdict.findings[3].reason) == (4 / 60, reasons.BEYOND_LIMIT)
    assert verdict.findings[3].worst == (0, 1, 2, 3)


@pytest.mark.tor("TOR-050")
def test_of_what_a_detector_does_not_detect_there_is_no_map() -> None:
    """30 of 60 pictures are detected; of the rest no map can live."""
    mass = spread(0.5, 60)
    mass[30:] = np.nan
    evidence = make_evidence({"a": mass}, right=np.arange(60) < 30)
    assert evidence_is_complete(evidence, **LIMITS).outcome is INVALID
    detected = evidence_is_complete(replace(evidence, detects=True), **LIMITS)
    (maps,) = (finding for finding in detected.findings if finding.key == "maps/a")
    assert (maps.outcome, maps.value, maps.n) == (PASS, 0.0, 30)
    mass[:4] = np.nan
    some = make_evidence({"a": mass}, right=np.arange(60) < 30)
    assert evidence_is_complete(replace(some, detects=True), **LIMITS).outcome is INVALID


def test_too_few_pictures_are_inconclusive() -> None:
    verdict = complete(n=58)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.decided_by == verdict.findings[1].key == "pictures"
    assert (verdict.findings[1].value, verdict.findings[1].further) == (58, 1)


@pytest.mark.parametrize(("right", "outcome"), [(0, INCONCLUSIVE), (3, INCONCLUSIVE), (4, PASS)])
def test_of_a_class_that_is_hardly_ever_predicted_nothing_is_shown(right: int, outcome: Outcome) -> None:
    """It had no part in any experiment, so that what it goes by was not seen."""
    classes = np.repeat([0, 1, 2], [50, 30, 19])
    correct = (classes == 0) | (classes == 1) & (np.arange(99) < 50 + right)
    evidence = altered(
        make_evidence({"a": spread(0.5, 99)}),
        class_index=classes,
        predicted=np.where(correct, classes, 9),
        label=np.array(["runway", "helipad", "rare"], dtype=object)[classes],
    )
    verdict = evidence_is_complete(evidence, **LIMITS)
    assert verdict.outcome is outcome
    if outcome is INCONCLUSIVE:
        assert (verdict.decided_by, deciding(verdict).reason) == ("classes", HARDLY_PREDICTED)
        assert deciding(verdict).details == {"classes": [{"label": "helipad", "right": right, "pictures": 30}]}


@pytest.mark.tor("TOR-047")
def test_a_map_that_was_never_made_is_invalid() -> None:
    evidence = make_evidence({"a": spread(0.5, 80)})
    evidence.made["a"][3] = False
    verdict = evidence_is_complete(evidence, **LIMITS)
    assert verdict.outcome is INVALID
    assert (verdict.decided_by, deciding(verdict).reason) == ("maps/a", MAPS_MISSING)
    assert deciding(verdict).details == {"method": "a", "dead": 0, "missing": 1}
