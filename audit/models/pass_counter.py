"""How often the network was asked."""

from collections import Counter
from typing import Any

import torch
from torch import nn

from audit.record.schema import PassesRow


class Passes:
    """Counts the pictures that go through networks; a context manager, since its hooks must be gone afterwards.

    Copies that are made of a network meanwhile are counted with it, unless it is a scripted program.
    """

    def __init__(self, *modules: nn.Module) -> None:
        self._counted = counted = Counter[str]()

        # no method: a copy of a network brings copies of its bound methods along, but the same functions
        def count(_: nn.Module, given: tuple[Any, ...]) -> None:
            counted["forward"] += len(given[0])
            # methods record a graph only where they differentiate it once
            counted["backward"] += len(given[0]) if torch.is_grad_enabled() else 0

        # ScriptModules refuse the method, but honour the hook
        self._hooks = [nn.Module.register_forward_pre_hook(module, count) for module in modules]

    def take(self, part: str, pictures: int) -> PassesRow:
        """The row for the table `passes` of what was counted since the last call."""
        row = PassesRow(part, pictures, self._counted["forward"], self._counted["backward"])
        self._counted.clear()
        return row

    def __enter__(self) -> "Passes":
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
