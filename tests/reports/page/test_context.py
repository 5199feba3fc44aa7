"""What the page shows is taken from fields: no word of a verdict decides anything."""

from pathlib import Path

import pytest

from fixtures.assessments import assessed, rejudged
from fixtures.records import Kind
from reports.page.context import Values, page_values
from reports.result.assessment import Assessment


def wordless(assessment: Assessment) -> Assessment:
    """The same assessment with every sentence, subject and question replaced."""
    words = {"subject": "x", "quantity_in_words": "x", "sentence": "x"}
    verdicts = [
        verdict.model_copy(
            update={
                "question": "x",
                "sentence": "x",
                "next_step": "x",
                "findings": tuple(finding.model_copy(update=words) for finding in verdict.findings),
            }
        )
        for verdict in assessment.judgement.verdicts
    ]
    return rejudged(assessment, *verdicts)


def decisions(values: Values) -> dict[str, object]:
    return {
        "requirements": [(row.finding and row.finding.key, row.sense, row.evidence) for row in values["requirements"]],
        "cues": [(card.cue.id, card.tag, card.confirmed) for card in values["cue_cards"]],
        "placeless": bool(values["placeless"]),
        "taken_out": values["taken_out"],
        "limit": values["cascade_limit"],
        "wrong": values["by_experiment"],
        "by_maps": values["by_maps"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["honest", "cheating", "untouched"])
def test_nothing_hangs_on_words(tmp_path: Path, kind: Kind) -> None:
    with assessed(tmp_path, kind, n=120) as assessment:
        shown, without = decisions(page_values(assessment)), decisions(page_values(wordless(assessment)))
    assert shown == without
    if kind != "untouched":
        assert shown["requirements"]
        assert len(shown["cues"]) == 2  # type: ignore[arg-type]


@pytest.mark.slow
def test_what_audit_json_holds_is_not_computed_again(tmp_path: Path) -> None:
    with assessed(tmp_path, "cheating", n=80) as assessment:
        values = page_values(assessment)
    audit = assessment.audit
    for name, value in {
        "identity": audit.identity,
        "counts": audit.counts,
        "sources": audit.summary.sources,
        "experiments": audit.experiments,
        "slices": audit.slices,
        "strengths": audit.controls.planted,
        "detection_limit": audit.controls.detection,
        "passes": audit.passes,
        "crosswalk": audit.crosswalk,
    }.items():
        assert values[name] is value, name
    assert [card.cue for card in values["cue_cards"]] == list(audit.cues)
