"""Kinds of pictures, and rules that must hold in each of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.errors import AuditError
from audit.record.record import Record
from checks import reasons
from checks.judge import judge
from checks.profile import load_profile
from checks.slice_verdicts import EMPTY_SLICE, NO_COLUMN, TOO_FEW_IN_SLICE, TOO_MANY_VALUES, slices_hold
from checks.statistics.bounds import share_bounds
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.table.slices import ASPECTS, CONFIDENCES, MOST_VALUES, SIZES, columns, slices
from checks.verdict import Outcome, Profile, RequiredSlices, Verdict
from fixtures.candidates import write_candidate
from fixtures.evidence import make_evidence
from fixtures.metadata import with_metadata
from fixtures.records import write_record

RIGHT = "right_for_the_right_reason"
WHY = "Every light must pass."


def demanding(*by: str, rules: tuple[str, ...] = (RIGHT,), base: str = "default") -> Profile:
    profile = load_profile(base)
    kept = {name: profile.rules[name] for name in (RIGHT, "model_is_accurate", "relevance_beats_chance")}
    kept[RIGHT] = {**kept[RIGHT], "advisory": False}
    return profile.model_copy(update={"rules": kept, "slices": RequiredSlices(by=by, rules=rules, why=WHY)})


def sliced(path: Path, profile: Profile) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in judge(path, profile).verdicts if "[" in verdict.rule}


def boxed(boxes: list[list[float]]) -> Evidence:
    """Of 200 by 100 pixels."""
    found = make_evidence({"a": np.full(len(boxes), 0.5)}, area=[(b[2] - b[0]) * (b[3] - b[1]) for b in boxes])
    return replace(found, box=np.array(boxes), frame=(100, 200))


def names(found: Evidence, column: str) -> list[str]:
    """Of each picture, and exactly one."""
    parts = slices(found, column)
    table = np.stack([part.here for part in parts])
    assert (table.sum(axis=0) == 1).all()
    return [parts[place].value for place in table.argmax(axis=0)]


def test_derived_slices_of_boxes() -> None:
    found = boxed(
        [
            [0.45, 0.45, 0.55, 0.55],  # 20 by 10 pixels, 1 % in the middle
            [0.0, 0.3, 0.2, 0.7],  # 40 by 40 at the left, 8 %
            [0.0, 0.0, 0.9, 0.3],  # 180 by 30 at the top, 27 %
            [0.4, 0.6, 0.5, 1.0],  # 20 by 40 at the bottom, 4 %
            [0.8, 0.45, 1.0, 0.55],  # 2 %: the edge belongs to what is larger
        ]
    )
    assert names(found, "box size") == [SIZES[0], SIZES[1], SIZES[2], SIZES[1], SIZES[1]]
    assert names(found, "box position") == ["middle", "left", "top", "bottom", "right"]
    assert names(found, "box aspect") == [ASPECTS[2], ASPECTS[1], ASPECTS[2], ASPECTS[0], ASPECTS[2]]


def test_derived_slices_of_answers() -> None:
    found = make_evidence({"a": np.full(4, 0.5)}, right=[True, False, True, True])
    found = replace(found, confidence_of_prediction=np.array([0.2, 0.5, 0.9, np.nan]))
    assert names(found, "confidence") == [CONFIDENCES[0], CONFIDENCES[1], CONFIDENCES[2], CONFIDENCES[0]]
    assert names(found, "prediction") == ["right", "wrong", "right", "right"]
    assert names(found, "class") == ["runway"] * 4


def test_columns_are_those_of_the_data_before_derived_ones() -> None:
    found = make_evidence({"a": np.full(3, 0.5)})
    assert columns(found) == ("class", "confidence", "prediction"), "no box, nothing of boxes"
    assert columns(boxed([[0, 0, 1, 1]]))[1:4] == ("box size", "box position", "box aspect")
    own = replace(found, metadata={"class": np.array(["x", "y", ""], dtype=object)})
    assert columns(own) == ("class", "confidence", "prediction")
    assert names(own, "class") == ["x", "y", "not stated"]
    with pytest.raises(KeyError):
        slices(own, "light")


def test_evidence_among_pictures_is_that_of_these_pictures(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "a.sqlite")) as record:
        whole = read_evidence(record, load_profile("default"))
    chosen = whole.metadata["light"] == "night"
    part = whole.among(chosen)
    fills = ("mean", "blur", "donor")
    assert part.n == part.total == chosen.sum()
    assert set(part.metadata["light"]) == {"night"}
    np.testing.assert_array_equal(part.sample, whole.sample[chosen])
    np.testing.assert_array_equal(part.lead(fills), whole.lead(fills)[chosen])
    np.testing.assert_array_equal(part.right, whole.right[chosen])
    for method in whole.methods:
        np.testing.assert_array_equal(part.miss(method), whole.miss(method)[chosen])
    for key, values in whole.notes.items():
        np.testing.assert_array_equal(part.notes[key], values[chosen])
    assert part.box is not None
    assert part.box.shape == (part.n, 4)


@pytest.mark.slow
@pytest.mark.tor("TOR-041")
def test_every_slice_must_pass(tmp_path: Path) -> None:
    """Misses by night alone: the mean of all passes, the night does not."""
    path = write_candidate(tmp_path / "a.sqlite", n=720, missed=range(3, 3 * 20, 3))
    judgement = judge(path, demanding("light"))
    verdict = next(v for v in judgement.verdicts if v.rule == f"{RIGHT}[light]")
    assert next(v for v in judgement.verdicts if v.rule == RIGHT).outcome is Outcome.PASS
    assert judgement.outcome is verdict.outcome is Outcome.FAIL
    by_slice = {finding.slice: finding for finding in verdict.findings}
    assert {name: finding.outcome for name, finding in by_slice.items()} == {
        "light: day": Outcome.PASS,
        "light: night": Outcome.FAIL,
    }
    night = by_slice["light: night"]
    assert night.lower == share_bounds(round((night.value or 0) * night.n), night.n, 0.95).lower
    assert set(night.worst) <= set(range(3, 60, 3))
    assert (verdict.decided_by, verdict.column, verdict.judged_rule) == ("night", "light", RIGHT)
    assert (verdict.why, judgement.decided_by) == (WHY, verdict.rule)
    night_alone = next(v for v in judgement.verdicts if v.rule == RIGHT).findings[0].key
    assert night.details["finding"] == night_alone
    assert night.reason == reasons.BEYOND_LIMIT


@pytest.mark.slow
@pytest.mark.tor("TOR-041")
def test_all_slices_pass(tmp_path: Path) -> None:
    profile = demanding("light", "prediction", rules=(RIGHT, "relevance_beats_chance"))
    found = sliced(write_record(tmp_path / "a.sqlite", n=300), profile)
    assert tuple(sorted(found)) == tuple(sorted(profile.sliced))
    assert found[f"{RIGHT}[light]"].outcome is Outcome.PASS
    assert [finding.key for finding in found[f"{RIGHT}[light]"].findings] == ["day", "night"]
    assert found[f"{RIGHT}[prediction]"].outcome is Outcome.INCONCLUSIVE, "nothing wrong can be right"
    assert found["relevance_beats_chance[light]"].advisory
    assert not found[f"{RIGHT}[light]"].advisory


@pytest.mark.slow
@pytest.mark.tor("TOR-041")
def test_a_slice_with_few_pictures_is_never_green(tmp_path: Path) -> None:
    """Even where the limit would let it pass: 19 of 20 values hold 15 pictures."""
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=300), {"airport": [f"{i:02}" for i in range(20)]})
    lax = demanding("airport")
    lax = lax.model_copy(update={"rules": {**lax.rules, RIGHT: {**lax.rules[RIGHT], "max_share": 0.9}}})
    verdict = sliced(path, lax)[f"{RIGHT}[airport]"]
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert {finding.outcome for finding in verdict.findings} == {Outcome.INCONCLUSIVE}
    assert (verdict.findings[1].slice, verdict.findings[1].reason) == ("airport: 01", TOO_FEW_IN_SLICE)
    assert verdict.findings[1].further == 5
    assert {finding.details["pictures"] for finding in verdict.findings} == {14, 15}
    assert verdict.findings[1].details["pictures"] == 15


@pytest.mark.slow
@pytest.mark.tor("TOR-041")
def test_an_empty_slice_is_never_green(tmp_path: Path) -> None:
    verdict = sliced(write_record(tmp_path / "a.sqlite", n=300), demanding("box size"))[f"{RIGHT}[box size]"]
    assert [finding.outcome for finding in verdict.findings] == [
        Outcome.INCONCLUSIVE,
        Outcome.PASS,
        Outcome.INCONCLUSIVE,
    ]
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert (verdict.findings[0].key, verdict.findings[0].reason) == (SIZES[0], EMPTY_SLICE)
    assert (verdict.findings[0].n, verdict.findings[0].value) == (0, 0)


@pytest.mark.slow
@pytest.mark.tor("TOR-041")
@pytest.mark.parametrize(
    ("column", "reason", "details"),
    [
        ("weather", NO_COLUMN, {"missing": ["weather"]}),
        ("file", TOO_MANY_VALUES, {"values": 299, "allowed": MOST_VALUES}),
    ],
)
def test_what_cannot_be_sliced_is_invalid(tmp_path: Path, column: str, reason: str, details: dict[str, Any]) -> None:
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=300), {"file": [str(i) for i in range(300)]})
    judgement = judge(path, demanding(column))
    assert judgement.outcome is Outcome.INVALID
    verdict = judgement.verdict(f"{RIGHT}[{column}]")
    assert verdict is not None
    assert judgement.decided_by == verdict.rule
    assert (verdict.reason, verdict.details, verdict.findings) == (reason, details, ())


@pytest.mark.slow
def test_clusters_stay_in_step(tmp_path: Path) -> None:
    """By night 100 pictures without a miss, of 10 flights."""
    columns = {"flight": [f"f{i}" for i in range(30)]}
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=300), columns, "flight")
    verdict = sliced(path, demanding("light"))[f"{RIGHT}[light]"]
    assert [(finding.clusters, finding.outcome) for finding in verdict.findings] == [
        (20, Outcome.INCONCLUSIVE),
        (10, Outcome.INCONCLUSIVE),
    ]


def test_no_picture_no_slice() -> None:
    nothing = replace(make_evidence({}), profile=demanding("class"))
    (verdict,) = slices_hold(nothing, nothing)
    assert verdict.outcome is Outcome.INVALID
    assert slices_hold(replace(nothing, profile=load_profile("default")), nothing) == ()


LARD = ("distance band", "lateral path band", "vertical path band", "light", "weather")
PROFILE = """
[rules.model_is_accurate]
min_accuracy = 0.5
why = "Ours."

