"""Class activation maps of the package grad-cam, as pytorch_grad_cam:LayerCAM."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from audit.registry import Function
from audit.saliency.batch import Attribution, Batch, score_of
from audit.saliency.library import LOOKED_INTO, Attributor, Library, chosen_layer, leaf, upsampled


def pytorch_grad_cam(attribution: str) -> Function:
    """Class activation maps of the package grad-cam, as pytorch_grad_cam:LayerCAM."""
    return LIBRARY.method(attribution)


def _cam(kind: Any, batch: Batch, *, layer: str | None = None) -> Attribution:
    """The positive part of the library's map, neither stretched from its minimum to its maximum nor rescaled."""
    name, maps = _maps(kind, batch, layer)
    return Attribution(upsampled(maps.clamp(min=0), batch), per_run={"layer": name})


def _component(kind: Any, batch: Batch, *, layer: str | None = None) -> Attribution:
    """The positive part of the first principal component, whose sign is arbitrary in the library.

    Here its strongest place is positive, as in Chung and Ying: Seg-Eigen-CAM, 2025.
    """
    name, maps = _maps(kind, batch, layer)
    flat = maps.flatten(1)
    strongest = flat.gather(1, flat.abs().argmax(dim=1, keepdim=True))
    oriented = maps * torch.where(strongest < 0, -1.0, 1.0).reshape(-1, 1, 1, 1)
    return Attribution(upsampled(oriented.clamp(min=0), batch), per_run={"layer": name})


def _maps(kind: Any, batch: Batch, layer: str | None) -> tuple[str, Tensor]:
    """The layer, and the library's maps (N, 1, h, w) of its size."""
    name, layout, part = chosen_layer(f"pytorch_grad_cam:{kind.__name__}", batch, layer)
    cam = kind(model=batch.module, target_layers=[part], reshape_transform=layout.maps)
    raw: list[Any] = []

    def keep(x: Tensor, targets: list[Target], eigen_smooth: bool) -> list[Any]:
        activations, gradients = (
            values[0].numpy() if values else None
            for values in (cam.activations_and_grads.activations, cam.activations_and_grads.gradients)
        )
        raw.append(cam.get_cam_image(x, part, targets, activations, gradients, eigen_smooth))
        return raw

    cam.compute_cam_per_layer, cam.aggregate_multi_layers = keep, lambda maps: maps[0]
    # the library keeps the layer's output, which a ReLU in place would overwrite: what follows gets a copy of it
    handle = part.register_forward_hook(lambda _part, _given, output: output.clone())
    try:
        with torch.enable_grad():
            cam(leaf(batch), targets=[Target(batch, place) for place in range(len(batch.x))])
    finally:
        handle.remove()
        cam.activations_and_grads.release()
    return name, torch.from_numpy(np.ascontiguousarray(raw[0])).to(batch.x).unsqueeze(1)


class Target:
    """What the library differentiates: the score of a picture's class, of its row of logits."""

    def __init__(self, batch: Batch, place: int) -> None:
        self.target, self.score = batch.target[place : place + 1], batch.score

    def __call__(self, logits: Tensor) -> Tensor:
        return score_of(logits.unsqueeze(0), self.target, self.score)[0]


LIBRARY = Library(
    name="pytorch_grad_cam",
    module="pytorch_grad_cam",
    package="grad-cam",
    extra="grad-cam",
    attributors={
        "GradCAM": Attributor(_cam, LOOKED_INTO, "Grad-CAM (Selvaraju et al. 2017)."),
        "GradCAMPlusPlus": Attributor(_cam, LOOKED_INTO, "Grad-CAM++ (Chattopadhyay et al. 2018)."),
        "GradCAMElementWise": Attributor(_cam, LOOKED_INTO, "Grad-CAM weighted at each place."),
        "HiResCAM": Attributor(_cam, LOOKED_INTO, "HiResCAM (Draelos and Carin 2020)."),
        "XGradCAM": Attributor(_cam, LOOKED_INTO, "XGrad-CAM (Fu et al. 2020)."),
        "LayerCAM": Attributor(_cam, LOOKED_INTO, "LayerCAM (Jiang et al. 2021)."),
        "FEM": Attributor(_cam, LOOKED_INTO, "Strong activations, whatever the class (Fuad et al. 2020)."),
        "EigenCAM": Attributor(_component, LOOKED_INTO, "First component, whatever the class (Muhammad 2020)."),
        "EigenGradCAM": Attributor(_component, LOOKED_INTO, "First component of gradient times activation."),
    },
)
