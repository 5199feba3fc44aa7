"""From pictures to batches as the network sees them, on its device and in its memory layout."""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor, nn

from audit.bounds import MOST_IN_BATCH
from audit.choices import Score
from audit.datasets.loader import Loaded, Loader
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Sample
from audit.engine.inputs import Inputs
from audit.engine.threads import granted_cores
from audit.errors import AuditError, first_line
from audit.frame_size import Frame, check_frame
from audit.hashing import picture_seed
from audit.models.folded import folded
from audit.models.model import check_model, rehearse, to_channels_last, touching
from audit.models.probabilities import refuse_probabilities
from audit.models.randomised import randomised
from audit.registry import Need
from audit.saliency.batch import Batch
from audit.saliency.localisation import region

CALIBRATION = 32
"""Pictures from which an untrained copy takes its batch-norm statistics."""
SMALL = 2**14
"""Pixels up to which a picture is loaded in less time than threads lose as they wait for each other's lock."""
MANY = 2_000
"""Samples from which on processes that decode are worth their start, where the network takes hardly any time."""


@dataclass(frozen=True, eq=False)
class BatchFactory:
    """What every batch has in common."""

    module: nn.Module
    """The audited network, on the device and in the layout of the batches."""
    untrained: nn.Module | None
    """A copy with random weights; None where nothing that is asked for needs it."""
    loader: Loader
    """Its frame is None where no picture can be loaded."""
    samples: tuple[tuple[Sample, int], ...]
    device: torch.device
    channels_last: bool
    """How pictures lie in memory."""
    seed: int
    score: Score
    margin: float
    """Pixels by which boxes grow."""
    folded: nn.Module | None = None
    """Answers alike in less time; None where there is no such copy."""
    at_places: bool = False
    """The network is asked at the boxes, as a detector is."""

    @property
    def preprocessing(self) -> Preprocessing:
        return self.loader.preprocessing

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """All that a batch may ask."""
        return tuple(network for network in (self.module, self.untrained, self.folded) if network is not None)

    def batch(self, pictures: Sequence[Loaded]) -> Batch:
        """Loaded pictures as the network sees them."""
        samples = [self.samples[picture.number] for picture in pictures]
        mean, std = (torch.tensor(v, device=self.device) for v in (self.preprocessing.mean, self.preprocessing.std))
        return Batch(
            module=self.module,
            x=_input(pictures, self.preprocessing, self.device, self.channels_last),
            target=torch.tensor([class_index for _, class_index in samples], device=self.device),
            mean=mean,
            std=std,
            seeds=tuple(picture_seed(self.seed, sample.image, sample.label) for sample, _ in samples),
            score=self.score,
            untrained=self.untrained,
            folded=self.folded,
            codings=tuple(picture.coding for picture in pictures),
            places=tuple(p.framed.boxes.to(self.device) for p in pictures) if self.at_places else (),
        )

    def inside(self, pictures: Sequence[Loaded]) -> Tensor:
        """(N, 1, H, W) bool: the union of each picture's boxes or masks, grown by the margin to all four sides."""
        margin = self.margin
        objects = [p.framed.objects for p in pictures]
        grown = [corners + corners.new_tensor([-margin, -margin, margin, margin]) for corners in objects]
        height, width = pictures[0].framed.pixels.shape[1:]
        return region(grown, (height, width), 0, self.device).inside.unsqueeze(1)


