"""The label audit in audit.json: everything that the page says of the boxes, and every suspicious one."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.record.record import Record
from fixtures.assessments import assessment_of
from fixtures.records import write_record
from reports.page.box_audit import LabelAudit, label_audit


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], LabelAudit]:
    """audit.json and the page's label audit of a record in which all boxes but a tiny one touch the left border."""
    path = write_record(tmp_path_factory.mktemp("record") / "audit.sqlite", n=90)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sample SET boxes = '[[0, 42, 48.5, 90]]'")
        connection.execute("UPDATE sample SET boxes = '[[60, 60, 64, 64]]' WHERE id = 5")
    connection.close()
    with Record.open(path) as record:
        assessment = assessment_of(record)
        page = label_audit(assessment)
    assert page is not None
    return assessment.audit.model_dump(mode="json"), page


@pytest.mark.slow
def test_every_suspicious_box_is_listed(both: tuple[dict[str, Any], LabelAudit]) -> None:
    audit, page = both
    suspicions = {entry["title"]: entry["suspects"] for entry in audit["labels"]["suspicions"]}
    assert {title: len(suspects) for title, suspects in suspicions.items()} == {
        kind.title: kind.count for kind in page.suspicions
    }
    border = suspicions["Boxes that touch the border"]
    assert len(border) == 88 > len(page.suspicions[2].shown) + len(page.suspicions[2].named)
    assert border[0] == {"sample": 1, "box": [0, 42, 48.5, 90], "reason": "touches left"}
    assert suspicions["Tiny boxes"] == [{"sample": 5, "box": [60, 60, 64, 64], "reason": "0.098 % of the picture"}]


@pytest.mark.slow
def test_the_numbers_of_the_page_follow_from_the_rows(both: tuple[dict[str, Any], LabelAudit]) -> None:
    audit, page = both
    shares = [
        (x1 - x0) * (y1 - y0) / (row["picture_size"][0] * row["picture_size"][1])
        for row in audit["samples"]
        for x0, y0, x1, y1 in row["picture_boxes"]
    ]
    assert len(shares) == audit["labels"]["boxes"] == page.boxes == 89
    spread = audit["labels"]["spreads"][0]
    assert spread["quantity"] == "Share of the picture"
    assert [spread["low"], spread["median"], spread["high"]] == pytest.approx(np.quantile(shares, (0.05, 0.5, 0.95)))


def test_nothing_measured_is_no_label_audit(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=1)) as record:
        assert assessment_of(record).audit.labels is None
