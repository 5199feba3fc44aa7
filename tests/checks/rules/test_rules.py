"""Every outcome of every rule, and what no rule may do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import audit
from audit import registry
from audit.record.record import Record
from checks.profile import RESERVED, RULES, load_profile
from checks.rules.evidence_is_complete import MEND, evidence_is_complete
from checks.rules.model_is_accurate import model_is_accurate
from checks.rules.relevance_beats_chance import relevance_beats_chance
from checks.rules.relevance_beats_null_maps import relevance_beats_null_maps
from checks.statistics.subset import FEWEST
from checks.table.evidence import Evidence
from checks.table.evidence import evidence as read_evidence
from checks.table.mean_difference import needed
from checks.verdict import Outcome, Verdict
from checks.words import points, two_digits
from fixtures.evidence import make_evidence, with_forbidden
from fixtures.records import write_record

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
DEFAULT = {**load_profile("runway").rules, **load_profile("default").rules}
NULL_MAPS = ("uniform", "centre", "edges", "random_model")
ORDER = [PASS, INCONCLUSIVE, FAIL, INVALID]


def judged(rule: str, evidence: Evidence, limits: Mapping[str, Any] | None = None) -> Verdict:
    given = {key: value for key, value in (limits or DEFAULT[rule]).items() if key not in RESERVED}
    function: Callable[..., Verdict] = registry.resolve(RULES, rule)
    return function(evidence, **registry.options(function, given, rule))


def spread(mean: float, n: int, width: float = 0.1) -> np.ndarray:
    """n values around the mean, the same for the same arguments."""
    return mean + width * np.linspace(-1, 1, n)


def null_maps(values: Any) -> dict[str, Any]:
    """The same scores for every null map that the default profile requires."""
    return dict.fromkeys(NULL_MAPS, values)


def altered(evidence: Evidence, **changes: Any) -> Evidence:
    return Evidence(**{**vars(evidence), **changes})


# The contract of a rule


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Of a whole run: with the answers of every experiment, and the studies."""
    with Record.open(write_record(tmp_path_factory.mktemp("honest") / "audit.sqlite")) as record:
        return with_forbidden(read_evidence(record, load_profile("default")))


@pytest.mark.parametrize("rule", registry.names(RULES))
def test_contract(rule: str, honest: Evidence) -> None:
    assert registry.summary(registry.resolve(RULES, rule)).endswith(".")
    assert str(DEFAULT[rule]["why"]).strip()
    nothing = make_evidence({"gradient": []}, null_maps([]))
    all_nan = altered(
        make_evidence({"gradient": [np.nan] * 80}, null_maps([np.nan] * 80)),
        dead={name: np.zeros(80, bool) for name in ("gradient", *NULL_MAPS)},
        area_share=np.full(80, np.nan),
        probability=np.full(80, np.nan),
        label_rank=np.full(80, np.nan),
        predicted=np.full(80, -1),
    )
    all_dead = make_evidence({"gradient": [np.nan] * 80}, null_maps([np.nan] * 80), right=False)
    for evidence in (nothing, all_nan, all_dead, honest):
        verdict = judged(rule, evidence)
        assert isinstance(verdict, Verdict)
        assert verdict.rule == rule
        assert verdict.question.endswith("?")
        assert verdict.sentence.endswith(".")
        assert verdict.findings or verdict.outcome is not PASS
        assert all(finding.sentence.endswith(".") and finding.n >= 0 for finding in verdict.findings)
        assert (verdict.outcome is PASS) == (not verdict.next_step)
    assert judged(rule, honest).outcome is PASS
    assert judged(rule, nothing).outcome is not PASS
    assert judged(rule, all_dead).outcome is not PASS
    assert judged(rule, all_nan).outcome is not PASS
    weakest = INCONCLUSIVE if DEFAULT[rule].get("advisory") else INVALID
    assert ORDER.index(judged(rule, make_evidence({})).outcome) >= ORDER.index(weakest), "no method, no picture"


