"""Captum's attributions, as captum:DeepLift."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from audit.bounds import MOST_SIDE, Asked, Drawn
from audit.errors import AuditError
from audit.registry import Function
from audit.saliency.batch import Attribution, Batch, score_of
from audit.saliency.captum_deep_lift import deep_lift, deep_lift_shap
from audit.saliency.layer_calls import LINEAR, PRODUCTS, SHAPES, SUMS, Hooks, names, refuse_unseen
from audit.saliency.library import (
    DIFFERENTIATED,
    INSTEAD,
    LOOKED_INTO,
    OF_LOGIT,
    Attributor,
    Library,
    Logit,
    OneBaseline,
    chosen_layer,
    leaf,
    one_by_one,
    scores,
    upsampled,
)
from audit.saliency.methods.integrated_gradients import completeness_gap, starting_points

Deviation = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Cells = Annotated[int, Field(gt=0, le=64)]
Pixels = Annotated[int, Field(gt=0, le=MOST_SIDE)]

RECTIFIED = frozenset({nn.ReLU})
WITH_RULES = frozenset({nn.MaxPool2d, nn.Conv2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Linear, nn.BatchNorm2d})
WITHOUT_RECTIFIER = names("max_pool2d adaptive_max_pool2d softmax sigmoid tanh gelu silu layer_norm")
GUIDED = Hooks(
    layers=LINEAR | RECTIFIED | {nn.MaxPool2d, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.LayerNorm},
    once=frozenset(),
    functions=SHAPES | SUMS | WITHOUT_RECTIFIER,
    products=PRODUCTS,
)
LAYERWISE = Hooks(
    layers=WITH_RULES | {nn.ReLU, nn.Tanh, nn.Dropout, nn.Flatten, nn.Identity}, once=WITH_RULES, functions=SHAPES
)


def captum(attribution: str) -> Function:
    """Captum's attributions by their class, as captum:DeepLift or captum:GradientShap."""
    return LIBRARY.method(attribution)


def _of_input(kind: Any, batch: Batch) -> Attribution:
    named = {"abs": False} if kind.__name__ == "Saliency" else {}
    signed = kind(scores(batch)).attribute(leaf(batch), additional_forward_args=(batch.target,), **named)
    return Attribution(signed)


def _path(kind: Any, batch: Batch, *, n_steps: Asked = 50, baseline: OneBaseline = "black") -> Attribution:
    start = next(starting_points(batch, baseline, 1))
    signed = kind(scores(batch)).attribute(
        leaf(batch),
        baselines=start,
        additional_forward_args=(batch.target,),
        n_steps=n_steps,
        method="gausslegendre",
        internal_batch_size=len(batch.x),
    )
    with torch.no_grad():
        low, high = (score_of(batch.module(x), batch.target, batch.score) for x in (start, batch.x))
    return Attribution(signed, {"completeness_gap": completeness_gap(signed.detach(), low, high)})


def _gradient_shap(
    kind: Any, batch: Batch, *, n_samples: Drawn = 5, stdevs: Deviation = 0.0, baseline: OneBaseline = "black"
) -> Attribution:
    def ask(one: Batch) -> Tensor:
        start = next(starting_points(one, baseline, 1))
        signed: Tensor = kind(scores(one)).attribute(
            leaf(one), baselines=start, additional_forward_args=(one.target,), n_samples=n_samples, stdevs=stdevs
        )
        return signed.detach()

    return Attribution(one_by_one(batch, ask))


def _guided(kind: Any, batch: Batch) -> Attribution:
    _refuse(kind, batch, GUIDED, "Use guided_backprop, which serves ReLUs however they are written.")
    signed = kind(Score(batch)).attribute(leaf(batch), additional_forward_args=(batch.target,))
    return Attribution(signed)


def _guided_gradcam(kind: Any, batch: Batch, *, layer: str | None = None) -> Attribution:
    _refuse(kind, batch, GUIDED, INSTEAD)
    name, part = _layer_of_maps(kind, batch, layer)
    signed = kind(Score(batch), part).attribute(
        leaf(batch), additional_forward_args=(batch.target,), interpolate_mode="bilinear"
    )
    return Attribution(signed, per_run={"layer": name})


def _layerwise(kind: Any, batch: Batch) -> Attribution:
    _refuse(kind, batch, LAYERWISE, INSTEAD)
    signed = kind(Logit(batch)).attribute(leaf(batch), additional_forward_args=(batch.target,)).detach()
    with torch.no_grad():
        logit = batch.module(batch.x).gather(1, batch.target.unsqueeze(1))[:, 0]
    conserved = signed.double().sum(dim=(1, 2, 3)) / logit.double()
    return Attribution(signed, {"conserved": conserved.float()}, OF_LOGIT)


def _layer_gradcam(kind: Any, batch: Batch, *, layer: str | None = None) -> Attribution:
    name, part = _layer_of_maps(kind, batch, layer)
    cam = kind(Score(batch), part).attribute(
        leaf(batch), additional_forward_args=(batch.target,), relu_attributions=True
    )
    return Attribution(upsampled(cam, batch), per_run={"layer": name})


def _layer(kind: Any, batch: Batch, *, layer: str | None = None, steps: Mapping[str, int] | None = None) -> Attribution:
    name, layout, part = chosen_layer(f"captum:{kind.__name__}", batch, layer)
    named = dict(steps or {}) | ({"internal_batch_size": len(batch.x)} if steps else {})
    answer = kind(Score(batch), part).attribute(leaf(batch), additional_forward_args=(batch.target,), **named)
    maps = layout.maps(answer.detach()).sum(dim=1, keepdim=True)
    return Attribution(upsampled(maps, batch), per_run={"layer": name})


