"""Which picture annotations mean: by a path that starts at their own folder, or by a name without its ending."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from audit.datasets.exclusions import Rejected
from audit.datasets.picture_files import PICTURE_SUFFIXES, displayed_size
from audit.datasets.picture_root import Images, names_below
from audit.datasets.remote_folder import RemoteFolder
from audit.datasets.sample import Box


def below(text: str, home: Path, images: Images) -> str:
    """The path below `images` of the picture that annotations in the folder `home` name.

    What does not lead below `images` is taken to start there, and is judged as it stands. Nothing is looked for.
    Below a URL all paths start there: the annotations are a copy, which lies elsewhere.
    """
    named = PureWindowsPath(text).as_posix()  # both kinds of slash
    if isinstance(images, RemoteFolder):
        return named
    path = Path(os.path.normpath(home.absolute() / named))
    root = Path(os.path.normpath(images.absolute()))
    return path.relative_to(root).as_posix() if path != root and path.is_relative_to(root) else named


def finder(images: Images) -> Callable[..., str | None]:
    """What finds the first of several paths, with or without ending, that is one of a picture below `images`.

    The folder is walked once, when the first picture is looked for.
    """

    @cache
    def pictures() -> dict[str, str]:
        table: dict[str, str] = {}
        for picture in map(PurePosixPath, names_below(images, PICTURE_SUFFIXES)):
            table[picture.as_posix()] = picture.as_posix()
            table.setdefault(picture.with_suffix("").as_posix(), picture.as_posix())
        return table

    def find(*paths: str) -> str | None:
        return next((pictures()[path] for path in paths if path in pictures()), None)

    return find


def shown_size(image: str, images: Images) -> tuple[tuple[int, int] | None, tuple[str, str] | None]:
    """(width, height) of the picture as shown, by its header, or (reason, detail) why it cannot be told."""
    try:
        return displayed_size(image, images), None
    except Rejected as rejected:
        return None, (rejected.reason, rejected.detail)


def in_pixels(shares: Box, size: tuple[float, float]) -> Box:
    """A box in shares of the picture, in its pixels."""
    (x0, y0, x1, y1), (width, height) = shares, size
    return x0 * width, y0 * height, x1 * width, y1 * height
