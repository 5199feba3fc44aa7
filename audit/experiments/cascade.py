"""The network loses what it has learnt, layer by layer, from its output to its input."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from audit.models.randomised import fresh, parameters_of, randomisable_copy, recalibrate, statistics_of

MOST_STAGES = 6


@dataclass(frozen=True)
class Part:
    """What one module holds itself, without its children."""

    name: str
    parameters: tuple[str, ...]
    statistics: tuple[str, ...]


def cascade(module: nn.Module, seed: int, calibration: Sequence[Tensor]) -> Iterator[tuple[str, nn.Module]]:
    """One copy of the network, more and more of it random: after each stage what lost its weights, and the copy.

    Cascading randomisation, Adebayo et al.: Sanity Checks for Saliency Maps, 2018. Stages as in `stages`; each
    parameter from a generator of its own, as in `audit.models.randomised`. After each stage the batch norms that are
    random so far take their statistics from the `calibration` batches (N, C, H, W), the others keep what they learnt.
    The copy is altered in place from stage to stage. Raises AuditError where the network cannot be
    copied or randomised.
    """
    copied = randomisable_copy(module)
    parameters, statistics = parameters_of(copied), statistics_of(copied)
    touched: dict[str, Tensor] = {}
    for stage in stages(copied):
        with torch.no_grad():
            for name in (name for part in stage for name in part.parameters):
                parameters[name].copy_(fresh(name, parameters[name].shape, seed))
        touched |= {name: statistics[name] for part in stage for name in part.statistics}
        recalibrate(copied, touched, calibration)
        yield _described(stage), copied


def stages(module: nn.Module) -> list[tuple[Part, ...]]:
    """At most 6 groups of neighbouring modules, from the output to the input: the last with parameters stands alone.

    The others hold about equally many parameters (tensors, not numbers). The order is that in which the modules were
    registered, since programs do not say in which they run.
    """
    parts = _parts(module)[::-1]
    head = 1 + next(place for place, part in enumerate(parts) if part.parameters)
    rest, total = parts[head:], sum(len(part.parameters) for part in parts[head:])
    groups: list[list[Part]] = [parts[:head], *([] for _ in range(MOST_STAGES - 1))]
    before = 0
    for part in rest:
        groups[min(MOST_STAGES - 1, 1 + (MOST_STAGES - 1) * before // total) if total else 0].append(part)
        before += len(part.parameters)
    return [tuple(group) for group in groups if group]


def _parts(module: nn.Module) -> list[Part]:
    """The modules that hold something, in the order in which they were registered."""
    owners = [(name, name.rpartition(".")[0]) for name in parameters_of(module)]
    kept = [(name, name.rpartition(".")[0]) for name in statistics_of(module)]
    parts = [
        Part(
            module_name,
            tuple(name for name, owner in owners if owner == module_name),
            tuple(name for name, owner in kept if owner == module_name),
        )
        for module_name, _ in module.named_modules()
    ]
    return [part for part in parts if part.parameters or part.statistics]


def _described(stage: Sequence[Part]) -> str:
    """'head', 'features.9 to features.4', or of the network's own parameters their names."""
    names = [part.name or ", ".join(part.parameters) for part in stage]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