@pytest.mark.tor("TOR-047")
@pytest.mark.parametrize("rule", registry.names(RULES))
def test_no_rule_passes_without_what_it_rests_on(rule: str, honest: Evidence) -> None:
    """Neither maps nor answers nor studies, on the pictures of an honest run: only what counts them may pass."""
    bare = altered(
        honest,
        methods=(),
        null_maps=(),
        answers={},
        notes={},
        cascade={},
        cues=(),
        planted=None,
        experiments={},
    )
    assert (judged(rule, bare).outcome is PASS) == (rule == "model_is_accurate")


# relevance_beats_chance


@pytest.mark.tor("TOR-037")
def test_chance_pass() -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": spread(0.412, 100, 0.05)}), margin=0.0)
    (finding,) = verdict.findings
    assert verdict.outcome is finding.outcome is PASS
    assert finding.value == pytest.approx(0.262)
    assert finding.lower is not None
    assert 0.25 < finding.lower < 0.262
    assert finding.chance == pytest.approx(0.15)
    assert (finding.limit, finding.n) == (0.0, 100)
    assert finding.worst[:3] == (0, 1, 2)
    assert finding.sentence == (
        "gradient puts 41.2 % of its relevance into boxes that cover 15.0 % of the frame"
        f" (lower bound of the difference {100 * finding.lower:.1f} points)."
    )


@pytest.mark.tor("TOR-037")
def test_chance_fail() -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": spread(0.05, 100, 0.05)}), margin=0.0)
    assert verdict.outcome is FAIL
    assert "puts 5.0 % of its relevance into boxes that cover 15.0 %" in verdict.sentence
    assert "upper bound of the difference -" in verdict.sentence


@pytest.mark.tor("TOR-043")
def test_chance_inconclusive_says_how_many_pictures() -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": spread(0.16, 40, 0.3)}), margin=0.0)
    (finding,) = verdict.findings
    assert verdict.outcome is INCONCLUSIVE
    assert finding.further is not None
    more = relevance_beats_chance(make_evidence({"gradient": spread(0.16, 40 + finding.further, 0.3)}), margin=0.0)
    assert more.outcome is PASS
    assert f"about {two_digits(finding.further):,} further pictures would decide it" in verdict.sentence


def test_numbers_of_pictures_are_rounded_up_to_two_digits() -> None:
    assert [two_digits(n) for n in (0, 1, 58, 100, 101, 999, 1_634, 99_001)] == [
        0, 1, 58, 100, 110, 1_000, 1_700, 100_000
    ]  # fmt: skip
    assert needed(1_634, within_reach=True) == "about 1,700 further pictures would decide it at this rate"
    assert needed(1, within_reach=True) == "about 1 further picture would decide it at this rate"
    assert needed(None, within_reach=True) == "not even 100,000 such pictures would decide it at this rate"


def test_chance_exactly_is_no_more_than_chance() -> None:
    verdict = relevance_beats_chance(make_evidence({"uniform": [0.15] * 100}), margin=0.0)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].further is None
    assert "no number of such pictures would make it a PASS" in verdict.sentence


@pytest.mark.parametrize("noise", [3e-8, -3e-8])
def test_rounding_is_neither_pass_nor_fail(noise: float) -> None:
    assert relevance_beats_chance(make_evidence({"flat": [0.15 + noise] * 100}), margin=0.0).outcome is INCONCLUSIVE


@pytest.mark.tor("TOR-043")
@pytest.mark.parametrize("n", [1, 2, FEWEST - 1])
def test_too_few_pictures_decide_nothing(n: int) -> None:
    verdict = relevance_beats_chance(make_evidence({"gradient": [0.9] * n}), margin=0.0)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].further == FEWEST - n
    assert f"where at least {FEWEST} are needed" in verdict.sentence


@pytest.mark.tor("TOR-037")
def test_chance_takes_the_worst_method() -> None:
    verdict = relevance_beats_chance(
        make_evidence({"good": spread(0.5, 80), "bad": spread(0.05, 80, 0.05), "meh": spread(0.15, 80)}), margin=0.0
    )
    assert [finding.outcome for finding in verdict.findings] == [PASS, FAIL, INCONCLUSIVE]
    assert verdict.outcome is FAIL
    assert verdict.sentence.startswith("bad puts 5.0 %")
    assert verdict.sentence.endswith("1 of 3 comparisons is FAIL.")


