"""A record's pictures are decoded as what a run writes, whatever they claim to be."""

import base64
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from audit.bounds import MOST_SIDE
from audit.errors import AuditError
from reports.page.images import SIDES, small
from reports.page_diff import same_page


def encoded(size: tuple[int, int], kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("L", size).save(target, kind, **options)
    return target.getvalue()


PICTURES = {
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n%%EOF\n",
    "no picture": b"<svg/>",
    "nothing": b"",
    "another kind": encoded((4, 4), "GIF"),
    "a large one": encoded((MOST_SIDE + 1, 1), "PNG"),
    "one of many scans": encoded((8, 8), "JPEG", progressive=True),
    "half of one": encoded((64, 64), "PNG")[:60],
}


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("case", PICTURES)
def test_what_no_run_writes_is_refused_and_handed_to_no_other_program(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = tmp_path / "gs"
    interpreter.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    interpreter.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(AuditError, match="record: holds a picture that cannot be shown"):
        small(PICTURES[case])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 92, "subsampling": 0})])
def test_what_a_run_writes_is_shown(kind: str, options: dict[str, Any]) -> None:
    assert small(encoded((40, 30), kind, **options)).startswith("data:image/webp;base64,UklGR")


def test_a_picture_larger_than_a_page_shows_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = []
    for quality in (60, 90):
        target = io.BytesIO()
        ramp = np.tile(np.linspace(0, 255, SIDES[0] + 1).astype(np.uint8), (8, 1))
        Image.fromarray(ramp).convert("RGB").save(target, "WEBP", quality=quality)
        pages.append(f'<img src="data:image/webp;base64,{base64.b64encode(target.getvalue()).decode()}">')
    assert not same_page(*pages)
    monkeypatch.setattr("reports.page_diff.SIDES", (SIDES[0] + 1,))
    assert pages[0] != pages[1] and same_page(*pages)
