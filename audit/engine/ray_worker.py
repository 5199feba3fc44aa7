"""One process of Ray that measures batches: it opens the model once, and says so where it is not the driver's."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import torch

from audit.engine.measure import changed_network, entries_of
from audit.engine.pictures import measured_here
from audit.engine.plan import Plan, plan
from audit.engine.resume import THREADS, changed_entries, other_inputs
from audit.engine.shown_samples import ShownSamples
from audit.errors import AuditError
from audit.importing import importable
from audit.models.pass_counter import Passes
from audit.settings import Settings


class RayWorker:
    """Ray makes it in a process of its own, and again where that process ends.

    What goes wrong is returned and not raised, since Ray wraps what is raised.
    """

    def __init__(self, settings: Settings, device: str, entries: Mapping[str, Any]) -> None:
        """entries: of the identity of the driver's record."""
        self._open = ExitStack()
        self._fault: AuditError | None = None
        torch.set_num_threads(int(entries[THREADS]))  # with another number the last digits may differ
        try:
            self._open.enter_context(importable(settings.folder))
            self._plan = plan(settings, None, device)
            self._check(entries)
            self._passes = self._open.enter_context(Passes(*self._plan.factory.networks))
        except AuditError as error:
            self._fault = error
        self._shown: ShownSamples | None = None
        self._last = -1

    def measure(self, start: int, stop: int) -> bytes | AuditError:
        """The batch of these samples, packed."""
        if self._fault:
            return self._fault
        shown = self._shown_before(self._plan, start)
        try:
            (batch,) = measured_here(self._plan, [range(start, stop)], self._passes, shown)
        except AuditError as error:
            return error
        return batch.packed()

    def fault(self) -> AuditError | None:
        """What is wrong with the worker, after its last batch: above all, that its network changed."""
        return self._fault or changed_network(self._plan)

    def _shown_before(self, made: Plan, start: int) -> ShownSamples:
        """What is shown of earlier samples alone: a later one could hide what the driver is to show at first."""
        if self._shown is None or start < self._last:
            self._shown = ShownSamples(made)
        self._last = start
        return self._shown

    def _check(self, entries: Mapping[str, Any]) -> None:
        own = entries_of(self._plan, None, int(entries[THREADS]))
        if changed := changed_entries(own, {key: entries[key] for key in own}):
            raise other_inputs("a worker of Ray", changed)