def test_dead_maps_are_left_out_of_the_mean_and_paired_with_their_own_area() -> None:
    mass, area = np.array([0.9, np.nan] * 40), np.array([0.3, 0.99] * 40)
    (finding,) = relevance_beats_chance(make_evidence({"gradient": mass}, area=area), margin=0.0).findings
    assert finding.n == 40
    assert finding.value == pytest.approx(0.6)
    assert finding.chance == pytest.approx(0.3)


@pytest.mark.tor("TOR-048")
def test_a_living_map_without_a_score_is_invalid() -> None:
    evidence = make_evidence({"gradient": [*spread(0.5, 79), np.nan]})
    evidence.dead["gradient"][:] = False
    verdict = relevance_beats_chance(evidence, margin=0.0)
    assert verdict.outcome is INVALID
    assert verdict.findings[0].worst == (79,)
    assert "maps without a score" in verdict.sentence


# relevance_beats_null_maps


@pytest.mark.tor("TOR-037")
def test_null_maps_pass() -> None:
    evidence = make_evidence({"a": spread(0.5, 80)}, {"centre": spread(0.2, 80), "edges": spread(0.3, 80)[::-1]})
    verdict = relevance_beats_null_maps(evidence, margin=0.0)
    assert verdict.outcome is PASS
    assert [finding.subject for finding in verdict.findings] == ["a against centre", "a against edges"]
    assert [finding.value for finding in verdict.findings] == [pytest.approx(0.3), pytest.approx(0.2)]
    assert [finding.chance for finding in verdict.findings] == [pytest.approx(0.2), pytest.approx(0.3)]


def test_a_null_map_that_does_better_is_inconclusive_and_never_a_failure() -> None:
    evidence = make_evidence({"a": spread(0.4, 80)}, {"centre": spread(0.6, 80), "edges": spread(0.2, 80)})
    verdict = relevance_beats_null_maps(evidence, margin=0.0)
    assert [finding.outcome for finding in verdict.findings] == [INCONCLUSIVE, PASS]
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.sentence == (
        "a puts 40.0 % of its relevance into the boxes and centre 60.0 % (upper bound of the difference -20.0 points,"
        " 80 pictures): centre, which has learnt nothing, does better: 60.0 % against 40.0 %."
        " 1 of 2 comparisons is INCONCLUSIVE."
    )
    assert verdict.next_step.startswith("Look at the worst pictures")


def test_a_lead_for_certain_that_is_short_of_the_margin_says_so() -> None:
    evidence = make_evidence({"a": spread(0.49, 80, 0.05)}, {"centre": np.full(80, 0.2)})
    verdict = relevance_beats_null_maps(evidence, margin=0.3)
    assert verdict.outcome is INCONCLUSIVE
    assert "it exceeds centre by 29.0 points; the profile asks for more than 30.0 points." in verdict.sentence
    assert "learnt nothing" not in verdict.sentence
    assert "small" not in verdict.next_step
    sure = relevance_beats_null_maps(evidence, margin=0.285)
    assert sure.outcome is INCONCLUSIVE
    assert "the profile asks for more than 28.5 points, for certain; about " in sure.sentence
    assert sure.next_step == verdict.next_step


def test_a_null_map_that_cannot_be_told_apart_says_so() -> None:
    evidence = make_evidence({"a": spread(0.4, 80)}, {"centre": np.full(80, 0.4)})
    verdict = relevance_beats_null_maps(evidence, margin=0.01)
    assert verdict.outcome is INCONCLUSIVE
    assert "cannot tell it apart from centre, which has learnt nothing; no number of such" in verdict.sentence
    assert "away from the centre" in verdict.next_step


def test_few_pictures_make_nothing_certain() -> None:
    few = {"centre": np.full(FEWEST - 1, 0.2)}
    for mean in (0.1, 0.9):
        verdict = relevance_beats_null_maps(make_evidence({"a": spread(mean, FEWEST - 1)}, few), margin=0.0)
        assert "cannot tell it apart from centre" in verdict.sentence


