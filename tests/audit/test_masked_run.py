"""A whole run on masks: a rectangle gives the numbers of the box; another outline is measured, kept and shown."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from audit import AuditError, Record, run
from audit.engine.measure import measure
from audit.experiments.grid import GRID, read_spots
from audit.record.frame_masks import packed, unpacked
from audit.record.sample_readers import read_masks, read_pictures
from audit.settings import load_settings
from fixtures.shapes import LABELS, SIDE, write_shapes
from reports.page.mask_outlines import outline_path

PICTURES = 16
FORMS = ("box", "polygon", "raster")
DOWN, ACROSS = np.mgrid[:8, :8] - 3.5
DISC = DOWN**2 + ACROSS**2 < 15


def pixels_of(box: tuple[int, int, int, int], part: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    inside = np.zeros((SIDE, SIDE), bool)
    x0, y0, x1, y1 = box
    inside[y0:y1, x0:x1] = True if part is None else part
    return inside


def counts(inside: NDArray[np.bool_]) -> list[int]:
    """COCO's runs, down the columns, of which the first lies outside."""
    ends = np.flatnonzero(np.diff(inside.T.ravel(), prepend=False)).tolist()
    runs: list[int] = np.diff([0, *ends, inside.size]).tolist()
    return runs


def segmentation(form: str, box: tuple[int, int, int, int]) -> Any:
    x0, y0, x1, y1 = box
    if form == "polygon":
        return [[x0, y0, x1, y0, x1, y1, x0, y1]]
    size = [SIDE, SIDE]
    if form == "raster":
        return {"size": size, "counts": counts(pixels_of(box))}
    return {"size": size, "counts": counts(pixels_of(box, DISC))} if form == "disc" else []


def written(folder: Path, form: str, more: str = "", *, experiments: bool = True) -> Path:
    """The shapes, with their boxes as COCO has them, and in one form of mask."""
    file = write_shapes(folder, PICTURES, experiments=experiments)
    with (folder / "boxes.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    boxes = [tuple(int(row[corner]) for corner in ("x0", "y0", "x1", "y1")) for row in rows]
    annotations = [
        {
            "id": i,
            "image_id": i,
            "category_id": LABELS.index(row["label"]),
            "bbox": [box[0], box[1], 8, 8],
            "segmentation": segmentation(form, box),  # type: ignore[arg-type]
        }
        for i, (row, box) in enumerate(zip(rows, boxes, strict=True))
    ]
    document = {
        "images": [{"id": i, "file_name": row["image"], "width": SIDE, "height": SIDE} for i, row in enumerate(rows)],
        "categories": [{"id": i, "name": name} for i, name in enumerate(LABELS)],
        "annotations": annotations,
    }
    (folder / "boxes.csv").write_text(json.dumps(document))
    file.write_text(file.read_text().replace('format = "csv"', f'format = "coco"\n{more}'))
    return file


def numbers(folder: Path) -> tuple[Any, Any]:
    """What the run measured of each sample, and what its verdicts say."""
    audit = json.loads((folder / "audit.json").read_text())
    return audit["samples"], [
        (verdict["rule"], verdict["outcome"], verdict["findings"]) for verdict in audit["judgement"]["verdicts"]
    ]


@pytest.mark.slow
@pytest.mark.tor("TOR-094")
def test_a_rectangle_as_box_polygon_and_raster_gives_the_same_scores_and_verdicts(tmp_path: Path) -> None:
    results = {form: run(written(tmp_path / form, form), tmp_path / form / "out") for form in FORMS}
    expected = numbers(results["box"].folder)
    assert len(expected[0]) == PICTURES
    for form in FORMS[1:]:
        assert numbers(results[form].folder) == expected
        with Record.open(results[form].folder / "audit.sqlite") as record:
            assert len(read_masks(record)) == PICTURES
            assert record.identity()["dataset"]["masks"] == PICTURES
    with Record.open(results["box"].folder / "audit.sqlite") as record:
        assert read_masks(record) == {}
        assert "masks" not in record.identity()["dataset"]


@pytest.mark.slow
@pytest.mark.tor("TOR-094")
def test_another_outline_is_measured_kept_and_shown(tmp_path: Path) -> None:
    result = run(written(tmp_path / "disc", "disc"), tmp_path / "out")
    with Record.open(result.folder / "audit.sqlite") as record:
        masks, pictures, identity = read_masks(record), read_pictures(record), record.identity()
        spots = read_spots(record, (SIDE, SIDE), 0)
    for number, ((x0, y0, x1, y1),) in zip(pictures.number.tolist(), pictures.frame_boxes, strict=True):
        assert masks[number].tolist() == pixels_of((int(x0), int(y0), int(x1), int(y1)), DISC).tolist()
    assert pictures.area_share == pytest.approx(DISC.sum() / SIDE**2)
    assert len(identity["dataset"]["masks_sha256"]) == 64
    for place, number in enumerate(spots.sample.tolist()):
        cells = np.add.outer(np.arange(GRID), [0, 1]) * SIDE / GRID
        low, high = np.floor(cells[:, 0] + 1e-9).astype(int), np.ceil(cells[:, 1] - 1e-9).astype(int)
        meets = [
            [masks[number][a:b, c:d].any() for c, d in zip(low, high, strict=True)]
            for a, b in zip(low, high, strict=True)
        ]
        assert (~spots.outside[place]).tolist() == meets
    page = result.report.read_text()
    shown = [number for number in masks if f'id="outline{number}" d="{outline_path(masks[number])}"' in page]
    assert shown
    assert all(f'<use href="#outline{number}" class="box"/>' in page for number in shown)
    assert " with its mask" in page


@pytest.mark.slow
@pytest.mark.tor("TOR-054")
def test_a_run_does_not_go_on_with_other_masks_or_without_them(tmp_path: Path) -> None:
    file = written(tmp_path / "data", "disc", experiments=False)
    record = measure(load_settings(file), tmp_path / "out")
    with Record.open(record) as opened:
        assert len(read_masks(opened)) == PICTURES
    text = file.read_text()
    file.write_text(text.replace('format = "coco"', 'format = "coco"\nmasks = false'))
    with pytest.raises(AuditError, match=r"was started with something else \(.*dataset\.masks"):
        measure(load_settings(file), tmp_path / "out", resume=True)
    plain = measure(load_settings(file), tmp_path / "plain")
    with Record.open(plain) as opened:
        assert read_masks(opened) == {}
        assert read_pictures(opened).area_share == pytest.approx(64 / SIDE**2)


def test_a_mask_in_the_record_has_the_frame_s_size() -> None:
    inside = np.random.default_rng(0).random((5, 7)) < 0.5
    assert unpacked(packed(inside), (5, 7)).tolist() == inside.tolist()
    for frame in ((7, 9), (2, 3), (0, 0), (2**20, 2**20)):
        with pytest.raises(ValueError, match=f"a mask of other than {frame[0]} x {frame[1]} pixels"):
            unpacked(packed(inside), frame)


def test_an_outline_runs_along_the_edges_of_pixels() -> None:
    inside = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert outline_path(inside) == "M1 0H3M2 1H3M1 2H2M1 0V2M2 1V2M3 0V1"
    assert outline_path(np.zeros((2, 2), bool)) == ""
