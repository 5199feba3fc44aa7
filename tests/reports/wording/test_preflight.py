"""What the data can answer, in words."""

from collections.abc import Sequence

import numpy as np
import pytest

from audit.datasets.sample import Sample
from checks.demand import Demand
from checks.preflight import Preflight, Question, preflight
from checks.profile import load_profile
from checks.table.layout import Asked, layout_of
from checks.verdict import Profile
from fixtures.evidence import bare_profile
from fixtures.experiments import SWAPS
from fixtures.rules import DEFAULT
from reports.wording.preflight import ALL, NO_PASS, NO_SAMPLE, WordedPreflight, hopeless, is_cut, worded_preflight

EXPERIMENTS = (
    "object_removed",
    "background_replaced",
    *SWAPS,
    "randomisation",
    "planted_cue",
    "shared_cues",
    "telling_regions",
    "telling_object_regions",
)
BOXES = ((0.0, 0.0, 1.0, 1.0),)
ASKED = Asked(None, 10, 2, {name: {} for name in EXPERIMENTS}, 0)


def before(
    sizes: Sequence[int],
    profile: str | Profile = "default",
    asked: Asked = ASKED,
    excluded: int = 0,
    **columns: list[str],
) -> WordedPreflight:
    indices = np.repeat(np.arange(len(sizes)), sizes).tolist()
    samples = [
        (Sample(f"{i}.png", f"class {k}", BOXES, metadata={name: v[i % len(v)] for name, v in columns.items()}), k)
        for i, k in enumerate(indices)
    ]
    limits = profile if isinstance(profile, Profile) else load_profile(profile)
    return worded_preflight(preflight(layout_of(samples, {"broken box": excluded} if excluded else {}, asked, limits)))


def test_enough_for_everything_is_two_sentences() -> None:
    assert before([60, 60], excluded=3).sentences == (
        "120 samples of 2 classes (60 each) in 120 pictures; 3 excluded so far: broken box (3).",
        ALL,
    )


def test_twenty_five_classes_of_four_to_five() -> None:
    first, last = before([4] * 24 + [5]).sentences
    assert first == "101 samples of 25 classes (4 to 5 each) in 101 pictures; 0 excluded so far."
    assert last == ALL, "other backgrounds may bound what a search in small classes cannot"
    alone = bare_profile(no_shared_hotspot=DEFAULT["no_shared_hotspot"])
    _, hotspot, last = before([4] * 24 + [5], alone).sentences
    assert hotspot == (
        "no_shared_hotspot cannot pass: 0 of 25 classes have 20 pictures, and such classes must hold 50 % of all; that"
        " takes 180 pictures in all."
    )
    assert last == NO_PASS


def test_each_check_says_what_there_is_and_what_it_takes() -> None:
    sentences = before([24, 24]).sentences
    assert "evidence_is_complete cannot pass: there are 48 distinct pictures at most; it takes 59 in all." in sentences
    assert not any(sentence.startswith("right_for_the_right_reason cannot pass") for sentence in sentences), "advice"


def test_clusters_have_the_name_of_their_column() -> None:
    asked = ASKED._replace(cluster="flight_number")
    sentences = before([300, 300], asked=asked, flight_number=[str(i) for i in range(12)]).sentences
    assert sentences[0].startswith("600 samples of 2 classes (300 each) in 600 pictures, flight_number: 12; ")
    reason = " cannot pass: there are 12 flight numbers at most; it takes 30 in all."
    assert any(sentence.startswith("depends_on_object, ") and sentence.endswith(reason) for sentence in sentences)


def test_missing_columns_are_one_sentence() -> None:
    sentences = before([200, 200], "automotive", weather=["dry"]).sentences
    assert len(sentences) == 3
    assert sentences[1] == (
        "The profile automotive requires slices by weather, timeofday and scene; the data lacks timeofday and"
        " scene, so these checks will be INVALID."
    )


def test_slices_that_are_too_small_are_one_sentence_a_check() -> None:
    weather = ["dry"] * 95 + list("abcde")
    sentences = before([300, 300], "automotive", weather=weather, timeofday=["day"], scene=["city"]).sentences
    (said,) = (sentence for sentence in sentences if sentence.startswith("depends_on_object[weather]"))
    assert said.endswith(
        "weather: c (there are 6 pictures predicted right at most; it takes 20 in all) and 2 further slices."
    )


@pytest.mark.parametrize(("sizes", "word"), [([1], "there is 1 class at most; it takes 2 in all"), ([], "")])
def test_one_class_and_none(sizes: list[int], word: str) -> None:
    sentences = before(sizes, excluded=7).sentences
    assert any(word in sentence for sentence in sentences)
    assert sentences[-1] == (NO_PASS if sizes else NO_SAMPLE)


def test_an_experiment_that_nobody_asked_for() -> None:
    sentences = before([60, 60], asked=ASKED._replace(experiments={})).sentences
    needs = "it needs the experiment planted_cue, which the settings do not ask for"
    assert f"control_is_caught cannot pass: {needs}." in sentences


def test_too_many_exclusions() -> None:
    sentences = before([60, 60], excluded=30).sentences
    assert "evidence_is_complete cannot pass: 30 of 150 samples in scope are excluded already." in sentences


def test_what_no_number_shows() -> None:
    perfect = bare_profile(model_is_accurate={**DEFAULT["model_is_accurate"], "min_accuracy": 1.0})
    assert "it takes more than any number" in before([60, 60], perfect).sentences[1]


def test_where_nothing_can_be_answered_the_reasons_stand_in_one_message() -> None:
    rules = {"right_for_the_right_reason": {**DEFAULT["right_for_the_right_reason"], "advisory": False}}
    assert hopeless(before([20, 20], bare_profile(**rules))) == (
        "no check of the profile bare can pass, even if every answer is right:\n- right_for_the_right_reason: there"
        " are 40 pictures predicted right at most; it takes 59 in all\nSo this data can answer nothing."
    )


def test_a_rule_and_its_slices_are_one_line() -> None:
    seen = before([4, 4], "automotive", weather=["dry", "fog"], timeofday=["day"], scene=["city"])
    lines = hopeless(seen).splitlines()
    (line,) = (line for line in lines if line.startswith("- depends_on_object"))
    assert line == (
        "- depends_on_object: there are 8 pictures predicted right at most; it takes 20 in all; nor can slices by"
        " weather, timeofday and scene"
    )
    assert not is_cut(seen)


def test_a_screen_of_lines_says_how_many_are_left() -> None:
    own = {f"{__name__}:rule_{number}": {"why": "x"} for number in range(17)}
    seen = worded_preflight(
        Preflight(
            profile="own",
            samples=8,
            pictures=8,
            exclusions={},
            outside_scope={},
            classes={"a": 8},
            cluster="",
            clusters=None,
            columns=(),
            missing_columns=(),
            splits={},
            questions=tuple(Question(rule=rule, advisory=False, demands=(FEW,)) for rule in own),
        )
    )
    lines = hopeless(seen).splitlines()
    assert is_cut(seen)
    assert len(lines) == 17
    assert lines[-2] == "- and 3 further checks; the list above this error holds all of them"


FEW = Demand(key="pictures", have=8, needed=20)


def test_splits_are_not_merged_silently() -> None:
    sentences = before([60, 60], split=["train"] * 3 + ["val"]).sentences
    assert sentences[1] == (
        "These samples mix the splits train (90) and val (30): audit those that were not trained on (format yolo:"
        " data.split)."
    )
    assert before([60, 60], split=["val"]).sentences[1] == ALL
