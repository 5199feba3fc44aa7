"""What is audited: a network, the names of its classes and its own preprocessing."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from audit.datasets.labels import ClassName, class_names
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError
from audit.hashing import sha256_of
from audit.importing import source_hash
from audit.models.capabilities import ALL, Capabilities
from audit.phrases import count

Check = Callable[[Tensor, Tensor], None]
"""Called with the pictures of the rehearsal and the logits, both on the CPU; raises AuditError where these are not what
the model's file says of them."""


@dataclass(frozen=True)
class Model:
    """A network that maps `(N, C, H, W)` pictures to `(N, K)` logits, opened for an audit.

    `preprocessing` and `classes` are None where the model file does not say; the settings must then. For the classes,
    a list of strings will do.
    """

    module: nn.Module
    classes: tuple[ClassName, ...] | None
    preprocessing: Preprocessing | None
    description: Mapping[str, str] = field(default_factory=dict)
    """What it is, for the record: kind, name, weights. No host paths."""
    capabilities: Capabilities = ALL
    check: Check | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            module: nn.Module,
            classes: Iterable[str | ClassName] | None,
            preprocessing: Preprocessing | None,
            description: Mapping[str, str] = ...,
            capabilities: Capabilities = ...,
            check: Check | None = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        if self.classes is not None:
            object.__setattr__(self, "classes", class_names(self.classes))


def freeze(module: nn.Module) -> nn.Module:
    """The network in evaluation mode with no parameter that asks for a gradient. Raises AuditError where it fails."""
    step = "Call a network with lazy layers once before handing it over; they take their shapes from the first input."
    with touching("when its parameters are frozen", "need a network whose parameters can be frozen", step):
        try:
            module.eval()
        except NotImplementedError:  # the mode of an exported program was fixed when it was exported
            for part in module.modules():
                part.training = False
        for parameter in module.parameters():
            parameter.requires_grad_(False)
    return module


ONE_SIGMOID = "Of one output z before a sigmoid, return both classes: torch.cat([torch.zeros_like(z), z], dim=1)."


def logits_of(module: nn.Module, x: Tensor, classes: int | None = None, places: Sequence[Tensor] = ()) -> Tensor:
    """The network's output `(N, K)` for `x` `(N, C, H, W)`. places: as in `Batch`.

    Raises AuditError where the output is a tuple, holds anything but floating-point numbers, has another shape or
    another number of classes, or has no derivative though `x` asks for one.
    """
    asked = (x.clone(), places) if places else (x.clone(),)  # one that writes into its input changes nothing measured
    output = module(*asked)
    if not isinstance(output, Tensor):
        kind = type(output).__name__
        size = f" of {len(output)}" if isinstance(output, Sequence | Mapping) else ""
        raise AuditError(
            "model",
            f"returns a {kind}{size}",
            "need one tensor of logits (N, classes)",
            'Wrap it in a factory that returns the logits alone; a detector takes kind = "detector".',
        )
    if output.ndim != 2 or output.shape[0] != x.shape[0]:
        raise AuditError("model", f"returns shape {tuple(output.shape)}", f"need ({x.shape[0]}, classes)")
    if classes is not None and output.shape[1] != classes:
        raise AuditError(
            "model",
            f"returns {count(output.shape[1], 'class')}, but {classes} class names are given",
            "need as many names as classes",
            ONE_SIGMOID if (output.shape[1], classes) == (1, 2) else "Set model.classes to this model's own list.",
        )
    _check_numbers(output)
    if torch.is_grad_enabled() and x.requires_grad and not output.requires_grad:
        raise AuditError(
            "model",
            "returns logits that have no derivative with respect to the picture",
            "need a network that can be differentiated",
            "Remove inference_mode, no_grad and detach from forward; take the network before it was quantised.",
        )
    return output


def _check_numbers(output: Tensor) -> None:
    if output.layout is torch.strided and output.is_floating_point() and not output.is_meta:
        return
    kind = "meta" if output.is_meta else str(output.layout if output.layout is not torch.strided else output.dtype)
    raise AuditError(
        "model",
        f"returns a tensor of kind {kind.removeprefix('torch.')}",
        "need logits as a dense tensor of floating-point numbers",
        "Return the logits themselves, before argmax, comparison or quantisation.",
    )


def rehearse(module: nn.Module, x: Tensor, classes: int | None = None, *, deterministic: bool = True) -> Tensor:
    """The logits `(N, K)` of one or two pictures `x` `(N, C, H, W)`, having made sure that the network can be audited.

    deterministic: it must answer alike to the last bit; else up to `REPEATED` of the logits' spread.
    Raises AuditError where the network fails, returns anything but finite logits of `classes` classes, cannot take one
    and two pictures alike, or answers for a picture depending on its batch (as in training mode, or with dropout).
    """
    with torch.no_grad():
        try:
            together = _forward(module, x, classes)
        except AuditError as error:
            if not all(_accepts(module, picture, classes) for picture in x.unsqueeze(1)):
                raise
            raise AuditError(
                "model",
                f"takes one picture, but not {len(x)} at once",
                "need a batch of any size",
                "Export or trace it with a variable batch dimension.",
            ) from error
        again, alone = _forward(module, x, classes), _forward(module, x[:1], classes)
    if not torch.isfinite(together).all(dim=1).any():
        raise AuditError(
            "model",
            "returns NaN or infinite logits for every picture of the rehearsal",
            "need finite logits",
            "Check the weights, and that the preprocessing is the model's own.",
        )
    if not _repeats(together, again, exactly=deterministic and x.device.type == "cpu"):
        raise AuditError(
            "model",
            "answers differently when given the same pictures twice",
            "need a network without randomness and without memory",
            "Call eval() before exporting it, and remove sampling, noise and counters from forward.",
        )
    if not torch.allclose(together[:1], alone, rtol=1e-2, atol=1e-2 * spread(together), equal_nan=True):
        raise AuditError(
            "model",
            "answers differently for a picture alone and in a batch of two",
            "need a network in evaluation mode",
            "Export it after model.eval(), without dropout and with the batch norm's running statistics.",
        )
    return together


