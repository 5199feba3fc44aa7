"""Methods whose maps are no evidence rank nothing, fill nothing and are counted nowhere."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from checks.conclude import kept_methods
from checks.profile import load_profile
from checks.table.cells import miss_of
from checks.verdict import Profile
from fixtures.records import changed, write_record
from reports.page import figures
from reports.page.gallery import gallery
from reports.page.gallery_groups import ALL_METHODS, gallery_groups
from reports.result.assessment import Assessment, assess
from reports.result.summary import mean

BEYOND = "UPDATE cascade SET similarity = 0.99 - 0.001 * (sample % 3) WHERE method IN ({})"


def profile(similarity: float) -> Profile:
    limits = load_profile("default")
    rule = {**limits.rules["explainer_is_valid"], "max_similarity": similarity}
    return limits.model_copy(update={"rules": {**limits.rules, "explainer_is_valid": rule}})


@contextmanager
def without(folder: Path, *out: str) -> Iterator[Assessment]:
    """An honest run of gradient and gradcam, the maps of some of which do not depend on the network."""
    named = ", ".join(f"'{method}'" for method in out)
    path = changed(write_record(folder / "audit.sqlite", n=60), BEYOND.format(named))
    with Record.open(path) as record:
        shown = sorted(read_thumbnails(record))
        record.set_meta("gallery", {"worst": shown[:2], "borderline": shown[2:4], "random": shown[:1]})
        yield assess(record)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Assessment, Mapping[str, Any]]]:
    """Without the first method."""
    with without(tmp_path_factory.mktemp("run"), "gradient") as assessment:
        yield assessment, shown_in_gallery(assessment)


@pytest.fixture(scope="module")
def none(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Assessment, Mapping[str, Any]]]:
    with without(tmp_path_factory.mktemp("run"), "gradient", "gradcam") as assessment:
        yield assessment, shown_in_gallery(assessment)


def shown_in_gallery(assessment: Assessment) -> Mapping[str, Any]:
    kept = kept_methods(assessment.table.methods, assessment.judgement.verdicts)
    return gallery(assessment, miss_of(assessment.judgement.profile), kept)


@pytest.mark.slow
def test_they_have_no_line_in_the_summary(other: tuple[Assessment, Any], none: tuple[Assessment, Any]) -> None:
    assert kept_methods(other[0].table.methods, other[0].judgement.verdicts) == ("gradcam",)
    sources = [[entry.source for entry in a.judgement.right_for_the_wrong_reason] for a in (other[0], none[0])]
    assert sources == [["experiment", "gradcam"], ["experiment"]]
    assert {source for row in other[0].audit.samples for source in row.wrong_reason} <= {"experiment", "gradcam"}


@pytest.mark.slow
def test_the_class_chart_is_that_of_the_first_kept_method(other: tuple[Assessment, Any]) -> None:
    assessment, _ = other
    table = assessment.table
    first = assessment.audit.summary.classes[0]
    here = table.class_index == first.class_index
    assert first.mass == pytest.approx(mean(table.scores["gradcam"]["mass"][here]))


@pytest.mark.slow
def test_without_a_kept_method_classes_have_no_scores_and_no_chart(none: tuple[Assessment, Any]) -> None:
    assessment, _ = none
    entries = assessment.audit.summary.classes
    assert entries
    assert {(entry.mass, entry.auc, entry.scored, entry.wrong_reason) for entry in entries} == {(None, None, 0, None)}
    assert figures.mass_by_class(entries) is None


def test_a_card_shows_the_kept_method_first_and_is_ranked_by_it(other: tuple[Assessment, Any]) -> None:
    assessment, values = other
    cards = {card.sample: card for group in values["gallery"] for card in group.cards}
    assert cards
    for sample, card in cards.items():
        i = int((assessment.table.sample == sample).argmax())
        assert card.mean_auc == pytest.approx(assessment.table.scores["gradcam"]["auc"][i])
        assert [(panel.source, panel.kept) for panel in card.panels] == [("gradcam", True), ("gradient", False)]
        assert set(card.missed_by) <= {"gradcam"}
    worst = [card.mean_auc for card in values["gallery"][0].cards]
    assert worst == sorted(worst)
    assert "gradcam, whose maps are evidence" in values["gallery"][0].about


def test_without_a_kept_method_nothing_is_the_worst(none: tuple[Assessment, Any]) -> None:
    groups = none[1]["gallery"]
    assert [group.title for group in groups] == ["Others", "Random sample"]
    assert all(not panel.kept for group in groups for card in group.cards for panel in card.panels)


def groups(chosen: Mapping[str, Sequence[int]], auc: Mapping[int, float], kept: Sequence[str]) -> dict[str, list[int]]:
    cards = {sample: SimpleNamespace(sample=sample) for sample in auc}
    made = gallery_groups(chosen, auc, cards, (("a", "b"), kept))
    return {group.id: [card.sample for card in group.cards] for group in made}


def test_pictures_are_ranked_again_only_where_a_method_was_taken_out() -> None:
    chosen = {"worst": [7, 3], "borderline": [5], "random": [3, 1]}
    auc = {1: 0.9, 3: 0.8, 5: 0.2, 7: 0.4}
    assert groups(chosen, auc, ("a", "b")) == {"worst": [7, 3], "borderline": [5], "random": [3, 1]}
    assert groups(chosen, auc, ("b",)) == {"worst": [5, 7, 3, 1], "borderline": [], "random": [3, 1]}
    assert groups(chosen, auc, ()) == {"others": [3, 5, 7], "random": [3, 1]}
    assert groups(chosen, {1: float("nan"), 3: 0.1}, ("b",)) == {"worst": [3], "borderline": [], "random": [3, 1]}
    assert groups(chosen, {}, ("a",)) == {}
    assert ALL_METHODS in gallery_groups(chosen, auc, {1: None}, (("a",), ("a",)))[0].about


@pytest.mark.slow
def test_a_method_that_is_taken_out_below_the_line_is_not_said_to_be_above(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=80)) as record:
        assessment = assess(record, profile(0.05))
    validity = assessment.judgement.verdict("explainer_is_valid")
    assert validity is not None
    judged = {finding.key: finding for finding in validity.findings}
    cascade = {f.method: f for f in figures.cascade_figures(assessment.audit.controls.cascades, judged, 0.05)}
    drawn = cascade["gradcam"]
    assert drawn.end is not None
    assert drawn.at_most is not None
    assert drawn.end < 0.05 < drawn.at_most
    assert 'class="survives"' in cascade["gradcam"].chart
    assert 'class="survives"' not in cascade["gradient"].chart
