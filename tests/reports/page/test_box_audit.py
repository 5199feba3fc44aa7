"""The audit of the boxes: every suspicion is found where it is planted, and nowhere else."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from audit.record.record import Record
from fixtures.assessments import assessment_of, page_of
from fixtures.pages import check, words
from fixtures.records import PICTURE, write_record
from reports.page.box_audit import LabelAudit, Suspicion, label_audit
from reports.result.box_table import Boxes, read_boxes

Corners = tuple[float, float, float, float]
ORDINARY: Corners = (40.0, 42.0, 88.0, 90.0)


def audited(path: Path, boxes: dict[int, list[Corners]], *more: tuple[str, tuple[object, ...]]) -> LabelAudit:
    """A record whose boxes are all ordinary but for those given by sample, and its label audit."""
    write_record(path, n=60)
    connection = sqlite3.connect(path)
    with connection:
        for number in range(60):
            jitter = number % 5
            ordinary = [[value + jitter for value in ORDINARY]]
            connection.execute(
                "UPDATE sample SET boxes = ? WHERE id = ?", (json.dumps(boxes.get(number, ordinary)), number)
            )
        for statement, values in more:
            connection.execute(statement, values)
    connection.close()
    with Record.open(path) as record:
        found = label_audit(assessment_of(record))
    assert found is not None
    return found


def kind(found: LabelAudit, title: str) -> Suspicion:
    return next(entry for entry in found.suspicions if entry.title == title)


def samples(suspicion: Suspicion) -> list[int]:
    return [suspect.sample for suspect in (*suspicion.shown, *suspicion.named)]


@pytest.mark.slow
def test_ordinary_boxes_raise_no_suspicion(tmp_path: Path) -> None:
    found = audited(tmp_path / "audit.sqlite", {})
    assert [entry.count for entry in found.suspicions] == [0] * 7
    assert (found.boxes, found.pictures) == (59, 59)
    share, aspect, x, y = found.spreads
    assert share.median == pytest.approx(48 * 48 / PICTURE**2)
    assert (aspect.low, aspect.high) == (1, 1)
    assert (x.median, y.median) == pytest.approx((66 / PICTURE, 68 / PICTURE))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "boxes", "expected"),
    [
        ("Tiny boxes", {5: [(60, 60, 66, 66)], 9: [(60, 60, 64, 64)]}, [9, 5]),
        ("Boxes that fill the picture", {7: [(1, 1, 126, 126)]}, [7]),
        ("Boxes that touch the border", {11: [(0, 42, 48, 90)], 3: [(80, 80, 128, 128)]}, [3, 11]),
        ("Boxes drawn twice", {8: [ORDINARY, (40, 42, 88, 91)]}, [8]),
        ("Boxes unlike their class", {20: [(30, 60, 110, 70)]}, [20]),
    ],
)
def test_each_suspicion_is_found(
    tmp_path: Path, title: str, boxes: dict[int, list[Corners]], expected: list[int]
) -> None:
    found = kind(audited(tmp_path / "audit.sqlite", boxes), title)
    assert samples(found) == expected
    assert found.count == len(expected)


@pytest.mark.slow
def test_thresholds_are_kept(tmp_path: Path) -> None:
    just = {5: [(60.0, 60.0, 70.0, 70.0)], 7: [(1.0, 1.0, 115.0, 115.0)], 8: [ORDINARY, (40.0, 42.0, 88.0, 97.0)]}
    found = audited(tmp_path / "audit.sqlite", {**just, 11: [(1.0, 42.0, 49.0, 90.0)]})
    for title in ("Tiny boxes", "Boxes that fill the picture", "Boxes that touch the border", "Boxes drawn twice"):
        assert kind(found, title).count == 0


@pytest.mark.slow
def test_labels_that_share_a_picture(tmp_path: Path) -> None:
    same = "UPDATE picture SET sha256 = (SELECT sha256 FROM picture WHERE sample = 10) WHERE sample = ?"
    found = audited(tmp_path / "audit.sqlite", {10: [ORDINARY], 11: [ORDINARY]}, (same, (11,)))
    assert samples(kind(found, "Pictures with several labels")) == [10]
    assert kind(found, "Pictures with several labels").shown[0].reason == "helipad, taxiway"
    (pair,) = kind(found, "One object under two labels").shown
    assert (pair.sample, pair.reason) == (11, "100 % in common with no. 10")
    assert kind(found, "Boxes drawn twice").count == 0
    assert found.pictures == 58


@pytest.mark.slow
def test_what_is_unlike_is_said(tmp_path: Path) -> None:
    flat = kind(audited(tmp_path / "a.sqlite", {20: [(30, 60, 110, 70)]}), "Boxes unlike their class").shown[0]
    assert flat.reason.startswith("wider: ")
    large = kind(audited(tmp_path / "b.sqlite", {20: [(2, 2, 126, 126)]}), "Boxes unlike their class").shown[0]
    assert large.reason.startswith("larger: ")


@pytest.mark.slow
def test_shares_are_said_in_plain_numbers(tmp_path: Path) -> None:
    found = audited(tmp_path / "audit.sqlite", {7: [(0.1, 0.1, 128, 128)], 9: [(60, 60, 64, 64)]})
    assert kind(found, "Boxes that fill the picture").shown[0].reason == "99.8 % of the picture"
    assert kind(found, "Tiny boxes").shown[0].reason == "0.098 % of the picture"


@pytest.mark.slow
def test_few_boxes_of_a_class_make_no_outlier(tmp_path: Path) -> None:
    rare = ("UPDATE sample SET label = 'rare' WHERE id IN (20, 23, 26)", ())
    found = audited(tmp_path / "audit.sqlite", {20: [(2, 2, 126, 126)]}, rare)
    assert kind(found, "Boxes unlike their class").count == 0


def test_shares_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=40)) as record:
        boxes: Boxes = read_boxes(record)
    for i, (x0, y0, x1, y1) in enumerate(boxes.corners.tolist()):
        assert boxes.share[i] == pytest.approx((x1 - x0) * (y1 - y0) / PICTURE / PICTURE)
        assert boxes.aspect[i] == pytest.approx((x1 - x0) / (y1 - y0))
        assert boxes.centre[i].tolist() == pytest.approx([(x0 + x1) / 2 / PICTURE, (y0 + y1) / 2 / PICTURE])
    assert len(boxes.sample) == len(np.unique(boxes.sample)) == 39


@pytest.mark.slow
def test_many_suspects_are_counted_and_few_are_shown(tmp_path: Path) -> None:
    found = kind(
        audited(tmp_path / "audit.sqlite", {i: [(0, 42, 48, 90)] for i in range(60)}), "Boxes that touch the border"
    )
    assert (found.count, len(found.shown), len(found.named), found.rest) == (59, 6, 53, 0)
    assert found.counted == "59 boxes"


@pytest.mark.slow
def test_the_page_shows_them_with_links_that_lead_somewhere(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite"
    audited(path, {i: [(0, 42, 48, 90)] for i in range(1, 20)})
    with Record.open(path) as record:
        html = page_of(assessment_of(record))
    check(html)
    part = html[html.index(' id="labels"') :].partition("</section>")[0]
    assert 'href="#labels-3"' in part
    assert "Boxes that touch the border: 19 boxes" in words(part)
    assert "13 more" in words(part)
    border = part[part.index('id="labels-3"') :].partition("</ul>")[0]
    assert border.count('class="panel shows-') == 6
    assert len(part.split('class="chart"')) == 4


@pytest.mark.slow
def test_no_picture_no_audit(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=1)) as record:
        assert label_audit(assessment_of(record)) is None
        html = page_of(assessment_of(record))
    check(html)
    assert "there are no boxes to look at" in words(html)
