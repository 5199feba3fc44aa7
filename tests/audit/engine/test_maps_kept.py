"""`run.maps_kept`: further samples whose picture and maps the record keeps, and nothing else that changes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.engine.measure import measure
from audit.engine.thumbnails import first_drawn
from audit.hashing import picture_seed
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import read_samples
from audit.settings import Settings, load_settings
from fixtures.shapes import write_shapes


def keeping(given: Settings, kept: int) -> Settings:
    return given.model_copy(update={"run": given.run.model_copy(update={"maps_kept": kept, "batch_size": 7})})


@pytest.mark.slow
@pytest.mark.tor("TOR-103")
def test_so_many_more_are_kept_as_drawn_and_nothing_else_changes(tmp_path: Path) -> None:
    plain = load_settings(write_shapes(tmp_path / "many", pictures=60))
    with Record.open(measure(keeping(plain, 0), tmp_path / "few")) as record:
        few, gallery = read_thumbnails(record), record.meta("gallery")
        rows = {table: list(record.sorted_rows(table, 10_000)) for table in ("picture", "score", "answer", "note")}
    with Record.open(measure(keeping(plain, 45), tmp_path / "more")) as record:
        more = read_thumbnails(record)
        assert record.meta("gallery") == gallery
        assert {table: list(record.sorted_rows(table, 10_000)) for table in rows} == rows
        samples = read_samples(record)
    names = list(zip(samples.image.tolist(), samples.label.tolist(), strict=True))
    drawn = sorted(range(len(names)), key=lambda i: picture_seed(plain.run.seed, *names[i]))[:45]
    assert set(more) == set(few) | set(samples.number[drawn].tolist())
    assert len(more) > len(few)
    assert {number: more[number] for number in few} == few
    assert all(set(layers) == {"picture", "gradient", "smoothgrad", "integrated_gradients"} for layers in more.values())


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(0, 30), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_batch_by_batch_the_same_are_drawn(numbers: list[int], most: int, size: int) -> None:
    draw = dict(enumerate(numbers))
    kept: dict[int, int] = {}
    for start in range(0, len(numbers), size):
        kept |= {n: draw[n] for n in range(start, min(start + size, len(numbers)))}
        kept = {n: kept[n] for n in first_drawn(kept, most)}
    assert sorted(kept) == sorted(sorted(draw, key=lambda n: (draw[n], n))[:most])
