"""Pictures in tar shards and Parquet files: the samples and pixels of loose files, and what is refused."""

import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit.datasets.containers import through
from audit.datasets.discover import look
from audit.datasets.exclusions import Rejected
from audit.datasets.formats.csv import csv
from audit.datasets.formats.parquet import parquet
from audit.datasets.formats.webdataset import webdataset
from audit.datasets.parquet_pictures import ParquetPictures
from audit.datasets.picture_files import displayed_size, open_picture
from audit.datasets.sample import Dataset, Sample
from audit.datasets.shard_source import LocalSource
from audit.errors import AuditError
from fixtures.scene import SIZES, Scene, write_scene
from fixtures.shards import FEATURES, objects_of, scene_as_parquet, scene_as_tars, write_parquet, write_tar

Read = Callable[..., Dataset]
KINDS = [pytest.param(webdataset, scene_as_tars, id="tar"), pytest.param(parquet, scene_as_parquet, id="parquet")]
BOX = {"objects": {"bbox": [[1, 2, 10, 20]], "categories": ["dog"]}}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return write_scene(tmp_path_factory.mktemp("scene"))


def loose(image: str) -> str:
    """The name of the scene's picture of which one in a shard is a copy."""
    shard, _, member = image.partition("/")
    start = 2 * int(shard.partition("-")[2].partition(".")[0])
    return [*SIZES][start + int(member)] if member.isdecimal() else member


@pytest.mark.tor("TOR-133")
@pytest.mark.parametrize(("read", "write"), KINDS)
def test_the_samples_and_pixels_of_loose_files(
    read: Read, write: Callable[[Scene, Path], Path], scene: Scene, tmp_path: Path
) -> None:
    folder = write(scene, tmp_path / "shards")
    dataset, reference = read(folder, folder), csv(scene.annotations["csv"], scene.images)
    assert not dataset.exclusions and not dataset.files
    assert [*dataset.digests] == sorted(path.name for path in folder.iterdir())
    turned = {"turned.jpg"}  # its boxes are stated as stored there, and as shown here
    found = {(loose(s.image), s.label): replace(s, image=loose(s.image)) for s in dataset.samples}
    expected = {(s.image, s.label): replace(s, metadata={}) for s in reference.samples}
    assert found.keys() == expected.keys()
    assert all(found[key] == sample for key, sample in expected.items() if key[0] not in turned)
    for sample in dataset.samples:
        packed, file = open_picture(sample.image, folder), open_picture(loose(sample.image), scene.images)
        assert (packed.sha256, packed.header) == (file.sha256, file.header)
        assert packed.picture.tobytes() == file.picture.tobytes()
        assert displayed_size(sample.image, folder) == file.header.shown
    one = sorted(folder.iterdir())[0]
    assert {loose(s.image) for s in read(one, folder).samples} == {"one.png", "two.jpg"}
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "other.png").write_bytes(b"x")  # of another data set, beside the shards
    seen = look(folder)
    assert (seen.annotations, seen.images, seen.present, len(seen.dataset.samples)) == (folder, folder, 7, 7)


@pytest.mark.parametrize(("read", "write"), KINDS)
def test_the_hash_goes_with_what_is_written(
    read: Read, write: Callable[[Scene, Path], Path], scene: Scene, tmp_path: Path
) -> None:
    one, same, other = (write(scene, tmp_path / name) for name in "abc")
    if read is webdataset:
        write_tar(other / "part-0.tar", {"one.png": b"x", "one.json": json.dumps(BOX).encode()})
    else:
        write_parquet(other / "part-0.parquet", [{"image": {"bytes": b"x", "path": ""}, **BOX}])
    first, again, changed = (dict(read(folder, folder).digests) for folder in (one, same, other))
    assert first == again and {key for key in first if first[key] != changed[key]} == {next(iter(first))}


def tar(tmp_path: Path, **members: object) -> Dataset:
    """members: by name with _ for the dot; text, bytes, or what is written as JSON."""
    content = {
        name.replace("_", "."): value if isinstance(value, bytes) else json.dumps(value).encode()
        for name, value in members.items()
    }
    write_tar(tmp_path / "x.tar", content)
    return webdataset(tmp_path, tmp_path, names=("cat", "dog"))


@pytest.mark.tor("TOR-133")
@pytest.mark.parametrize(
    "fields",
    [
        BOX,
        {"objects": [{"bbox": [1, 2, 10, 20], "label": "dog"}]},
        {"objects": {"bbox": [[1, 2, 10, 20]], "category": [1]}},
        {"bbox": [1, 2, 10, 20], "label": "dog"},
        {"bbox": [[1, 2, 10, 20]], "labels": ["dog"]},
        {"bboxes": [[1, 2, 10, 20]], "category": 1},
    ],
)
def test_boxes_in_every_shape(fields: dict[str, object], tmp_path: Path) -> None:
    dataset = tar(tmp_path, a_jpg=b"x", a_json={**fields, "camera": "left", "width": 48, "height": 40})
    assert dataset.samples == (Sample("x.tar/a.jpg", "dog", ((1, 2, 11, 22),), metadata={"camera": "left"}),)
    assert (dataset.samples[0].size, dataset.exclusions) == ((48, 40), ())


