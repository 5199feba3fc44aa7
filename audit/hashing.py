"""The identity of everything that goes in. No host names, no paths, no clock."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "pillow", "safetensors")


def sha256_of(value: Any) -> str:
    """SHA-256 of a JSON value's canonical form."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def file_hashes(files: Iterable[Path], root: Path) -> dict[str, str]:
    """Path below `root` -> SHA-256 of the bytes. Beyond a few files (VOC has one a picture) one hash stands for all."""
    base = root if root.is_dir() else root.parent
    each = {Path(os.path.relpath(file, base)).as_posix(): file_hash(file) for file in files}
    return one_for_many(each, "files")


def one_for_many(each: Mapping[str, str], what: str) -> dict[str, str]:
    """The hashes, or where there are more than a few one that stands for all."""
    return dict(each) if len(each) <= 3 else {f"{len(each)} {what}": sha256_of(each)}


def file_hash(file: Path) -> str:
    """SHA-256 of the file's bytes."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def tool() -> dict[str, str]:
    return {"name": "saliency-audit", "version": installed_version("saliency-audit") or "not installed"}


def installed_version(package: str) -> str:
    """'' where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def picture_seed(seed: int, image: str, label: str) -> int:
    """A seed of 63 bits for one sample, the same wherever the sample stands in a batch."""
    digest = hashlib.blake2b(f"{seed}|{image}|{label}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