def batch_factory(
    inputs: Inputs, device: torch.device, needs: Collection[Need]
) -> tuple[BatchFactory, tuple[Loaded, ...]]:
    """The factory for a device, and the two pictures on which the network was rehearsed; none where none can be loaded.

    Brings the network to the device and lays it out in memory. Raises AuditError where the network fails on the
    pictures, or where an untrained copy is needed and cannot be made.
    """
    idle = torch.get_num_threads() < granted_cores()
    loader = loader_of(inputs, 2 if device.type == "cuda" else int(idle), decoding_processes(inputs, device))
    first = _first_pictures(loader, CALIBRATION if "untrained" in needs else 2)
    pair = _pair(first)
    if pair:
        check_frame(inputs.settings, frame_of(pair[0]), len(inputs.samples))
        check_model(inputs.model, _input(pair, inputs.preprocessing, torch.device("cpu"), channels_last=False))
    with touching(f"when it is brought to {device}", "need a network that can be moved", "Load its weights first."):
        module = inputs.model.module.to(device)
    channels_last, untrained, quick = False, None, None
    if pair:
        x = _input(pair, inputs.preprocessing, device, channels_last=False)
        able = inputs.model.capabilities
        refuse_probabilities(inputs.model, rehearse(module, x, len(inputs.classes), deterministic=able.deterministic))
        channels_last = able.gradient and device.type == "cpu" and to_channels_last(module, x[:1])
        quick = folded(module, x.contiguous(memory_format=_layout(channels_last))) if able.gradient else None
        loader = replace(loader, frame=(x.shape[2], x.shape[3]))
        if device.type == "cpu" and _are_small(pair) and "workers" not in inputs.settings.run.model_fields_set:
            loader = replace(loader, workers=1, ahead=0)
        if "untrained" in needs:
            calibration = _input(first, inputs.preprocessing, device, channels_last)
            untrained = randomised(module, inputs.settings.run.seed, [calibration])
    settings = inputs.settings
    factory = BatchFactory(
        module=module,
        untrained=untrained,
        loader=loader,
        samples=inputs.samples,
        device=device,
        channels_last=channels_last,
        seed=settings.run.seed,
        score=settings.saliency.score,
        margin=settings.experiments.margin,
        folded=quick,
        at_places=inputs.model.capabilities.at_places,
    )
    return factory, pair


def loader_of(inputs: Inputs, ahead: int = 0, processes: int = 0) -> Loader:
    """What reads the inputs' pictures. ahead, processes: see `Loader`."""
    settings = inputs.settings
    return Loader(
        folder=settings.images,
        samples=[sample for sample, _ in inputs.samples],
        preprocessing=inputs.preprocessing,
        max_box_share=settings.data.max_box_share,
        min_visible=settings.data.min_visible,
        tolerance=settings.saliency.pointing_tolerance,
        workers=settings.run.workers,
        ahead=ahead,
        processes=processes,
    )


def decoding_processes(inputs: Inputs, device: torch.device) -> int:
    """How many decode the pictures of the run: those of the settings, else what a GPU needs to be kept busy."""
    asked = inputs.settings.run.processes
    if asked is not None:
        return asked
    return granted_cores() - 1 if device.type == "cuda" and len(inputs.samples) >= MANY else 0


def _first_pictures(loader: Loader, count: int) -> tuple[Loaded, ...]:
    """The first so many pictures that can be loaded into one frame; fewer where there are fewer, or they are large."""
    pictures: list[Loaded] = []
    singles = [range(number, number + 1) for number in range(len(loader.samples))]
    with closing(loader.batches(singles)) as batches:
        for picture in (picture for batch in batches for picture in batch.pictures):
            if not pictures or picture.framed.pixels.shape == pictures[0].framed.pixels.shape:
                pictures.append(picture)
            if len(pictures) == count or len(pictures) * prod(frame_of(pictures[0])) > MOST_IN_BATCH:
                break
    return tuple(pictures)


def _are_small(pictures: Sequence[Loaded]) -> bool:
    """Where they come from, and in the frame."""
    return all(max(prod(picture.size), prod(frame_of(picture))) <= SMALL for picture in pictures)


def frame_of(picture: Loaded) -> Frame:
    """The size of the network's input."""
    height, width = picture.framed.pixels.shape[1:]
    return height, width


def _pair(pictures: Sequence[Loaded]) -> tuple[Loaded, ...]:
    """The first picture and the first of another content, or the first twice."""
    if not pictures:
        return ()
    first = pictures[0]
    return first, next((picture for picture in pictures if picture.content != first.content), first)


def _input(
    pictures: Sequence[Loaded], preprocessing: Preprocessing, device: torch.device, channels_last: bool
) -> Tensor:
    """(N, C, H, W) float32, normalised, on the device."""
    pixels = torch.stack([picture.framed.pixels.permute(1, 2, 0) for picture in pictures]).permute(0, 3, 1, 2)
    there = pixels.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else pixels.to(device)
    return preprocessing.normalise(there).contiguous(memory_format=_layout(channels_last))


def _layout(channels_last: bool) -> torch.memory_format:
    return torch.channels_last if channels_last else torch.contiguous_format


def device_of(name: str) -> torch.device:
    """Raises AuditError where there is no such device."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = first_line(error)
        raise AuditError(
            "--device", f"{name!r} cannot be used ({reason})", "need cpu, or cuda where there is one"
        ) from error
    return device
