"""What an intervention is given, what it gives back, and the network's answer to an altered picture."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from audit.datasets.content import Content
from audit.datasets.file_pixels import FilePixels
from audit.errors import AuditError
from audit.experiments.recompression import FileTrace
from audit.registry import Need
from audit.saliency.batch import Batch, score_of
from audit.saliency.sources import Source


@dataclass(frozen=True, eq=False)
class Donors:
    """Pictures that lend their background, their objects, or their places and sizes; the same for the whole run."""

    x: Tensor
    """(D, C, H, W), as the network sees them; their own objects are filled with the surroundings."""
    target: Tensor
    """(D,) int64, the class of the object that was there."""
    held: Tensor
    """(D, K) bool: the classes of which any object is in the file."""
    pictures: tuple[Content, ...]
    """What each shows, so that no picture, and no copy of it, is its own donor."""
    samples: Tensor
    """(D,) int64, the number of the sample that each is taken from."""
    hulls: Tensor
    """(D, 4) float32: x0, y0, x1, y1 around the labelled objects that were there, in the frame."""
    detail: Tensor
    """(D, BANDS) float32: the power of the whole picture, objects and all, in each band of `fine_detail`."""
    whole: Tensor
    """(D, C, H, W) as `x`, with their objects."""
    files: tuple[FileTrace, ...] = ()
    """What their files lend; of none where nothing that is asked for needs files."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A batch of pictures, with what is needed to alter them."""

    batch: Batch
    inside: Tensor
    """(N, 1, H, W) bool: the union of the boxes or masks, grown by the margin of the settings."""
    pictures: tuple[Content, ...]
    donor_pool: Donors | None
    """None where nothing that is asked for needs donors."""
    methods: tuple[Source, ...]
    maps: Mapping[str, Tensor]
    """(N, H, W) of each method, of the pictures as they are."""
    forbidden: Tensor | None = None
    """(N, 1, H, W) bool: pixels that must not matter and that `inside` does not cover; None where there are none."""
    classes: Tensor | None = None
    """(J,) int64: the classes whose logits are kept where an intervention asks for it; None: of none."""
    file_pixels: FilePixels | None = None
    """None where nothing that is asked for needs files."""

    @property
    def donors(self) -> Donors:
        """Raises AuditError where the intervention has not declared that it needs them."""
        if self.donor_pool is None:
            raise _undeclared("donors")
        return self.donor_pool

    @property
    def files(self) -> FilePixels:
        """The pictures' files. Raises AuditError as `donors` does."""
        if self.file_pixels is None:
            raise _undeclared("files")
        return self.file_pixels

    def some(self, places: Sequence[int]) -> "Trial":
        """The trial of the pictures at these places alone."""
        index = list(places)
        return replace(
            self,
            batch=self.batch.some(index),
            inside=self.inside[index],
            pictures=tuple(self.pictures[i] for i in index),
            maps={label: relevance[index] for label, relevance in self.maps.items()},
            forbidden=None if self.forbidden is None else self.forbidden[index],
            file_pixels=self.file_pixels and self.file_pixels.some(index),
        )

    def moved_to(self, places: tuple[Tensor, ...]) -> "Trial":
        """The trial whose network is asked at other places; at its own where there are none."""
        return replace(self, batch=replace(self.batch, places=places)) if places else self

    def limited_to(self, needs: Collection[Need]) -> "Trial":
        """With what it needs of donors, files, methods and maps alone: nobody relies on what others declare."""
        donor_pool = self.donor_pool if "donors" in needs else None
        methods, maps = (self.methods, self.maps) if "maps" in needs else ((), {})
        file_pixels = self.file_pixels if "files" in needs else None
        return replace(self, donor_pool=donor_pool, methods=methods, maps=maps, file_pixels=file_pixels)


def _undeclared(need: Need) -> AuditError:
    return AuditError("intervention", f"asks for {need}", f"need '{need}' in NEEDS of its module", "Declare it there.")


@dataclass(frozen=True)
class Altered:
    """What an intervention made of a batch."""

    altered: Mapping[str, Tensor] = field(default_factory=dict)
    """By variant: (N, C, H, W). A picture for which a variant cannot be made is NaN throughout and leaves no answer.

    One that is made always leaves one, even where the network yields no number for it.
    """
    notes: Mapping[tuple[str, str], Tensor] = field(default_factory=dict)
    """By source and name: numbers (N,) for the record."""
    keeps_logits: bool = False
    """The logits of the trial's classes are kept, which tell what a property of one class does to its logit."""
    places: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    """By variant that moves the objects: as `Batch.places`, where they then lie."""
    decoded: bool = False
    """The pictures are those of files as they are decoded, and are not moved to the grid of the picture's own file."""


def without(values: Tensor, missing: Tensor) -> Tensor:
    """(N, ...) NaN throughout where `missing`, (N,) or with further axes of one, says so.

    Mostly nothing is, and on a CPU to ask takes less time than to fill.
    """
    if not values.is_cuda and not bool(missing.any()):
        return values
    return values.masked_fill(missing.view(-1, *[1] * (values.ndim - 1)), torch.nan)


class Answers(NamedTuple):
    """What a network says of pictures when it is asked for one class each. (N,) each."""

    probability: Tensor
    log_odds: Tensor
    """log p - log(1 - p), which does not saturate as the probability does."""
    predicted: Tensor
    centred: Tensor
    """(N, J): the logits of some classes, less the mean of all but the target's, or of both where K is 2."""


def answers(logits: Tensor, target: Tensor, classes: Tensor | None = None) -> Answers:
    """logits (N, K), target (N,), classes (J,), none by default -> the answers in float64."""
    logits = logits.double()
    column = target.unsqueeze(1)
    others = logits.scatter(1, column, -torch.inf).logsumexp(dim=1)
    log_odds = logits.gather(1, column).squeeze(1) - others
    centred = logits[:, :0] if classes is None else _centred(logits, column, classes)
    return Answers(score_of(logits, target, "probability"), log_odds, logits.argmax(dim=1), centred)


def _centred(logits: Tensor, column: Tensor, classes: Tensor) -> Tensor:
    """column: (N, 1) the targets."""
    # where a picture loses evidence for its own class, all others gain in comparison, which points nowhere
    away = logits if logits.shape[1] == 2 else logits.scatter(1, column, torch.nan)
    return logits[:, classes] - away.nanmean(dim=1, keepdim=True)
