"""DeepLIFT by Captum: whether its attribution adds up to the difference of the logits, as it promises."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from audit.errors import AuditError
from audit.saliency.batch import Attribution, Batch
from audit.saliency.layer_calls import LINEAR, PRODUCTS, SHAPES, SUMS, Hooks, refuse_unseen
from audit.saliency.library import INSTEAD, OF_LOGIT, Logit, OneBaseline, leaf, on_noise, one_by_one
from audit.saliency.methods.integrated_gradients import starting_points

RESCALED = frozenset({nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softmax, nn.MaxPool2d})
DEEP_LIFT = Hooks(layers=LINEAR | RESCALED, once=RESCALED, functions=SHAPES | SUMS, products=PRODUCTS)
MOST_GAP = 0.01
"""Of what DeepLift promises to add up, relative to the logits' spread: rounding stays below, what is missed above."""


def deep_lift(kind: Any, batch: Batch, *, baseline: OneBaseline = "black") -> Attribution:
    def ask(some: Batch) -> tuple[Tensor, list[Tensor]]:
        start = next(starting_points(some, baseline, 1))
        signed = kind(Logit(some)).attribute(leaf(some), baselines=start, additional_forward_args=(some.target,))
        return signed.detach(), [start]

    return _complete(kind, batch, ask)


def deep_lift_shap(kind: Any, batch: Batch, *, draws: Annotated[int, Field(ge=2, le=100)] = 4) -> Attribution:
    def alone(one: Batch) -> Tensor:
        own = torch.cat(list(starting_points(one, "noise", draws)))
        signed: Tensor = kind(Logit(one)).attribute(leaf(one), baselines=own, additional_forward_args=(one.target,))
        return signed.detach()

    def ask(some: Batch) -> tuple[Tensor, list[Tensor]]:
        return one_by_one(some, alone), list(starting_points(some, "noise", draws))

    return _complete(kind, batch, ask)


Ask = Callable[[Batch], tuple[Tensor, list[Tensor]]]
"""From pictures to attributions (N, C, H, W), and the baselines, each (N, C, H, W), over which they are the mean."""


def _complete(kind: Any, batch: Batch, ask: Ask) -> Attribution:
    """The attribution, and NaN for the pictures whose attribution does not add up to the difference of the logits.

    Raises AuditError where that is so on noise, since then it is not the picture that does it.
    """
    network = batch.module.network
    assert isinstance(network, nn.Module)
    label = f"captum:{kind.__name__}"
    refuse_unseen(label, network, batch.x, DEEP_LIFT, INSTEAD)
    missing = on_noise(label, batch, lambda noise: float(_gap(noise, *ask(noise)).max()))
    if not missing <= MOST_GAP:
        raise AuditError(
            label,
            f"its attribution misses {missing:.1%} of the logits' spread on this network",
            "need one on which it adds up to the difference of the logits, as it promises",
            "Captum 0.9 misses it where a max pool follows an activation, and where the input of an activation is used"
            f" elsewhere too. {INSTEAD}",
        )
    signed, starts = ask(batch)
    gap = _gap(batch, signed, starts)
    holds = gap <= MOST_GAP  # NaN does not
    marked = torch.where(holds.reshape(-1, 1, 1, 1), signed, torch.nan)
    return Attribution(marked, {"completeness_gap": gap.float()}, OF_LOGIT)


def _gap(batch: Batch, signed: Tensor, starts: list[Tensor]) -> Tensor:
    """(N,) float64: what the attribution's sum lacks of the difference of the logits, as a share of their spread."""
    with torch.no_grad():
        end = batch.module(batch.x)
        logits = [batch.module(start) for start in starts]
    target = batch.target.unsqueeze(1)
    start = torch.stack([each.gather(1, target)[:, 0] for each in logits]).double().mean(dim=0)
    missing = signed.double().sum(dim=(1, 2, 3)) - (end.gather(1, target)[:, 0].double() - start)
    low, high = torch.stack([end, *logits]).double().transpose(0, 1).flatten(1).aminmax(dim=1)
    gap: Tensor = missing.abs() / (high - low).clamp(min=torch.finfo(torch.float32).tiny)
    return gap
