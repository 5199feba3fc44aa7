"""What `init` says that a data set can show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from audit.cli.main import cli
from audit.datasets.discover import look
from audit.datasets.sample import Sample
from audit.engine.progress import silent
from audit.starter.clusters import likely_cluster
from audit.starter.data_facts import DataFacts
from audit.starter.facts import facts_of
from fixtures.shapes import SIDE, write_shapes
from reports.wording.starter import NO_COLUMNS, fact_sentences


def facts(folder: Path) -> DataFacts:
    return facts_of(look(folder / "boxes.csv"), 0.9, silent)


def test_boxes_are_measured_by_hand(tmp_path: Path) -> None:
    write_shapes(tmp_path, 8)
    seen = facts(tmp_path)
    assert seen.box_shares == pytest.approx((64 / SIDE**2,) * 3)
    assert (seen.samples, seen.measured, seen.covering, seen.missing, seen.masked) == (8, 8, 0, 0, 0)
    assert [(column.name, column.values) for column in seen.columns] == [("light", 2)]


def test_what_covers_the_picture_and_what_is_missing_is_counted(tmp_path: Path) -> None:
    write_shapes(tmp_path, 4)
    rows = [f"{n:03}.png,{'dark' if n % 2 else 'light'},0,0,{SIDE},{SIDE - n}" for n in range(4)]
    (tmp_path / "boxes.csv").write_text("\n".join(["image,label,x0,y0,x1,y1", *rows, "gone.png,dark,0,0,9,9"]))
    seen = facts(tmp_path)
    assert (seen.covering, seen.missing, seen.measured) == (3, 1, 4)
    said = " ".join(fact_sentences(seen, "data"))
    assert "1 sample of 5 will be excluded: their picture is not there." in said
    assert "3 of 4 samples cover more than 90.0 % (max_box_share) and will be outside the scope." in said
    assert "That leaves little room outside the boxes" in said
    assert NO_COLUMNS in said


def test_copies_and_what_gives_the_label_away_are_named(tmp_path: Path) -> None:
    write_shapes(tmp_path, 60)
    for number in range(60):
        file = tmp_path / "images" / f"{number:03}.png"
        pixels = np.array(Image.open(file))
        pixels[:3, :3] = 255 * (number % 2)  # a tag in the corner
        Image.fromarray(pixels if number != 2 else np.array(Image.open(tmp_path / "images" / "000.png"))).save(file)
    rows = (tmp_path / "boxes.csv").read_text().splitlines()
    rows[3] = rows[1].replace("000.png", "002.png")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    said = fact_sentences(facts(tmp_path), "boxes.csv")
    assert "top left" in said[-1]
    assert "tell the label better than chance" in said[-1]
    assert said[-1].endswith("More: saliency-audit inspect boxes.csv")
    assert any("nearly copies of others (000.png and 002.png, for one)" in sentence for sentence in said)


def test_one_label_is_no_reason_to_stop(tmp_path: Path) -> None:
    write_shapes(tmp_path, 4)
    text = (tmp_path / "boxes.csv").read_text().replace("light,", "dark,", 4)
    (tmp_path / "boxes.csv").write_text(text.replace("x1,y1,dark", "x1,y1,light"))
    seen = facts(tmp_path)
    assert seen.inspection is None or seen.inspection.samples == 4
    assert fact_sentences(replace(seen, inspection=None, box_shares=()), "x")


def sample(number: int, **metadata: str) -> Sample:
    return Sample(f"{number}.png", "ab"[number % 2], ((0, 0, 5, 5),), metadata=metadata)


def test_the_likely_cluster_is_shared_by_pictures_and_stated_by_all() -> None:
    rows = [
        sample(n, film=str(n // 4), frame=str(n), light=str(n % 3), part=str(n // 8) if n else "") for n in range(80)
    ]
    assert likely_cluster(rows) == "film"
    assert likely_cluster([sample(n, frame=str(n), light=str(n % 3)) for n in range(80)]) == ""
    assert likely_cluster([sample(n) for n in range(4)]) == ""


@pytest.mark.tor("TOR-080")
def test_init_says_what_clusters_would_put_out_of_reach(tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", 120)
    head, *rows = (tmp_path / "data" / "boxes.csv").read_text().splitlines()
    rows = [f"{row},{number // 10}" for number, row in enumerate(rows)]
    (tmp_path / "data" / "boxes.csv").write_text("\n".join([f"{head},film", *rows]))
    asked = ["init", str(tmp_path / "data"), "--out", str(tmp_path / "a.toml")]
    said = CliRunner().invoke(cli, asked, standalone_mode=False, catch_exceptions=False).output
    (line,) = [line for line in said.splitlines() if line.startswith("With data.cluster = 'film': depends_on_object")]
    assert "cannot pass: there are 12 films at most; it takes 30 in all." in line
