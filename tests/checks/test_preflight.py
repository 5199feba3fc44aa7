"""What data can answer, before a picture is loaded: the rules' own demands, held against the rules themselves."""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import registry
from audit.datasets.sample import Sample
from checks.demand import EXPERIMENT, LENDERS, VARIANTS, Demand
from checks.domain import Parameter
from checks.preflight import COLUMN, Preflight, Question, preflight
from checks.profile import RULES, load_profile
from checks.rules.no_shared_hotspot import IN_CLASSES
from checks.statistics.subset import FEWEST
from checks.table.layout import Asked, Layout, layout_of
from checks.verdict import Outcome, Profile
from fixtures.evidence import bare_profile, make_evidence, with_forbidden
from fixtures.rules import DEFAULT, judged, null_maps
from reports.wording.preflight import worded_preflight

EXPERIMENTS = (
    "object_removed",
    "background_replaced",
    "forbidden_hidden",
    "randomisation",
    "planted_cue",
    "shared_cues",
    "telling_regions",
    "telling_object_regions",
)
ASKED = Asked(None, 10, 2, {name: {} for name in EXPERIMENTS}, 0)
ALL_RIGHT: Mapping[tuple[str, ...], float] = {
    **{("object_removed", f"{f}{p}"): o for f in ("mean", "blur", "donor") for p, o in (("", -3), (" elsewhere", 2.2))},
    **{("background_replaced", variant): 2.2 for variant in ("mean", "blur", "other 1", "same 1")},
}


FROM = [
    ("depends_on_object", ("object_removed", "donor elsewhere")),
    ("right_for_the_right_reason", ("object_removed", "blur")),
    ("right_for_the_right_reason", ("background_replaced", "mean")),
    ("survives_other_background", ("background_replaced", "other 1")),
]
"""A rule of the default profile, and a variant that it needs."""


def layout(
    sizes: Sequence[int], profile: Profile, asked: Asked = ASKED, excluded: int = 0, **columns: Sequence[str]
) -> Layout:
    """Samples of classes of these sizes; columns of the metadata are repeated over the samples."""
    indices = [index for index, size in enumerate(sizes) for _ in range(size)]
    samples = [
        Sample(
            image=f"{number}.png",
            label=f"class {index}",
            boxes=((0.0, 0.0, 8.0, 8.0),),
            metadata={name: values[number % len(values)] for name, values in columns.items()},
            forbidden=((0.0, 0.0, 2.0, 2.0),),
        )
        for number, index in enumerate(indices)
    ]
    return layout_of(list(zip(samples, indices, strict=True)), {"broken box": excluded}, asked, profile)


def question(found: Preflight, rule: str) -> Question:
    return next(entry for entry in found.questions if entry.rule == rule)


def only(rule: str, n: int, **changes: Any) -> Question:
    """What the rule asks of n samples of ten classes, by the limits of the default profile."""
    limits = {**DEFAULT[rule], **changes}
    sizes = np.bincount(np.arange(n) % 10)
    return question(preflight(layout(sizes.tolist(), bare_profile(**{rule: limits}))), rule)


@pytest.mark.parametrize("rule", registry.names(RULES))
def test_every_rule_says_what_it_needs_by_its_own_limits(rule: str) -> None:
    module = importlib.import_module(f"{RULES}.{rule}")
    first, *limits = inspect.signature(module.needed).parameters.values()
    assert first.name == "layout"
    own = inspect.signature(getattr(module, rule)).parameters
    assert {parameter.name for parameter in limits} <= own.keys()
    assert all(own[p.name].annotation == p.annotation and p.kind is p.KEYWORD_ONLY for p in limits)


AT_BEST = (
    "depends_on_object",
    "forbidden_pixels_are_ignored",
    "model_is_accurate",
    "relevance_beats_chance",
    "relevance_beats_null_maps",
    "right_for_the_right_reason",
    "survives_other_background",
)