def _layer_product(kind: Any, batch: Batch, *, layer: str | None = None) -> Attribution:
    return _layer(kind, batch, layer=layer)


def _layer_path(kind: Any, batch: Batch, *, n_steps: Asked = 50, layer: str | None = None) -> Attribution:
    return _layer(kind, batch, layer=layer, steps={"n_steps": n_steps})


def _occlusion(
    kind: Any, batch: Batch, *, window: Pixels = 16, stride: Pixels = 8, baseline: OneBaseline = "black"
) -> Attribution:
    channels = batch.x.shape[1]
    with torch.no_grad():
        signed = kind(scores(batch)).attribute(
            batch.x.contiguous(),
            sliding_window_shapes=(channels, window, window),
            strides=(channels, stride, stride),
            baselines=next(starting_points(batch, baseline, 1)),
            additional_forward_args=(batch.target,),
        )
    return Attribution(signed)


def _ablation(kind: Any, batch: Batch, *, cells: Cells = 8, baseline: OneBaseline = "black") -> Attribution:
    with torch.no_grad():
        signed = _of_cells(partial(kind(scores(batch)).attribute), batch, cells, baseline)
    return Attribution(signed)


def _shapley_sampling(
    kind: Any, batch: Batch, *, cells: Cells = 4, n_samples: Drawn = 25, baseline: OneBaseline = "black"
) -> Attribution:
    def ask(one: Batch) -> Tensor:
        return _of_cells(partial(kind(scores(one)).attribute, n_samples=n_samples), one, cells, baseline)

    with torch.no_grad():
        return Attribution(one_by_one(batch, ask))


def _of_cells(attribute: Any, batch: Batch, cells: int, baseline: OneBaseline) -> Tensor:
    """The attribution of a grid of so many cells a side, each of which is replaced as one."""
    height, width = batch.x.shape[2:]
    row, column = (torch.arange(side, device=batch.x.device) * cells // side for side in (height, width))
    mask = row.unsqueeze(1) * cells + column
    signed: Tensor = attribute(
        batch.x.contiguous(),
        baselines=next(starting_points(batch, baseline, 1)),
        feature_mask=mask.repeat(1, batch.x.shape[1], 1, 1),
        additional_forward_args=(batch.target,),
    )
    return signed


class Score(nn.Module):
    """(x, target) -> (N,) the score, for attributions that want a module."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.network, self.score = batch.module, batch.score
        self.eval()

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        return score_of(self.network(x), target, self.score)


def _layer_of_maps(kind: Any, batch: Batch, layer: str | None) -> tuple[str, nn.Module]:
    """A layer whose output is (N, channels, h, w): Captum takes the second axis for channels whatever it is."""
    label = f"captum:{kind.__name__}"
    name, layout, part = chosen_layer(label, batch, layer)
    if layout.order != "channels first":
        raise AuditError(
            label,
            f"the output of layer {name!r} has its {layout.order}, and Captum would average over the wrong axes",
            "need a layer whose output is (N, channels, height, width)",
            "Use gradcam, which knows tokens.",
        )
    return name, part


def _refuse(kind: Any, batch: Batch, hooks: Hooks, step: str) -> None:
    network = batch.module.network
    assert isinstance(network, nn.Module)
    refuse_unseen(f"captum:{kind.__name__}", network, batch.x, hooks, step)


LIBRARY = Library(
    name="captum",
    module="captum.attr",
    package="captum",
    extra="captum",
    attributors={
        "Saliency": Attributor(_of_input, DIFFERENTIATED, "The gradient (Simonyan et al. 2014)."),
        "InputXGradient": Attributor(_of_input, DIFFERENTIATED, "The gradient times the picture."),
        "IntegratedGradients": Attributor(_path, DIFFERENTIATED, "The gradient along a line (Sundararajan 2017)."),
        "GradientShap": Attributor(_gradient_shap, DIFFERENTIATED, "Expected gradients (Lundberg and Lee 2017)."),
        "GuidedBackprop": Attributor(_guided, LOOKED_INTO, "Guided backpropagation (Springenberg et al. 2015)."),
        "Deconvolution": Attributor(_guided, LOOKED_INTO, "Deconvolution (Zeiler and Fergus 2014)."),
        "GuidedGradCam": Attributor(_guided_gradcam, LOOKED_INTO, "Guided Grad-CAM (Selvaraju et al. 2017)."),
        "DeepLift": Attributor(deep_lift, LOOKED_INTO, "DeepLIFT's rescale rule (Shrikumar et al. 2017)."),
        "DeepLiftShap": Attributor(deep_lift_shap, LOOKED_INTO, "DeepLIFT over random baselines (Lundberg 2017)."),
        "LRP": Attributor(_layerwise, LOOKED_INTO, "Layer-wise relevance, epsilon rule (Bach et al. 2015)."),
        "LayerGradCam": Attributor(_layer_gradcam, LOOKED_INTO, "Grad-CAM (Selvaraju et al. 2017)."),
        "LayerGradientXActivation": Attributor(_layer_product, LOOKED_INTO, "A layer's gradient times its output."),
        "LayerConductance": Attributor(_layer_path, LOOKED_INTO, "Conductance of a layer (Dhamdhere et al. 2018)."),
        "InternalInfluence": Attributor(_layer_path, LOOKED_INTO, "Internal influence (Leino et al. 2018)."),
        "Occlusion": Attributor(_occlusion, frozenset(), "Occlusion by a sliding window (Zeiler and Fergus 2014)."),
        "FeatureAblation": Attributor(_ablation, frozenset(), "Ablation of the cells of a grid."),
        "ShapleyValueSampling": Attributor(_shapley_sampling, frozenset(), "Shapley values of the cells of a grid."),
    },
)
