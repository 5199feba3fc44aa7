"""Which samples a loader will exclude, as far as boxes, sizes and crop decide it: known before pictures are loaded."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from audit.datasets.exclusions import Exclusion, Reason, Rejected
from audit.datasets.geometry import Size, covered_share
from audit.datasets.loader import Loader
from audit.datasets.picture_files import read_header

AT_ONCE, MOST_WAITING = 16, 256
"""Headers that are asked for together, and that are waited for before the next ones."""


def foreseen(loader: Loader) -> dict[int, Exclusion]:
    """The exclusions by the number of the sample, decided by the code that decides them when pictures are loaded.

    Of pictures, the headers alone are read. Only where they would end in frames of several sizes is the first one
    decoded, since a run goes by the first picture that can be.
    """
    exclusions, frames = _by_header(loader)
    if len(set(frames.values())) > 1:
        first = next((size for number, size in frames.items() if _can_be_decoded(loader, number)), None)
        exclusions, _ = _by_header(replace(loader, frame=first))
    return exclusions


def _by_header(loader: Loader) -> tuple[dict[int, Exclusion], dict[int, Size]]:
    """The exclusions, and the frame (height, width) of every other sample.

    Of a picture whose header cannot be read neither is known: it may be intact, and its header too long to be read.
    """
    exclusions: dict[int, Exclusion] = {}
    frames: dict[int, Size] = {}
    for number, outcome in enumerate(_outcomes(loader)):
        if not isinstance(outcome, Rejected):
            frames[number] = outcome
        elif outcome.reason != Reason.UNREADABLE_PICTURE:
            exclusions[number] = loader.excluded(number, outcome)
    return exclusions, frames


def _outcomes(loader: Loader) -> Iterator[Size | Rejected]:
    """The frame of each sample, or why it is excluded. Headers at a URL are waited for together."""
    numbers = range(len(loader.samples))
    if isinstance(loader.folder, Path):
        yield from (_outcome(loader, number) for number in numbers)
        return
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="header") as pool:
        for start in range(0, len(numbers), MOST_WAITING):
            yield from pool.map(lambda number: _outcome(loader, number), numbers[start : start + MOST_WAITING])


def _outcome(loader: Loader, number: int) -> Size | Rejected:
    try:
        return _frame(loader, number)
    except Rejected as rejected:
        return rejected


def _frame(loader: Loader, number: int) -> Size:
    """The size of the sample's frame, if its boxes can be judged there. Raises Rejected."""
    framed = loader.framed_boxes(number, read_header(loader.samples[number].image, loader.folder))
    if fault := loader.fault(number, covered_share(framed.objects, framed.size), framed):
        raise fault
    return framed.size


def _can_be_decoded(loader: Loader, number: int) -> bool:
    try:
        loader.load(number)
    except Rejected:
        return False
    return True