@pytest.mark.parametrize("rule", AT_BEST)
def test_a_rule_passes_on_as_many_as_it_needs_and_on_no_fewer(rule: str) -> None:
    needed = _needed(only(rule, 2))
    assert needed is not None
    for n in (needed - 1, needed):
        evidence = make_evidence({"gradient": np.full(n, 0.8)}, null_maps(np.full(n, 0.2)), answers=ALL_RIGHT)
        evidence = with_forbidden(evidence) if rule.startswith("forbidden") else evidence
        passes = judged(rule, evidence).outcome is Outcome.PASS
        assert passes is (n == needed)
        assert only(rule, n).answerable is passes


def _needed(asked: Question) -> int | None:
    return asked.demands[-1].needed


@pytest.mark.parametrize(
    ("rule", "limits", "needed"),
    [
        ("right_for_the_right_reason", {}, 59),
        ("right_for_the_right_reason", {"max_share": 0.1}, 29),
        ("survives_other_background", {}, 29),
        ("depends_on_object", {}, 20),
        ("model_is_accurate", {"min_accuracy": 0.9}, 29),
    ],
)
def test_the_numbers_known_by_heart(rule: str, limits: Mapping[str, Any], needed: int) -> None:
    assert _needed(only(rule, 12, **limits)) == needed
    assert only(rule, needed, **limits).answerable


def test_accuracy_of_one_class_is_no_question() -> None:
    (demand,) = question(preflight(layout([90], load_profile("default"))), "model_is_accurate").unmet
    assert (demand.key, demand.have, demand.needed) == ("classes", 1, 2)


def test_no_number_shows_an_accuracy_of_all() -> None:
    assert _needed(only("model_is_accurate", 200, min_accuracy=1.0)) is None


def test_twenty_five_classes_of_four() -> None:
    alone = bare_profile(no_shared_hotspot=DEFAULT["no_shared_hotspot"])
    found = preflight(layout([4] * 25, alone))
    (demand,) = question(found, "no_shared_hotspot").unmet
    assert demand.details == {"classes": 25, "searched": 0, "fewest": 20, "min_searched": 0.5}
    assert (demand.have, demand.needed) == (100, 5 * 20 + 20 * 4)
    assert question(preflight(layout([20] * 5 + [4] * 20, alone)), "no_shared_hotspot").answerable
    bounded = preflight(layout([4] * 25, load_profile("default")))
    assert question(bounded, "no_shared_hotspot").answerable, "other backgrounds may bound the rest"


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(1, 45), min_size=1, max_size=7), share=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]))
def test_the_fewest_further_pictures_fill_classes_and_one_fewer_does_not(sizes: list[int], share: float) -> None:
    profile = bare_profile(no_shared_hotspot={**DEFAULT["no_shared_hotspot"], "min_searched": share})
    demand = question(preflight(layout(sizes, profile)), "no_shared_hotspot").demands[-1]
    assert demand.key == IN_CLASSES
    assert demand.needed is not None
    assert demand.needed - demand.have == min(_filling(sizes, share))


def _filling(sizes: Sequence[int], share: float) -> list[int]:
    """Further pictures of every choice of classes to fill that would do."""
    enough = []
    for chosen in range(1 << len(sizes)):
        grown = [max(size, FEWEST) if chosen >> place & 1 else size for place, size in enumerate(sizes)]
        if sum(size for size in grown if size >= FEWEST) / sum(grown) >= share:
            enough.append(sum(grown) - sum(sizes))
    return enough


def test_clusters_count_where_they_are_named() -> None:
    asked = ASKED._replace(cluster="flight")
    found = preflight(layout([300, 300], load_profile("default"), asked, flight=[f"{i}" for i in range(40)]))
    assert (found.cluster, found.clusters) == ("flight", 40)
    demand = question(found, "right_for_the_right_reason").demands[-1]
    assert (demand.have, demand.needed, demand.by_cluster, demand.met) == (40, 59, True, False)
    assert question(found, "depends_on_object").answerable


