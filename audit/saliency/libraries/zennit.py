"""Layer-wise relevance propagation by zennit's composites, as zennit:EpsilonPlus."""

from contextlib import ExitStack
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from audit.errors import AuditError
from audit.models.model import spread
from audit.registry import Function
from audit.saliency.batch import Attribution, Batch
from audit.saliency.layer_calls import PRODUCTS, SHAPES, SUMS, Hooks, refuse_unseen
from audit.saliency.library import INSTEAD, LOOKED_INTO, OF_LOGIT, Attributor, Library, leaf

Stabiliser = Annotated[float, Field(gt=0, le=1)]
Gamma = Annotated[float, Field(gt=0, le=1000)]
Sharpness = Annotated[float, Field(gt=0, le=1000)]

RULED = frozenset({nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.AvgPool2d, nn.AdaptiveAvgPool2d})
PASSED = frozenset(
    {nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Sigmoid, nn.Tanh}
)
NEUTRAL = frozenset({nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Dropout, nn.Dropout2d, nn.Flatten, nn.Identity})
NORMS = frozenset({nn.BatchNorm2d, nn.BatchNorm1d})
FUNCTIONS = SHAPES | {"max_pool2d", "adaptive_max_pool2d"}
RECTIFIED = frozenset({nn.ReLU})


def zennit(attribution: str) -> Function:
    """Layer-wise relevance propagation by zennit's composites, as zennit:EpsilonPlusFlat."""
    return LIBRARY.method(attribution)


def _epsilon(kind: Any, batch: Batch, *, epsilon: Stabiliser = 1e-6) -> Attribution:
    return _relevance(kind, batch, {"epsilon": epsilon})


def _box(kind: Any, batch: Batch, *, epsilon: Stabiliser = 1e-6, gamma: Gamma = 0.25) -> Attribution:
    low, high = (batch.pixel(value).expand_as(batch.x[:1]) for value in (0.0, 1.0))
    return _relevance(kind, batch, {"low": low, "high": high, "epsilon": epsilon, "gamma": gamma})


def _excitation(kind: Any, batch: Batch) -> Attribution:
    return _relevance(kind, batch, {})


def _rectified(kind: Any, batch: Batch) -> Attribution:
    return _gradient(kind, batch, {})


def _smooth(kind: Any, batch: Batch, *, beta_smooth: Sharpness = 10.0) -> Attribution:
    return _gradient(kind, batch, {"beta_smooth": beta_smooth})


def _relevance(kind: Any, batch: Batch, options: dict[str, Any]) -> Attribution:
    """The relevance of the target's logit, which starts as 1. per_picture["conserved"], (N,): its sum over the picture;
    the rest was taken by biases, or by the stabiliser.
    """
    from zennit.torchvision import ResNetCanonizer  # noqa: PLC0415

    label, network = f"zennit:{kind.__name__}", batch.module.network
    assert isinstance(network, nn.Module)
    with torch.no_grad():
        before = batch.module(batch.x[:1])
    with ExitStack() as stack:
        # merges batch norms into the layers before them, and makes the sums of torchvision's ResNets layers
        changes = ResNetCanonizer().apply(network)
        for change in changes:
            stack.callback(change.remove)
        _refuse_norms(label, network, changes)
        with torch.no_grad():
            after = batch.module(batch.x[:1])
        if not torch.allclose(before, after, rtol=1e-3, atol=1e-3 * spread(before), equal_nan=True):
            seen = "the network answers otherwise once its batch norms are merged into the layers listed before them"
            raise AuditError(label, seen, "need batch norms right after their convolutions", INSTEAD)
        refuse_unseen(label, network, batch.x, _hooks(), INSTEAD)
        signed = _propagated(kind(**options), batch)
    return Attribution(signed, {"conserved": signed.double().sum(dim=(1, 2, 3)).float()}, OF_LOGIT)


def _gradient(kind: Any, batch: Batch, options: dict[str, Any]) -> Attribution:
    """The gradient with another backward pass of the ReLUs."""
    network = batch.module.network
    assert isinstance(network, nn.Module)
    layers = RULED | NEUTRAL | NORMS | RECTIFIED
    hooks = Hooks(layers, once=frozenset(), functions=FUNCTIONS | SUMS, products=PRODUCTS)
    step = "Use guided_backprop, which serves ReLUs however they are written."
    refuse_unseen(f"zennit:{kind.__name__}", network, batch.x, hooks, step)
    return Attribution(_propagated(kind(**options), batch), per_run=OF_LOGIT)


def _propagated(composite: Any, batch: Batch) -> Tensor:
    with composite.context(batch.module) as network, torch.enable_grad():
        x = leaf(batch)
        start = nn.functional.one_hot(batch.target, (logits := network(x)).shape[1]).to(logits)
        (signed,) = torch.autograd.grad(logits, x, grad_outputs=start)
    return signed


def _hooks() -> Hooks:
    from zennit.layer import Sum  # noqa: PLC0415

    return Hooks(RULED | PASSED | NEUTRAL | NORMS | {Sum}, once=RULED | NORMS | {Sum}, functions=FUNCTIONS)


def _refuse_norms(label: str, network: nn.Module, changes: list[Any]) -> None:
    """Raises AuditError for a batch norm that is not merged: the composites would pass it by."""
    merged = [getattr(change, "batch_norm", None) for change in changes]
    for name, part in network.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and not any(part is other for other in merged):
            seen = f"the batch norm {name!r} follows no convolution into which it could be merged"
            raise AuditError(label, seen, "need each right after its convolution or linear layer", INSTEAD)


LIBRARY = Library(
    name="zennit",
    module="zennit.composites",
    package="zennit",
    extra="zennit",
    attributors={
        "EpsilonPlus": Attributor(_epsilon, LOOKED_INTO, "LRP: z-plus in convolutions, epsilon in linear layers."),
        "EpsilonPlusFlat": Attributor(_epsilon, LOOKED_INTO, "As EpsilonPlus, with a flat first layer."),
        "EpsilonAlpha2Beta1": Attributor(_epsilon, LOOKED_INTO, "LRP: alpha-beta in convolutions, epsilon elsewhere."),
        "EpsilonAlpha2Beta1Flat": Attributor(_epsilon, LOOKED_INTO, "As EpsilonAlpha2Beta1, with a flat first layer."),
        "EpsilonGammaBox": Attributor(_box, LOOKED_INTO, "LRP: gamma in convolutions, the pixels' box in the first."),
        "ExcitationBackprop": Attributor(_excitation, LOOKED_INTO, "Excitation backprop (Zhang et al. 2016)."),
        "GuidedBackprop": Attributor(_rectified, LOOKED_INTO, "Guided backpropagation (Springenberg et al. 2015)."),
        "DeconvNet": Attributor(_rectified, LOOKED_INTO, "Deconvolution (Zeiler and Fergus 2014)."),
        "BetaSmooth": Attributor(_smooth, LOOKED_INTO, "The gradient of softplus for ReLU (Dombrowski et al. 2019)."),
    },
)
