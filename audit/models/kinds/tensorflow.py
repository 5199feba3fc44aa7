"""TensorFlow's SavedModels, computed by TensorFlow itself."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from audit.errors import AuditError
from audit.models.agreement import apart
from audit.models.capabilities import NO_LAYERS
from audit.models.model import Check, Model, freeze
from audit.models.probabilities import are_probabilities
from audit.models.tensorflow_file import EXPORT, SavedModel, read_saved_model
from audit.models.tensorflow_library import tensorflow_library
from audit.models.tensorflow_network import Program, TensorFlowNetwork

MOST_APART = 1e-5
"""Relative to the largest probability: between the folder as it was saved and the softmax of its logits."""


def tensorflow(*, path: Path, signature: str = "serving_default") -> Model:
    """A SavedModel folder as it is deployed: TensorFlow runs it, and its GradientTape gives the gradient.

        [model]
        kind = "tensorflow"
        path = "saved_model"                # the folder that model.export() or tf.saved_model.save() wrote
        signature = "serving_default"       # may be left out

    The folder is screened before anything of it runs: its functions may hold known arithmetic of tensors alone, no
    operator that touches files, opens connections, runs Python or draws random numbers. A softmax at the end is set
    aside, since evidence is counted in logits; at every load the softmax of these is held against the folder as it was
    saved. Pictures are laid out (N, H, W, C) unless the signature says otherwise. Its variables are weights by name,
    which the controls replace by random ones; its layers cannot be looked into. Runs on the CPU.

    Raises AuditError where TensorFlow is missing, and where the folder is damaged, was saved by TensorFlow 1, may do
    more than compute, has several inputs or outputs, or was exported for one size of batch.
    """
    tf = tensorflow_library("tensorflow")
    saved = read_saved_model(path, signature)
    function = saved.opened(tf, saved.bare)
    program = Program(tf, _answers(function, saved), function.variables)
    return Model(
        module=freeze(TensorFlowNetwork(program, pixels_last=saved.pixels_last)),
        classes=None,
        preprocessing=None,
        description={
            "kind": "tensorflow",
            "name": path.name,
            "weights": path.name,
            "signature": signature,
            "file_sha256": saved.sha256,
            "input": " x ".join("any" if size is None else str(size) for size in saved.shape),
            "softmax": "set aside" if saved.ends_in_softmax else "none at the end",
            "library": f"tensorflow {tf.__version__}",
        },
        capabilities=NO_LAYERS,
        check=_check(path.name, tf, saved),
    )


def _answers(function: Any, saved: SavedModel) -> Any:
    def answers(x: Any) -> Any:
        (given,) = function(**{saved.input: x}).values()
        return given

    return answers


def _check(where: str, tf: Any, saved: SavedModel) -> Check:
    def check(x: Tensor, logits: Tensor) -> None:
        if saved.ends_in_softmax:
            whole = _answers(saved.opened(tf, saved.graph), saved)
            given = (x.permute(0, 2, 3, 1) if saved.pixels_last else x).contiguous().numpy()
            if not apart(logits.softmax(dim=1), torch.from_numpy(whole(tf.constant(given)).numpy())) <= MOST_APART:
                seen = "answers otherwise without its softmax than the folder as it was saved"
                raise AuditError(where, seen, f"need the same probabilities within {MOST_APART:g}", EXPORT)
        elif are_probabilities(logits):
            step = "Export it up to what goes into the softmax."
            raise AuditError(where, "returns probabilities", "need logits, in which evidence is counted", step)

    return check
