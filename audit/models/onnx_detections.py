"""What an ONNX detector returns, as torchvision's detectors return it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audit.errors import AuditError
from audit.models.black_box import identity_of
from audit.models.onnx_file import FLOAT, Input, OnnxFile, ends, shaped
from audit.phrases import count

EXPORT = "Export the whole detector, with its own choice of detections: one picture in, its detections out."


class Outputs(NamedTuple):
    """The names of a file's outputs."""

    boxes: str
    labels: str
    scores: str

    def input_of(self, proto: Any, where: str) -> Input:
        """The one input of a file that has these outputs.

        Raises AuditError for any other, and where it takes several pictures at once.
        """
        inputs, outputs = ends(proto)
        if missing := [name for name in self if name not in outputs]:
            seen = f"has no output {missing[0]!r} (it has {', '.join(outputs)})"
            step = "State the names under [model]: boxes, labels and scores."
            raise AuditError(where, seen, "need one for boxes, one for labels and one for scores", step)
        if len(inputs) != 1:
            names = ", ".join(entry.name for entry in inputs)
            raise AuditError(where, f"has {count(len(inputs), 'input')} ({names})", "need one", EXPORT)
        taken, element = shaped(inputs[0])
        if len(taken.shape) not in (3, 4) or element != FLOAT:
            seen = f"takes an input of {len(taken.shape)} dimensions, of the element type {element}"
            raise AuditError(where, seen, "need pictures (C, H, W) or (1, C, H, W) of float32 (type 1)", EXPORT)
        if len(taken.shape) == 4 and taken.shape[0] not in (None, 1):
            raise AuditError(where, f"was exported for batches of exactly {taken.shape[0]}", "need one picture", EXPORT)
        return taken


class OnnxDetections(nn.Module):
    """Asks a file about one picture after the other: how many detections there are differs, and many take only one."""

    identity: Tensor

    def __init__(self, file: OnnxFile, outputs: Outputs) -> None:
        super().__init__()
        self.file, self.outputs = file, outputs
        self.register_buffer("identity", identity_of(file.sha256))

    def forward(self, pictures: Sequence[Tensor]) -> list[Mapping[str, Tensor]]:
        return [self._detections(picture) for picture in pictures]

    def extra_repr(self) -> str:
        return ", ".join(self.outputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "OnnxDetections":
        """The same file: it is asked and never changed."""
        return OnnxDetections(self.file, self.outputs)

    def _detections(self, picture: Tensor) -> Mapping[str, Tensor]:
        taken = self.file.input
        pixels: NDArray[np.float32] = picture.detach().cpu().numpy().astype(np.float32)
        laid_out = np.ascontiguousarray(pixels.transpose(1, 2, 0) if taken.pixels_last else pixels)
        asked = laid_out[None] if len(taken.shape) == 4 else laid_out
        boxes, labels, scores = self.file.session.run([*self.outputs], {taken.name: asked})
        flat = {"boxes": boxes.reshape(-1, 4), "labels": labels.reshape(-1), "scores": scores.reshape(-1)}
        return {key: torch.from_numpy(np.array(value)).to(picture.device) for key, value in flat.items()}