def check_model(model: Model, x: Tensor) -> None:
    """Have the model's own check look at pictures `x`, while the network still lies on the CPU. Raises AuditError."""
    if model.check is not None:
        classes = None if model.classes is None else len(model.classes)
        model.check(x, rehearse(model.module, x, classes, deterministic=model.capabilities.deterministic))


REPEATED = 1e-3
"""Relative to the spread of all logits: what the same pictures may change in a network that is not deterministic."""


def _repeats(together: Tensor, again: Tensor, *, exactly: bool) -> bool:
    if exactly:
        return torch.equal(together.nan_to_num(), again.nan_to_num())
    if together.device.type != "cpu":  # such devices add in any order; the run measures what that does
        return True
    return torch.allclose(together, again, rtol=0, atol=REPEATED * spread(together), equal_nan=True)


def to_channels_last(module: nn.Module, x: Tensor) -> bool:
    """Lay the network out channels-last if it computes the same there for pictures `x`, and say whether it was done.

    On the CPU convolutions and their derivatives take 10 to 30 % less time so. A network that cannot (it may `view`
    what then lies in another order) is left as it was; values and names of its state never change.
    """

    def derivative(leaf: Tensor) -> tuple[Tensor, Tensor]:
        leaf = leaf.detach().requires_grad_()
        logits = logits_of(module, leaf)
        return logits.detach(), torch.autograd.grad(logits.logsumexp(dim=1).sum(), leaf)[0]

    with touching(
        f"when it is differentiated at an input of shape {tuple(x.shape)}",
        "need a network that can be differentiated",
        "Remove inference_mode, and operations without a derivative, from forward.",
    ):
        before = derivative(x)
    try:
        module.to(memory_format=torch.channels_last)
        after = derivative(x.contiguous(memory_format=torch.channels_last))
    except Exception:  # noqa: BLE001 a network may refuse what lies in another order in its own way
        same = False
    else:
        # rounding flips a ReLU here and there, so that single derivatives differ; another network would differ in most
        same = all(
            bool((a - b).nan_to_num().norm() <= 1e-2 * b.nan_to_num().norm())
            for a, b in zip(after, before, strict=True)
        )
    if not same:
        module.to(memory_format=torch.contiguous_format)
    return same


@contextmanager
def touching(when: str, needed: str, next_step: str) -> Iterator[None]:
    """Within, somebody else's network is touched, which may raise anything; it becomes an AuditError."""
    try:
        yield
    except (AuditError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        said = f"raises {type(error).__name__} {when}: {_last_line(error)}".removesuffix(": ")
        raise AuditError("model", said, needed, next_step) from error


@contextmanager
def asked_by(who: str) -> Iterator[None]:
    """Within, the network is asked about altered pictures; what it raises becomes an AuditError that names `who`."""
    with touching(
        f"on the altered pictures of {who}",
        "need a network that answers whatever the pixels are",
        "Remove the check of the pixels from forward, or leave this experiment out.",
    ):
        yield


def _forward(module: nn.Module, x: Tensor, classes: int | None) -> Tensor:
    with touching(
        f"on an input of shape {tuple(x.shape)}",
        "need a network that takes pictures (N, C, H, W) of this size",
        f"Check that the preprocessing is the model's own; {_channels_hint(x.shape[1])}.",
    ):
        return logits_of(module, x, classes)


def _channels_hint(channels: int) -> str:
    kind, needed = ("colour", 3) if channels == 1 else ("grey", 1)
    return f"a network for {kind} pictures needs channels = {needed}"


def _accepts(module: nn.Module, x: Tensor, classes: int | None) -> bool:
    try:
        _forward(module, x, classes)
    except AuditError:
        return False
    return True


def spread(values: Tensor) -> float:
    """The largest finite value less the smallest; 0 where there is none."""
    finite = values[torch.isfinite(values)]
    return float(finite.max() - finite.min()) if finite.numel() else 0.0


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[-1]


def state_hash(module: nn.Module) -> str:
    """SHA-256 over names, types, shapes and values of all parameters and buffers: the identity of the weights.

    Raises AuditError where a value cannot be read, as one on the device meta or a sparse one.
    """
    digest = hashlib.sha256()
    with touching(
        "when its weights are read",
        "need weights that are loaded, as dense tensors",
        "Load them onto the CPU (not meta), and make sparse ones dense.",
    ):
        for name, value in sorted(module.state_dict(keep_vars=False).items()):
            if isinstance(value, Tensor):
                digest.update(f"{name}|{value.dtype}|{tuple(value.shape)}|".encode())
                digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def layers_hash(module: nn.Module) -> str:
    """SHA-256 over the layers as they are printed, and the source files of their classes: what weights do not say."""
    with touching("when its layers are printed", "need a network that can be printed", "Correct its __repr__."):
        printed = re.sub(r"\bat 0x[0-9a-fA-F]+", "", repr(module))
        kinds = {type(part) for part in module.modules()}
    return sha256_of([printed, sorted({source_hash(kind) for kind in kinds})])
