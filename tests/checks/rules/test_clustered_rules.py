"""Where the settings name a cluster, every bound takes whole clusters, and every finding says how many there are."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from audit.errors import AuditError
from audit.record.record import Record
from checks import reasons
from checks.baseline.compare import compare
from checks.baseline.discordance import Margin, Turn, bounds_of, further_pictures
from checks.baseline.judged_run import judged_run
from checks.judge import judge
from checks.profile import load_profile
from checks.rules.depends_on_object import depends_on_object
from checks.rules.evidence_is_complete import evidence_is_complete
from checks.rules.model_is_accurate import model_is_accurate
from checks.rules.relevance_beats_chance import relevance_beats_chance
from checks.rules.right_for_the_right_reason import right_for_the_right_reason
from checks.rules.survives_other_background import survives_other_background
from checks.statistics.bounds import (
    FEWEST_CLUSTERS,
    further_for_share,
    further_for_share_by_cluster,
    mean_bounds,
    share_bounds,
    share_bounds_by_cluster,
)
from checks.statistics.gain import gain_bounds
from checks.statistics.paired_proportions import paired_share_bounds_by_cluster
from checks.statistics.subset import FEWEST, Subset
from checks.statistics.tolerance import tolerance_bounds
from checks.table.cluster_columns import CLUSTER_NOT_NAMED, NO_CLUSTER_STATED, cluster_findings, unnamed
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.verdict import Outcome, Verdict
from fixtures.candidates import write_candidate
from fixtures.evidence import make_evidence
from fixtures.metadata import with_metadata
from fixtures.records import write_record

FILLS = ("mean", "blur", "donor")


def intervened(n: int, gone: ArrayLike = -2.0, mass: ArrayLike = 0.5, right: ArrayLike = True) -> Evidence:
    """The log-odds without the object (n,), and 1.8 without its surroundings, or with as much hidden elsewhere."""
    answers: dict[tuple[str, ...], ArrayLike] = {}
    for fill in FILLS:
        answers["object_removed", fill] = gone
        answers["object_removed", f"{fill} elsewhere"] = 1.8
    for variant in ("mean", "blur", "other 1", "same 1"):
        answers["background_replaced", variant] = 1.8
    spread = np.broadcast_to(np.asarray(mass, dtype=np.float64), n) + np.linspace(-0.05, 0.05, n)
    return make_evidence({"gradient": spread}, right=right, answers=answers)


def flown(found: Evidence, flight: ArrayLike) -> Evidence:
    ids = np.asarray(flight).astype(str).astype(object)
    return replace(found, cluster=ids, cluster_column="flight", metadata={"flight": ids})


def one(verdict: Verdict) -> Any:
    return verdict.findings[0]


@pytest.mark.tor("TOR-040")
def test_a_share_counts_flights() -> None:
    """100 pictures without a miss show 5 %; those of 20 flights do not."""
    plain = right_for_the_right_reason(intervened(100), max_share=0.05)
    assert plain.outcome is Outcome.PASS
    assert (one(plain).clusters, one(plain).independent) == (None, None)
    verdict = right_for_the_right_reason(flown(intervened(100), np.arange(100) % 20), max_share=0.05)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert (one(verdict).n, one(verdict).clusters, one(verdict).independent) == (100, 20, pytest.approx(20))
    assert one(verdict).upper == pytest.approx(share_bounds(0, 20, 0.95).upper)
    assert one(verdict).further == 39
    enough = right_for_the_right_reason(flown(intervened(118), np.arange(118) % 59), max_share=0.05)
    assert enough.outcome is Outcome.PASS


@pytest.mark.tor("TOR-040")
def test_a_flight_of_misses_is_one_miss_and_not_ten() -> None:
    """Ten misses of 100 are far beyond 2 %; where they are one flight of ten, nobody can tell."""
    gone = np.where(np.arange(100) < 10, 3.0, -2.0)
    assert right_for_the_right_reason(intervened(100, gone), max_share=0.02).outcome is Outcome.FAIL
    verdict = right_for_the_right_reason(flown(intervened(100, gone), np.arange(100) // 10), max_share=0.02)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert one(verdict).lower == pytest.approx(share_bounds(1, 10, 0.95).lower)


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (depends_on_object, {"min_evidence": 0.5, "max_evidence_elsewhere": 0.25}),
        (relevance_beats_chance, {"margin": 0.01}),
        (survives_other_background, {"max_reliance": 0.1}),
    ],
)
def test_a_mean_needs_flights(rule: Any, options: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    found = intervened(116, gone=rng.normal(-2, 0.3, 116))
    assert rule(found, **options).outcome is Outcome.PASS
    few = rule(flown(found, np.arange(116) % (FEWEST_CLUSTERS - 1)), **options)
    assert few.outcome is Outcome.INCONCLUSIVE
    assert (one(few).further, one(few).clusters) == (1, FEWEST_CLUSTERS - 1)
    assert one(few).reason == reasons.TOO_FEW
    enough = rule(flown(found, np.arange(116) % 58), **options)
    assert enough.outcome is Outcome.PASS
    assert (one(enough).clusters, one(enough).independent) == (58, pytest.approx(58))
    alone = rule(flown(found, np.arange(116)), **options)
    assert alone.outcome is Outcome.PASS
    assert one(alone).lower == pytest.approx(one(rule(found, **options)).lower)


@pytest.mark.tor("TOR-040")
def test_a_mean_takes_whole_flights() -> None:
    """Flights that are alike within and differ from each other: the bound must be that of flights."""
    rng = np.random.default_rng(1)
    flight = np.arange(400) % 40
    mass = 0.35 + 0.15 * rng.normal(size=40)[flight]
    found = flown(intervened(400, mass=mass), flight)
    verdict = relevance_beats_chance(found, margin=0.01)
    difference = found.scores["gradient"]["mass"] - found.area_share
    wide, narrow = mean_bounds(difference, 0.95, 0, flight), mean_bounds(difference, 0.95, 0)
    assert wide is not None
    assert narrow is not None
    assert (one(verdict).lower, one(verdict).upper) == (pytest.approx(wide.lower), pytest.approx(wide.upper))
    assert narrow.lower - wide.lower > 0.02


@pytest.mark.tor("TOR-040")
def test_accuracy_counts_flights() -> None:
    right = np.arange(200) % 10 != 0
    found = flown(make_evidence({"a": np.full(200, 0.5)}, right=right), np.arange(200) // 20)
    finding = one(model_is_accurate(found, min_accuracy=0.5))
    expected = share_bounds_by_cluster(right, found.cluster if found.cluster is not None else (), 0.95)
    assert (finding.lower, finding.upper) == expected
    assert (
        finding.lower
        < one(model_is_accurate(make_evidence({"a": np.full(200, 0.5)}, right=right), min_accuracy=0.5)).lower
    )


def test_copies_of_a_planted_network_keep_their_flights() -> None:
    found = intervened(40)
    answers = dict(found.answers)
    answers["linear 1.00", "mark", "shown"] = found.answers["model", "object_removed", "mean"].among(
        np.array([3, 7, 30])
    )
    place = np.array([3, 7, 30])
    shown = replace(answers["linear 1.00", "mark", "shown"], place=place)
    copy = flown(
        replace(found, answers={**answers, ("linear 1.00", "mark", "shown"): shown}), np.arange(40)
    ).as_subject("linear 1.00")
    assert copy.sample.tolist() == [3, 7, 30]
    assert copy.cluster is not None
    assert copy.cluster.tolist() == ["3", "7", "30"]
    assert copy.metadata["flight"].tolist() == ["3", "7", "30"]


def test_gain_by_cluster() -> None:
    """Nothing lost on 20 flights of five shows no more than nothing lost on 20 pictures."""
    flight = np.arange(200) % 40
    by_flight = gain_bounds(np.zeros(200), 0.95, 0, flight)
    assert by_flight is not None
    assert by_flight.upper == pytest.approx(share_bounds(0, 40, 0.95).upper)
    assert gain_bounds(np.zeros(200), 0.95, 0, np.arange(200)) == gain_bounds(np.zeros(200), 0.95, 0)
    assert gain_bounds(np.zeros(200), 0.95, 0, np.arange(200) % 5) is None


@pytest.mark.tor("TOR-043")
@pytest.mark.parametrize(("misses", "members", "limit"), [(0, 1, 0.05), (1, 1, 0.1), (0, 4, 0.05), (2, 3, 0.3)])
def test_further_clusters_are_the_fewest_that_suffice(misses: int, members: int, limit: float) -> None:
    """The oracle adds whole flights of the same size and rate, one by one."""
    flights = 20
    cluster = np.repeat(np.arange(flights), members)
    miss = np.isin(cluster, range(misses))
    further = further_for_share_by_cluster(miss, cluster, limit, 0.95)
    assert further is not None
    rate = misses / flights

    def upper(n: int) -> float:
        return float(stats.beta.ppf(0.95, rate * n + 1, n - rate * n))

    assert upper(flights + further) <= limit
    assert further == 0 or upper(flights + further - 1) > limit
    if misses == 0:
        assert further == further_for_share(0, flights, limit, 0.95)


def test_no_further_cluster_helps_over_the_limit() -> None:
    assert further_for_share_by_cluster([1, 0], [0, 1], 0.5, 0.95) is None
    assert further_for_share_by_cluster([], [], 0.5, 0.95) is None


@pytest.mark.parametrize(
    ("sizes", "missing"),
    [([3] * 30, 0), ([3] * 29, 1), ([1] * FEWEST, 0), ([1] * 19, 1), ([], 30), ([29, *[1] * 29], 203)],
)
def test_how_many_are_missing(sizes: list[int], missing: int) -> None:
    """29 single pictures and a flight of 29 are worth 3.9 by n^2 / sum of squares, so that 26.1 * 30 / 3.9 are."""
    ids: NDArray[Any] = np.repeat(np.arange(len(sizes)), sizes)
    subset = Subset(len(ids), 0.95, 0, ids)
    assert subset.missing == missing
    assert subset.enough is (missing == 0)


def test_the_tail_stands_beside_the_mean() -> None:
    found = intervened(120)
    finding = one(relevance_beats_chance(found, margin=0.01))
    expected = tolerance_bounds(found.scores["gradient"]["mass"] - found.area_share, 0.95, 0.95)
    assert expected is not None
    assert finding.tolerance.lower == pytest.approx(expected.lower)
    assert finding.tolerance.lower < finding.lower
    assert finding.tolerance.needed is None
    few = one(depends_on_object(intervened(58), min_evidence=0.5, max_evidence_elsewhere=0.25))
    assert (few.tolerance.lower, few.tolerance.needed) == (None, 59)
    assert (
        one(depends_on_object(intervened(59), min_evidence=0.5, max_evidence_elsewhere=0.25)).tolerance.lower
        is not None
    )
    flights = flown(intervened(118), np.arange(118) % 58)
    assert one(depends_on_object(flights, min_evidence=0.5, max_evidence_elsewhere=0.25)).tolerance.needed == 59
    assert one(right_for_the_right_reason(found, max_share=0.05)).tolerance is None


def turned(worse: NDArray[np.bool_], better: NDArray[np.bool_], cluster: NDArray[Any] | None) -> Turn:
    return Turn(better, worse, np.ones(len(worse), bool), cluster)


@pytest.mark.tor("TOR-040")
def test_a_comparison_counts_flights() -> None:
    flight = np.arange(200) % 50
    worse, better = flight == 0, flight == 1
    found = turned(worse, better, flight).among(np.ones(200, bool))
    assert (found.worse, found.better, found.n, found.clusters, found.votes) == (4, 4, 200, 50, (1, 1))
    difference = worse.astype(int) - better
    assert bounds_of(found, 0.95, False) == paired_share_bounds_by_cluster(difference, flight, 0.95)
    plain = turned(worse, better, None).among(np.ones(200, bool))
    assert bounds_of(found, 0.95, False).upper > bounds_of(plain, 0.95, False).upper
    none = np.zeros(120, bool)
    still = turned(none, none, np.arange(120) % 40).among(np.ones(120, bool))
    assert further_pictures(still, Margin(0.05, "", 0.95)) == 30, "70 independent ones show five points"


@pytest.mark.slow
def test_a_candidate_is_compared_by_flight(tmp_path: Path) -> None:
    """Equal on 119 pictures shows five points; on those of 40 flights it does not."""
    profile = load_profile("default")
    rules = {"right_for_the_right_reason": profile.rules["right_for_the_right_reason"]}
    light = profile.model_copy(update={"rules": rules})
    outcomes = {}
    for cluster in (None, "flight"):
        sides = [
            with_metadata(
                write_candidate(tmp_path / f"{cluster}-{side}.sqlite", same_network=side == "before"),
                {"flight": [f"f{i}" for i in range(40)]},
                cluster,
            )
            for side in ("before", "after")
        ]
        with Record.open(sides[0]) as before, Record.open(sides[1]) as after:
            compared = {verdict.rule: verdict for verdict in compare(before, judged_run(after, light)).verdicts}
        outcomes[cluster] = compared["accuracy_holds"]
        maps = compared["maps_hold"].findings[0]
        assert maps.clusters == (40 if cluster else None)
    assert outcomes[None].outcome is Outcome.PASS
    assert outcomes["flight"].outcome is Outcome.INCONCLUSIVE
    undecided = one(outcomes["flight"])
    assert (undecided.n, undecided.clusters, undecided.further) == (119, 40, 32)


@pytest.mark.slow
def test_a_record_says_its_clusters(tmp_path: Path) -> None:
    path = with_metadata(write_record(tmp_path / "a.sqlite"), {"flight": ["a", "b", "c"]}, "flight")
    with Record.open(path) as record:
        found = read_evidence(record, load_profile("default"))
        assert found.cluster is not None
        assert len(np.unique(found.cluster)) == 3
        assert all(len(set(found.cluster[found.metadata["flight"] == flight].tolist())) == 1 for flight in "abc")
        assert found.metadata["flight"].tolist() == [("a", "b", "c")[i % 3] for i in range(1, 80)]
        assert found.metadata["light"].tolist() == ["day" if i % 3 else "night" for i in range(1, 80)]
        assert found.box is not None
        area = (found.box[:, 2] - found.box[:, 0]) * (found.box[:, 3] - found.box[:, 1])
        np.testing.assert_allclose(area, found.area_share)
        wrong = judge(record).right_for_the_wrong_reason[0]
        assert wrong.upper == pytest.approx(share_bounds(0, 3, 0.95).upper, abs=0.01)


def complete(found: Evidence) -> Verdict:
    return evidence_is_complete(found, max_excluded=0.1, max_dead=0.1, max_duplicates=0.1, min_pictures=1)


@pytest.mark.tor("TOR-040")
def test_named_clusters_are_counted_and_a_picture_without_one_is_invalid() -> None:
    found = flown(intervened(60), np.arange(60) % 12)
    verdict = complete(found)
    assert verdict.outcome is Outcome.PASS
    finding = verdict.findings[-1]
    assert (finding.key, finding.n, finding.clusters) == ("clusters", 60, 12)
    assert finding.value == pytest.approx(12)
    assert (finding.details["column"], finding.details["silent"]) == ("flight", 0)
    silent = found.metadata["flight"].copy()
    silent[[4, 9]] = ""
    broken = complete(flown(found, silent))
    assert broken.outcome is Outcome.INVALID
    assert (broken.decided_by, broken.findings[-1].reason) == ("clusters", NO_CLUSTER_STATED)
    assert broken.findings[-1].details["silent"] == 2
    assert broken.findings[-1].worst == (4, 9)


def test_an_obvious_column_that_is_not_named_gets_a_warning() -> None:
    rng = np.random.default_rng(3)
    flight = np.arange(240) % 24
    gone = -2 + 1.5 * rng.normal(size=24)[flight] + 0.1 * rng.normal(size=240)
    columns = {
        "flight": flight.astype(str).astype(object),
        "draw": rng.integers(0, 24, 240).astype(str).astype(object),
        "file": np.arange(240).astype(str).astype(object),
        "light": (flight % 2).astype(str).astype(object),
    }
    found = replace(intervened(240, gone), metadata=columns)
    assert list(unnamed(found)) == ["flight"]
    verdict = complete(found)
    assert verdict.outcome is Outcome.PASS, "a warning decides nothing"
    assert (verdict.findings[-1].advisory, verdict.findings[-1].reason) == (True, CLUSTER_NOT_NAMED)
    assert verdict.findings[-1].details == {"column": "flight", "values": 24}
    named = replace(found, cluster=columns["flight"], cluster_column="flight")
    assert [finding.key for finding in cluster_findings(named)] == ["clusters"]
    assert [finding.key for finding in complete(named).findings if finding.advisory] == ["clusters"]
    pairs = np.minimum(np.arange(240), 238).astype(str).astype(object)
    for alone in (columns["file"], pairs):
        silenced = replace(found, metadata={**columns, "file": alone}, cluster=alone, cluster_column="file")
        assert [finding.key for finding in cluster_findings(silenced)] == ["clusters", "column/flight"]
        assert complete(silenced).findings[-1].details["column"] == "flight"


def test_a_column_that_repeats_the_class_is_no_cluster() -> None:
    """Pictures of one class are alike; that is no reason to count them as one."""
    rng = np.random.default_rng(3)
    classes, flight = np.arange(240) % 12, np.arange(240) % 24
    gone = -2 + 3 * rng.normal(size=12)[classes] + 0.1 * rng.normal(size=240)
    copies = {
        "wordnet": (99 - classes).astype(str).astype(object),
        "name": np.array([f"class {index}" for index in classes], dtype=object),
    }
    found = replace(intervened(240, gone), class_index=classes, metadata=copies)
    assert unnamed(found) == {}
    flown_by_class = gone + 3 * rng.normal(size=24)[flight]
    flights = {"flight": flight.astype(str).astype(object), "id": (100 + flight).astype(str).astype(object)}
    of_flights = replace(intervened(240, flown_by_class), class_index=classes, metadata={**copies, **flights})
    assert list(unnamed(of_flights)) == ["flight"], "it is said once, though each flight is of one class"


@pytest.mark.slow
def test_the_cluster_is_part_of_what_a_baseline_is_compared_by(tmp_path: Path) -> None:
    paths = [
        with_metadata(write_record(tmp_path / f"{name}.sqlite"), {"flight": ["a", "b"]}, name)
        for name in ("flight", "light")
    ]
    with Record.open(paths[0]) as before, Record.open(paths[1]) as after:
        assert json.dumps(before.meta("settings")) != json.dumps(after.meta("settings"))
        with pytest.raises(AuditError, match=r"settings\.data\.cluster: flight became light"):
            compare(before, judged_run(after))
