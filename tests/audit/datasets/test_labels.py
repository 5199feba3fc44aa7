"""Class names are read in the order of the outputs, and each label finds its one class or a clear error."""

import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.datasets.labels import ClassName, map_labels, merge_synonyms, read_classes
from audit.datasets.sample import Sample
from audit.errors import AuditError

CLASSES = (
    ClassName("tench", ("Tinca tinca", "n01440764")),
    ClassName("crane", ("bird",)),
    ClassName("traffic light", ("stoplight", "signal")),
    ClassName("crane", ("machine",)),
    ClassName("German short-haired pointer"),
    ClassName("Traffic_Sign", ("signal",)),
)


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("names.txt", "tench\ngold fish\n"),
        ("names.txt", "\ufefftench \r\n gold fish\r\n\n\n"),
        ("names.json", ["tench", "gold fish"]),
        ("names.json", [{"name": "tench"}, {"name": "gold fish"}]),
        ("names.JSON", [{"name": "gold fish", "index": 1}, {"name": "tench", "index": 0}]),
        ("names.json", {"1": "gold fish", "0": "tench"}),
    ],
)
def test_names_come_in_the_order_of_the_outputs(name: str, content: Any, tmp_path: Path) -> None:
    assert read_classes(written(tmp_path, name, content)) == (ClassName("tench"), ClassName("gold fish"))


@pytest.mark.parametrize(
    ("entry", "synonyms"),
    [
        ({"name": "tench", "words": "tench, Tinca tinca", "wnid": "n01440764"}, ("Tinca tinca", "n01440764")),
        ({"name": "tench", "synonyms": ["Tinca tinca"]}, ("Tinca tinca",)),
        ({"name": "tench", "synonyms": "a, ,b,a"}, ("a", "b")),
    ],
)
def test_synonyms_are_read(entry: dict[str, Any], synonyms: tuple[str, ...], tmp_path: Path) -> None:
    assert read_classes(written(tmp_path, "c.json", [entry])) == (ClassName("tench", synonyms),)


def test_keras_style_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "c.json", {"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]})
    assert read_classes(path) == (ClassName("tench", ("n01440764",)), ClassName("goldfish", ("n01443537",)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.txt", "", "c.txt: is empty; need one class name on each line."),
        ("c.txt", "a\n\nb\n", "c.txt line 2: is blank; need one class name on each line."),
        ("c.json", "[", "c.json: is not JSON ("),
        ("c.json", [], "c.json: names no classes; need a list or an object of class names."),
        ("c.json", {}, "c.json: names no classes"),
        ("c.json", '"tench"', "c.json: names no classes"),
        ("c.json", ["a", 3], "c.json: class 1 is 3; need a name, [wnid, name], or an object with a name."),
        ("c.json", ["a", " "], "c.json: class 1 has no name; need a name for every class."),
        ("c.json", [{"nme": "a"}], "c.json: class 0 is {'nme': 'a'}; need a name, [wnid, name]"),
        ("c.json", [{"name": "a", "words": 3}], "c.json: class 0 has the synonyms 3; need a list of words"),
        ("c.json", {"0": "a", "2": "b"}, "c.json: no class with index 1; need each index from 0 to 1 once."),
        ("c.json", {"1": "a", "2": "b"}, "c.json: no class with index 0; need each index from 0 to 1 once."),
        ("c.json", {"a": 0}, "c.json: index 'a'; need whole numbers from 0."),
        ("c.json", [{"name": "a", "index": -1}], "c.json: index -1; need whole numbers from 0."),
        ("c.json", [{"name": "a", "index": True}], "c.json: index True; need whole numbers from 0."),
        (
            "c.json",
            [{"name": "a", "index": 0}, {"name": "b"}],
            "c.json: entry 1 has no index; need an index in every entry",
        ),
        ("c.json", [{"name": "a", "index": 0}] * 2, "c.json: index 0 twice; need each index from 0 to 1 once."),
    ],
)
def test_a_file_that_leaves_a_class_unnamed_is_refused(name: str, content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError) as caught:
        read_classes(written(tmp_path, name, content))
    assert str(caught.value).startswith(message)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"gone\.txt: No such file or directory; need a file of class names"):
        read_classes(tmp_path / "gone.txt")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(AuditError, match=r"latin\.txt: byte 3 is not UTF-8; need UTF-8 text"):
        read_classes(tmp_path / "latin.txt")


@pytest.mark.tor("TOR-009")
@pytest.mark.parametrize(
    ("label", "index"),
    [
        ("tench", 0),
        ("TENCH", 0),
        ("tinca_tinca", 0),
        ("n01440764", 0),
        ("traffic-light", 2),
        ("traffic  light", 2),
        ("StopLight", 2),
        ("german_short_haired_pointer", 4),
        ("traffic sign", 5),
        ("machine", 3),
    ],
)
def test_a_label_finds_its_class(label: str, index: int) -> None:
    assert map_labels([label], CLASSES, {}) == {label: index}