@pytest.mark.tor("TOR-037")
def test_a_required_null_map_that_the_record_lacks_is_invalid() -> None:
    evidence = make_evidence({"a": spread(0.5, 80)}, {"centre": spread(0.2, 80)})
    assert relevance_beats_null_maps(evidence, margin=0.0, required=("centre",)).outcome is PASS
    verdict = relevance_beats_null_maps(evidence, margin=0.0, required=NULL_MAPS)
    assert verdict.outcome is INVALID
    assert verdict.sentence == (
        "The record lacks the null maps uniform, edges and random_model, which the profile requires."
    )
    assert verdict.next_step == (
        'Add "uniform", "edges", "random_model" to saliency.null_maps in the settings, and run the audit again.'
    )


def test_null_maps_ahead_but_too_few_pictures() -> None:
    evidence = make_evidence({"a": spread(0.42, 40, 0.3)}, {"centre": np.full(40, 0.4)})
    verdict = relevance_beats_null_maps(evidence, margin=0.0)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[0].further is not None
    assert "cannot tell it apart from centre" in verdict.sentence


@pytest.mark.tor("TOR-037")
def test_null_maps_are_paired_where_both_live() -> None:
    method, centre = spread(0.5, 80), np.full(80, 0.1)
    method[:10], centre[5:15] = np.nan, np.nan
    evidence = make_evidence({"a": method}, {"centre": centre})
    evidence.made["centre"][60:] = False
    (finding,) = relevance_beats_null_maps(evidence, margin=0.0).findings
    assert finding.n == 45
    assert finding.value == pytest.approx(method[15:60].mean() - 0.1)


@pytest.mark.parametrize("alive", [0, 1, FEWEST - 1])
def test_a_null_map_with_too_few_pictures_is_inconclusive(alive: int) -> None:
    evidence = make_evidence({"a": spread(0.5, 80)}, {"centre": np.full(80, 0.1)})
    evidence.made["centre"][alive:] = False
    assert relevance_beats_null_maps(evidence, margin=0.0).outcome is INCONCLUSIVE


@pytest.mark.tor("TOR-037")
def test_no_null_map_is_invalid() -> None:
    verdict = relevance_beats_null_maps(make_evidence({"a": spread(0.5, 80)}), margin=0.0)
    assert verdict.outcome is INVALID
    assert verdict.sentence.startswith("No null map was made")


def test_null_maps_by_auc() -> None:
    evidence = make_evidence({"a": spread(0.2, 80)}, {"centre": spread(0.4, 80)})
    evidence.scores["a"]["auc"][:] = 0.9
    verdict = relevance_beats_null_maps(evidence, margin=0.0, measure="auc")
    assert verdict.outcome is PASS
    assert "a reaches a localisation AUC of 0.900 and centre 0.400" in verdict.sentence


# evidence_is_complete

LIMITS: dict[str, Any] = {"max_excluded": 0.1, "max_dead": 0.05, "max_duplicates": 0.02, "min_pictures": 59}


def complete(dead: int = 0, n: int = 60, exclusions: tuple[str, ...] = ()) -> Verdict:
    mass = spread(0.5, n)
    mass[:dead] = np.nan
    return evidence_is_complete(make_evidence({"a": mass}, exclusions=exclusions), **LIMITS)


def test_complete_pass_at_the_limits() -> None:
    verdict = complete(dead=3, exclusions=("crowd",) * 6)
    assert verdict.outcome is PASS
    assert verdict.sentence == (
        "60 pictures measured with 1 method, 3 dead maps; 6 of 66 samples are excluded, for this reason: crowd."
    )


@pytest.mark.tor("TOR-050")
def test_too_many_exclusions_are_invalid_and_counted_by_reason() -> None:
    verdict = complete(exclusions=("crowd",) * 3 + ("unreadable",) * 5)
    assert verdict.outcome is INVALID
    assert verdict.sentence == (
        "8 of 68 samples are excluded (11.8 %, the limit is 10.0 %), for these reasons: unreadable (5) and crowd (3)."
    )
    assert verdict.next_step == "Read the exclusions, and mend what causes them. Then run the audit again."


