"""Reliance in points by class, against numbers counted one by one."""

from pathlib import Path

import numpy as np
import pytest

from audit.record.record import Record
from checks.table.evidence import Evidence
from fixtures.assessments import assessment_of
from fixtures.records import write_record
from reports.page.reliance import FEWEST, Panel, reliance


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
