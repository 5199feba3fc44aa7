"""Bytes from a real store on this machine, over a way that fails."""

import gc
import hashlib
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from audit.datasets.exclusions import Rejected
from audit.datasets.picture_files import open_picture
from audit.datasets.remote_folder import RemoteFolder
from audit.errors import AuditError
from audit.remote.cache import Cache
from audit.remote.copies import Copies
from audit.remote.store import TRIES, Store
from fixtures.scene import write_scene
from fixtures.stores import Fault, ObjectStore

pytestmark = pytest.mark.slow
CONTENT = bytes(range(256)) * 20


@pytest.fixture(params=["s3", "web"])
def at(request: pytest.FixtureRequest, store: ObjectStore) -> Store:
    """One file `set/a.bin`, by both kinds of URL."""
    store.way.faults.clear()
    store.put("set/a.bin", CONTENT)
    return Store(f"{getattr(store, request.param)}/set")


@pytest.mark.tor("TOR-130")
@pytest.mark.parametrize("fault", ["hang", "cut", "503"])
def test_what_passes_is_tried_again(
    at: Store, store: ObjectStore, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "hang":
        monkeypatch.setattr("audit.remote.store.TIME_OUT", 1.0)
    store.way.faults["a.bin"] = [fault] * (TRIES - 1)
    assert at.read("a.bin", 10**6) == CONTENT
    store.way.faults["a.bin"] = [fault]
    file = BytesIO()
    assert at.copy("a.bin", file, 10**6) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert file.getvalue() == CONTENT
    store.way.faults["a.bin"] = [fault]
    assert at.part("a.bin", 100, 50) == CONTENT[100:150]


@pytest.mark.tor("TOR-130")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("hang", r"in 3 tries \((ReadTimeoutError|FSTimeoutError)\)"),
        ("cut", r"in 3 tries \(ClientPayloadError\)"),
        ("503", r"in 3 tries \(HTTP 503\)"),
        ("403", r"could not be read \(HTTP 403\)"),
    ],
)
def test_what_stays_is_an_error_and_no_missing_picture(
    at: Store, store: ObjectStore, fault: Fault, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "hang":
        monkeypatch.setattr("audit.remote.store.TIME_OUT", 1.0)
    folder = RemoteFolder(at.url)
    store.way.faults["a.bin"] = [fault] * 10
    with pytest.raises(AuditError, match=said + r".*need the whole file\. Check the address"):
        open_picture("a.bin", folder)
    tried = 10 - len(store.way.faults["a.bin"])
    assert tried == (1 if fault == "403" else TRIES)


@pytest.mark.tor("TOR-130")
def test_what_is_not_there_or_too_large_excludes_the_picture(at: Store) -> None:
    folder = RemoteFolder(at.url)
    with pytest.raises(Rejected, match=r"none\.png: no such file; need the picture"):
        open_picture("none.png", folder)
    with pytest.raises(Rejected, match=r"\.\./a\.bin: leads outside the picture folder"):
        open_picture("../a.bin", folder)
    with pytest.raises(OSError, match="holds 5,120 bytes, more than 100"):
        at.read("a.bin", 100)
    assert (folder.has("a.bin"), folder.has("none.png")) == (True, False)


@pytest.mark.tor("TOR-131")
def test_other_bytes_under_one_name_are_refused(at: Store, store: ObjectStore) -> None:
    folder = RemoteFolder(at.url)
    folder.read("a.bin", 10**6)
    assert folder.read("a.bin", 10**6) == CONTENT
    store.put("set/a.bin", CONTENT[::-1])
    with pytest.raises(AuditError, match=r"set/a\.bin: changed during the audit; need files that stay"):
        folder.read("a.bin", 10**6)


def test_files_below_a_url(store: ObjectStore) -> None:
    store.put("tree/b/two.PNG", b"2")
    store.put("tree/one.png", b"1")
    store.put("tree/note.txt", b"0")
    store.put("treetop.png", b"3")
    assert Store(f"{store.s3}/tree").names((".png",)) == ["b/two.PNG", "one.png"]
    with pytest.raises(AuditError, match=r"web address, below which no files are listed"):
        Store(f"{store.web}/tree").names((".png",))


@pytest.mark.tor("TOR-129")
def test_a_file_inside_an_archive_at_a_url(store: ObjectStore) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("in/a.bin", CONTENT)
    store.put("x.zip", packed.getvalue())
    for base in (store.s3, store.web):
        inside = Store(f"zip://in::{base}/x.zip")
        assert inside.read("a.bin", 10**6) == CONTENT
        with pytest.raises(FileNotFoundError):
            inside.read("b.bin", 10**6)
        store.way.faults["x.zip"] = ["503"] * 20
        with pytest.raises(AuditError, match=r"zip://in::.*could not be read"):
            Store(f"zip://in::{base}/x.zip").read("a.bin", 10**6)
        store.way.faults.clear()


@pytest.mark.tor("TOR-132")
def test_a_failure_shows_no_secret(store: ObjectStore) -> None:
    url = f"{store.web}/set".replace("//", "//user:word@") + "?X-Amz-Signature=abc"
    store.way.faults["a.bin"] = ["403"]
    with pytest.raises(AuditError, match="could not be read") as caught:
        Store(url).read("a.bin", 10)
    shown = f"{caught.value} {caught.value.__cause__} {caught.value.__suppress_context__}"
    assert "word" not in shown and "abc" not in shown and shown.endswith("None True")


@pytest.mark.tor("TOR-133")
def test_a_copy_is_taken_as_long_as_the_file_stays(at: Store, store: ObjectStore, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.read(at, "a.bin", 10**6) == CONTENT
    before = len(store.way.gets)
    assert cache.read(Store(at.url), "a.bin", 10**6) == CONTENT
    assert len(store.way.gets) == before, "nothing was fetched"
    store.put("set/a.bin", CONTENT[::-1])
    assert cache.read(at, "a.bin", 10**6) == CONTENT[::-1]
    kept = sorted(path.name for path in (tmp_path / "sha256").iterdir())
    assert kept == sorted(hashlib.sha256(content).hexdigest() for content in (CONTENT, CONTENT[::-1]))


@pytest.mark.tor("TOR-133")
def test_a_damaged_copy_is_fetched_again(at: Store, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = cache.file(at, "a.bin", 10**6)
    kept.write_bytes(CONTENT[:-1] + b"x")
    assert cache.read(at, "a.bin", 10**6) == CONTENT
    (entry,) = (tmp_path / "index").iterdir()
    entry.write_text("../../etc/passwd")
    assert cache.read(at, "a.bin", 10**6) == CONTENT


def test_a_failure_leaves_nothing_behind_in_the_cache(at: Store, store: ObjectStore, tmp_path: Path) -> None:
    store.way.faults["a.bin"] = ["cut"] * 10
    with pytest.raises(AuditError, match="could not be read"):
        Cache(tmp_path).file(at, "a.bin", 10**6)
    with pytest.raises(FileNotFoundError):
        Cache(tmp_path).file(at, "none", 10**6)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_files_are_fetched_once_under_their_own_name(at: Store, store: ObjectStore, tmp_path: Path) -> None:
    copies = Copies()
    file = copies.file(f"{at.url}/a.bin", None)
    assert (file.name, file.read_bytes()) == ("a.bin", CONTENT)
    store.put("set/a.bin", b"other")
    assert copies.file(f"{at.url}/a.bin", None) == file and file.read_bytes() == CONTENT
    assert Copies().file(f"{at.url}/a.bin", tmp_path).read_bytes() == b"other"
    with pytest.raises(AuditError, match=r"set/none: no such file; need a file\. Check the address"):
        copies.file(f"{at.url}/none", None)
    folder = file.parent.parent
    del copies
    gc.collect()  # the errors above hold it
    assert not folder.exists()


def test_a_folder_is_no_annotation_file(store: ObjectStore) -> None:
    store.put("folder/x/a.bin", CONTENT)
    with pytest.raises(AuditError, match=r"s3://pictures/folder/x: is a folder; need a file"):
        Copies().file(f"{store.s3}/folder/x", None)


@pytest.mark.tor("TOR-129")
def test_every_picture_is_the_same_from_the_store(store: ObjectStore, tmp_path: Path) -> None:
    scene = write_scene(tmp_path)
    folder = RemoteFolder(store.put("scene", scene.images))
    for path in sorted(scene.images.rglob("*.*")):
        name = path.relative_to(scene.images).as_posix()
        local, remote = open_picture(name, scene.images), open_picture(name, folder)
        assert (local.sha256, local.header, local.picture.tobytes()) == (
            remote.sha256,
            remote.header,
            remote.picture.tobytes(),
        )
