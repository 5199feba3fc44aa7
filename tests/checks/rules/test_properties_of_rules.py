"""Order does not matter, worse data is never better, NaN never passes: on evidence that decides the rules."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import registry
from checks.profile import RULES
from checks.rules.relevance_beats_chance import relevance_beats_chance
from checks.rules.relevance_beats_null_maps import (
    relevance_beats_null_maps,
)
from checks.table.answers import Given
from checks.table.controls import Cue, Planted, Stage
from checks.table.evidence import Evidence
from checks.table.regions import NOUNS, ON_OBJECTS, OUTSIDE, Region, Regions
from fixtures.evidence import bare_profile, make_evidence, with_forbidden
from fixtures.rules import DEFAULT, INVALID, ORDER, PASS, judged, null_maps, spread


def reordered(found: Evidence, order: np.ndarray) -> Evidence:
    """The same pictures, the one at place order[i] at place i now."""
    now_at = np.argsort(order)

    def given(answers: Given) -> Given:
        place = now_at[answers.place]
        rising = np.argsort(place)
        columns = (answers.probability[rising], answers.log_odds[rising], answers.predicted[rising])
        return Given(place[rising], *columns)

    columns = (
        "sample picture label class_index area_share probability label_rank predicted confidence_of_prediction log_odds"
        " box"
    )
    return replace(
        found,
        **{name: getattr(found, name)[order] for name in columns.split()},
        scores={source: {m: v[order] for m, v in scores.items()} for source, scores in found.scores.items()},
        made={source: values[order] for source, values in found.made.items()},
        dead={source: values[order] for source, values in found.dead.items()},
        answers={key: given(answers) for key, answers in found.answers.items()},
        notes={key: values[order] for key, values in found.notes.items()},
        metadata={column: values[order] for column, values in found.metadata.items()},
        forbidden=found.forbidden and found.forbidden.among(order),
    )


@pytest.mark.parametrize("rule", registry.names(RULES))
@given(seed=st.integers(0, 2**31))
@settings(max_examples=3, deadline=None)
def test_the_order_of_pictures_does_not_matter(rule: str, honest: Evidence, cheating: Evidence, seed: int) -> None:
    """Of an honest run every rule passes; of a cheating one most do not."""
    for found in (honest, cheating):
        order = np.random.default_rng(seed).permutation(found.n)
        before, after = judged(rule, found), judged(rule, reordered(found, order))
        assert (after.outcome, after.decided_by, after.reason) == (before.outcome, before.decided_by, before.reason)
        assert [f.outcome for f in after.findings] == [f.outcome for f in before.findings]
        assert [f.worst for f in after.findings] == [f.worst for f in before.findings]
        assert [f.lower for f in after.findings] == [pytest.approx(f.lower, abs=1e-9) for f in before.findings]
        assert [f.upper for f in after.findings] == [pytest.approx(f.upper, abs=1e-9) for f in before.findings]


FILLS = ("mean", "blur", "donor")
KNOWN = 1.8
"""Log-odds of the label where nothing that matters is hidden."""


def lent(n: int, intervention: str, ill: float) -> Evidence:
    """ill: the share of the pictures whose label is not predicted with what another class lends."""
    other = np.where(share_of(n, ill), -2.0, KNOWN)
    answers: dict[tuple[str, ...], Any] = {(intervention, "other 1"): other, (intervention, "same 1"): KNOWN}
    return make_evidence({"gradient": spread(0.5, n)}, answers=answers)


def intervened(n: int, gone: Any = -2.0) -> Evidence:
    """gone: the log-odds without the object (n,)."""
    answers: dict[tuple[str, ...], Any] = {
        ("background_replaced", variant): KNOWN for variant in ("mean", "blur", "same 1", "other 1")
    }
    for fill in FILLS:
        answers |= {("object_removed", fill): gone, ("object_removed", f"{fill} elsewhere"): KNOWN}
    return make_evidence({"gradient": spread(0.5, n)}, answers=answers)


def planted(n: int, gone: float) -> Evidence:
    """A positive control. gone: the log-odds without the object, in the copies that go by the mark."""
    answers: dict[tuple[str, ...], Any] = {}
    for share, left, fall in ((0.0, -2.0, 0.0), (0.5, gone, 2.0), (1.0, gone, 4.0)):
        copy = f"linear {share:.2f}"
        answers |= {
            (copy, "mark", "shown"): 3.0,
            (copy, "mark", "elsewhere"): 3.0,
            (copy, "mark", "other"): np.where(share_of(n, share / 2), -1.0, 1.0),
            (copy, "mark", "hidden"): spread(3.0 - fall, n, 0.01),
            **{(copy, "object_removed", fill): left for fill in FILLS},
            **{(copy, "object_removed", f"{fill} elsewhere"): 3.0 for fill in FILLS},
            **{(copy, "background_replaced", fill): 2.0 for fill in ("mean", "blur", "other 1", "same 1")},
        }
    found = make_evidence({"gradient": np.full(n, 0.5)}, answers=answers)
    flagged_by = {rule: DEFAULT[rule] for rule in cast("list[str]", DEFAULT["control_is_caught"]["flagged_by"])}
    mark = Planted(("linear",), (0.0, 0.5, 1.0), 6.0, (0.0, 0.0, 4.0, 4.0), n)
    return replace(found, planted=mark, profile=bare_profile(**flagged_by))


def searched(n: int, loss: float) -> Evidence:
    """A candidate in a corner of one class's pictures. loss: what hiding it costs, in log-odds."""
    found = make_evidence({"gradient": np.full(n, 0.5)}, classes=2)
    own, others = np.flatnonzero(found.class_index == 0)[:24], np.flatnonzero(found.class_index == 1)[:24]

    def answers(place: np.ndarray, log_odds: np.ndarray) -> Given:
        return Given(place, 1 / (1 + np.exp(-log_odds)), log_odds, found.class_index[place])

    given = {
        ("model", "cue 1", "hidden"): answers(own, spread(KNOWN - loss, len(own), 0.01)),
        ("model", "cue 1", "elsewhere"): answers(own, spread(KNOWN, len(own), 0.01)),
        ("model", "cue 1", "pasted"): answers(others, np.full(len(others), -4.0)),
        ("model", "cue 1", "pasted elsewhere"): answers(others, np.full(len(others), -4.0)),
    }
    cue = Cue(1, 0, "place", (0.0, 0.8, 0.2, 1.0), 0.2, 38, 40)
    return replace(found, answers=given, cues=(cue,), experiments={"shared_cues": {}}, frame=(100, 100))


