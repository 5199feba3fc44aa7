"""The files of pictures that are loaded, opened again at their own size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image
from torch import Tensor

from audit.datasets.exclusions import Rejected
from audit.datasets.loader import Loaded, Loader
from audit.datasets.picture_files import Opened, open_picture
from audit.errors import AuditError


@dataclass(frozen=True)
class FilePixels:
    """For who must alter what a file holds, before it is scaled into the frame of the network's input."""

    loader: Loader
    pictures: tuple[Loaded, ...]

    def some(self, places: Sequence[int]) -> "FilePixels":
        """Those at these places alone."""
        return replace(self, pictures=tuple(self.pictures[place] for place in places))

    def opened(self, place: int) -> Opened:
        """The file of the picture at this place. Raises AuditError where it is no longer the one that was loaded."""
        loaded = self.pictures[place]
        image = self.loader.samples[loaded.number].image
        try:
            opened = open_picture(image, self.loader.folder)
        except Rejected as rejected:
            raise changed_picture(image) from rejected
        if opened.sha256 != loaded.sha256:
            raise changed_picture(image)
        return opened

    def framed(self, picture: Image.Image) -> Tensor:
        """(C, H, W) uint8: a picture of a file's size, moved into the frame as its own pixels are."""
        return self.loader.preprocessing.frame_pixels(picture)


def changed_picture(image: str) -> AuditError:
    """A picture's file is no longer the one that was measured."""
    return AuditError(image, "changed during the audit", "need files that stay", "Start again on a copy of the data.")
