"""timm's classification networks, with weights of one's own."""

import math
import warnings
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights

from audit.choices import Interpolation
from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError, did_you_mean
from audit.models.extras import modules_of
from audit.models.head import IMAGENET, head_size
from audit.models.model import Model, freeze
from audit.models.weights import load_weights, read_state, without_prefix

DESCRIBES_ITSELF = True


def timm(*, name: str, weights: Path) -> Model:
    """A timm network by name with a local state dict; nothing is downloaded.

        [model]
        kind = "timm"
        name = "resnet18.a1_in1k"       # as timm.list_models() has it; the tag decides the preprocessing
        weights = "tuned.safetensors"   # or .pth, .pt, .bin, .ckpt, .tar

    The head says how many classes there are. The preprocessing is that of timm's own data configuration for the name
    (`timm.data.resolve_model_data_config`), and the names of 1000 classes are ImageNet's; `description` says so, and
    the settings may overrule both.

    Raises AuditError where timm is missing, for an unknown network, and for a file that cannot be read as data or does
    not fit.
    """
    library, data = modules_of("timm", "timm", "timm", "timm.data")
    if not library.is_model(name):
        raise AuditError("model", f"timm has no network {name!r}", did_you_mean(name, library.list_models()))
    state = read_state(weights)
    two, three = (_outline(library, name, size) for size in (2, 3))
    state = without_prefix(state, two)
    classes = head_size(state, two, three, (name, weights.name))
    module = _built(library, name, classes)
    load_weights(module, state, weights.name)
    preprocessing, words = _preprocessing(data.resolve_model_data_config(module))
    imagenet = classes == IMAGENET
    return Model(
        module=freeze(module),
        classes=tuple(map(ClassName, ResNet18_Weights.DEFAULT.meta["categories"])) if imagenet else None,
        preprocessing=preprocessing,
        description={
            "kind": "timm",
            "name": name,
            "weights": weights.name,
            "preprocessing": words,
            "classes": "assumed: those of ImageNet" if imagenet else f"{classes}, unnamed",
        },
    )


def _built(library: Any, name: str, classes: int) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old names that have new ones
        module: nn.Module = library.create_model(name, pretrained=False, num_classes=classes)
    return module


def _outline(library: Any, name: str, classes: int) -> dict[str, Tensor]:
    """Names and shapes of the network's state, where possible without the cost of the numbers."""
    try:
        with torch.device("meta"):
            return _built(library, name, classes).state_dict()
    except (NotImplementedError, RuntimeError):  # some networks compute with tensors while they are built
        return _built(library, name, classes).state_dict()


def _preprocessing(config: dict[str, Any]) -> tuple[Preprocessing | None, str]:
    """That of timm's data configuration, and a word on it; None where it has no counterpart here."""
    channels, *frame = config["input_size"]
    mode, method = config["crop_mode"], config["interpolation"]
    scaled = tuple(math.floor(side / config["crop_pct"]) for side in frame)
    squashed = mode == "squash"
    odd = not squashed and (mode != "center" or scaled[0] != scaled[1])
    if odd or method not in get_args(Interpolation) or channels not in (1, 3):
        seen = f"crop mode {mode}, frame {frame[0]} x {frame[1]}, interpolation {method}, {channels} channels"
        return None, f"that of timm's data configuration has no counterpart here ({seen})"
    return Preprocessing(
        resize=(scaled[0], scaled[1]) if squashed else scaled[0],
        crop=(frame[0], frame[1]),
        interpolation=method,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    ), "that of timm's data configuration for the name"
