"""Samples are gathered from annotations; one bad annotation excludes its sample and no other."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import numbers, read_text
from audit.datasets.exclusions import Exclusion
from audit.datasets.gather import gather
from audit.datasets.sample import Box
from audit.errors import AuditError

GOOD: Box = (1, 2, 3, 4)
FILES = [Path("boxes.csv")]


def one(image: str = "a.jpg", label: str = "cat", box: Box = GOOD, where: str = "boxes.csv line 3") -> Annotation:
    return Annotation(image, label, box, where)


def fault(annotation: Annotation) -> Exclusion:
    dataset = gather([annotation], FILES)
    assert not dataset.samples
    return dataset.exclusions[0]


def test_one_sample_for_each_picture_and_label() -> None:
    dataset = gather(
        [one("b.jpg"), one("a.jpg", "dog"), one("a.jpg", "cat", (0, 0, 9, 9)), one("a.jpg", "dog", (5, 5, 6, 6))], FILES
    )
    assert [(s.image, s.label, s.boxes, s.other_boxes) for s in dataset.samples] == [
        ("a.jpg", "cat", ((0, 0, 9, 9),), (GOOD, (5, 5, 6, 6))),
        ("a.jpg", "dog", (GOOD, (5, 5, 6, 6)), ((0, 0, 9, 9),)),
        ("b.jpg", "cat", (GOOD,), ()),
    ]


@pytest.mark.tor("TOR-002")
def test_a_fault_excludes_its_sample_and_leaves_the_others() -> None:
    dataset = gather([one(), one(box=(4, 4, 4, 9)), one(label="dog")], FILES)
    assert [(e.image, e.label, e.reason) for e in dataset.exclusions] == [("a.jpg", "cat", "broken box")]
    assert [(s.label, s.other_boxes) for s in dataset.samples] == [("dog", (GOOD,))]


@pytest.mark.tor("TOR-002")
@pytest.mark.parametrize(
    ("box", "detail"),
    [
        ((40, 10, 40, 30), "boxes.csv line 3: box (40, 10, 40, 30) is empty; need x0 < x1."),
        ((4, 30, 40, 30), "boxes.csv line 3: box (4, 30, 40, 30) is empty; need y0 < y1."),
        ((40, 10, 4, 30), "boxes.csv line 3: box (40, 10, 4, 30) is swapped; need x0 < x1 and y0 < y1."),
        ((1, float("nan"), 4, 30), "boxes.csv line 3: box (1, nan, 4, 30) is not finite; need four numbers."),
        ((1, 2, float("inf"), 30), "boxes.csv line 3: box (1, 2, inf, 30) is not finite; need four numbers."),
        (NO_BOX, "boxes.csv line 3: box (nan, nan, nan, nan) is not finite; need four numbers."),
    ],
)
def test_broken_boxes(box: Box, detail: str) -> None:
    assert fault(one(box=box)) == Exclusion("a.jpg", "cat", "broken box", detail)


@pytest.mark.tor("TOR-006")
@pytest.mark.parametrize("image", ["/etc/passwd", "C:\\a.jpg", "c:a.jpg", "\\\\host\\share\\a.jpg", "//host/a.jpg"])
def test_absolute_paths(image: str) -> None:
    assert fault(one(image)).reason == "path outside the dataset"
    assert fault(one(image)).detail == (
        f"boxes.csv line 3: {image!r} is an absolute path; need a path below the picture folder."
    )


@pytest.mark.tor("TOR-006")
@pytest.mark.parametrize("image", ["../a.jpg", "b/../../a.jpg", "..\\a.jpg", ".."])
def test_paths_that_climb(image: str) -> None:
    assert fault(one(image)).reason == "path outside the dataset"
    assert "leads outside the picture folder" in fault(one(image)).detail


def test_nothing_named() -> None:
    assert fault(one(image="")).detail == "boxes.csv line 3: names no picture; need a picture and a label."
    assert fault(one(label="")).detail == "boxes.csv line 3: names no label; need a picture and a label."
    assert fault(one(image=".")).reason == "path outside the dataset"


def test_slashes_are_made_alike() -> None:
    dataset = gather([one("./b\\a.jpg"), one("b/a.jpg", box=(5, 5, 9, 9)), one("b//a.jpg", box=(6, 6, 9, 9))], FILES)
    assert [s.image for s in dataset.samples] == ["b/a.jpg"]
    assert len(dataset.samples[0].boxes) == 3


def test_halves_of_characters_are_replaced() -> None:
    (sample,) = gather([one("a\ud800.jpg", "c\udc00")], FILES).samples
    assert (sample.image, sample.label) == ("a?.jpg", "c?")


def test_no_annotation_at_all() -> None:
    with pytest.raises(AuditError) as info:
        gather([], FILES)
    assert str(info.value) == ("boxes.csv: no annotation; need at least one box. Check that this is the right file.")


@pytest.mark.slow
@given(
    st.lists(
        st.builds(
            one,
            image=st.text(max_size=6),
            label=st.text(max_size=2),
            box=st.tuples(*[st.floats() | st.integers(0, 9).map(float)] * 4),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_nothing_is_lost(annotations: list[Annotation]) -> None:
    dataset = gather(annotations, FILES)
    keys = [(s.image, s.label) for s in dataset.samples] + [(e.image, e.label) for e in dataset.exclusions]
    assert len(keys) == len(set(keys))
    assert len(keys) <= len(annotations)
    bad = sum(not (b[0] < b[2] and b[1] < b[3]) for b in (a.box for a in annotations))
    assert len(dataset.exclusions) or not bad
    assert sum(len(s.boxes) for s in dataset.samples) <= len(annotations) - bad


def test_numbers() -> None:
    assert numbers([1, "2", 3.5, " 4 "]) == (1, 2, 3.5, 4)


@pytest.mark.parametrize(
    "broken",
    [None, 5, {}, "1234", [1, 2, 3], [1, 2, 3, True], [1, 2, 3, None], [1, 2, 3, [4]], [1, 2, 3, "x"], [10**400] * 4],
)
def test_what_is_not_four_numbers(broken: object) -> None:
    assert numbers(broken) is None


def test_read_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfgr\xc3\xbcn")
    assert read_text(path) == "grün"
    path.write_bytes(b"one\ntwo\ngr\xfcn")
    with pytest.raises(AuditError) as info:
        read_text(path)
    assert str(info.value) == (
        "a.csv line 3: byte 0xfc is not UTF-8; need UTF-8 text. Convert it: iconv -f ENCODING -t utf-8 a.csv"
    )
    with pytest.raises(AuditError) as info:
        read_text(tmp_path / "b.csv")
    assert str(info.value) == "b.csv: no such file; need an annotation file. Check the path in the settings."
    with pytest.raises(AuditError, match="is a folder; need an annotation file"):
        read_text(tmp_path)


@pytest.mark.tor("TOR-004")
def test_a_picture_of_very_many_boxes_excludes_itself() -> None:
    dataset = gather([one(box=(n, 0, n + 1, 1)) for n in range(1_001)] + [one("b.jpg")], FILES)
    assert [sample.image for sample in dataset.samples] == ["b.jpg"]
    assert "a.jpg: 1,001 boxes under 1 label; need" in dataset.exclusions[0].detail


def test_metadata_of_very_many_columns_is_refused() -> None:
    wide = replace(one(), metadata={f"m{n}": "x" for n in range(201)})
    with pytest.raises(AuditError, match=r"boxes\.csv: holds 201 columns of metadata; need at most 200\. Leave out"):
        gather([wide], FILES)
