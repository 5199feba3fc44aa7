"""How often the network was asked."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import nn

from audit.record.schema import PassesRow


class Passes:
    """Counts the pictures that go through networks; a context manager, since its hooks must be gone afterwards.

    Copies that are made of a network meanwhile are counted with it, unless it is a scripted program.
    """

    def __init__(self, *modules: nn.Module) -> None:
        self._modules, self._counted, self._hooks = modules, Counter[str](), ExitStack()
        self._taken = 0
        self._listeners: list[Callable[[], None]] = []

    @property
    def total(self) -> int:
        """All passes so far, forward and backward."""
        return self._taken + self._counted.total()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call the listener whenever a network is asked."""
        self._listeners.append(listener)

    def take(self, part: str, pictures: int) -> PassesRow:
        """The row for the table `passes` of what was counted since the last call."""
        row = PassesRow(part, pictures, self._counted["forward"], self._counted["backward"])
        self._taken += self._counted.total()
        self._counted.clear()
        return row

    def __enter__(self) -> "Passes":
        counted, listeners = self._counted, self._listeners

        # no method: a copy of a network brings copies of its bound methods along, but the same functions
        def count(_: nn.Module, given: tuple[Any, ...]) -> None:
            counted["forward"] += len(given[0])
            # methods record a graph only where they differentiate it once
            counted["backward"] += len(given[0]) if torch.is_grad_enabled() else 0
            for listener in listeners:
                listener()

        with ExitStack() as hooks:
            for module in self._modules:
                # ScriptModules refuse the method, but honour the hook
                hooks.callback(nn.Module.register_forward_pre_hook(module, count).remove)
            self._hooks = hooks.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._hooks.close()
