"""Everything that is settled before the first picture is measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from audit.datasets.file_pixels import FilePixels
from audit.datasets.loader import Loaded
from audit.engine.batch_factory import BatchFactory, batch_factory, device_of
from audit.engine.inputs import Inputs, read_inputs
from audit.engine.memory import sized_for
from audit.experiments.altered_batch import Donors, Trial
from audit.experiments.donor_pool import gather
from audit.experiments.forbidden_pixels import forbidden_pixels
from audit.experiments.repeats import repeated_batches
from audit.experiments.runner import Experiment, experiments
from audit.models.fingerprint import Fingerprint, fingerprint
from audit.models.model import Model
from audit.record.class_logits import logit_classes
from audit.registry import Need
from audit.saliency.batch import Batch
from audit.saliency.sources import Source, sources
from audit.settings import Settings


class Draws(NamedTuple):
    """The numbers of the samples for which something is made, by its label or name."""

    sources: Mapping[str, set[int]]
    interventions: Mapping[str, set[int]]


@dataclass(frozen=True, eq=False)
class Plan:
    """What to measure, on what, with what."""

    inputs: Inputs
    factory: BatchFactory
    sources: tuple[Source, ...]
    interventions: tuple[Experiment, ...]
    controls: tuple[Experiment, ...]
    searches: tuple[Experiment, ...]
    draws: Draws
    donors: Donors | None
    """None where nothing that is asked for needs them, or no picture can be loaded."""
    fingerprint: Fingerprint | None
    """None where no picture can be loaded."""
    per_run: Mapping[str, Mapping[str, str]]
    """By source, what holds for all pictures, as the layer that Grad-CAM chose."""
    batch_size: int
    """Pictures that go through the network at once. The `ranges` stay as the settings have them."""

    @property
    def methods(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if not source.is_null)

    @property
    def ranking(self) -> tuple[Source, ...]:
        """The methods whose maps say which pictures are the worst: those that make one of every picture, if any do."""
        total = len(self.inputs.samples)
        whole = tuple(source for source in self.methods if len(self.draws.sources[source.label]) == total)
        return whole or self.methods

    @property
    def after_pictures(self) -> tuple[Experiment, ...]:
        """The experiments on the run as a whole, in the order in which they are made."""
        return *self.controls, *self.searches

    @property
    def needs(self) -> frozenset[Need]:
        """Everything that some source or experiment needs."""
        return _union(self.sources, self.interventions, self.after_pictures)

    @cached_property
    def logit_classes(self) -> list[int]:
        """The classes whose logits the record keeps, rising."""
        return logit_classes(class_index for _, class_index in self.inputs.samples)

    @cached_property
    def repeated(self) -> frozenset[int]:
        """The places of the batches, among the `ranges`, in which the network is asked again."""
        return frozenset(repeated_batches(self.ranges, self.inputs.settings.run.seed))

    @property
    def ranges(self) -> list[range]:
        """The numbers of the samples, batch by batch."""
        size, total = self.inputs.settings.run.batch_size, len(self.inputs.samples)
        return [range(start, min(start + size, total)) for start in range(0, total, size)]

    def trial(self, pictures: Sequence[Loaded], batch: Batch, maps: Mapping[str, Tensor]) -> Trial:
        """Loaded pictures, and the batch and the methods' maps made of them, for an intervention."""
        inside = self.factory.inside(pictures)
        return Trial(
            batch=batch,
            inside=inside,
            pictures=tuple(picture.content for picture in pictures),
            donor_pool=self.donors,
            methods=self.methods,
            maps=maps,
            forbidden=forbidden_pixels(pictures, inside),
            classes=torch.tensor(self.logit_classes, dtype=torch.int64, device=batch.x.device),
            file_pixels=FilePixels(self.factory.loader, tuple(pictures)),
        )


def plan(settings: Settings, model: Model | None, device: str, before: Callable[[Inputs], None] | None = None) -> Plan:
    """Read the inputs, bring the network to the device, and ask every source about two pictures.

    before: called with the inputs before the first picture is loaded.
    Raises AuditError for whatever would break the run later: what needs more than this model can do, a method that
    refuses it, a model that returns something else than logits, a label that no class has.
    """
    inputs = read_inputs(sized_for(on := device_of(device), settings), model)
    settings = inputs.settings
    map_sources = sources(settings.saliency)
    interventions = experiments("audit.experiments.interventions", settings.experiments.interventions)
    controls = experiments("audit.experiments.controls", settings.experiments.controls)
    searches = experiments("audit.experiments.searches", settings.experiments.searches)
    needs = _union(map_sources, interventions, controls, searches)
    if before is not None:
        before(inputs)
    factory, pictures = batch_factory(inputs, on, needs)
    total, seed = len(inputs.samples), settings.run.seed
    among = inputs.sampled.numbers if inputs.sampled else None
    first = factory.batch(pictures) if pictures else None
    return Plan(
        inputs=inputs,
        factory=factory,
        sources=map_sources,
        interventions=interventions,
        controls=controls,
        searches=searches,
        draws=Draws(
            sources={source.label: source.drawn(total, seed) for source in map_sources},
            interventions={experiment.name: experiment.drawn(total, seed, among) for experiment in interventions},
        ),
        fingerprint=fingerprint(factory.module, first.x, pictures) if first else None,
        donors=gather(inputs, factory, with_files="files" in needs) if first and "donors" in needs else None,
        per_run={source.label: dict(source.ask(first)[1].per_run) for source in map_sources} if first else {},
        batch_size=settings.run.batch_size,
    )


def _union(*groups: Sequence[Source | Experiment]) -> frozenset[Need]:
    return frozenset(need for group in groups for entry in group for need in entry.needs)
