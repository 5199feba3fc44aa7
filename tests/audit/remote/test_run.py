"""Whole runs from a store on this machine: the bytes of a local run, through faults, and never two versions mixed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from safetensors.torch import save_file

from audit.cli.main import cli
from audit.datasets.picture_files import open_picture
from audit.datasets.sample import Dataset
from audit.engine.inputs import read_dataset
from audit.engine.measure import measure
from audit.errors import AuditError
from audit.pipeline import run
from audit.record.place import FILE_NAME
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.settings import Settings, load_settings, parse_settings
from fixtures.scene import write_scene
from fixtures.shapes import network, write_shapes
from fixtures.shards import scene_as_parquet, scene_as_tars
from fixtures.stores import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PICTURES = 16
WEIGHTED = 'kind = "factory"\nfunction = "fixtures.shapes:network"\nweights = "model.safetensors"\n'


def written(folder: Path, *, experiments: bool) -> Path:
    """Settings of a data set and a network on disk."""
    settings = write_shapes(folder, PICTURES, model=WEIGHTED, experiments=experiments)
    save_file(network().state_dict(), folder / "model.safetensors")
    return settings


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Quick settings, without experiments."""
    return written(tmp_path_factory.mktemp("local"), experiments=False)


def stored(local: Path, store: ObjectStore, name: str, folder: Path, base: str = "") -> Path:
    """The same settings with everything at URLs below `name`."""
    store.way.faults.clear()
    store.put(name, local.parent)
    text, url = local.read_text(), base or f"{store.s3}/{name}"
    for file in ("boxes.csv", "model.safetensors", "images"):
        text = text.replace(f'"{file}"', f'"{url}/{file}"')
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "audit.toml").write_text(text)
    return folder / "audit.toml"


def audit_of(settings: Path, out: Path, **how: Any) -> dict[str, Any]:
    """The content of audit.json."""
    run(settings, out, **how)
    content: dict[str, Any] = json.loads((out / "audit.json").read_text())
    return content


def places_apart(audit: dict[str, Any]) -> dict[str, Any]:
    """Without the places in the settings and their hash."""
    settings = audit["identity"]["settings"]
    settings["data"].update(annotations="", images="")
    settings["model"]["weights"] = ""
    audit["identity"]["settings_sha256"] = ""
    return audit


