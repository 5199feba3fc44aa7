"""A detector as a classifier of the boxes at which it is asked: which class it detects there, if any."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from audit.datasets.labels import ClassName
from audit.errors import AuditError, first_line

NOTHING = ClassName("nothing detected")
OVERLAP = 0.5
"""Intersection over union with a box from which on a detection is one of the object there."""
LEAST, ALMOST = 1e-4, 1e-7
"""The score of what is not detected at all; by how much a score that has a logit is less than 1."""


KEYS = ("boxes", "labels", "scores")
FirstLabel = Literal[0, 1]
Threshold = Annotated[float, Field(gt=LEAST, lt=1)]
"""The score from which on one works with a detection."""


def labels_from(first: int, count: int) -> list[int]:
    """The class indices of labels that are numbered without a gap: `count` classes, from label `first` on."""
    return [-1] * first + list(range(count))


class Detector(nn.Module):
    """Logits (N, K + 1) of pictures (N, C, H, W) at boxes, from a network that detects K classes.

    The network takes a list of pictures (C, H, W) and returns for each a mapping with `boxes` (D, 4) as x0, y0, x1, y1
    in its pixels, `labels` (D,), integers, and `scores` (D,) from 0 to 1, as torchvision's do.

    A class's logit is that of the highest score, log(s / (1 - s)), among its detections that overlap one of the boxes
    with an IoU of 0.5 or more; without any, that of 0.0001, which has no derivative. The last logit is that of the
    working threshold, so that the class named is the one that is detected there, or nothing. Without places, detections
    anywhere count.
    """

    class_of: Tensor
    threshold: Tensor

    def __init__(self, name: str, network: nn.Module, class_of: Sequence[int], threshold: float) -> None:
        """name: for messages. class_of: for each label of the network its class index, -1 where it stands for none."""
        super().__init__()
        self.name, self.network = name, network
        self.register_buffer("class_of", torch.tensor(class_of))
        self.register_buffer("threshold", torch.tensor(threshold))

    def forward(self, x: Tensor, places: Sequence[Tensor] = ()) -> Tensor:
        found = self._detections(x)
        scores = torch.cat([each["scores"] for each in found])
        picture = _owners([len(each["scores"]) for each in found], x.device)
        classes = self._classes(torch.cat([each["labels"] for each in found]))
        counts = classes >= 0
        if places:
            counts &= _overlaps(torch.cat([each["boxes"] for each in found]), picture, places)
        logits = self._strongest(x, scores[counts], picture[counts], classes[counts])
        # of pictures without a detection there is a derivative too, which is zero
        return logits + 0 * x.flatten(1).sum(dim=1, keepdim=True)

    @property
    def kinds(self) -> int:
        """How many kinds of object it detects."""
        return int(self.class_of.max()) + 1

    def extra_repr(self) -> str:
        return f"{self.name}, overlap {OVERLAP}, threshold {float(self.threshold):g}"

    def refuse_shares(self, x: Tensor, logits: Tensor) -> None:
        """Raises AuditError where the boxes of a rehearsal are shares of the picture's sides. A check of the model."""
        del logits
        with torch.no_grad():
            boxes = torch.cat([each["boxes"] for each in self._detections(x)])
        if len(boxes) and float(boxes.max()) <= 1:
            raise AuditError(
                self.name,
                f"returns boxes from {float(boxes.min()):.3g} to {float(boxes.max()):.3g}",
                f"need pixels of its input ({x.shape[3]} x {x.shape[2]})",
                "Multiply them by the width and the height of the picture before they are returned.",
            )

    def _strongest(self, x: Tensor, scores: Tensor, picture: Tensor, classes: Tensor) -> Tensor:
        """(N, K + 1) the logit of each class's highest score, and of the threshold."""
        known = self.kinds
        none = x.new_full((len(x) * known,), LEAST, dtype=torch.float64)
        highest = none.scatter_reduce(0, picture * known + classes, scores.double(), "amax")
        threshold = self.threshold.double().expand(len(x), 1)
        return torch.cat([highest.view(len(x), known), threshold], dim=1).logit(ALMOST).to(x.dtype)

    def _classes(self, labels: Tensor) -> Tensor:
        wrong = labels[(labels < 0) | (labels >= len(self.class_of))]
        if len(wrong):
            raise AuditError(
                self.name,
                f"returns label {int(wrong[0])}",
                f"need labels from 0 to {len(self.class_of) - 1}",
                "Set labels and first_label under [model]: how many kinds it knows, and from which number on.",
            )
        indices: Tensor = self.class_of[labels.long()]
        return indices

    def _detections(self, x: Tensor) -> Sequence[Mapping[str, Tensor]]:
        try:
            found = self.network(list(x))
        except (TypeError, AttributeError) as error:
            seen = f"raises {type(error).__name__} for a list of pictures ({first_line(error)})"
            step = 'Take a list of pictures (C, H, W), as torchvision does; a classifier takes kind = "factory".'
            raise AuditError(self.name, seen, "need a detector", step) from error
        if not isinstance(found, Sequence) or len(found) != len(x):
            raise self._refusal(f"returns a {type(found).__name__} for {len(x)} pictures")
        for each in found:
            self._check(each)
        return found

    def _check(self, found: Any) -> None:
        if not isinstance(found, Mapping):
            raise self._refusal(f"returns a {type(found).__name__} for a picture")
        for key in KEYS:
            if not isinstance(found.get(key), Tensor):
                kind = f"{key} as {type(found[key]).__name__}" if key in found else f"no {key!r}"
                raise self._refusal(f"returns {kind} for a picture")
        boxes, labels, scores = (found[key] for key in KEYS)
        count = len(scores)
        if boxes.shape != (count, 4) or labels.shape != (count,) or scores.shape != (count,):
            shapes = ", ".join(str(tuple(value.shape)) for value in (boxes, labels, scores))
            raise self._refusal(f"returns boxes, labels and scores of shapes {shapes}")
        if bool((boxes[:, 2:] < boxes[:, :2]).any()):
            raise self._refusal("returns a box whose right or lower edge lies before its left or upper one")
        if bool(((scores < 0) | (scores > 1)).any()):
            raise self._refusal(f"returns a score of {float(scores.max()):.3g}")
        if labels.is_floating_point():
            raise self._refusal(f"returns labels of type {str(labels.dtype).removeprefix('torch.')}")

    def _refusal(self, seen: str) -> AuditError:
        return AuditError(
            self.name,
            seen,
            "need for each picture boxes (D, 4) as x0, y0, x1, y1, integer labels (D,) and scores (D,) from 0 to 1",
            "Return tensors as torchvision's detectors do, a dictionary for each picture.",
        )


def _owners(counts: Sequence[int], device: torch.device) -> Tensor:
    """(D,) int64: to which picture each of so many belongs."""
    return torch.repeat_interleave(torch.arange(len(counts), device=device), torch.tensor(counts, device=device))


def _overlaps(boxes: Tensor, picture: Tensor, places: Sequence[Tensor]) -> Tensor:
    """(D,) bool: the detection overlaps one of the places (B, 4) of its picture."""
    from torchvision.ops import box_iou  # noqa: PLC0415 it takes a second, for which no classifier waits

    owner = _owners([len(each) for each in places], boxes.device)
    near = box_iou(boxes.detach(), torch.cat(list(places)).to(boxes)) >= OVERLAP
    overlaps: Tensor = (near & (picture.unsqueeze(1) == owner)).any(dim=1)
    return overlaps