@pytest.mark.tor("TOR-133")
def test_labels_beside_the_pictures(tmp_path: Path) -> None:
    dataset = tar(tmp_path, a_jpg=b"x", a_json={"bbox": [1, 2, 10, 20]}, a_cls=b"1\n", b_png=b"x", b_cls=b"0")
    assert [(s.image, s.label, s.boxes) for s in dataset.samples] == [("x.tar/a.jpg", "dog", ((1, 2, 11, 22),))]
    bare = tar(tmp_path, a_jpg=b"x", a_cls=b"1", b_png=b"x", b_txt=b" cat ", c_png=b"x", d_png=b"x", d_cls=b"7")
    assert [(s.image, s.label, s.boxes) for s in bare.samples] == [
        ("x.tar/a.jpg", "dog", ()),
        ("x.tar/b.png", "cat", ()),
    ]
    assert not bare.boxed
    assert {e.image: e.reason for e in bare.exclusions} == {
        "x.tar/c.png": "unknown label",
        "x.tar/d.png": "unknown label",
    }


@pytest.mark.tor("TOR-133")
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a_jpg": b"x", "a_png": b"x"}, r"x\.tar: holds 'a\.jpg' and 'a\.png'; need one picture for each key"),
        ({"a_jpg": b"x", "a_json": b"{"}, r"x\.tar/a\.jpg: its \.json is none"),
        ({"a_jpg": b"x", "a_cls": b"\xff"}, r"x\.tar/a\.jpg: its label is not UTF-8"),
        ({"a_cls": b"x"}, r"x\.tar: no picture; need shards of pictures"),
        ({"a_jpg": b"x", "a_json": b" " * 2**20 + b"1"}, r"x\.tar/a\.json: holds 1,048,577 bytes"),
    ],
)
def test_shards_that_cannot_be_read_as_a_whole(members: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=message):
        tar(tmp_path, **members)


@pytest.mark.tor("TOR-133")
def test_damaged_tars(tmp_path: Path) -> None:
    write_tar(tmp_path / "x.tar", {"a.jpg": b"x" * 5000, "a.cls": b"1", "b.jpg": b"y" * 5000})
    whole = (tmp_path / "x.tar").read_bytes()
    for cut in (100, 3000, 5632, 5700, 8000):
        (tmp_path / "x.tar").write_bytes(whole[:cut])
        with pytest.raises(AuditError, match=r"x\.tar: (is no tar file|ends within|ends without)"):
            webdataset(tmp_path, tmp_path)
    with tarfile.open(tmp_path / "x.tar", "w:gz") as archive:
        archive.add(__file__, "a.jpg")
    with pytest.raises(AuditError, match=r"is no tar file that can be read .*without compression"):
        webdataset(tmp_path, tmp_path)
    write_tar(tmp_path / "x.tar", {"a.jpg": b"x"})
    with tarfile.open(tmp_path / "x.tar", "a") as archive:
        archive.add(__file__, "a.jpg")
    with pytest.raises(AuditError, match=r"holds 'a\.jpg' twice"):
        webdataset(tmp_path, tmp_path)


