"""URLs in settings: kept as they are written, shown without secrets, and only those of remote places."""

import json
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.datasets.discover import look
from audit.datasets.remote_folder import RemoteFolder
from audit.errors import AuditError
from audit.models.open_model import with_copies
from audit.remote.store import Store
from audit.remote.url import check_url, is_url, joined, last_name, safe_name, shown
from audit.settings import Settings, parse_settings
from audit.settings_tables import ModelTable

SECRET = "https://me:word@host.example/set/boxes.csv?X-Amz-Signature=abc#part"


def settings(tmp_path: Path, **data: object) -> Settings:
    given = {"format": "csv", "annotations": SECRET, "images": "s3://bucket/set//deep", **data}
    model = {"kind": "timm", "name": "x", "weights": SECRET, "classes": SECRET}
    return parse_settings({"data": given, "model": model}, tmp_path)


@pytest.mark.tor("TOR-132")
def test_settings_keep_the_text_and_record_no_secret(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    assert (kept.data.annotations, kept.data.images) == (SECRET, "s3://bucket/set//deep")
    assert isinstance(settings(tmp_path, images="pictures").data.images, Path)
    recorded = kept.recorded()
    assert recorded["data"]["annotations"] == "https://host.example/set/boxes.csv"
    assert recorded["model"]["weights"] == recorded["model"]["classes"] == "https://host.example/set/boxes.csv"
    assert not any(word in json.dumps(recorded) for word in ("word", "Signature", "abc", "part"))


def test_only_files_of_a_model_are_fetched() -> None:
    table = ModelTable.model_validate({"kind": "torchvision", "name": "https://h/name", "weights": SECRET})
    asked: list[str] = []

    def copied(url: str) -> Path:
        asked.append(url)
        return Path("copy.pth")

    assert with_copies(table, copied).options == {"name": "https://h/name", "weights": "copy.pth"}
    assert asked == [SECRET]


def test_equal_settings_are_equal_and_travel(tmp_path: Path) -> None:
    one, other = settings(tmp_path), settings(tmp_path)
    assert one == other and pickle.loads(pickle.dumps(one)) == one
    assert one.images is one.images, "it remembers what it saw"
    assert "cache" not in one.recorded()["run"]


@pytest.mark.tor("TOR-132")
@pytest.mark.parametrize(
    ("url", "text"),
    [
        (SECRET, "https://host.example/set/boxes.csv"),
        ("zip://in/side::https://u:p@h/x.zip?sig=1", "zip://in/side::https://h/x.zip"),
        ("s3://bucket", "s3://bucket"),
        ("https://host?token=1", "https://host"),
        ("https://u:p@host/?token=a@b/c", "https://host/"),
    ],
)
def test_what_is_shown(url: str, text: str) -> None:
    assert shown(url) == text


@given(st.text("abc:/?#@.%", max_size=30))
def test_nothing_secret_is_shown_whatever_the_url(rest: str) -> None:
    url = f"https://user:s3cret@host/{rest}?key=s3cret"
    assert "s3cret" not in shown(url)


@pytest.mark.tor("TOR-132")
@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "local://etc/passwd", "memory://x", "simplecache::https://h/x", "ftp://h/x"),
        *("zip://x", "zip://x::file:///a.zip", "zip://x::/a.zip", "https://h/x::file:///etc/passwd", "reference://x"),
    ],
)
def test_other_places_than_remote_ones_are_refused(url: str) -> None:
    with pytest.raises(AuditError, match=r"is a URL that is not read; need one that begins with s3://, gs://"):
        check_url(url)
    with pytest.raises(AuditError, match=r"Name what lies on this machine by its path"):
        RemoteFolder(url)


@pytest.mark.tor("TOR-132")
@pytest.mark.parametrize("name", ["../a.png", "a/../../b", "/etc/passwd", "a//b", "", ".", "a/./b", "a\0b", "..\\a"])
def test_names_that_lead_elsewhere_are_not_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "_opened", property(lambda _: pytest.fail("it was opened")))
    assert not safe_name(name)
    with pytest.raises(PermissionError):
        RemoteFolder("s3://bucket/set").read(name, 10)
    assert not RemoteFolder("s3://bucket/set").has(name)


@pytest.mark.parametrize(
    ("path", "name", "web", "place"),
    [
        ("bucket/set", "a b/1.png", False, "bucket/set/a b/1.png"),
        ("", "a.png", False, "a.png"),
        ("https://h/set?sig=1", "a b?/%2e%2e#.png", True, "https://h/set/a%20b%3F/%252e%252e%23.png?sig=1"),
        ("https://h/a.csv?sig=1", "", True, "https://h/a.csv?sig=1"),
    ],
)
def test_names_below_a_place(path: str, name: str, web: bool, place: str) -> None:
    assert joined(path, name, web=web) == place


def test_what_is_a_url() -> None:
    assert is_url("s3://b") and is_url("https://h/x")
    assert not any(map(is_url, ("boxes.csv", "C:\\x", "C://x", "a/b://c", "", Path("s3://b"), 3)))
    assert (last_name(SECRET), last_name("zip://a/b.csv::s3://c/d.zip"), last_name("s3://b")) == (
        "boxes.csv",
        "b.csv",
        "b",
    )


def test_nothing_is_looked_for_at_a_url() -> None:
    with pytest.raises(AuditError, match=r"data: a URL, where nothing is looked for; .*Name URLs in a settings file"):
        look(Path("s3://bucket/set"))


def test_a_folder_at_a_url_travels_to_other_processes(tmp_path: Path) -> None:
    folder = RemoteFolder("s3://bucket/set", tmp_path)
    again = pickle.loads(pickle.dumps(folder))
    assert (again.url, again.name, again._cache.folder) == (folder.url, "set", tmp_path)
    assert str(RemoteFolder("https://u:p@h/x?s=1")) == "https://h/x"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(
        AuditError, match=r"need the extra 'remote'\. Install it: pip install 'saliency-audit\[remote\]'"
    ):
        Store("gs://bucket/x").read("a", 10)