[rules.explainer_is_valid]
max_similarity = 0.7
why = "Ours."

[slices]
by = ["light"]
rules = ["model_is_accurate"]
why = "Each light."
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_required_slices_are_part_of_what_is_hashed(tmp_path: Path) -> None:
    found = load_profile(written(tmp_path, PROFILE))
    assert found.slices == RequiredSlices(by=("light",), rules=("model_is_accurate",), why="Each light.")
    assert found.sliced == ("model_is_accurate[light]",)
    assert found == Profile.model_validate_json(found.model_dump_json())
    other = load_profile(written(tmp_path, PROFILE.replace('["light"]', '["light", "class"]')))
    assert other.sha256 != found.sha256
    assert load_profile(written(tmp_path, 'extends = "medical"\n')).slices == load_profile("medical").slices


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('["model_is_accurate"]', '["model_is_acurate"]', "did you mean 'model_is_accurate'"),
        ('["model_is_accurate"]', '["explainer_is_valid"]', "which says nothing of one kind of pictures"),
        ('["model_is_accurate"]', "[]", "slices.rules"),
        ('["light"]', "[]", "slices.by"),
        ('["light"]', '["light", "light"]', "twice"),
        ('why = "Each light."', "", "need a sentence that justifies"),
    ],
)
def test_broken_required_slices_are_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(AuditError, match=r"own\.toml") as error:
        load_profile(written(tmp_path, PROFILE.replace(before, after)))
    assert said in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "stated", "outcome"),
    [
        ("medical", {"site": ["a", "b"], "device": ["x", "x", "y"], "sex": ["f", "m"]}, Outcome.PASS),
        ("automotive", {"weather": ["rain", "clear"], "timeofday": ["day", "night"], "scene": ["city"]}, Outcome.PASS),
        ("avionics", {"weather": ["rain", "clear"], "night": ["True", "False"]}, Outcome.INCONCLUSIVE),
        ("medical", {"site": ["a", "b"], "sex": ["f", "m"]}, Outcome.INVALID),
        ("runway", {**{column: ["a", "b"] for column in LARD}, "type": ["real"]}, Outcome.PASS),
        ("runway", {"weather": ["rain"]}, Outcome.INVALID),
    ],
)
def test_the_profiles_of_the_fields_judge(
    tmp_path: Path, name: str, stated: dict[str, list[str]], outcome: Outcome
) -> None:
    """Avionics asks for far and close pictures too, which the synthetic record has not."""
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=1200), stated)
    profile = load_profile(name)
    found = sliced(path, profile)
    assert set(found) == set(profile.sliced)
    required = profile.slices
    assert required is not None
    assert {verdict.why for verdict in found.values()} == {required.why}
    worst = max(found.values(), key=lambda v: list(Outcome).index(v.outcome)).outcome
    assert worst is outcome


@pytest.mark.parametrize("name", ["avionics", "automotive", "medical", "runway"])
def test_the_profiles_of_the_fields_ask_for_more(name: str) -> None:
    own, default = load_profile(name), load_profile("default")
    further = {"forbidden_pixels_are_ignored"} if name == "runway" else set()
    assert set(own.rules) == {*default.rules, *further}, "no control is left out"
    for rule, option in ((RIGHT, "max_share"), ("survives_other_background", "max_reliance")):
        assert float(str(own.rules[rule][option])) < float(str(default.rules[rule][option]))
    assert own.non_inferiority is not None
    assert default.non_inferiority is not None
    assert own.non_inferiority.margin < default.non_inferiority.margin
    pictures = int(str(own.rules["evidence_is_complete"]["min_pictures"]))
    limit = float(str(own.rules[RIGHT]["max_share"]))
    assert share_bounds(0, pictures, own.confidence).upper <= limit
    assert share_bounds(0, pictures - 1, own.confidence).upper > limit
