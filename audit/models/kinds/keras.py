"""Keras models, `.keras` and `.h5`, on Keras' own torch backend."""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from audit.errors import AuditError
from audit.hashing import file_hash
from audit.models.agreement import apart
from audit.models.keras_file import reading, screened_copy
from audit.models.keras_library import keras_on_torch
from audit.models.keras_network import EXPORT, KerasNetwork, Whole, input_layout, on_device, without_softmax
from audit.models.model import Check, Model, freeze

MOST_APART = 1e-5
"""Relative to the largest probability: between the model as it was saved and the softmax of its logits."""


def keras(*, path: Path) -> Model:
    """A whole Keras model, computed by Keras itself on torch, so that every method works on it.

        [model]
        kind = "keras"
        path = "network.keras"      # as model.save() wrote it; or .h5, also of Keras 2

    The file is screened before Keras sees it: its configuration may name known layers of Keras alone (no Lambda, no
    custom object, no TFSMLayer), and its tensors must lie in it. A softmax at the end is set aside, since evidence is
    counted in logits; at every load the softmax of these is held against the model as it was saved. Pictures go in as
    [preprocessing] says, whichever way the model lays out channels: what `keras.applications` calls
    `preprocess_input`, and no layer of the model does, belongs there. TensorFlow is not needed.

    Raises AuditError where packages are missing, where Keras is imported already on another backend, and where the file
    is damaged, holds anything but known layers, has several inputs, or ends neither in a softmax nor in logits.
    """
    with screened_copy(path) as copy:
        library = keras_on_torch()
        with warnings.catch_warnings(), on_device(torch.device("cpu")), reading(path):
            warnings.simplefilter("ignore")
            saved = library.saving.load_model(copy, compile=False, safe_mode=True)
    shape, pixels_last = input_layout(saved, path.name)
    with on_device(torch.device("cpu")):
        bare, whole = without_softmax(library, saved, path.name)
    return Model(
        module=freeze(KerasNetwork(bare, pixels_last=pixels_last)),
        classes=None,
        preprocessing=None,
        description={
            "kind": "keras",
            "name": path.stem,
            "weights": path.name,
            "file_sha256": file_hash(path),
            "input": " x ".join("any" if size is None else str(size) for size in shape),
            "softmax": "set aside" if whole else "none at the end",
            "library": f"keras {library.__version__} on torch",
        },
        check=_check(path.name, whole, pixels_last) if whole else None,
    )


def _check(where: str, whole: Whole, pixels_last: bool) -> Check:
    def check(x: Tensor, logits: Tensor) -> None:
        with torch.no_grad(), on_device(x.device):
            saved: Any = whole(x.permute(0, 2, 3, 1) if pixels_last else x)
        if not apart(logits.softmax(dim=1), saved) <= MOST_APART:
            seen = "answers otherwise without its softmax than the model as it was saved"
            raise AuditError(where, seen, f"need the same probabilities within {MOST_APART:g}", EXPORT)

    return check
