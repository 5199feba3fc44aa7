"""The strip of the first screen, against answers that are written into a record."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audit.record.altered_layers import Alteration
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.schema import ThumbnailRow
from audit.record.seal import SEAL, seal
from audit.record.writer import add_rows
from fixtures.assessments import assessment_of, page_of
from fixtures.pages import check, words
from fixtures.records import Kind, write_record
from reports.page.context import page_values
from reports.page.strip import Strip
from reports.result.assessment import Assessment

REMOVED, BACKGROUND = Alteration("object_removed", "blur"), Alteration("background_replaced", "other 1")


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def with_cases(path: Path, kind: Kind, layers: Mapping[int, Sequence[Alteration]], worst: Sequence[int]) -> Path:
    with Record.open(write_record(path, n=120, kind=kind)) as record:
        kept = read_thumbnails(record)
        rows = [
            ThumbnailRow(sample, layer, png())
            for sample, alterations in layers.items()
            for layer in (*([] if sample in kept else ["picture", "gradient"]), *(of.layer for of in alterations))
        ]
        add_rows(record, {"thumbnail": rows})
        record.set_meta("cases", {"worst": list(worst), "borderline": [], "random": []})
        record.set_meta("gallery", {"worst": sorted(kept)[:3], "borderline": [], "random": sorted(kept)[3:]})
        record.set_meta(SEAL, seal(record))
    return path


def strip_of(assessment: Assessment) -> Strip:
    strip = page_values(assessment)["strip"]
    assert isinstance(strip, Strip)
    return strip


def right_sample(assessment: Assessment, intervention: str, variant: str) -> int:
    table = assessment.table
    asked = table.answered(intervention, variant).asked & table.right
    return int(table.sample[asked][5])


@pytest.mark.slow
@pytest.mark.tor("TOR-117")
@pytest.mark.parametrize("kind", ["honest", "cheating"])
def test_the_strip_shows_the_answers_of_the_record(tmp_path: Path, kind: Kind) -> None:
    with Record.open(write_record(tmp_path / "plain.sqlite", n=120, kind=kind)) as record:
        sample = right_sample(assessment_of(record), *BACKGROUND)
    path = with_cases(tmp_path / "audit.sqlite", kind, {sample: [REMOVED, BACKGROUND]}, [sample])
    with Record.open(path) as record:
        assessment = assessment_of(record)
        strip, html = strip_of(assessment), page_of(assessment)
    table, place = assessment.table, int(np.searchsorted(assessment.table.sample, sample))
    assert strip.sample == sample
    titles = [frame.title for frame in strip.frames]
    assert titles == ["Picture", "Map of gradient", "Object removed", "Background swapped"]
    removed, background = strip.frames[2:]
    for frame, of in ((removed, REMOVED), (background, BACKGROUND)):
        answered = table.answered(*of)
        assert frame.probability == answered.probability[place]
        stays = answered.predicted[place] == table.class_index[place]
        assert (frame.answer == "answer stays") is bool(stays)
    assert (removed.right, background.right) == ((True, True) if kind == "honest" else (False, False))
    check(html)
    first = html[html.index('<section id="verdict"') :].partition("</section>")[0]
    assert first.count('<svg class="panel"') == 4
    assert f'<a href="#sample-{sample}">no. {sample}</a>' in first
    assert html.count(f'id="sample-{sample}"') == 1
    assert "Right answers that lose most" in words(html)


@pytest.mark.slow
@pytest.mark.tor("TOR-117")
def test_a_confirmed_cue_is_the_strongest_case(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "plain.sqlite", n=120, kind="cheating")) as record:
        plain = assessment_of(record)
        cue = max(
            (card for card in page_values(plain)["cue_cards"] if card.confirmed), key=lambda card: card.finding.value
        ).cue
        hidden, pasted = (Alteration(f"cue {cue.id}", variant) for variant in ("hidden", "pasted"))
        one, other = (int(plain.table.sample[plain.table.answered(*of).asked][0]) for of in (hidden, pasted))
    path = with_cases(tmp_path / "audit.sqlite", "cheating", {one: [hidden, REMOVED], other: [pasted]}, [])
    with Record.open(path) as record:
        assessment = assessment_of(record)
        strip = strip_of(assessment)
        check(page_of(assessment))
    assert strip.sample == one
    label = assessment.table.label[int(np.searchsorted(assessment.table.sample, other))]
    titles = [frame.title for frame in strip.frames]
    assert titles == ["Picture", "Map of gradient", "Object removed", f"Cue {cue.id} hidden", f"Cue pasted on {label}"]
    last = strip.frames[-1]
    answered = assessment.table.answered(*pasted)
    place = int(np.searchsorted(assessment.table.sample, other))
    assert last.of == cue.class_name
    assert last.probability == answered.probability[place]
    assert last.right is bool(answered.predicted[place] != cue.class_index)


@pytest.mark.slow
def test_without_kept_pictures_there_is_no_strip(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=120, kind="cheating")) as record:
        assessment = assessment_of(record)
        assert page_values(assessment)["strip"] is None
        assert 'class="strip' not in page_of(assessment)
