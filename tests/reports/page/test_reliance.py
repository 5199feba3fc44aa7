"""Reliance in points by class, against numbers counted one by one."""

from pathlib import Path

import numpy as np
import pytest

from audit.record.record import Record
from checks.swaps.regions import PULLS_A_CLASS
from checks.table.evidence import Evidence
from checks.verdict import Outcome
from fixtures.assessments import assessment_of, page_of, worded_finding, worded_verdict
from fixtures.pages import check, words
from fixtures.records import write_record
from reports.page.reliance import FEWEST, HOTSPOT, PLACES, SURROUNDINGS, Panel, cue_classes, reliance


def counted(table: Evidence, intervention: str, label: str) -> tuple[int, float]:
    """Picture by picture: the share of right answers with its own class's, less that with others'."""
    lost = []
    for i in range(table.n):
        if table.label[i] != label or table.predicted[i] != table.class_index[i]:
            continue
        shares = {}
        for kind in ("same", "other"):
            answers = [table.answered(intervention, v) for v in table.variants(intervention) if v.startswith(kind)]
            given = [float(a.predicted[i] == table.class_index[i]) for a in answers if a.asked[i]]
            shares[kind] = sum(given) / len(given) if given else None
        if shares["same"] is not None and shares["other"] is not None:
            lost.append(shares["same"] - shares["other"])
    return len(lost), float(np.mean(lost)) if lost else 0.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["honest", "cheating"])
def test_points_by_class_are_those_counted_one_by_one(tmp_path: Path, kind: str) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=120, kind=kind)) as record:  # type: ignore[arg-type]
        assessment = assessment_of(record)
        kinds = reliance(assessment.table, assessment.judgement.verdicts)
        panels: list[Panel] = [panel for entry in kinds for panel in entry.panels]
        background = next(panel for panel in panels if panel.rule == "survives_other_background")
        assert background.classes
        for row in background.classes:
            n, expected = counted(assessment.table, "background_replaced", row.label)
            assert row.n == n >= FEWEST
            assert row.points == pytest.approx(expected)
        assert [row.points for row in background.classes] == sorted(
            (r.points for r in background.classes), reverse=True
        )
        judged = {v.rule for v in assessment.judgement.verdicts if v.rule in {panel.rule for panel in panels}}
        assert len(panels) == len(judged)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "said"), [("honest", "No cue was confirmed in any class"), ("cheating", "In this class none was:")]
)
def test_what_a_class_without_a_confirmed_cue_loses_may_be_context(tmp_path: Path, kind: str, said: str) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=120, kind=kind)) as record:  # type: ignore[arg-type]
        assessment = assessment_of(record)
        html, kinds = page_of(assessment), reliance(assessment.table, assessment.judgement.verdicts)
    surroundings, *others = kinds
    assert surroundings.key == SURROUNDINGS
    assert bool(surroundings.confirmed) == (kind == "cheating")
    for row in (row for panel in surroundings.panels for row in panel.classes):
        assert row.context is (row.label not in (surroundings.confirmed or ()))
        assert ("hollow" in row.chart) is row.context
    assert {row.context for other in others for panel in other.panels for row in panel.classes} == {None}
    check(html)
    assert said in words(html.partition('id="reliance"')[2].partition("</section>")[0])


def test_classes_with_a_cue_are_those_that_a_failed_finding_names() -> None:
    def verdict(rule: str, outcome: Outcome, reason: str = "beyond_limit", **details: object) -> object:
        finding = worded_finding(outcome, reason=reason, details=details)
        return worded_verdict(outcome).model_copy(update={"rule": rule, "findings": (finding,)})

    pulls = [
        {"label": "sure", "certain": True, "lower": 0.3},
        {"label": "weak", "certain": True, "lower": 0.1},
        {"label": "unsure", "certain": False, "lower": 0.3},
    ]
    found = [
        verdict(HOTSPOT, Outcome.FAIL, class_label="recurs"),
        verdict(HOTSPOT, Outcome.FAIL, class_label=None),
        verdict(HOTSPOT, Outcome.INCONCLUSIVE, class_label="perhaps"),
        verdict(PLACES, Outcome.FAIL, PULLS_A_CLASS, classes=pulls, max_pull=0.15, told_classes=["told"]),
        verdict(PLACES, Outcome.FAIL, told_classes=["place"]),
        verdict("survives_other_object_regions", Outcome.FAIL, told_classes=["object"]),
    ]
    assert cue_classes(found) == frozenset({"recurs", "sure", "place"})  # type: ignore[arg-type]
    assert cue_classes(found[2:3]) == frozenset()  # type: ignore[arg-type]
    assert cue_classes(found[5:]) is None  # type: ignore[arg-type]
