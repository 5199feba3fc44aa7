"""An attribution of another library, made into a saliency method: its name, its options, and what it leaves behind."""

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit.bounds import Pictures
from audit.errors import AuditError, did_you_mean, first_line
from audit.hashing import installed_version
from audit.models.model import logits_of
from audit.registry import Function, Need
from audit.saliency.batch import Attribution, Batch, score_of
from audit.saliency.methods.gradcam import Layout, choose, usable_layers
from audit.saliency.undisturbed import seeded, undisturbed

INSTEAD = "Use one of saliency-audit's own methods, which saliency-audit list shows."
OneBaseline = Literal["black", "mean", "blur"]
DIFFERENTIATED: frozenset[Need] = frozenset({"gradient"})
LOOKED_INTO: frozenset[Need] = frozenset({"gradient", "layers"})


@dataclass(frozen=True)
class Attributor:
    """One attribution: how it is asked for, what it needs from the run, and what it is."""

    ask: Callable[..., Attribution]
    """(the library's class, batch, *, options...)"""
    needs: frozenset[Need]
    line: str
    """What the list shows."""


@dataclass(frozen=True)
class Library:
    """A library, and those of its attributions that are known to give a map."""

    name: str
    module: str
    """Where the classes lie."""
    package: str
    """On the package index."""
    extra: str
    attributors: Mapping[str, Attributor]

    def method(self, attribution: str) -> Function:
        """The saliency method. Raises AuditError for an unknown name, and where the library is not installed."""
        if attribution not in self.attributors:
            raise AuditError(
                "settings",
                f"no attribution {attribution!r} of {self.name} that could be scored",
                did_you_mean(attribution, self.attributors),
                f"There is {', '.join(sorted(self.attributors))}.",
            )
        method = self.described(attribution)
        setattr(method, "__wrapped__", self._class(attribution))  # noqa: B010 whose source file the record hashes
        return method

    def described(self, attribution: str) -> Function:
        """The saliency method with its options and its line; the library is imported only when it is asked."""
        known, label = self.attributors[attribution], f"{self.name}:{attribution}"

        def method(batch: Batch, *, pictures: Pictures | None = None, **options: Any) -> Attribution:
            del pictures  # the engine draws them
            if batch.places:
                seen = "asks about whole pictures, but a detector is asked at its boxes"
                raise AuditError(label, seen, "need a method that knows the boxes", INSTEAD)
            kind = self._class(attribution)
            with heard(label, batch) as asked, undisturbed(batch.module), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of hooks that are set, and of inputs that take gradients
                answer = known.ask(kind, asked, **options)
            per_run = {**answer.per_run, "library": f"{self.package} {self.version}"}
            return Attribution(answer.signed.detach().float(), answer.per_picture, per_run)

        _, first, *given = inspect.signature(known.ask, eval_str=True).parameters.values()
        drawn = inspect.Parameter("pictures", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Pictures | None)
        method.__signature__ = inspect.Signature([first, *given, drawn])  # type: ignore[attr-defined]
        method.__name__ = method.__qualname__ = attribution
        method.__doc__ = known.line
        method.__module__ = f"audit.saliency.libraries.{self.name}"
        method.NEEDS = known.needs  # type: ignore[attr-defined]
        return method

    @property
    def version(self) -> str:
        return installed_version(self.package) or "of an unknown version"

    def _class(self, attribution: str) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what the library itself imports
                module = importlib.import_module(self.module)
        except ImportError as error:
            raise AuditError(
                f"{self.name}:{attribution}",
                f"takes packages that cannot be imported ({error})",
                f"need the extra {self.extra!r}",
                f"Install it: pip install 'saliency-audit[{self.extra}]'.",
            ) from error
        if not hasattr(module, attribution):
            raise AuditError(
                f"{self.name}:{attribution}",
                f"{self.package} {self.version} has no {attribution}",
                "need a version that has it",
                f"Install the newest: pip install -U {self.package}.",
            )
        return getattr(module, attribution)


class Asked(nn.Module):
    """The network's logits (N, K). The library's hooks stand on it and on the network's layers."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return logits_of(self.network, x)


@contextmanager
def heard(label: str, batch: Batch) -> Iterator[Batch]:
    """The batch for a library to ask. What the library raises becomes an AuditError; what the network raises stays."""
    inside: list[bool] = []
    with ExitStack() as hooks:
        # ScriptModules refuse the methods, but honour the hooks
        hooks.callback(nn.Module.register_forward_pre_hook(batch.module, lambda *_: inside.append(True)).remove)
        hooks.callback(nn.Module.register_forward_hook(batch.module, lambda *_: inside.clear()).remove)
        try:
            yield replace(batch, module=Asked(batch.module))
        except (AuditError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if inside:
                raise
            said = first_line(error)
            raise AuditError(
                label, f"raises {type(error).__name__}: {said}", "need a network that it supports", INSTEAD
            ) from error


def leaf(batch: Batch) -> Tensor:
    """The pictures (N, C, H, W), ready to be differentiated, in the layout in which libraries may `view` them."""
    return batch.x.detach().clone(memory_format=torch.contiguous_format).requires_grad_()


def scores(batch: Batch) -> Callable[[Tensor, Tensor], Tensor]:
    """(x, target) -> (N,) the score."""
    return lambda x, target: score_of(batch.module(x), target, batch.score)


class Logit(nn.Module):
    """(x, target) -> (N,) the target's logit: for rules that are sums over layers, which end before the softmax."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.network = batch.module
        self.eval()

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        logits: Tensor = self.network(x)
        return logits.gather(1, target.unsqueeze(1)).squeeze(1)


OF_LOGIT = {"score": "logit, whatever the settings name: the rule ends before the softmax"}


def chosen_layer(label: str, batch: Batch, layer: str | None) -> tuple[str, Layout, nn.Module]:
    """The layer that is asked for, or the one that `gradcam` takes: name, layout, module. Raises AuditError."""
    network = batch.module.network
    assert isinstance(network, nn.Module)
    try:
        name, layout = choose(usable_layers(network, batch.x.shape), network, layer)
    except AuditError as error:
        raise AuditError(label, error.seen, error.needed, error.next_step) from error
    return name, layout, network.get_submodule(name)


def upsampled(maps: Tensor, batch: Batch) -> Tensor:
    """(N, 1, h, w) bilinearly to the frame of the network's input."""
    return F.interpolate(maps, list(batch.x.shape[2:]), mode="bilinear", align_corners=False)


def one_by_one(batch: Batch, ask: Callable[[Batch], Tensor]) -> Tensor:
    """For what draws at random in a batch: each picture alone with its own seed, so that no other one matters."""
    maps = []
    for place, seed in enumerate(batch.seeds):
        with seeded(seed, batch.x.device):
            maps.append(ask(batch.some([place])))
    return torch.cat(maps)


_ON_NOISE: WeakKeyDictionary[nn.Module, dict[tuple[str, tuple[int, ...]], float]] = WeakKeyDictionary()


def on_noise(label: str, batch: Batch, measure: Callable[[Batch], float]) -> float:
    """A number, measured once for a network and a frame on two pictures of noise, so that no picture decides."""
    network, frame = batch.module.network, tuple(batch.x.shape[1:])
    assert isinstance(network, nn.Module)
    known = _ON_NOISE.setdefault(network, {})
    if (label, frame) not in known:
        noise = torch.randn((2, *frame), generator=torch.Generator().manual_seed(0)).to(batch.x)
        target = batch.target.new_tensor([0, 0])
        known[label, frame] = measure(replace(batch, x=noise, target=target, seeds=(0, 1), codings=()))
    return known[label, frame]
