"""torchvision's classification networks."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError, did_you_mean
from audit.models.head import IMAGENET, head_size
from audit.models.model import Model, freeze
from audit.models.torchvision_weights import downloaded, published_weights, weights_named
from audit.models.weights import SUFFIXES, load_weights, read_state, without_prefix

FILE_SUFFIXES = SUFFIXES
"""What `weights` ends in where it is a file; else it may be a name."""
DESCRIBES_ITSELF = True


def torchvision(*, name: str, weights: Path = Path("DEFAULT")) -> Model:
    """A torchvision classification network by name, with weights from torchvision or from a local state dict.

        [model]
        kind = "torchvision"
        name = "resnet18"
        weights = "tuned.pth"       # a state dict of your own, or a name: "IMAGENET1K_V1"; left out: "DEFAULT"

    name: as in `torchvision.models.list_models()`, 'resnet18'. weights: the name of one of its weights
    ('IMAGENET1K_V1', 'DEFAULT'), which torchvision downloads once, or a `.safetensors`, `.pth`, `.pt`, `.bin`, `.ckpt`
    or `.tar` state dict. What has such a suffix or exists is a file; anything else is a name.

    A local file may have any number of classes: its head says how many. Nothing in it says how its pictures were
    prepared or what its classes are called, so the preprocessing of torchvision's first weights is assumed, and its
    ImageNet names where there are 1000 classes. `description` says so; the settings may overrule both.

    Raises AuditError for an unknown network or weights, for weights that cannot be downloaded, and for a file that
    cannot be read as data or does not fit.
    """
    return _local(name, weights) if published(name=name, weights=weights) is None else _published(name, weights.name)


def published(*, name: str, weights: Path) -> Preprocessing | None:
    """How the pictures of published weights are prepared, without a download; None where `weights` is a file.

    Raises AuditError for an unknown network or weights.
    """
    if name not in (known := models.list_models(module=models)):
        raise AuditError("model", f"torchvision has no classification network {name!r}", did_you_mean(name, known))
    if weights.suffix.lower() in SUFFIXES or weights.exists():
        return None
    return _preprocessing(weights_named(name, weights.name, _weights_of(name)))


def _published(name: str, weights: str) -> Model:
    entry = weights_named(name, weights, _weights_of(name))
    return Model(
        module=freeze(downloaded(name, entry)),
        classes=_names(entry),
        preprocessing=_preprocessing(entry),
        description={
            "kind": "torchvision",
            "name": name,
            "weights": str(entry),
            "preprocessing": f"that of {entry}",
            "classes": f"those of {entry}",
        },
    )


def _local(name: str, weights: Path) -> Model:
    state = read_state(weights)
    two, three = (_outline(name, size, state) for size in (2, 3))
    state = without_prefix(state, two)
    classes = head_size(state, two, three, (name, weights.name))
    module = _build(name, classes, state)
    load_weights(module, state, weights.name)
    source = _source(name, module)
    imagenet = classes == IMAGENET
    return Model(
        module=freeze(module),
        classes=_names(source) if imagenet else None,
        preprocessing=_preprocessing(source),
        description={
            "kind": "torchvision",
            "name": name,
            "weights": weights.name,
            "preprocessing": f"assumed: that of {source}",
            "classes": f"assumed: those of {source}" if imagenet else f"{classes}, unnamed",
        },
    )


def _build(name: str, classes: int, state: dict[str, Tensor]) -> nn.Module:
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        # torchvision's own weights for these two, from which others are tuned, re-scale the input inside the network.
        auxiliary = any("aux" in key.lower() for key in state)
        options = {"aux_logits": auxiliary, "init_weights": False, "transform_input": True}
    module: nn.Module = models.get_model(name, weights=None, num_classes=classes, **options)
    return module


def _outline(name: str, classes: int, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names and shapes of the network's state, where possible without the cost of the numbers."""
    try:
        with torch.device("meta"):
            return _build(name, classes, state).state_dict()
    except (NotImplementedError, RuntimeError):  # some networks compute their widths with tensors
        return _build(name, classes, state).state_dict()


def _weights_of(name: str) -> list[Any]:
    """Those that classify: VGG-16 also has one for features alone, whose head is not a number."""
    return [entry for entry in published_weights(name) if entry.meta["categories"]]


def _source(name: str, module: nn.Module) -> Any:
    """The first weights whose pictures have the size that the network takes (a vision transformer takes only one)."""
    entries = _weights_of(name)
    size = getattr(module, "image_size", None)
    return next((entry for entry in entries if entry.transforms().crop_size == [size]), entries[0])


def _names(entry: Any) -> tuple[ClassName, ...]:
    return tuple(ClassName(name) for name in entry.meta["categories"])


def _preprocessing(entry: Any) -> Preprocessing:
    preset = entry.transforms()
    return Preprocessing(
        resize=preset.resize_size[0],
        crop=(preset.crop_size[0], preset.crop_size[0]),
        interpolation=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )
