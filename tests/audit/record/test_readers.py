"""The readers: what was written as typed rows comes back as arrays of the documented dtypes, or as the same rows."""

import inspect
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from audit.datasets.exclusions import Exclusion
from audit.datasets.sample import Sample
from audit.errors import AuditError
from audit.record import experiment_readers, map_readers, sample_readers
from audit.record.experiment_readers import (
    Strays,
    read_answers,
    read_crops,
    read_cues,
    read_notes,
    read_passes,
    read_strays,
    read_unmade,
)
from audit.record.map_readers import (
    read_cascade,
    read_forbidden_shares,
    read_grids,
    read_mean_auc,
    read_scores,
    read_thumbnails,
)
from audit.record.record import Record
from audit.record.sample_readers import (
    count_samples,
    pictures_sha256,
    read_done,
    read_exclusions,
    read_pictures,
    read_samples,
)
from audit.record.schema import (
    MEASURES,
    SUBJECT,
    AnswerRow,
    CropRow,
    CueRow,
    ExclusionRow,
    ForbiddenRow,
    GridRow,
    NoteRow,
    PassesRow,
    PictureRow,
    Rows,
    SampleRow,
    ScoreRow,
    StageRow,
    ThumbnailRow,
    UnmadeRow,
)
from audit.record.writer import add_rows, create_record

NAN = float("nan")
SAMPLES = [
    (Sample(f"{name}.png", label, ((0, 1, 2, 3.5),), metadata={"light": name}), class_index)
    for name, label, class_index in (("a", "x", 4), ("b", "y", 5), ("c", "x", 4))
]
BYTES = b"\x00ab\x00\x00"
PICTURES = [
    PictureRow(2, "cc", "ee", "", 4, 3, "[[0, 0, 2, 2], [1, 1, 2, 2]]", 0.25, None, None, None, None),
    PictureRow(0, "aa", "dd", "", 8, 6, "[[0, 0, 1, 1]]", 0.5, 0.9, 1, 4, 0.9),
]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """Three samples, of which the last and the first are measured, in this order."""
    early = Exclusion("z.png", "x", "broken box", "line 3")
    with create_record(tmp_path / "audit.sqlite", {"device": "cpu"}, SAMPLES, [early]) as created:
        add_rows(created, {"picture": PICTURES, "exclusion": [ExclusionRow("b.png", "y", 1, "unreadable", "why")]})
        yield created


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Record]:
    with create_record(tmp_path / "empty.sqlite", {}, [], []) as created:
        yield created


def same(found: Any, expected: Any, dtype: type) -> None:
    """Equal values, NaN like NaN, in an array of this dtype."""
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.array(expected, dtype=dtype))


def test_every_row_has_a_field_for_each_column_of_its_table(record: Record) -> None:
    tables = {table: get_args(kind)[0] for table, kind in get_type_hints(Rows).items()} | {"sample": SampleRow}
    stored = record.columns("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")["name"]
    assert set(tables) == set(stored) - {"question", "reply", "no_reply", "quantity", "reading"}
    for table, row in tables.items():
        columns = record.columns(f"SELECT name FROM pragma_table_info('{table}') ORDER BY cid")["name"].tolist()
        assert [field.removesuffix("_index") for field in row._fields] == columns


def test_samples_come_by_number(record: Record) -> None:
    samples = read_samples(record)
    same(samples.number, [0, 1, 2], np.int64)
    same(samples.image, ["a.png", "b.png", "c.png"], np.object_)
    same(samples.label, ["x", "y", "x"], np.object_)
    same(samples.class_index, [4, 5, 4], np.int64)
    assert samples.boxes == (((0, 1, 2, 3.5),),) * 3
    assert samples.metadata == ({"light": "a"}, {"light": "b"}, {"light": "c"})
    assert samples.at(np.array([2])).image.tolist() == ["c.png"]
    assert count_samples(record) == 3
    assert read_done(record) == {0, 1, 2}


def test_pictures_come_by_number_and_null_is_nan(record: Record) -> None:
    pictures = read_pictures(record)
    same(pictures.number, [0, 2], np.int64)
    same(pictures.image, ["a.png", "c.png"], np.object_)
    same(pictures.sha256, ["aa", "cc"], np.object_)
    same(pictures.size, [[8, 6], [4, 3]], np.int64)
    same(pictures.area_share, [0.5, 0.25], np.float64)
    same(pictures.probability, [0.9, NAN], np.float64)
    same(pictures.label_rank, [1, NAN], np.float64)
    same(pictures.predicted, [4, -1], np.int64)
    same(pictures.confidence, [0.9, NAN], np.float64)
    same(pictures.right, [True, False], np.bool_)
    assert pictures.frame_boxes == (((0, 0, 1, 1),), ((0, 0, 2, 2), (1, 1, 2, 2)))
    some = pictures.at(pictures.right)
    assert (some.number.tolist(), some.size.tolist()) == ([0], [[8, 6]])


def test_exclusions_come_by_name(record: Record) -> None:
    expected = (
        ExclusionRow("b.png", "y", 1, "unreadable", "why"),
        ExclusionRow("z.png", "x", None, "broken box", "line 3"),
    )
    assert read_exclusions(record) == expected


def test_the_hash_of_the_pictures_depends_on_names_and_files_alone(record: Record, tmp_path: Path) -> None:
    with create_record(tmp_path / "other.sqlite", {}, SAMPLES, []) as other:
        add_rows(other, {"picture": PICTURES[::-1]})
        assert pictures_sha256(other) == pictures_sha256(record)
    with create_record(tmp_path / "altered.sqlite", {}, SAMPLES, []) as altered:
        add_rows(altered, {"picture": [PICTURES[0], PICTURES[1]._replace(sha256="ab")]})
        assert pictures_sha256(altered) != pictures_sha256(record)


def test_scores_of_one_source(record: Record) -> None:
    rows = [
        ScoreRow(2, "gradient", 1, None, None, None, NAN, None),
        ScoreRow(0, "gradient", 0, 0.1, 0.2, 0.3, 0.4, 0.5),
        ScoreRow(0, "gradcam", 0, 0.6, 0.7, 0.8, 0.9, 0.7),
    ]
    add_rows(record, {"score": rows})
    scores = read_scores(record, "gradient")
    same(scores.sample, [0, 2], np.int64)
    same(scores.dead, [False, True], np.bool_)
    assert tuple(scores.values) == MEASURES
    for measure, value in zip(MEASURES, (0.1, 0.2, 0.3, 0.4, 0.5), strict=True):
        same(scores.values[measure], [value, NAN], np.float64)
    auc = read_mean_auc(record, ["gradient", "gradcam"])
    assert auc == pytest.approx({0: 0.6, 2: NAN}, nan_ok=True)
    assert read_mean_auc(record, []) == {}


def test_shares_on_forbidden_pixels_come_by_source(record: Record) -> None:
    rows = [
        ForbiddenRow(0, "gradient", 0.1, NAN),
        ForbiddenRow(2, "centre", 0.2, 0.3),
        ForbiddenRow(0, "centre", 0.1, 0.4),
    ]
    add_rows(record, {"forbidden": rows})
    shares = read_forbidden_shares(record)
    same(shares.source, ["centre", "centre", "gradient"], np.object_)
    same(shares.sample, [0, 2, 0], np.int64)
    same(shares.area_share, [0.1, 0.2, 0.1], np.float64)
    same(shares.mass, [0.4, 0.3, NAN], np.float64)


def test_answers_come_by_variant_and_null_is_nan(record: Record) -> None:
    rows = [
        AnswerRow(SUBJECT, 2, "noise", "noise", None, None, None),
        AnswerRow(SUBJECT, 0, "noise", "noise", 0.5, 0.0, 4),
        AnswerRow("linear 0.25", 0, "noise", "noise", 0.25, -1.1, 0),
    ]
    add_rows(record, {"answer": rows})
    answers = read_answers(record)
    same(answers.subject, ["linear 0.25", SUBJECT, SUBJECT], np.object_)
    same(answers.intervention, ["noise"] * 3, np.object_)
    same(answers.variant, ["noise"] * 3, np.object_)
    same(answers.sample, [0, 0, 2], np.int64)
    same(answers.probability, [0.25, 0.5, NAN], np.float64)
    same(answers.log_odds, [-1.1, 0.0, NAN], np.float64)
    same(answers.predicted, [0, 4, -1], np.int64)


def test_notes_come_by_source_and_name(record: Record) -> None:
    add_rows(record, {"note": [NoteRow(2, "b", "n", NAN), NoteRow(0, "b", "n", 1.5), NoteRow(0, "a", "z", 2)]})
    notes = read_notes(record)
    same(notes.source, ["a", "b", "b"], np.object_)
    same(notes.name, ["z", "n", "n"], np.object_)
    same(notes.sample, [0, 0, 2], np.int64)
    same(notes.value, [2, 1.5, NAN], np.float64)


def test_stages_come_by_method(record: Record) -> None:
    rows = [StageRow("b", 1, "head", 0, 0.5), StageRow("a", 2, "stem", 0, NAN), StageRow("a", 1, "head", 2, 0.25)]
    add_rows(record, {"cascade": rows})
    cascade = read_cascade(record)
    same(cascade.method, ["a", "a", "b"], np.object_)
    same(cascade.stage, [1, 2, 1], np.int64)
    same(cascade.layers, ["head", "stem", "head"], np.object_)
    same(cascade.sample, [2, 0, 0], np.int64)
    same(cascade.similarity, [0.25, NAN, 0.5], np.float64)


def test_cues_crops_and_passes_are_the_rows_that_were_written(record: Record) -> None:
    place = CueRow(1, 4, "place", 0.0, 0.1, 0.2, 0.3, 0.2, 9, 10)
    appearance = CueRow(2, 5, "appearance", None, None, None, None, 0.25, 3, 10)
    crops = [CropRow(1, 0, 2, 0.1, 0.2, BYTES), CropRow(0, 0, 0, 0.5, 0.6, b"\x00")]
    passes = [PassesRow("pictures", 2, 20, 4), PassesRow("control", 0, 7, 0), PassesRow("pictures", 1, 10, 2)]
    add_rows(record, {"cue": [appearance, place], "crop": crops, "passes": passes})
    first, second = read_cues(record)
    assert first == place
    assert np.isnan(np.array(second[3:7], dtype=np.float64)).all()
    assert second[:3] + second[7:] == appearance[:3] + appearance[7:]
    assert read_crops(record) == tuple(crops[::-1])
    assert read_passes(record) == (PassesRow("pictures", 3, 30, 6), PassesRow("control", 0, 7, 0))


def test_bytes_keep_trailing_zeros(record: Record) -> None:
    thumbnails = [
        ThumbnailRow(2, "picture", BYTES),
        ThumbnailRow(0, "picture", b"x"),
        ThumbnailRow(2, "gradient", b"\x00"),
    ]
    add_rows(record, {"thumbnail": thumbnails, "grid": [GridRow(2, BYTES), GridRow(0, b"\x00\x00")]})
    assert read_thumbnails(record) == {0: {"picture": b"x"}, 2: {"gradient": b"\x00", "picture": BYTES}}
    assert read_grids(record) == (GridRow(0, b"\x00\x00"), GridRow(2, BYTES))
    add_rows(record, {}, dropped_thumbnails=[2])
    assert read_thumbnails(record) == {0: {"picture": b"x"}}


def test_rows_about_samples_without_a_picture_are_found(record: Record) -> None:
    assert read_strays(record) is None
    add_rows(record, {"note": [NoteRow(0, "a", "b", 1), NoteRow(7, "a", "b", 1), NoteRow(1, "a", "b", 1)]})
    assert read_strays(record) == Strays("note", 2, 1)


