"""WebDataset (github.com/webdataset/webdataset): tar shards in which files of one name belong to one picture."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from audit.datasets.picture_files import PICTURE_SUFFIXES
from audit.datasets.picture_root import Images, shard_at, shards
from audit.datasets.sample import Dataset
from audit.datasets.sharded import Entry, sharded_dataset
from audit.datasets.tar_shard import TarShard
from audit.errors import AuditError
from audit.hashing import sha256_of

ENDINGS = (".tar",)
WITH_PICTURES = True
TEXTS = (".json", ".cls", ".txt")
_KEY = re.compile(r"((?:.*/)?[^./]+)\.([^/]*)", re.DOTALL)


def webdataset(annotations: Images, images: Images, *, names: tuple[str, ...] = ()) -> Dataset:
    """WebDataset tar shards: beside each picture KEY.jpg a KEY.json with objects (bbox, categories), or KEY.cls.

    annotations: one .tar, or the folder of several, at or below images. A KEY.json has `objects` as Hugging Face has
    them, or `bbox` and `label` (also `category`, `categories`, `labels`) themselves: one box or a list, each x, y,
    width, height in pixels; a label that is not there is taken from KEY.cls or KEY.txt. Without any box in all shards
    pictures have labels alone. names: those of the labels' numbers. Further values become metadata.
    """
    entries, digests = list[Entry](), dict[str, str]()
    for shard in shards(annotations, images, ENDINGS[0]):
        found, digests[shard] = _entries(shard, images)
        entries += found
    return sharded_dataset(entries, {"": names}, digests)


def _entries(shard: str, images: Images) -> tuple[list[Entry], str]:
    """The pictures of a shard, and one hash of their names and of all that is written of them."""
    archive = shard_at(shard, images)
    assert isinstance(archive, TarShard)
    texts = archive.texts(TEXTS)
    pictures, written = dict[str, str](), dict[str, dict[str, bytes]]()
    for member in archive.members():
        parts = _KEY.fullmatch(member)
        key, ending = (parts[1], f".{parts[2].lower()}") if parts else (member, "")
        if ending in PICTURE_SUFFIXES:
            if key in pictures:
                needed = "need one picture for each key"
                raise AuditError(
                    shard, f"holds {pictures[key]!r} and {member!r}", needed, "Give them keys of their own."
                )
            pictures[key] = member
        elif ending in TEXTS:
            written.setdefault(key, {})[ending] = texts[member]
    hashed = [[name, hashlib.sha256(text).hexdigest()] for name, text in texts.items()]
    digest = sha256_of([list(pictures.values()), hashed])
    return [_entry(f"{shard}/{member}", written.get(key, {})) for key, member in pictures.items()], digest


def _entry(image: str, texts: Mapping[str, bytes]) -> Entry:
    word = next((texts[ending] for ending in TEXTS[1:] if ending in texts), None)
    return Entry(image, _fields(image, texts.get(TEXTS[0])), None if word is None else _label(image, word))


def _fields(image: str, text: bytes | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AuditError(image, f"its .json is none ({error})", "need an object") from error
    return fields if isinstance(fields, dict) else {"label": fields}


def _label(image: str, text: bytes) -> str | int:
    try:
        word = text.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise AuditError(image, "its label is not UTF-8", "need UTF-8 text") from error
    return int(word) if re.fullmatch(r"\d{1,9}", word, re.ASCII) else word