def test_the_next_step_follows_the_reasons_of_exclusion() -> None:
    covering = complete(exclusions=("box covers the frame",) * 62)
    assert "are excluded (50.8 %, the limit is 10.0 %), for this reason: box covers the frame." in covering.sentence
    assert "data.max_box_share, or resize or letterbox instead of cropping" in covering.next_step
    assert "Read the exclusions" not in covering.next_step
    mixed = complete(exclusions=("label ignored",) * 30 + ("unreadable",))
    assert "Ignored labels count as excluded" in mixed.next_step
    assert "Read the exclusions" in mixed.next_step


def test_the_reasons_with_an_own_next_step_are_those_that_audit_records() -> None:
    written = "".join(file.read_text(encoding="utf-8") for file in Path(audit.__file__).parent.rglob("*.py"))
    assert all(f'"{reason}"' in written for reason in MEND)


def with_pictures(pictures: list[str], classes: int = 10) -> Verdict:
    n = len(pictures)
    return evidence_is_complete(make_evidence({"a": spread(0.5, n)}, pictures=pictures, classes=classes), **LIMITS)


@pytest.mark.tor("TOR-050")
def test_a_picture_that_comes_twice_under_one_class_is_a_duplicate() -> None:
    copied = with_pictures([f"{i % 60}" for i in range(70)])  # ten classes take turns, so that copies share theirs
    assert copied.outcome is INVALID
    assert copied.sentence == (
        "10 of 70 samples repeat a picture that is already there under the same class (14.3 %, the limit is 2.0 %)."
    )
    assert copied.findings[2].worst == tuple(range(60, 68))
    assert copied.next_step == "Take the copies out of the data set. Then run the audit again."


def test_two_labels_in_one_picture_are_no_duplicates_but_one_picture() -> None:
    verdict = with_pictures([f"{i // 2}" for i in range(120)])
    assert verdict.outcome is PASS
    assert verdict.findings[2].value == 0
    assert verdict.sentence.startswith("120 samples in 60 pictures measured with 1 method")
    few = with_pictures([f"{i // 2}" for i in range(100)])
    assert few.outcome is INCONCLUSIVE
    assert (few.findings[1].value, few.findings[1].further) == (50, 9)
    assert few.sentence == "100 samples in 50 pictures measured, where 59 pictures are needed."


@pytest.mark.tor("TOR-050")
def test_too_many_dead_maps_are_invalid() -> None:
    verdict = complete(dead=4)
    assert verdict.outcome is INVALID
    assert verdict.sentence == "a has 4 dead maps in 60 samples (6.7 %, the limit is 5.0 %)."
    assert verdict.findings[3].worst == (0, 1, 2, 3)


def test_too_few_pictures_are_inconclusive() -> None:
    verdict = complete(n=58)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.findings[1].further == 1
    assert verdict.sentence == "58 pictures measured, where 59 pictures are needed."


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
        said = f"Nothing is shown of a class that is hardly ever predicted: 'helipad' ({right} of 30 pictures)."
        assert verdict.sentence == said
        assert verdict.next_step.startswith("Find out why a class is never predicted")


@pytest.mark.tor("TOR-047")
def test_a_map_that_was_never_made_is_invalid() -> None:
    evidence = make_evidence({"a": spread(0.5, 80)})
    evidence.made["a"][3] = False
    verdict = evidence_is_complete(evidence, **LIMITS)
    assert verdict.outcome is INVALID
    assert verdict.sentence == "a has 0 dead maps in 80 samples and lacks 1 map altogether."


# model_is_accurate


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
    assert "always naming the commonest class would be right in 90.0 %, which must be exceeded" in verdict.sentence
    always = altered(evidence, class_index=class_index, predicted=np.zeros(80, np.int64))
    assert model_is_accurate(always, min_accuracy=0.5).outcome is INCONCLUSIVE
    assert model_is_accurate(altered(right, predicted=class_index), min_accuracy=0.5).outcome is PASS


