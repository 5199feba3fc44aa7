"""A record that nobody's run wrote takes no minutes to judge and to show, and runs nothing."""

import io
import json
import sqlite3
import time
from pathlib import Path

import pytest
from PIL import Image

from audit.errors import AuditError
from audit.record.record import Record
from fixtures.records import write_record
from reports.page.images import small
from reports.result.assessment import assess

LAMBDAS = {"mark": [0, 0, 9, 9], "detectors": ["linear"], "lambdas": [0.5] * 10_000, "strength": 1, "pictures": 20}
FORGED = {
    "columns of metadata": ("sample SET metadata", {f"m{n}": "x" for n in range(1_000)}),
    "more boxes of one picture": ("picture SET frame_boxes", [[0.123456789, 1, 2, 3]] * 20_000),
    "more boxes of one": ("sample SET boxes", [[0, 0, 1, 1]] * 1_001),
    "a class name of 50,000 char": ("meta SET value", ["d" * 50_000, "light"], "classes"),
    "lambdas": ("meta SET value", LAMBDAS, "planted_cue"),
}


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize("case", FORGED)
def test_a_record_of_more_than_a_run_writes_is_refused(case: str, tmp_path: Path) -> None:
    (place, value, *keys), path = FORGED[case], write_record(tmp_path / "audit.sqlite", n=12, gallery=0)
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {place} = ?" + " WHERE key = ?" * len(keys), (json.dumps(value), *keys))
    start = time.process_time()
    with Record.open(path) as record, pytest.raises(AuditError, match=case):
        assess(record)
    assert time.process_time() - start < 2


def encoded(side: int, kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, 8)).save(file, kind)
    return file.getvalue()


@pytest.mark.tor("TOR-007", "TOR-049")
def test_a_small_picture_of_a_record_is_small_and_no_program() -> None:
    assert small(encoded(64, "PNG")) and small(encoded(64, "JPEG"))
    with pytest.raises(AuditError, match=r"record: holds a picture that cannot be shown \(5000x8 pixels\); need"):
        small(encoded(5_000, "PNG"))
    for broken in (encoded(64, "PNG")[:40], b"", encoded(64, "EPS")):  # which Pillow would hand to Ghostscript
        with pytest.raises(AuditError, match="cannot be shown"):
            small(broken)