@pytest.fixture(scope="module")
def expected(local: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return places_apart(audit_of(local, tmp_path_factory.mktemp("run") / "out"))


@pytest.mark.tor("TOR-129")
@pytest.mark.tor("TOR-130")
def test_a_run_through_faults_gives_the_bytes_of_a_local_one(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the default experiments, which read pictures again."""
    monkeypatch.setattr("audit.remote.store.TIME_OUT", 2.0)
    whole = written(tmp_path / "disk", experiments=True)
    expected = places_apart(audit_of(whole, tmp_path / "disk" / "out"))
    settings = stored(whole, store, "faulty", tmp_path)
    store.way.faults |= {
        "boxes.csv": ["503"],
        "model.safetensors": ["cut", "503"],
        "000.png": ["503", "503"],
        "001.png": ["cut"],
        "002.png": ["hang"],
        "007.png": ["cut", "hang"],
        ".png": ["503"],
    }
    audit = audit_of(settings, tmp_path / "out")
    assert not any(store.way.faults.values()), "each of them befell a request"
    assert audit["identity"]["settings"]["data"]["images"] == f"{store.s3}/faulty/images"
    assert audit["identity"]["model"]["file_sha256"] == expected["identity"]["model"]["file_sha256"]
    assert places_apart(audit) == expected


@pytest.mark.tor("TOR-129")
@pytest.mark.tor("TOR-132")
def test_a_run_over_http_shows_no_secret(
    local: Path, store: ObjectStore, expected: dict[str, Any], tmp_path: Path
) -> None:
    signed = f"{store.web}/web".replace("//", "//user:s3cret@")
    settings = stored(local, store, "web", tmp_path, signed)
    text = settings.read_text()
    for file in ("boxes.csv", "model.safetensors", "images"):
        text = text.replace(f'/{file}"', f'/{file}?response-cache-control=s3cret"')
    settings.write_text(text)
    assert text.count("s3cret") == 6
    assert places_apart(audit_of(settings, tmp_path / "out")) == expected
    written = [path for path in (tmp_path / "out").iterdir() if path.is_file()]
    assert len(written) > 5 and not any(b"s3cret" in path.read_bytes() for path in written)


@pytest.mark.tor("TOR-130")
def test_a_fault_that_stays_ends_the_run(local: Path, store: ObjectStore, tmp_path: Path) -> None:
    settings = stored(local, store, "broken", tmp_path)
    store.way.faults["005.png"] = ["503"] * 100
    with pytest.raises(AuditError, match=r"s3://pictures/broken/images/005\.png: could not be read in 3 tries"):
        run(settings, tmp_path / "out")
    store.way.faults.clear()
    store.way.faults["boxes.csv"] = ["503"] * 100
    with pytest.raises(AuditError, match=r"s3://pictures/broken/boxes\.csv: could not be read in 3 tries \(HTTP 503\)"):
        run(settings, tmp_path / "out")


@pytest.mark.tor("TOR-130")
def test_a_picture_that_is_not_there_is_left_out_as_one_on_disk_is(
    local: Path, store: ObjectStore, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(local.parent, tmp_path / "copy"))
    (copy / "images" / "003.png").unlink()
    remote = stored(copy / "audit.toml", store, "missing", tmp_path)
    audit = audit_of(remote, tmp_path / "out")
    assert places_apart(audit) == places_apart(audit_of(copy / "audit.toml", tmp_path / "local"))
    assert "003.png: no such file" in json.dumps(audit)


@pytest.mark.tor("TOR-131")
def test_a_picture_that_changes_ends_the_run(local: Path, store: ObjectStore, tmp_path: Path) -> None:
    settings = load_settings(stored(local, store, "changing", tmp_path))
    other = (local.parent / "images" / "006.png").read_bytes()

    def change(*_: object) -> None:
        store.put("changing/images/004.png", other)

    with pytest.raises(AuditError, match=r"changing/images/004\.png: changed during the audit; need files that stay"):
        run(settings, tmp_path / "out", notice=change)


@pytest.mark.tor("TOR-131")
@pytest.mark.parametrize("name", ["images/004.png", "boxes.csv", "model.safetensors"])
def test_what_changed_meanwhile_is_not_resumed_with(local: Path, store: ObjectStore, tmp_path: Path, name: str) -> None:
    path = stored(local, store, f"resumed-{Path(name).stem}", tmp_path)

    def stop(done: int, *_: object) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(load_settings(path), tmp_path / "out", progress=stop)
    content = (local.parent / name).read_bytes()
    changed = {
        "boxes.csv": content + b"000.png,light,0,0,3,3,day\n",
        "images/004.png": (local.parent / "images" / "006.png").read_bytes(),
        "model.safetensors": content[:-4] + b"\0\0\1\1",
    }
    store.put(f"resumed-{Path(name).stem}/{name}", changed[name])
    with pytest.raises(AuditError, match=r"other inputs|changed|not the same"):
        measure(load_settings(path), tmp_path / "out", resume=True)
    store.put(f"resumed-{Path(name).stem}/{name}", content)
    with Record.open(measure(load_settings(path), tmp_path / "out", resume=True)) as record:
        assert len(read_pictures(record).image) == PICTURES


@pytest.mark.tor("TOR-133")
def test_a_second_run_takes_the_copies_of_the_cache(
    local: Path, store: ObjectStore, expected: dict[str, Any], tmp_path: Path
) -> None:
    settings = stored(local, store, "cached", tmp_path)
    settings.write_text(settings.read_text().replace("[run]\n", '[run]\ncache = "kept"\n'))
    assert places_apart(audit_of(settings, tmp_path / "one")) == expected
    assert len({path for path in store.way.gets if path.startswith("/pictures/cached/")}) == PICTURES + 2
    fetched = len(store.way.gets)
    assert places_apart(audit_of(settings, tmp_path / "two")) == expected
    assert len(store.way.gets) == fetched, "the second run takes the copies"
    for file in (tmp_path / "kept" / "sha256").iterdir():
        file.write_bytes(b"damaged")
    assert places_apart(audit_of(settings, tmp_path / "three")) == expected


def of_shards(kind: str, place: str, **run_table: Any) -> Settings:
    data = {"format": kind, "annotations": place, "images": place}
    return parse_settings({"data": data, "run": run_table})


@pytest.mark.tor("TOR-133")
@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("kind", "write"), [("webdataset", scene_as_tars), ("parquet", scene_as_parquet)])
def test_shards_in_the_store_are_those_on_disk(
    kind: str, write: Any, cache: bool, store: ObjectStore, tmp_path: Path
) -> None:
    folder = write(write_scene(tmp_path / "scene"), tmp_path / "shards")
    url = store.put(f"shards-{kind}", folder)
    own = {"cache": str(tmp_path / "kept")} if cache else {}
    remote, disk = of_shards(kind, url, **own), of_shards(kind, str(folder))
    suffix = "tar" if kind == "webdataset" else "parquet"
    store.way.faults[f"part-0.{suffix}"] = ["cut", "503"]
    one, other = read_dataset(remote), read_dataset(disk)
    assert one == other and isinstance(one, Dataset)
    for sample in one.samples:
        assert open_picture(sample.image, remote.images).sha256 == open_picture(sample.image, disk.images).sha256
    single = parse_settings(
        {"data": {"format": kind, "annotations": f"{url}/part-0.{suffix}", "images": url}, "run": own}
    )
    assert {sample.image.partition("/")[0] for sample in read_dataset(single).samples} == {f"part-0.{suffix}"}


@pytest.mark.tor("TOR-131")
def test_a_shard_that_changes_ends_the_run(store: ObjectStore, tmp_path: Path) -> None:
    folder = scene_as_tars(write_scene(tmp_path / "scene"), tmp_path / "shards")
    settings = of_shards("webdataset", store.put("changed-shard", folder))
    sample = next(sample for sample in read_dataset(settings).samples if "part-0.tar/two.jpg" in sample.image)
    (folder / "part-0.tar").write_bytes((folder / "part-1.tar").read_bytes())
    store.put("changed-shard", folder)
    with pytest.raises(AuditError, match=r"part-0\.tar: changed during the audit"):
        open_picture(sample.image, settings.images)


def test_classes_in_folders_of_the_store(store: ObjectStore, tmp_path: Path, local: Path) -> None:
    for number, label in enumerate(("dark", "light", "dark")):
        store.put(f"folders/{label}/{number}.png", local.parent / "images" / f"00{number}.png")
    url = f"{store.s3}/folders"
    dataset = read_dataset(of_shards("image_folder", url))
    assert [sample.image for sample in dataset.samples] == ["dark/0.png", "dark/2.png", "light/1.png"]


def test_yolo_wants_a_local_folder(store: ObjectStore) -> None:
    store.put("yolo/data.yaml", b"names: [cat, dog]\n")
    settings = parse_settings(
        {"data": {"format": "yolo", "annotations": f"{store.s3}/yolo/data.yaml", "images": f"{store.s3}/yolo"}}
    )
    with pytest.raises(AuditError, match=r"is a URL, and YOLO's labels are found beside the pictures"):
        read_dataset(settings)


def test_the_command_line_says_what_failed(local: Path, store: ObjectStore, tmp_path: Path) -> None:
    settings = stored(local, store, "said", tmp_path)
    text = settings.read_text().replace(f"{store.s3}/said/images", "file:///etc")
    settings.write_text(text.replace("said/boxes.csv", "said/none.csv"))
    outcome = CliRunner().invoke(cli, ["run", str(settings), "--out", str(tmp_path / "out")])
    said = str(outcome.exception)
    assert isinstance(outcome.exception, AuditError) and "said/none.csv: no such file; need a file" in said
    assert "'file:///etc' is a URL that is not read" in said
    assert not (tmp_path / "out" / FILE_NAME).exists()