def test_the_mapping_comes_first_and_the_ignored_are_left_out() -> None:
    labels = ["tench", "fish", "kite", "crane", "tench"]
    mapping: dict[str, str | int] = {"tench": "Traffic sign", "fish": "tinca tinca", "crane": 3}
    assert map_labels(labels, CLASSES, mapping, {"kite"}) == {"crane": 3, "fish": 0, "tench": 5}


def test_a_name_as_it_is_written_beats_one_that_only_resembles_it() -> None:
    classes = (ClassName("Boxer"), ClassName("boxer"), ClassName("dog", ("boxer", "BOXER")))
    assert map_labels(["boxer", "Boxer"], classes, {}) == {"Boxer": 0, "boxer": 1}
    with pytest.raises(AuditError, match=r"'BOXER' names 2 classes: 0 \(Boxer\), 1 \(boxer\); need one"):
        map_labels(["BOXER"], classes, {})


@pytest.mark.tor("TOR-009")
@pytest.mark.parametrize(
    ("label", "message"),
    [
        (
            "crane",
            "data: 'crane' names 2 classes: 1 (crane, bird), 3 (crane, machine); need one. Map it to an index under "
            '[data.labels], as "crane" = 1.',
        ),
        (
            "signal",
            "data: 'signal' names 2 classes: 2 (traffic light, stoplight, signal), 5 (Traffic_Sign, signal); need one.",
        ),
    ],
)
def test_an_ambiguous_label_lists_its_classes(label: str, message: str) -> None:
    with pytest.raises(AuditError) as caught:
        map_labels([label, "tench"], CLASSES, {})
    assert str(caught.value).startswith(message)


@pytest.mark.tor("TOR-009")
def test_all_labels_without_a_class_are_listed_with_the_way_out() -> None:
    with pytest.raises(AuditError) as caught:
        map_labels(["tenc", "tench", "zebra crossing", "kite"], CLASSES, {}, ["kite"])
    assert str(caught.value) == (
        "data: 2 of 3 labels name no class of the model: 'tenc' (nearest: 'tench'); 'zebra crossing' (nothing near); "
        "need "
        'a class for every label. Map them under [data.labels], as "tenc" = "class name" or an index, or list them in '
        "data.ignore."
    )


@pytest.mark.tor("TOR-009")
@pytest.mark.parametrize(
    ("mapping", "ignored", "message"),
    [
        (
            {"fish": "tenhc"},
            [],
            "data.labels.fish: the model has no class 'tenhc'; need a class name or an index, nearest: 'ten",
        ),
        (
            {"fish": "crane"},
            [],
            "data.labels.fish: 'crane' names 2 classes: 1 (crane, bird), 3 (crane, machine); need one.",
        ),
        ({"fish": 6}, [], "data.labels.fish: index 6; need 0 to 5."),
        ({"fish": -1}, [], "data.labels.fish: index -1; need 0 to 5."),
        ({"fsh": 0}, [], "data.labels: 'fsh' is not a label of the dataset; did you mean 'fish'?"),
        ({}, ["fsh"], "data.ignore: 'fsh' is not a label of the dataset; did you mean 'fish'?"),
    ],
)
def test_a_mapping_that_leads_nowhere_is_an_error(
    mapping: dict[str, str | int], ignored: list[str], message: str
) -> None:
    with pytest.raises(AuditError) as caught:
        map_labels(["fish"], CLASSES, mapping, ignored)
    first, *_ = caught.value.parts or (caught.value,)
    assert str(first).startswith(message)


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=6), min_size=1, unique=True), st.randoms())
def test_every_name_finds_itself_in_any_writing(names: list[str], random: Any) -> None:
    classes = [ClassName(f"{name} {name}") for name in names]
    written = {f"{name}{random.choice('-_ ')}{random.choice([name, name.upper()])}": name for name in names}
    assert map_labels(written, classes, {}) == {label: names.index(name) for label, name in written.items()}


def test_labels_whose_samples_are_all_excluded_may_be_mentioned() -> None:
    assert map_labels(["tench"], CLASSES, {"van": 3}, ["crowd"], {"crowd", "van", "nothing like it"}) == {"tench": 0}


def test_labels_of_one_class_share_their_boxes() -> None:
    car, van, dog = (0.0, 0.0, 4.0, 4.0), (4.0, 4.0, 8.0, 8.0), (1.0, 1.0, 2.0, 2.0)
    samples = (
        Sample("a.png", "car", (car,), (dog, van), {"site": "north"}),
        Sample("a.png", "dog", (dog,), (car, van)),
        Sample("a.png", "van", (van, car), (car, dog)),
        Sample("b.png", "van", (van,)),
    )
    assert merge_synonyms(samples, {"car": 1, "van": 1, "dog": 0}) == (
        Sample("a.png", "car", (car, van), (dog,), {"site": "north"}),
        samples[1],
        samples[3],
    )
    assert merge_synonyms(samples, {"car": 0, "van": 1, "dog": 2}) == samples