READERS = [
    function
    for module in (sample_readers, map_readers, experiment_readers)
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
]
FURTHER: dict[str, tuple[Any, ...]] = {"read_scores": ("gradient",), "read_mean_auc": (["gradient"],)}
"""Arguments besides the record."""


@pytest.mark.parametrize(
    "reader", [read_samples, read_pictures, read_forbidden_shares, read_cascade, read_answers, read_notes]
)
def test_an_empty_table_has_the_same_dtypes(reader: Callable[[Record], Any], empty: Record) -> None:
    texts = {"image", "label", "boxes_json", "metadata_json", "sha256", "frame_boxes_json"}
    texts |= {"pixels_sha256", "perceptual_hash"}
    texts |= {"source", "name", "method", "layers", "subject", "intervention", "variant"}
    whole = {"number", "sample", "class_index", "size", "predicted", "stage"}
    for name, column in vars(reader(empty)).items():
        assert len(column) == 0
        number = np.int64 if name in whole else np.float32 if name == "logits" else np.float64
        assert column.dtype == (np.object_ if name in texts else number)


@pytest.mark.parametrize("reader", READERS)
def test_a_table_that_is_gone_is_an_audit_error(reader: Callable[..., Any], record: Record) -> None:
    with record.transaction() as connection:
        stored = connection.execute("SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
        for kind, name in stored:
            connection.execute(f"DROP {kind} {name}")
    with pytest.raises(AuditError, match="cannot be read"):
        reader(record, *FURTHER.get(reader.__name__, ()))


ABOUT_TEXT: Rows = {
    "answer": [AnswerRow(SUBJECT, sample, "noise", variant, 0.5, 0.0, 1) for sample in (2, 0) for variant in "ba"],
    "unmade": [UnmadeRow(SUBJECT, 0, "noise", "c")],
    "note": [NoteRow(0, "noise", "shift", 1.5), NoteRow(2, "noise", "shift", 2.5)],
}


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize(
    ("key", "rows", "reader"),
    [("question", "reply", read_answers), ("question", "no_reply", read_unmade), ("quantity", "reading", read_notes)],
)
def test_rows_about_nothing_are_refused(key: str, rows: str, reader: Callable[[Record], Any], record: Record) -> None:
    add_rows(record, ABOUT_TEXT)
    with record.transaction() as connection:
        gone = connection.execute(f"SELECT min({key}) FROM {rows}").fetchone()
        connection.execute(f"DELETE FROM {key} WHERE id = ?", gone)
    with pytest.raises(ValueError, match=f"rows of `{rows}` without a row of `{key}`"):
        reader(record)


def test_a_view_can_be_changed_as_one_table(record: Record) -> None:
    add_rows(record, ABOUT_TEXT)
    before = read_answers(record)
    with record.transaction() as connection:
        connection.execute("UPDATE answer SET variant = 'z' || variant, probability = 0.25 WHERE sample = 0")
        connection.execute("DELETE FROM note WHERE sample = 0")
        with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
            connection.execute("INSERT INTO answer VALUES (NULL, 0, 'a', 'b', 0.5, 0.5, 1, NULL)")
    after = read_answers(record)
    assert len(after.sample) == len(before.sample)
    assert [v for v, s in zip(after.variant, after.sample, strict=True) if s == 0] == sorted(
        f"z{v}" for v, s in zip(before.variant, before.sample, strict=True) if s == 0
    )
    assert set(after.probability[after.sample == 0]) == {0.25}
    assert 0 not in read_notes(record).sample


def test_meta_is_json(record: Record) -> None:
    record.set_meta("finished", {"b": [1, None], "a": "ü"})
    assert record.meta("finished") == {"a": "ü", "b": [1, None]}
    (stored,) = record.columns("SELECT value FROM meta WHERE key = 'finished'")["value"]
    assert json.loads(stored) == record.meta("finished")
    assert record.has("finished")
    assert not record.has("gone")
    with pytest.raises(KeyError):
        record.meta("gone")