@pytest.mark.tor("TOR-132")
def test_links_in_a_tar_lead_nowhere(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        link = tarfile.TarInfo("a.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(Rejected, match=r"x\.tar/a\.jpg: no such file"):
        open_picture("x.tar/a.jpg", tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out.tar").symlink_to(tmp_path / "x.tar")
    with pytest.raises(Rejected, match="leads outside the picture folder"):
        open_picture("out.tar/a.jpg", tmp_path / "in")


def test_shards_lie_below_the_pictures(tmp_path: Path) -> None:
    write_tar(tmp_path / "a" / "x.tar", {"a.jpg": b"x"})
    (tmp_path / "b").mkdir()
    with pytest.raises(AuditError, match=r"lies outside the pictures' folder; need the shards below data\.images"):
        webdataset(tmp_path / "a", tmp_path / "b")
    with pytest.raises(AuditError, match=r"b: no \.tar file; need the shards of pictures"):
        webdataset(tmp_path / "b", tmp_path)


def test_a_folder_may_be_called_as_a_shard(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "x.tar").mkdir()
    (tmp_path / "x.tar" / "a.png").write_bytes((scene.images / "one.png").read_bytes())
    assert open_picture("x.tar/a.png", tmp_path).picture.size == (64, 64)


def test_a_shard_that_changed_is_read_anew(scene: Scene, tmp_path: Path) -> None:
    one, two = ((scene.images / name).read_bytes() for name in ("one.png", "below/many.png"))
    write_tar(tmp_path / "x.tar", {"a.png": one})
    assert open_picture("x.tar/a.png", tmp_path).picture.size == (64, 64)
    write_tar(tmp_path / "x.tar", {"0.png": one, "a.png": two})
    assert open_picture("x.tar/a.png", tmp_path).picture.size == (256, 128)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/x.tar/b/1.jpg", ("a/x.tar", "b/1.jpg")),
        ("x.parquet/17", ("x.parquet", "17")),
        ("x.tar", None),
        ("tar/1.jpg", None),
        ("a.jpg", None),
    ],
)
def test_names_that_lead_through_a_shard(name: str, parts: tuple[str, str] | None) -> None:
    assert through(name) == parts


class TestParquet:
    @pytest.mark.tor("TOR-133")
    def test_rows_of_several_groups(self, tmp_path: Path) -> None:
        rows = [{"image": {"bytes": bytes([n]), "path": None}, "label": n} for n in range(5)]
        path = write_parquet(tmp_path / "x.parquet", rows)
        pictures = ParquetPictures(LocalSource(path))
        assert [pictures.read(str(n), 9) for n in (4, 0, 3, 3, 1, 2)] == [bytes([n]) for n in (4, 0, 3, 3, 1, 2)]
        assert pictures.has("4") and not any(map(pictures.has, ("5", "-1", "01", "x", "", "1" * 30, "²")))
        with pytest.raises(FileNotFoundError):
            pictures.read("5", 9)
        with pytest.raises(OSError, match="holds 1 bytes, more than 0"):
            pictures.read("1", 0)

    @pytest.mark.tor("TOR-133")
    def test_without_boxes_pictures_have_labels(self, tmp_path: Path) -> None:
        rows = [{"img": {"bytes": b"x", "path": "a"}, "label": n % 2, "site": "A"} for n in range(3)]
        features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
        write_parquet(tmp_path / "x.parquet", rows, features)
        dataset = parquet(tmp_path, tmp_path)
        assert [sample.label for sample in dataset.samples] == ["cat", "dog", "cat"]
        assert dataset.samples[0] == Sample("x.parquet/0", "cat", (), metadata={"site": "A"})
        assert [s.label for s in parquet(tmp_path, tmp_path, names=("a", "b")).samples] == ["a", "b", "a"]

    @pytest.mark.tor("TOR-133")
    def test_what_is_no_such_file(self, tmp_path: Path) -> None:
        path = write_parquet(tmp_path / "x.parquet", [{"image": {"bytes": b"x", "path": "a"}, **BOX}])
        whole = path.read_bytes()
        for broken in (b"", b"PAR1", whole[:-20], whole[:-4] + b"XXXX"):
            path.write_bytes(broken)
            with pytest.raises(AuditError, match=r"x\.parquet: is no Parquet file that can be read"):
                parquet(tmp_path, tmp_path)
        for row, message in (
            ({"a": {"bytes": b"x"}, "b": {"bytes": b"x"}}, r"2 columns of pictures \(a, b\)"),
            ({"a": 1}, "no column of pictures"),
        ):
            write_parquet(path, [row])
            with pytest.raises(AuditError, match=message):
                parquet(tmp_path, tmp_path)

    def test_a_picture_that_is_not_inside_is_left_out(self, tmp_path: Path) -> None:
        write_parquet(
            tmp_path / "x.parquet",
            [{"image": {"bytes": None, "path": "/etc/passwd"}, **BOX}, {"image": {"bytes": b"x", "path": "a"}, **BOX}],
        )
        assert len(parquet(tmp_path, tmp_path).samples) == 2
        with pytest.raises(Rejected, match="holds no bytes; its picture lies elsewhere"):
            open_picture("x.parquet/0", tmp_path)

    def test_names_of_classes_where_datasets_writes_them(self, tmp_path: Path) -> None:
        rows = [{"image": {"bytes": b"x", "path": "a"}, **BOX}]
        path = write_parquet(tmp_path / "x.parquet", rows, FEATURES)
        assert ParquetPictures(LocalSource(path)).class_names() == {"category": ("disc", "square", "wedge")}
        nested = {"objects": [{"category": {"names": ["a"], "_type": "ClassLabel"}}]}
        lists = {"objects": {"category": {"feature": {"names": ["a"], "_type": "ClassLabel"}, "_type": "List"}}}
        for features in (nested, lists):
            path = write_parquet(tmp_path / "x.parquet", rows, features)
            assert ParquetPictures(LocalSource(path)).class_names() == {"category": ("a",)}


def test_the_fixture_s_objects_are_the_scene_s() -> None:
    assert objects_of("one.png") == {"bbox": [[8, 16, 32, 32]], "categories": ["disc"]}
