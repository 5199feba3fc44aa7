"""ONNX files, as any framework exports them, brought to torch and held against onnxruntime."""

from pathlib import Path

import torch
from torch import Tensor

from audit.errors import AuditError
from audit.models.agreement import apart
from audit.models.converted import ELSE, cleaned, converted
from audit.models.model import Check, Model, freeze, touching
from audit.models.onnx_file import OnnxFile, ask, read_onnx, session_of
from audit.models.probabilities import are_probabilities

MOST_APART = 1e-4
"""Relative to the largest answer: what rounding in another order may change."""
MOST_BYTES = 2**31 - 1
"""Of a model that protobuf can write."""


def onnx(*, path: Path) -> Model:
    """An ONNX file: every method works on it, and it answers as onnxruntime does, or it is refused.

        [model]
        kind = "onnx"
        path = "network.onnx"       # pictures in, logits or probabilities out; a variable batch dimension

    The graph is converted to torch (onnx2pytorch). At every load the converted network and onnxruntime answer the
    pictures of the rehearsal, and where their answers differ by more than 1e-4 of the largest the file is refused: so
    the network audited is the file that is deployed. A softmax that ends the graph is cut off, since evidence is
    counted in logits. Pictures may be laid out (N, C, H, W) or (N, H, W, C). Data outside the file must lie in its
    folder. TensorFlow's SavedModels are converted beforehand: python -m tf2onnx.convert --saved-model FOLDER.

    Raises AuditError where packages are missing, where the file is damaged, has several inputs or outputs, holds an
    operator that has no counterpart in torch, or was exported for one size of batch.
    """
    file = read_onnx(path, "onnx")
    proto, cut = cleaned(file.proto)
    bare = session_of("onnx", proto) if cut and proto.ByteSize() < MOST_BYTES else None
    module = converted(proto, path.name, pixels_last=file.input.pixels_last)
    return Model(
        module=freeze(module),
        classes=None,
        preprocessing=None,
        description={
            "kind": "onnx",
            "name": path.stem,
            "weights": path.name,
            "file_sha256": file.sha256,
            "input": file.input.text,
            "softmax": "cut off" if cut else "none at the end",
            "checked": f"answers as {file.runtime} does the file, within {MOST_APART:g} of the largest answer: the"
            " network audited is the file that is deployed",
        },
        check=_check(path.name, file, bare, cut=cut),
    )


def _check(where: str, file: OnnxFile, bare: object | None, *, cut: bool) -> Check:
    """cut: a softmax was cut off. bare: a session for the graph without it; None where it is too large for one."""

    def check(x: Tensor, logits: Tensor) -> None:
        pictures = x.contiguous().numpy()
        with touching("in onnxruntime", "need pictures of the size that the file takes", "Correct [preprocessing]."):
            deployed = torch.from_numpy(file.ask(pictures))
            others = [] if bare is None else [torch.from_numpy(ask(bare, file.input, pictures))]
        if not cut and are_probabilities(deployed):
            seen = "returns probabilities, but no softmax ends it that could be cut off"
            raise AuditError(where, seen, "need a network that ends in logits or in a softmax", ELSE)
        differences = [apart(logits.softmax(dim=1) if cut else logits, deployed)]
        differences += [apart(logits, other) for other in others]
        if not max(differences) <= MOST_APART:
            raise AuditError(
                where,
                f"answers otherwise in torch than in onnxruntime (by {max(differences):.1e} of the largest answer)",
                f"need the same answers within {MOST_APART:g}",
                ELSE,
            )

    return check