@pytest.mark.tor("TOR-044")
def test_accuracy_of_a_single_class_says_nothing() -> None:
    one = altered(make_evidence({"a": np.full(80, 0.5)}), class_index=np.zeros(80, np.int64))
    verdict = model_is_accurate(one, min_accuracy=0.5)
    assert verdict.outcome is INVALID
    assert "The pictures are all of one class" in verdict.sentence
    network = model_is_accurate(make_evidence({"a": np.full(80, 0.5)}, classes=1), min_accuracy=0.5)
    assert network.outcome is INVALID
    assert "The network knows fewer than two classes, so that accuracy says nothing." in network.sentence


def test_accuracy_sentence() -> None:
    assert accurate(90, 100, 0.5).sentence == (
        "The label is predicted in 90 of 100 pictures: 90.0 % (lower bound 83.6 %);"
        " it is among the first five in 90.0 %."
    )
    assert "first five" not in accurate(90, 100, 0.5, classes=5).sentence


@pytest.mark.tor("TOR-044")
def test_a_picture_without_an_answer_counts_as_wrong() -> None:
    evidence = make_evidence({"a": np.full(100, 0.5)})
    evidence.label_rank[:30] = np.nan
    evidence.probability[:30] = np.nan
    verdict = model_is_accurate(evidence, min_accuracy=0.6)
    assert verdict.findings[0].value == pytest.approx(0.7)
    assert verdict.findings[0].worst[0] == 0
    assert "the network yields no number for 30 pictures, counted as wrong" in verdict.sentence


# Properties

masses = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(masses, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_pictures_does_not_matter(mass: list[float], random: Any) -> None:
    order = list(range(len(mass)))
    random.shuffle(order)
    evidence = make_evidence({"a": mass}, {"centre": np.full(len(mass), 0.2)}, right=np.array(mass) > 0.3)
    shuffled = altered(
        evidence,
        sample=evidence.sample[order],
        picture=evidence.picture[order],
        class_index=evidence.class_index[order],
        probability=evidence.probability[order],
        label_rank=evidence.label_rank[order],
        predicted=evidence.predicted[order],
        scores={s: {m: v[order] for m, v in found.items()} for s, found in evidence.scores.items()},
    )
    for rule in registry.names(RULES):
        before, after = judged(rule, evidence), judged(rule, shuffled)
        assert after.outcome is before.outcome
        assert [f.worst for f in after.findings] == [f.worst for f in before.findings]
        assert [f.lower for f in after.findings] == [f.lower for f in before.findings]


@pytest.mark.tor("TOR-048")
@given(st.integers(0, 2**31), st.integers(1, 90), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 90))
@settings(max_examples=40, deadline=None)
def test_worse_data_never_improves_the_outcome(seed: int, n: int, mean: float, loss: float, wrong: int) -> None:
    """Less relevance on every object, more wrong answers, more exclusions."""
    rng = np.random.default_rng(seed)
    mass, null_maps, right = mean + rng.random(n) / 4, {"centre": np.full(n, 0.2)}, rng.random(n) < 0.9
    better = make_evidence({"a": mass}, null_maps, right=right, exclusions=["crowd"] * 3)
    worse = make_evidence(
        {"a": mass - loss}, null_maps, right=right & (np.arange(n) >= wrong), exclusions=["crowd"] * 6
    )
    for rule in registry.names(RULES):
        assert ORDER.index(judged(rule, worse).outcome) >= ORDER.index(judged(rule, better).outcome)


@pytest.mark.tor("TOR-048")
@given(st.lists(st.sampled_from([np.nan, 0.5]), min_size=1, max_size=90))
@settings(max_examples=25, deadline=None)
def test_a_living_nan_never_passes(mass: list[float]) -> None:
    evidence = make_evidence({"a": mass}, {"centre": np.full(len(mass), 0.2)})
    evidence.dead["a"][:] = False
    for rule in (relevance_beats_chance, relevance_beats_null_maps):
        if np.isnan(mass).any():
            assert rule(evidence, margin=0.0).outcome is INVALID


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.241, "24.1 points"), (-0.0004, "-0.04 points"), (0.0, "0.0 points"), (-0.108, "-10.8 points")],
)
def test_a_small_difference_keeps_its_size_and_its_sign(difference: float, text: str) -> None:
    assert points(difference) == text