def test_an_intervention_on_a_draw_counts_the_draw() -> None:
    asked = ASKED._replace(experiments={**ASKED.experiments, "object_removed": {"pictures": 40}})
    found = preflight(layout([300, 300], load_profile("default"), asked))
    demand = question(found, "right_for_the_right_reason").demands[-1]
    assert (demand.have, demand.needed) == (40, 59)


def test_a_draw_takes_one_of_each_cluster_first() -> None:
    asked = ASKED._replace(cluster="flight", experiments={"object_removed": {"pictures": 30}})
    drawn = layout([300, 300], load_profile("default"), asked, flight=[f"{i % 30}" for i in range(600)])
    assert drawn.drawn("object_removed").subset.clusters == 30


def test_what_the_settings_do_not_ask_for() -> None:
    found = preflight(layout([90, 90], load_profile("default"), ASKED._replace(experiments={})))
    unmet = question(found, "right_for_the_right_reason").unmet
    assert [(demand.key, demand.details["name"]) for demand in unmet] == [
        (EXPERIMENT, "object_removed"),
        (EXPERIMENT, "background_replaced"),
    ]


@pytest.mark.parametrize(("rule", "variant"), FROM)
def test_a_variant_that_the_settings_leave_out_is_out_of_reach(rule: str, variant: tuple[str, str]) -> None:
    intervention, missing = variant
    made = {name: {v for i, v in ALL_RIGHT if i == name} for name, _ in ALL_RIGHT}
    whole = layout([90, 90], load_profile("default"), ASKED._replace(variants=made))
    assert question(preflight(whole), rule).answerable
    made[intervention] -= {missing}
    (demand,) = question(preflight(replace(whole, asked=whole.asked._replace(variants=made))), rule).unmet
    assert (demand.key, demand.details) == (VARIANTS, {"name": intervention, "missing": [missing]})


@pytest.mark.parametrize("pictures", [40, 200])
def test_the_fewest_lenders_are_those_with_which_the_rule_passes(pictures: int) -> None:
    limits = bare_profile(survives_other_background=DEFAULT["survives_other_background"])
    demand = question(preflight(layout([pictures, pictures], limits)), "survives_other_background").demands[-1]
    assert demand.key == LENDERS
    assert demand.needed is not None
    for donors in (demand.needed - 1, demand.needed):
        asked = ASKED._replace(donors=donors)
        found = question(preflight(layout([pictures, pictures], limits, asked)), "survives_other_background")
        assert found.answerable is (donors == demand.needed)


def test_exclusions_beyond_the_limit_are_known_at_once() -> None:
    limits = load_profile("default")
    assert question(preflight(layout([90, 90], limits, excluded=20)), "evidence_is_complete").answerable
    (demand,) = question(preflight(layout([90, 90], limits, excluded=21)), "evidence_is_complete").unmet
    assert (demand.have, demand.needed, demand.details) == (180, 181, {"samples": 201})


@pytest.mark.tor("TOR-050")
def test_the_limit_on_exclusions_counts_defects_alone_beforehand() -> None:
    sample = layout([90, 90], load_profile("default"))
    out = {"box covers the frame": 300, "label ignored": 40, "broken box": 20}
    found = preflight(replace(sample, exclusions=out))
    assert question(found, "evidence_is_complete").answerable
    assert (found.excluded, found.exclusions) == (20, {"broken box": 20})
    assert list(found.outside_scope.items()) == [("box covers the frame", 300), ("label ignored", 40)]
    beyond = preflight(replace(sample, exclusions={**out, "broken box": 21}))
    assert question(beyond, "evidence_is_complete").unmet[0].details == {"samples": 201}


def test_columns_that_a_profile_requires_are_named_once() -> None:
    found = preflight(layout([200, 200], load_profile("automotive"), weather=["dry"]))
    assert found.columns == ("weather", "timeofday", "scene")
    assert found.missing_columns == ("timeofday", "scene")
    missing = [entry for entry in found.questions if [d.key for d in entry.demands] == [COLUMN]]
    assert len(missing) == 6
    assert not found.hopeless


