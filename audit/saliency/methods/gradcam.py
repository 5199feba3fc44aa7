"""Grad-CAM."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit.errors import AuditError, did_you_mean
from audit.models.model import logits_of
from audit.registry import Need
from audit.saliency.batch import Attribution, Batch, score_of

NEEDS: frozenset[Need] = frozenset({"gradient", "layers"})

MOST_EXTRA_TOKENS = 8
"""Class, distillation and register tokens that may stand before the patches."""

Grid = tuple[int, int]


def gradcam(batch: Batch, *, layer: str | None = None) -> Attribution:
    """The channels of a late layer, weighted by their mean gradient and summed, where the sum is positive.

    Selvaraju et al.: Grad-CAM, 2017. Upsampled bilinearly to the network's input. Unless `layer` names a module, the
    last one is taken whose output is a map (or a map's tokens, as in a ViT) and on which the score depends at more than
    one position; per_run["layer"] says which. A network that shows its attention step by step, as a transformer from an
    ONNX file, has maps of tokens against tokens too: there `layer` must be named. Where the weighted sum is positive
    nowhere, the map is zero: a dead map.
    Returns (N, 1, H, W), non-negative.
    Raises AuditError for an unknown or unusable `layer`, and where there is no layer to look at, as in an exported or
    scripted program.
    Cost: 1 forward pass and the backward pass down to the layer; at the start, 1 of each on two pictures of noise.
    """
    name, layout = choose(usable_layers(batch.module, batch.x.shape), batch.module, layer)
    kept: list[Tensor] = []
    start_here = partial(_start_graph, kept)
    with torch.enable_grad(), hooked({name: batch.module.get_submodule(name)}, lambda _: start_here):
        score = score_of(batch.ask(batch.x), batch.target, batch.score)
        (gradient,) = torch.autograd.grad(score.sum(), kept[-1])
    activation, gradient = layout.maps(kept[-1].detach()), layout.maps(gradient)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    cam = (weights * activation).sum(dim=1, keepdim=True).clamp(min=0)
    size = list(batch.x.shape[2:])
    return Attribution(F.interpolate(cam, size, mode="bilinear", align_corners=False), per_run={"layer": name})


def _start_graph(kept: list[Tensor], module: nn.Module, args: Any, output: Tensor) -> Tensor:
    """A forward hook: the graph starts at the output, and what follows may overwrite its copy in place."""
    kept.append(output.detach().requires_grad_())
    return kept[-1].clone()


@dataclass(frozen=True)
class Layout:
    """How a layer's output lies over the picture."""

    order: Literal["channels first", "channels last", "tokens"]
    grid: Grid
    extra: int = 0
    """Tokens before the first patch."""

    def maps(self, output: Tensor) -> Tensor:
        """The layer's output as (N, channels, h, w)."""
        if self.order == "tokens":
            patches = output[:, self.extra :].transpose(1, 2)
            return patches.reshape(*patches.shape[:2], *self.grid)
        return output.movedim(3, 1) if self.order == "channels last" else output


class Layers(dict[str, Layout]):
    """By name, in the order in which they end."""

    attention = False
    """Among the network's layers are tables of attention, which are no maps of the picture."""


_LAYERS: WeakKeyDictionary[nn.Module, dict[tuple[int, ...], Layers]] = WeakKeyDictionary()


def choose(layers: Layers, module: nn.Module, layer: str | None) -> tuple[str, Layout]:
    """The layer that is asked for, or the last usable one. Raises AuditError."""
    if not layers:
        raise AuditError(
            "gradcam",
            "the network has no layer whose output is a map that the score depends on",
            "need modules that Python calls, not an exported or scripted program",
            "Use gradient, smoothgrad or integrated_gradients, which work on any network.",
        )
    last = next(reversed(layers))
    if layer is None and layers.attention:
        raise AuditError(
            "gradcam",
            "the network shows its attention step by step, where no layer is the last map of the picture",
            "need a named layer",
            f"Set layer = {last!r}, or another of its blocks.",
        )
    if layer is None:
        return last, layers[last]
    known = [name for name, _ in module.named_modules() if name]
    if layer not in known:
        raise AuditError("gradcam", f"no layer {layer!r}", did_you_mean(layer, known))
    if layer not in layers:
        raise AuditError(
            "gradcam",
            f"layer {layer!r} gives no map that the score depends on",
            "need a layer whose output moves the score at more than one position",
            f"Leave `layer` out to take {last!r}.",
        )
    return layer, layers[layer]


def usable_layers(module: nn.Module, shape: Sequence[int]) -> Layers:
    """The layers that Grad-CAM can use, in the order in which they end, for pictures of `shape` (N, C, H, W).

    Found once for a network and a frame, on noise, so that neither the pictures nor the batch size decide.
    """
    frame = tuple(shape[1:])
    known = _LAYERS.setdefault(module, {})
    if frame not in known:
        known[frame] = _search(module, frame)
    return known[frame]


def _search(module: nn.Module, frame: tuple[int, ...]) -> Layers:
    anchor = next((tensor for tensor in module.state_dict().values() if tensor.is_floating_point()), torch.empty(0))
    noise = torch.randn((2, *frame), generator=torch.Generator().manual_seed(0)).to(anchor)
    outputs: dict[str, Tensor] = {}
    parts = {name: part for name, part in module.named_modules() if name and not _is_script(part)}
    with torch.enable_grad(), hooked(parts, lambda name: partial(_record, outputs, name)):
        logits = logits_of(module, noise.requires_grad_())
        attention = any(_is_attention(output) for output in outputs.values())
        if attention:
            outputs = {name: output for name, output in outputs.items() if _holds_pictures(parts[name], output)}
        layouts = _layouts(outputs, frame)
        maps = [outputs[name] for name in layouts]
        # The squares, since no class is special here and a plain sum may be constant.
        gradients = torch.autograd.grad(logits.square().sum(), maps, allow_unused=True) if maps else ()
    usable = Layers(
        (name, layout)
        for (name, layout), gradient in zip(layouts.items(), gradients, strict=True)
        if gradient is not None and bool(((layout.maps(gradient) != 0).any(dim=1).sum(dim=(1, 2)) > 1).all())
    )
    usable.attention = attention
    return usable


def _is_attention(output: Tensor) -> bool:
    """Square tables whose rows are shares of 1."""
    if output.ndim not in (3, 4) or output.shape[-1] != output.shape[-2] or output.shape[-1] < 2:
        return False
    return bool((output >= 0).all() and ((output.sum(dim=-1) - 1).abs() < 1e-3).all())


def _holds_pictures(part: nn.Module, output: Tensor) -> bool:
    """Beside attention: the map of a convolution, or tokens of the two pictures, and no rearrangement of heads."""
    return output.shape[0] == 2 and (output.ndim == 3 or isinstance(part, nn.Conv2d))


def _is_script(part: nn.Module) -> bool:
    return isinstance(part, torch.jit.ScriptModule)


def _record(outputs: dict[str, Tensor], name: str, module: nn.Module, args: Any, output: Any) -> Any:
    """A forward hook: keeps the last output of each module, and hands on a copy that may be overwritten in place."""
    if not (isinstance(output, Tensor) and output.requires_grad):
        return None
    outputs.pop(name, None)
    outputs[name] = output
    return output.clone()


@contextmanager
def hooked(parts: dict[str, nn.Module], hook_for: Callable[[str], Callable[..., Any]]) -> Iterator[None]:
    """Forward hooks on the modules while the block runs; gone after it, whatever happens in it."""
    with ExitStack() as stack:
        for name, part in parts.items():
            stack.callback(part.register_forward_hook(hook_for(name)).remove)
        yield


def _layouts(outputs: dict[str, Tensor], frame: tuple[int, ...]) -> Layers:
    layouts = Layers()
    grids: list[Grid] = []
    orders: set[str] = set()
    for name, output in outputs.items():
        layout = layout_of(tuple(output.shape), frame, grids, orders)
        if layout is not None:
            layouts[name] = layout
            if layout.order != "tokens":
                grids.append(layout.grid)
                orders |= {layout.order} if output.shape[1] != output.shape[3] else set()
    return layouts


def layout_of(
    shape: tuple[int, ...], frame: tuple[int, ...], grids: Sequence[Grid], orders: Collection[str] = ()
) -> Layout | None:
    """How an output of `shape` lies over a picture of `frame` (C, H, W), or None where it is no map of it.

    `grids` are those of earlier layers: tokens belong to the latest into which they fit, else to a square. `orders`
    are those of earlier layers whose shape leaves no doubt: where it is in doubt, as many channels as rows and columns
    come last if all of these do.
    """
    if len(shape) == 4:
        first, last = Layout("channels first", shape[2:]), Layout("channels last", shape[1:3])
        either = (last, first) if set(orders) == {"channels last"} else (first, last)
        best = min(either, key=lambda layout: _distortion(layout.grid, frame))
        return best if math.prod(best.grid) > 1 and _distortion(best.grid, frame) <= math.log(2) else None
    if len(shape) != 3:
        return None
    tokens = shape[1]
    candidates = reversed(grids) if grids else [(math.isqrt(tokens), math.isqrt(tokens))]
    for grid in candidates:
        extra = tokens - math.prod(grid)
        if math.prod(grid) > 1 and 0 <= extra <= min(MOST_EXTRA_TOKENS, math.prod(grid) - 1):
            return Layout("tokens", grid, extra)
    return None


def _distortion(grid: Grid, frame: tuple[int, ...]) -> float:
    """How far the grid's aspect is from the picture's: |log| of their ratio, infinite where the grid is larger."""
    if grid[0] > frame[1] or grid[1] > frame[2]:
        return math.inf
    return abs(math.log(grid[0] * frame[2] / (grid[1] * frame[1])))
