"""The pictures that a network was trained on, by their hashes alone: a list that can leave a site where they cannot."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.datasets.content import Content, content_of
from audit.datasets.exclusions import Rejected
from audit.datasets.perceptual_hash import NO_HASH, Words, alike, hash_words
from audit.datasets.picture_files import open_picture
from audit.errors import AuditError
from audit.files import read_regular

COLUMNS = "pixels_sha256,perceptual_hash"
UNREAD = "unread"
DIGITS = 64
"""Of either hash."""
MOST_BYTES = 10**9
"""Of a list: seven million pictures."""
AT_ONCE = 64
"""Pictures on their way to the threads that read them."""
COMPARED = 2**22
"""Pairs whose hashes are compared at once."""
STEP = "Make it with: saliency-audit hashes FOLDER --out FILE."


class Training(NamedTuple):
    """A list of hashes."""

    pixels: frozenset[str]
    """SHA-256 of the decoded pixels of each picture."""
    looks: Words
    """(n, 8) the perceptual hashes of those that have one."""
    unread: int
    """Further pictures, which could not be read when the list was made."""
    sha256: str
    """Hash of the list's file."""


class Overlap(NamedTuple):
    """Which of n pictures are among those of a list."""

    same: NDArray[np.bool_]
    """(n,) pixel for pixel."""
    alike: NDArray[np.bool_]
    """(n,) or nearly: cut, scaled, turned or saved again; also what a fixed camera saw before or after."""


def read_training(path: Path) -> Training:
    """The list that `hashes_text` wrote. Raises AuditError where it is none, empty, or not whole."""
    try:
        content = read_regular(path, MOST_BYTES)
        titles, *lines = content.decode("ascii").splitlines() or [""]
    except (OSError, ValueError) as error:
        raise AuditError(path, f"cannot be read ({error})", "need a list of hashes", STEP) from error
    if titles != COLUMNS:
        raise AuditError(path, f"begins with {titles[:80]!r}", f"need {COLUMNS!r}", STEP)
    name, _, unread = (lines.pop() if lines else "").partition(",")
    if name != UNREAD or not unread.isdecimal():
        raise AuditError(path, f"does not end with {UNREAD!r}", "need the whole list", STEP)
    if not lines:
        raise AuditError(path, "lists no picture", "need the hashes of the training pictures", STEP)
    pairs = [_hashes(path, number, line) for number, line in enumerate(lines, 2)]
    looks = sorted({look for _, look in pairs if look})
    digest = hashlib.sha256(content).hexdigest()
    return Training(frozenset(pixels for pixels, _ in pairs), _words(looks), int(unread), digest)


def hashes_text(contents: Iterable[Content], unread: int) -> str:
    """A line a picture, sorted and each once, so that neither names nor their order can be told from it.

    unread: how many more there are. The last line says so, and that the list is whole.
    """
    lines = sorted({f"{content.pixels_sha256},{content.perceptual_hash[:DIGITS]}" for content in contents})
    return "\n".join([COLUMNS, *lines, f"{UNREAD},{unread}", ""])


def picture_contents(files: Sequence[Path], folder: Path, workers: int) -> Iterator[Content | Rejected]:
    """The content of each picture below `folder`, in order, or why it cannot be read."""
    with ThreadPoolExecutor(workers, thread_name_prefix="hash") as pool:
        for start in range(0, len(files), AT_ONCE):
            yield from pool.map(lambda file: _content(file, folder), files[start : start + AT_ONCE])


def overlap(training: Training, pixels: Sequence[str], looks: Sequence[str]) -> Overlap:
    """Which of n pictures are on the list. pixels, looks: the hashes of their pixels, and their perceptual hashes."""
    same = np.array([entry in training.pixels for entry in pixels], dtype=bool)
    hashed = np.flatnonzero([entry != NO_HASH for entry in looks])
    words = _words([entry[:DIGITS] for entry in looks if entry != NO_HASH])
    step = max(1, COMPARED // max(len(training.looks), 1))
    near = same.copy()
    for start in range(0, len(words), step):
        near[hashed[start + alike(words[start : start + step], training.looks)[0]]] = True
    return Overlap(same, near)


def _hashes(path: Path, number: int, line: str) -> tuple[str, str]:
    """The two hashes of a line; the perceptual one is '' where the picture is too plain for one."""
    pixels, comma, look = line.partition(",")
    try:
        lengths = len(bytes.fromhex(pixels)), len(bytes.fromhex(look))
    except ValueError:
        lengths = 0, 0
    if not comma or lengths not in {(DIGITS // 2, DIGITS // 2), (DIGITS // 2, 0)}:
        raise AuditError(path, f"line {number} is {line[:80]!r}", f"need two hashes of {DIGITS} digits", STEP)
    return pixels.lower(), look


def _words(looks: Sequence[str]) -> Words:
    """Each hash of a whole picture twice: the second half is for the surroundings of boxes, which a list lacks."""
    return hash_words([2 * look for look in looks])


def _content(file: Path, folder: Path) -> Content | Rejected:
    try:
        return content_of(open_picture(file, folder).picture, ())
    except Rejected as rejected:
        return rejected
