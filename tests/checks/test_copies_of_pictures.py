"""Copies of a few pictures do not make an audit of many, whatever their files are called and hold."""

from pathlib import Path

import pytest
from PIL import Image

from audit.engine.measure import measure
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.settings import Settings, load_settings
from checks.judge import judge
from checks.verdict import Outcome
from fixtures.shapes import write_shapes

ORIGINALS, QUALITIES = 4, (95, 95, 80)


def multiplied(folder: Path) -> Settings:
    """Every picture in three JPEG files, each with a comment of its own; the third is compressed more."""
    settings = load_settings(write_shapes(folder, ORIGINALS))
    head, *rows = (folder / "boxes.csv").read_text().splitlines()
    written = [head]
    for row in rows:
        name, label, *box, light = row.split(",")
        picture = Image.open(folder / "images" / name).resize((96, 96), Image.Resampling.BICUBIC)
        for copy, quality in enumerate(QUALITIES):
            file = f"{copy}-{Path(name).stem}.jpg"
            picture.save(folder / "images" / file, quality=quality, comment=f"copy {copy}".encode())
            written.append(",".join([file, label, *(str(4 * int(side)) for side in box), light]))
    (folder / "boxes.csv").write_text("\n".join(written) + "\n")
    return settings.model_copy(update={"saliency": settings.saliency.model_copy(update={"null_maps": ()})})


@pytest.mark.slow
@pytest.mark.tor("TOR-050", "TOR-074")
def test_copies_count_once(tmp_path: Path) -> None:
    path = measure(multiplied(tmp_path / "data"), tmp_path / "out")
    judgement, n = judge(path, "quick"), ORIGINALS * len(QUALITIES)
    with Record.open(path) as record:
        pictures = read_pictures(record)
    assert (len(set(pictures.sha256)), len(set(pictures.pixels_sha256))) == (n, 2 * ORIGINALS)
    complete, accurate = judgement.verdict("evidence_is_complete"), judgement.verdict("model_is_accurate")
    assert complete is not None
    assert accurate is not None
    stated = {finding.key: finding.details for finding in complete.findings}
    assert stated["duplicates"] == {"copies": ORIGINALS}
    assert stated["copies"] == {"copies": n, "groups": ORIGINALS}
    assert complete.outcome is Outcome.INVALID
    assert (accurate.findings[0].n, accurate.findings[0].clusters) == (n, ORIGINALS)