def in_regions(found: Evidence, search: str) -> Evidence:
    """One region, tried on all pictures."""
    corner = Region(f"{NOUNS[search]} 1", (0.0, 0.8, 0.2, 1.0), 0.04, 0.04, 0.9, 0.25, True, ())
    return replace(found, regions={search: Regions(found.sample, (corner,))})


def share_of(n: int, share: float) -> np.ndarray:
    return np.arange(n) < share * n


def agreeing(n: int, correlation: float) -> Evidence:
    found = make_evidence({"a": spread(0.5, n), "b": spread(0.5, n)})
    cascade = {method: (Stage("all", spread(0.1, n)),) for method in ("a", "b")}
    return replace(found, notes={("a", "agreement with b"): spread(correlation, n)}, cascade=cascade)


def randomised(n: int, similarity: float) -> Evidence:
    found = make_evidence({"a": spread(0.5, n)})
    return replace(found, cascade={"a": (Stage("all", spread(similarity, n)),)}, experiments={"randomisation": {}})


def incomplete(n: int, missing: float) -> Evidence:
    mass = np.where(share_of(n, missing / 4), np.nan, 0.5)
    return make_evidence({"a": mass}, exclusions=["crowd"] * round(n * missing / 2))


WORSE: dict[str, Callable[[int, float], Evidence]] = {
    "control_is_caught": lambda n, ill: planted(n, 3 - 5 * ill),
    "depends_on_object": lambda n, ill: intervened(n, gone=-2 + 5 * ill),
    "evidence_is_complete": incomplete,
    "explainer_is_valid": randomised,
    "forbidden_pixels_are_ignored": lambda n, ill: with_forbidden(intervened(n), hidden=spread(-0.8 * ill, n, 0.01)),
    "methods_agree": lambda n, ill: agreeing(n, 0.8 - ill),
    "model_is_accurate": lambda n, ill: make_evidence({"a": spread(0.5, n)}, right=~share_of(n, ill)),
    "no_shared_hotspot": lambda n, ill: searched(n, 4 * ill),
    "relevance_beats_chance": lambda n, ill: make_evidence({"a": spread(0.5 - 0.4 * ill, n)}),
    "relevance_beats_null_maps": lambda n, ill: make_evidence(
        {"a": spread(0.5 - 0.4 * ill, n)}, null_maps(np.full(n, 0.2))
    ),
    "right_for_the_right_reason": lambda n, ill: intervened(n, gone=np.where(share_of(n, ill), 3.0, -2.0)),
    "survives_other_background": lambda n, ill: lent(n, "background_replaced", ill),
    "survives_other_placement": lambda n, ill: lent(n, "placement_swapped", ill),
    "survives_other_object_regions": lambda n, ill: in_regions(lent(n, "object region 1", ill), ON_OBJECTS),
    "survives_other_regions": lambda n, ill: in_regions(lent(n, "region 1", ill), OUTSIDE),
    "survives_other_scale": lambda n, ill: lent(n, "scale_swapped", ill),
    "survives_other_object_colour": lambda n, ill: lent(n, "object_colour_swapped", ill),
    "survives_other_object_shape": lambda n, ill: lent(n, "object_shape_swapped", ill),
    "survives_other_colour": lambda n, ill: lent(n, "colour_swapped", ill),
    "survives_other_background_colour": lambda n, ill: lent(n, "background_colour_swapped", ill),
    "survives_other_sharpness": lambda n, ill: lent(n, "sharpness_swapped", ill),
    "survives_other_compression": lambda n, ill: lent(n, "compression_swapped", ill),
}
"""By rule: evidence of n pictures that is the worse for this rule the nearer the second argument is to 1."""


