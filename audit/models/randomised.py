"""A copy of the network with random weights: no training put there what its maps show."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from audit.errors import AuditError
from audit.models.network_copy import frozen_copy

SCALES = ("weight", "gamma", "scale", "g")
SHIFTS = ("bias", "beta", "shift")


def randomised(module: nn.Module, seed: int, calibration: Iterable[Tensor] | None) -> nn.Module:
    """A deep copy with random weights, after Adebayo et al.: Sanity Checks for Saliency Maps, 2018; frozen.

    Each parameter is drawn from a generator of its own, seeded with `seed` and the parameter's name, on the CPU.
    Batch-norm statistics are the means over the `calibration` batches (N, C, H, W) where the copy's batch norms can be
    reached (modules, functions and exported programs), else mean 0 and variance 1. The original is left as it was.
    Raises AuditError where the network cannot be copied, or has no parameters to randomise (a frozen program).
    """
    copied = randomisable_copy(module)
    with torch.no_grad():
        for name, value in parameters_of(copied).items():
            value.copy_(fresh(name, value.shape, seed))
        recalibrate(copied, statistics_of(copied), calibration or ())
    return copied


def randomisable_copy(module: nn.Module) -> nn.Module:
    """A deep copy, frozen. Raises AuditError where there is none, or nothing in it that could be randomised."""
    copied = frozen_copy(module)
    if not parameters_of(copied):
        raise AuditError(
            "randomised model",
            "the network has no parameters that could be randomised",
            "need weights that are not frozen into the program",
            "Export it again without freezing, or leave the null map of the randomised model out.",
        )
    return copied


def parameters_of(module: nn.Module) -> dict[str, Tensor]:
    """What can be randomised, by name; a parameter that has several names has its first."""
    return {name: value for name, value in module.named_parameters() if value.is_floating_point()}


def statistics_of(module: nn.Module) -> dict[str, Tensor]:
    """The running means and variances, by name."""
    return {name: buffer for name, buffer in module.named_buffers() if name.endswith(STATISTICS)}


def recalibrate(module: nn.Module, statistics: Mapping[str, Tensor], calibration: Iterable[Tensor]) -> None:
    """Give batch norms the mean statistics over the batches; in place, and those named alone."""
    for name, buffer in statistics.items():
        buffer.fill_(float(name.endswith("running_var")))
    with torch.no_grad(), Recalibration(statistics.values()):
        for x in calibration:
            _ask_copy(module, x)


def _ask_copy(module: nn.Module, x: Tensor) -> None:
    """Raises AuditError where the copy fails though the original does not: it shares something that copies do not."""
    try:
        module(x.clone())  # one that writes into its input must not change the batch, which serves other copies too
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise AuditError(
            "randomised model",
            f"a copy of the network raises {type(error).__name__}: {error}",
            "need a network of which a deep copy works by itself",
            "Hooks and functions that close over the network still speak of the original: make them methods.",
        ) from error


def fresh(name: str, shape: Sequence[int], seed: int) -> Tensor:
    """Random float32 values for the parameter `name`: what its name and shape say it is.

    Weights with fan-in: normal, He et al. 2015 (a depthwise convolution's fan-in is its window). Scales of
    normalisations: 1. Biases: 0. The rest, as positional embeddings and class tokens: normal with deviation 0.02.
    """
    leaf = name.rpartition(".")[2]
    generator = torch.Generator().manual_seed(_seed(name, seed))
    if len(shape) >= 2 and leaf.endswith("weight"):
        return torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))
    if leaf in SCALES or leaf.endswith("_weight"):
        return torch.ones(shape)
    if leaf.endswith(SHIFTS):
        return torch.zeros(shape)
    return torch.randn(shape, generator=generator) * 0.02


def _seed(name: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}|{name}".encode()).digest()[:7], "big")


class Recalibration(TorchFunctionMode):
    """While it is open, batch norms normalise with the batch at hand, and their statistics become the batches' mean.

    statistics: of the batch norms for which that holds. No module is put into training mode, so dropout stays out, and
    a program without modules is served alike.
    """

    def __init__(self, statistics: Iterable[Tensor]) -> None:
        super().__init__()
        self.chosen = {buffer.data_ptr() for buffer in statistics}
        self.seen: Counter[int] = Counter()

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(zip(BATCH_NORMS.get(func, ()), args, strict=False), **(kwargs or {}))
        running_mean = given.get("running_mean") if func in BATCH_NORMS else None
        if running_mean is None or running_mean.data_ptr() not in self.chosen:
            return func(*args, **(kwargs or {}))
        x, running_var = given["input"], given["running_var"]
        whole = x.to(running_mean.dtype)  # under autocast pictures come in half precision, statistics never do
        var, mean = torch.var_mean(
            whole, dim=[dimension for dimension in range(x.ndim) if dimension != 1], correction=0
        )
        self.seen[running_mean.data_ptr()] += 1
        share = 1 / self.seen[running_mean.data_ptr()]
        running_mean.lerp_(mean, share)
        running_var.lerp_(var, share)
        normal = F.batch_norm(x, mean, var, given.get("weight"), given.get("bias"), eps=given.get("eps", 1e-5))
        return (normal, mean, var) if func is DECOMPOSED else normal


STATISTICS = ("running_mean", "running_var")
AFFINE = ("weight", "bias")
DECOMPOSED = torch.ops.aten._native_batch_norm_legit_no_training.default
BATCH_NORMS: dict[Any, tuple[str, ...]] = {
    F.batch_norm: ("input", *STATISTICS, *AFFINE, "training", "momentum", "eps"),
    torch.batch_norm: ("input", *AFFINE, *STATISTICS, "training", "momentum", "eps", "cudnn_enabled"),
    torch.ops.aten.batch_norm.default: ("input", *AFFINE, *STATISTICS, "training", "momentum", "eps", "cudnn_enabled"),
    DECOMPOSED: ("input", *AFFINE, *STATISTICS, "momentum", "eps"),
}
"""Every way to call a batch norm, with the order of its arguments."""
