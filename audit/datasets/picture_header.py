"""What a picture file says before its pixels: how large the picture is, and how a viewer turns it."""

from typing import NamedTuple

UPRIGHT = 1
"""The EXIF orientation of a picture that is stored as it is shown."""


class Header(NamedTuple):
    """The size of a picture, before anything is decoded."""

    stored: tuple[int, int]
    """(width, height) as stored, before the orientation is applied."""
    orientation: int
    """EXIF orientation, 1 to 8."""

    @property
    def shown(self) -> tuple[int, int]:
        """(width, height) as a viewer shows it."""
        return (self.stored[1], self.stored[0]) if self.orientation >= 5 else self.stored


def times(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