@pytest.mark.parametrize("rule", registry.names(RULES))
def test_the_best_passes_and_the_worst_does_not(rule: str) -> None:
    assert judged(rule, WORSE[rule](160, 0.0)).outcome is PASS
    assert judged(rule, WORSE[rule](160, 1.0)).outcome is not PASS


@pytest.mark.tor("TOR-048")
@pytest.mark.parametrize("rule", registry.names(RULES))
@given(st.integers(1, 160), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=10, deadline=None)
def test_worse_data_never_improves_the_outcome(rule: str, n: int, one: float, other: float) -> None:
    better, worse = sorted((one, other))
    outcomes = [judged(rule, WORSE[rule](n, ill)).outcome for ill in (better, worse)]
    assert ORDER.index(outcomes[1]) >= ORDER.index(outcomes[0])


@pytest.mark.tor("TOR-048")
@given(st.lists(st.sampled_from([np.nan, 0.5]), min_size=1, max_size=90))
@settings(max_examples=25, deadline=None)
def test_a_living_nan_never_passes(mass: list[float]) -> None:
    evidence = make_evidence({"a": mass}, {"centre": np.full(len(mass), 0.2)})
    evidence.dead["a"][:] = False
    for rule in (relevance_beats_chance, relevance_beats_null_maps):
        if np.isnan(mass).any():
            assert rule(evidence, margin=0.0).outcome is INVALID
