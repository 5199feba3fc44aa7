"""`SHA256SUMS`: the hash of every file of an evidence folder, as `sha256sum --check` reads it."""

import re
from collections.abc import Mapping

FILE = "SHA256SUMS"


def sums_text(hashes: Mapping[str, str]) -> str:
    """SHA-256 by the file's name in the folder, sorted by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))


def read_sums(text: str) -> dict[str, str]:
    """SHA-256 by the file's name.

    Raises ValueError for a line that is not '64 hex digits, two spaces, the plain name of a file', or a second line of
    one file.
    """
    hashes: dict[str, str] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        match = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        if match is None or match[2] in hashes:
            raise ValueError(f"line {number} is no hash of a file in the folder")
        hashes[match[2]] = match[1]
    return hashes
