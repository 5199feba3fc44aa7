"""The rule on forbidden pixels: what passes, what fails, and what says nothing; and how it reads a record."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.record.record import Record
from checks import reasons
from checks.judge import judge
from checks.profile import load_profile
from checks.rules.forbidden_pixels_are_ignored import (
    BEYOND,
    HIDDEN,
    NONE_RIGHT,
    forbidden_pixels_are_ignored,
)
from checks.statistics.gain import gain_bounds
from checks.statistics.subset import Subset
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.verdict import Outcome, Verdict
from fixtures.evidence import make_evidence, with_forbidden
from fixtures.records import write_record

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID


def pictures(n: int = 100, right: object = True) -> Evidence:
    return make_evidence({"gradient": np.full(n, 0.5)}, right=np.broadcast_to(np.asarray(right), n))


def judged(found: Evidence, limit: float = 0.05) -> Verdict:
    return forbidden_pixels_are_ignored(found, max_change=limit)


@pytest.mark.tor("TOR-073")
def test_nothing_moves() -> None:
    verdict = judged(with_forbidden(pictures()))
    assert verdict.outcome is PASS
    assert [finding.outcome for finding in verdict.findings] == [PASS, PASS]
    assert verdict.findings[0].value == 0
    assert verdict.findings[0].upper == pytest.approx(1 - 0.05 ** (1 / 100))
    assert (verdict.decided_by, verdict.findings[0].n, verdict.findings[0].reason) == (HIDDEN, 100, "")


@pytest.mark.tor("TOR-073")
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_network_that_reads_them_fails_whichever_way_they_speak(sign: int) -> None:
    verdict = judged(with_forbidden(pictures(), hidden=np.tile([-0.5, 0.09], 50) if sign > 0 else -0.5))
    assert verdict.outcome is FAIL
    assert [finding.outcome for finding in verdict.findings] == [INCONCLUSIVE, FAIL]
    beyond = verdict.findings[1]
    assert (verdict.decided_by, beyond.n, beyond.reason) == (BEYOND, 100, reasons.BEYOND_LIMIT)
    assert beyond.details == {"elsewhere": pytest.approx(0)}
    assert beyond.lower is not None
    assert beyond.lower > 0.05


@pytest.mark.tor("TOR-073")
def test_marks_that_speak_for_one_class_and_against_another_do_not_cancel() -> None:
    found = replace(pictures(), probability=np.full(100, 0.5))
    assert judged(with_forbidden(found, hidden=np.tile([-0.3, 0.3], 50))).outcome is FAIL


def turned(found: Evidence, by: tuple[str, ...], share: float) -> Evidence:
    """The same probabilities, but another class is named where these variants are hidden."""
    other = np.arange(found.n) < share * found.n
    named = {
        key: replace(answer, predicted=np.where(other, found.class_index + 1, answer.predicted))
        for key, answer in found.answers.items()
        if key[2] in by
    }
    return replace(found, answers={**found.answers, **named})


@pytest.mark.tor("TOR-073")
@pytest.mark.parametrize(
    ("by", "outcome"),
    [
        (("mean", "blur"), FAIL),
        (("mean", "blur", "mean elsewhere", "blur elsewhere"), INCONCLUSIVE),
        (("mean elsewhere", "blur elsewhere"), PASS),
    ],
)
def test_a_mark_that_decides_among_close_answers_is_seen(by: tuple[str, ...], outcome: Outcome) -> None:
    verdict = judged(turned(with_forbidden(pictures(), hidden=0.001), by, 0.5))
    assert verdict.outcome is outcome
    assert verdict.findings[0].details["turned"] == (50 if "mean" in by else 0)


@pytest.mark.tor("TOR-073")
def test_a_fill_that_breaks_pictures_wherever_it_is_put_neither_passes_nor_fails() -> None:
    for elsewhere in (-0.4, -0.5, -0.37):
        verdict = judged(with_forbidden(pictures(), hidden=-0.4, elsewhere=elsewhere))
        assert verdict.outcome is INCONCLUSIVE, elsewhere
        assert (verdict.findings[0].reason, verdict.findings[0].further) == (reasons.UNDECIDED, None)
    assert judged(with_forbidden(pictures(), hidden=-0.4, elsewhere=-0.3)).outcome is FAIL


@pytest.mark.parametrize(("n", "outcome"), [(19, INCONCLUSIVE), (58, INCONCLUSIVE), (59, PASS)])
def test_few_pictures_that_did_not_move_are_not_certain(n: int, outcome: Outcome) -> None:
    verdict = judged(with_forbidden(pictures(n)))
    assert verdict.outcome is outcome
    assert verdict.findings[0].further == (59 - n or None)


def test_a_number_of_further_pictures_is_enough() -> None:
    verdict = judged(with_forbidden(pictures(30)))
    assert verdict.findings[0].further == 29
    assert verdict.findings[0].reason == reasons.UNDECIDED


def test_pictures_of_one_scenario_count_once() -> None:
    found = with_forbidden(replace(pictures(118), cluster=np.arange(118) // 2, cluster_column="scenario"))
    assert judged(found).outcome is PASS
    assert (judged(found).findings[0].n, judged(found).findings[0].clusters) == (118, 59)
    fewer = with_forbidden(replace(pictures(118), cluster=np.arange(118) // 3, cluster_column="scenario"))
    assert judged(fewer).outcome is INCONCLUSIVE
    reading = with_forbidden(replace(pictures(118), cluster=np.arange(118) // 3), hidden=-0.5)
    assert judged(reading).outcome is FAIL


def test_only_right_pictures_with_forbidden_pixels_count() -> None:
    area = np.where(np.arange(200) < 100, 0.2, np.nan)
    found = with_forbidden(pictures(200, right=np.arange(200) >= 30), area=area)
    verdict = judged(found)
    assert verdict.findings[0].n == 70
    assert verdict.outcome is PASS
    assert verdict.findings[0].details == {"turned": 0, "without_answer": 0}


def test_pictures_that_left_no_answer_are_said() -> None:
    hidden = np.where(np.arange(100) < 10, np.nan, 0.0)
    assert judged(with_forbidden(pictures(), hidden=hidden)).findings[0].details == {
        "turned": 0,
        "without_answer": 10,
        "unanswered_because": {"unknown": 10},
    }
    verdict = judged(with_forbidden(pictures(), elsewhere=hidden))
    assert [finding.n for finding in verdict.findings] == [100, 90]


@pytest.mark.tor("TOR-073")
def test_nothing_is_passed_by_absence() -> None:
    none = judged(pictures())
    assert none.outcome is INVALID
    assert none.findings[0].reason == reasons.NO_PICTURES
    assert judged(with_forbidden(pictures(), area=np.nan)).outcome is INVALID
    unasked = judged(replace(with_forbidden(pictures()), answers={}))
    assert unasked.outcome is INVALID
    assert (unasked.reason, unasked.details["needed"]) == (
        reasons.NOT_RUN,
        {"forbidden_hidden": ["mean", "mean elsewhere", "blur", "blur elsewhere"]},
    )
    assert judged(with_forbidden(pictures(), hidden=np.nan)).outcome is INVALID
    assert judged(with_forbidden(pictures(), elsewhere=np.nan)).outcome is INVALID
    wrong = judged(with_forbidden(pictures(right=False)))
    assert wrong.outcome is INCONCLUSIVE
    assert (wrong.findings[0].reason, wrong.findings[0].details) == (NONE_RIGHT, {"pictures": 100})


@pytest.mark.slow
@given(st.lists(st.floats(0, 0.9), min_size=20, max_size=90), st.floats(0, 0.3), st.floats(0.01, 0.5))
@settings(max_examples=40, deadline=None)
def test_it_passes_where_the_bound_of_the_change_is_within_the_limit(
    change: list[float], elsewhere: float, limit: float
) -> None:
    found = with_forbidden(pictures(len(change)), hidden=-np.array(change), elsewhere=-elsewhere)
    verdict = judged(found, limit)
    moved = np.array(change)
    gross = gain_bounds(moved, 0.95, found.seed)
    net = gain_bounds(moved - elsewhere, 0.95, found.seed)
    assert gross is not None
    assert net is not None
    margin = 1e-6
    if gross.upper < limit - margin:
        assert verdict.outcome is PASS
    elif net.lower > limit + margin:
        assert verdict.outcome is FAIL
    elif gross.upper > limit + margin and net.lower < limit - margin:
        assert verdict.outcome is INCONCLUSIVE


@pytest.mark.slow
@given(st.integers(20, 200), st.integers(0, 6), st.floats(0.03, 0.3))
@settings(max_examples=40, deadline=None)
def test_what_is_further_asked_for_decides(n: int, moved: int, limit: float) -> None:
    values = np.zeros(n)
    values[:moved] = 0.5
    further = Subset(n, 0.95, 0).further_for_gain(values, limit)
    bounds = gain_bounds(values, 0.95, 0)
    assert bounds is not None
    if further is not None and bounds.upper > limit:
        more = np.zeros(n + further)
        more[: round(moved * (n + further) / n)] = 0.5
        assert gain_bounds(more, 0.95, 0).upper <= limit * 1.1  # type: ignore[union-attr]


def with_rows(path: Path, *rows: tuple[int, str, float, float | None]) -> Path:
    connection = sqlite3.connect(path)
    with connection:
        connection.executemany("INSERT INTO forbidden VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return path


@pytest.mark.slow
def test_the_record_s_rows_become_columns(tmp_path: Path) -> None:
    path = write_record(tmp_path / "a.sqlite", n=30)
    with Record.open(path) as record:
        assert read_evidence(record, load_profile("default")).forbidden is None
    with_rows(path, (3, "gradient", 0.2, 0.5), (4, "gradient", 0.25, None), (3, "centre", 0.2, 0.1))
    with Record.open(path) as record:
        found = read_evidence(record, load_profile("default"))
    assert found.forbidden is not None
    place = {int(number): i for i, number in enumerate(found.sample)}
    assert found.sample[found.forbidden.there].tolist() == [3, 4]
    assert found.forbidden.area[[place[3], place[4]]].tolist() == [0.2, 0.25]
    assert found.forbidden.mass["gradient"][place[3]] == 0.5
    assert np.isnan(found.forbidden.mass["gradient"][place[4]])
    assert np.isfinite(found.forbidden.mass["centre"]).sum() == 1
    some = found.among(found.sample >= 4).forbidden
    assert some is not None
    assert (some.there.sum(), some.area[0]) == (1, 0.25)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "details"),
    [
        (
            (3, "gradient", 0.2, 1.5),
            {"quantity": "mass on forbidden pixels", "source": "gradient", "samples": 1, "first": 3},
        ),
        ((3, "gradient", 2.0, 0.5), {"quantity": "area share of the forbidden pixels", "samples": 1, "first": 3}),
        ((9999, "gradient", 0.2, 0.5), {"rows": 1, "table": "forbidden", "first": 9999}),
    ],
)
def test_rows_that_no_run_writes_are_seen(
    tmp_path: Path, row: tuple[int, str, float, float], details: dict[str, object]
) -> None:
    path = with_rows(write_record(tmp_path / "a.sqlite", n=60), row)
    judgement = judge(path)
    assert judgement.outcome is INVALID
    assert judgement.decided_by == "run_is_whole"
    (whole,) = [verdict for verdict in judgement.verdicts if verdict.rule == "run_is_whole"]
    assert whole.details == details


def test_profiles_that_do_not_name_the_rule_do_not_ask() -> None:
    for name in ("default", "quick", "avionics", "automotive", "medical"):
        assert "forbidden_pixels_are_ignored" not in load_profile(name).rules
        assert "forbidden_hidden" not in str(load_profile(name).measure)
    runway = load_profile("runway")
    limit = float(str(runway.rules["forbidden_pixels_are_ignored"]["max_change"]))
    assert gain_bounds(np.zeros(59), runway.confidence, 0).upper <= limit  # type: ignore[union-attr]