def test_a_slice_that_is_too_small_is_named() -> None:
    weather = ["dry"] * 39 + ["fog"]
    found = preflight(
        layout([400, 400], load_profile("automotive"), weather=weather, timeofday=["day"], scene=["city"])
    )
    unmet = question(found, "right_for_the_right_reason[weather]").unmet
    assert {demand.details["slice"] for demand in unmet} == {"weather: fog"}
    assert question(found, "right_for_the_right_reason[scene]").answerable


def test_a_derived_column_is_no_missing_one() -> None:
    found = preflight(layout([200, 200], load_profile("avionics"), weather=["dry"], night=["no"]))
    assert found.missing_columns == ()


def test_a_rule_of_ones_own_whose_demands_break_is_no_reason_against_a_run() -> None:
    found = preflight(layout([2, 2], bare_profile(**{f"{__name__}:own": {"why": "x"}})))
    assert question(found, f"{__name__}:own").answerable
    assert not found.hopeless


def own(evidence: Any) -> None:
    """A rule that says nothing beforehand."""


def needed(layout: Layout) -> tuple[Demand, ...]:
    """What the rule above needs; broken."""
    raise ValueError(layout.n)


def test_nothing_that_decides_can_be_answered() -> None:
    rules = {"right_for_the_right_reason": {**DEFAULT["right_for_the_right_reason"], "advisory": False}}
    assert preflight(layout([20, 20], bare_profile(**rules))).hopeless
    assert not preflight(layout([30, 30], bare_profile(**rules))).hopeless
    advice = {"methods_agree": DEFAULT["methods_agree"]}
    found = preflight(layout([20, 20], bare_profile(**rules, **advice)))
    assert found.hopeless
    assert not preflight(layout([20, 20], bare_profile(**advice))).hopeless


@pytest.mark.tor("TOR-109")
def test_empty_cells_of_the_domain_are_said_beforehand() -> None:
    limits = {"evidence_is_complete": DEFAULT["evidence_is_complete"]}
    parameters = (
        Parameter(name="weather", column="weather", values=("clear", "fog")),
        Parameter(name="light", column="sun", values=("day",)),
        Parameter(name="size", column="box size", values=("over 18%",)),
    )
    profile = bare_profile(**limits).model_copy(update={"domain": parameters})
    here = layout([40, 40], profile)
    weather = np.array(["clear"] * here.n, dtype=object)
    found = question(preflight(replace(here, metadata={"weather": weather})), "evidence_is_complete")
    assert [(demand.details["parameter"], demand.details["empty"]) for demand in found.unmet] == [
        ("weather", ["fog"]),
        ("light", ["day"]),
    ]
    said = " ".join(worded_preflight(preflight(replace(here, metadata={"weather": weather}))).sentences)
    assert "evidence_is_complete cannot pass: no picture lies in 'fog' of 'weather'; no picture lies in 'day'" in said
    both = np.array(["clear", "fog"] * (here.n // 2), dtype=object)
    there = {"weather": both, "sun": np.array(["day"] * here.n, dtype=object)}
    assert question(preflight(replace(here, metadata=there)), "evidence_is_complete").answerable


def test_no_sample_at_all() -> None:
    empty = layout([], load_profile("automotive"), excluded=4)
    assert not question(preflight(empty), "evidence_is_complete").answerable


def test_a_demand_without_number_is_never_met() -> None:
    assert not Demand(key="pictures", have=10**6, needed=None).met


def test_the_layout_holds_the_columns_of_all_samples() -> None:
    found = layout([2, 2], load_profile("default"), weather=["dry", "fog"])
    assert found.metadata["weather"].tolist() == ["dry", "fog", "dry", "fog"]
    assert found.in_classes.tolist() == [2, 2]
