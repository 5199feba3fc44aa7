"""Everything that is settled before the first picture is measured."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audit import registry
from audit.datasets.labels import ClassName, map_labels, merge_synonyms, read_classes
from audit.datasets.loader import Loaded, Loader
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Dataset, Exclusion, Sample
from audit.errors import AuditError, did_you_mean
from audit.experiments.altered_batch import Donors, Trial
from audit.experiments.donors import gather
from audit.experiments.forbidden_pixels import forbidden_pixels
from audit.experiments.runner import Experiment, experiments
from audit.hashing import file_hashes, picture_seed, sha256_of, tool, versions
from audit.importing import import_function, source_hash
from audit.models.fingerprint import Rehearsal, answers
from audit.models.model import Model, freeze, layers_hash, rehearse, state_hash, to_channels_last
from audit.models.randomised import randomised
from audit.models.weights import SUFFIXES
from audit.saliency.batch import Batch
from audit.saliency.localisation import region
from audit.saliency.sources import Source, sources
from audit.settings import ModelTable, Settings

WEIGHT_SUFFIXES = {*SUFFIXES, ".pt2"}
CALIBRATION = 32
"""Pictures from which an untrained copy takes its batch-norm statistics."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What to measure, with what, on which device."""

    settings: Settings
    model: Model
    classes: tuple[str, ...]
    samples: tuple[tuple[Sample, int], ...]
    """In the order of their numbers, each with its class index."""
    excluded: tuple[Exclusion, ...]
    dataset: Dataset
    loader: Loader
    sources: tuple[Source, ...]
    interventions: tuple[Experiment, ...]
    controls: tuple[Experiment, ...]
    searches: tuple[Experiment, ...]
    drawn: Mapping[str, set[int]]
    """By source, or 'intervention NAME': the numbers of the samples that it is made for."""
    donors: Donors | None
    """None where no experiment is asked for."""
    device: torch.device
    channels_last: bool
    """How pictures lie in memory."""
    untrained: nn.Module | None
    per_run: Mapping[str, Mapping[str, str]]
    """What methods said once for all pictures, as the layer that Grad-CAM chose."""
    state_sha256: str
    code: Mapping[str, str]
    """Source file hashes of the functions that the settings name as 'package.module:function', and of the layers."""
    rehearsal: Rehearsal | None
    """None where no picture can be loaded."""

    @property
    def preprocessing(self) -> Preprocessing:
        return self.loader.preprocessing

    @property
    def after_pictures(self) -> tuple[Experiment, ...]:
        """The experiments on the run as a whole, in the order in which they are made."""
        return *self.controls, *self.searches

    @property
    def ranges(self) -> list[range]:
        size = self.settings.run.batch_size
        return [range(i, min(i + size, len(self.samples))) for i in range(0, len(self.samples), size)]

    def batch(self, pictures: Sequence[Loaded]) -> Batch:
        """Loaded pictures as the network sees them."""
        samples = [self.samples[picture.number] for picture in pictures]
        pixels = torch.stack([picture.framed.pixels.permute(1, 2, 0) for picture in pictures]).permute(0, 3, 1, 2)
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        mean, std = (torch.tensor(v, device=self.device) for v in (self.preprocessing.mean, self.preprocessing.std))
        seed = self.settings.run.seed
        return Batch(
            module=self.model.module,
            x=self.preprocessing.normalise(pixels.to(self.device)).contiguous(memory_format=layout),
            target=torch.tensor([class_index for _, class_index in samples], device=self.device),
            mean=mean,
            std=std,
            seeds=tuple(picture_seed(seed, sample.image, sample.label) for sample, _ in samples),
            score=self.settings.saliency.score,
            untrained=self.untrained,
        )

    def inside(self, pictures: Sequence[Loaded]) -> Tensor:
        """(N, 1, H, W) bool: the union of each picture's boxes, grown by the margin of the settings."""
        margin = self.settings.experiments.margin
        grown = [p.framed.boxes + p.framed.boxes.new_tensor([-margin, -margin, margin, margin]) for p in pictures]
        height, width = pictures[0].framed.pixels.shape[1:]
        return region(grown, (height, width), 0, self.device).inside.unsqueeze(1)

    def trial(self, pictures: Sequence[Loaded], batch: Batch, maps: Mapping[str, Tensor]) -> Trial:
        """Loaded pictures, and the batch and the methods' maps made of them, for an intervention."""
        assert self.donors is not None, "experiments come with donors"
        inside = self.inside(pictures)
        return Trial(
            batch=batch,
            inside=inside,
            pictures=tuple(picture.sha256 for picture in pictures),
            donors=self.donors,
            methods=tuple(source for source in self.sources if not source.is_null),
            maps=maps,
            forbidden=forbidden_pixels(pictures, inside),
        )

    def one_of_each(self, drawn: Sequence[int]) -> list[int]:
        """The order in which to take drawn samples (by their numbers), so that no cluster comes twice before all came.

        A draw of a few pictures then has as many independent ones as can be. As drawn, where no cluster is named.
        """
        column, seen, turn = self.settings.data.cluster, Counter[str](), []
        for number in drawn:
            cluster = self.samples[number][0].metadata.get(column, "") if column else str(number)
            turn.append(seen[cluster])
            seen[cluster] += 1
        return sorted(range(len(turn)), key=turn.__getitem__)

    def shuffled(self, measured: NDArray[Any]) -> list[int]:
        """The numbers of measured samples in the order in which a control or search draws from them."""
        drawn = np.random.default_rng(self.settings.run.seed).permutation(measured)
        return drawn[self.one_of_each(drawn.tolist())].tolist()  # type: ignore[no-any-return]

    def identity(self) -> dict[str, Any]:
        """What the record says of everything that went in."""
        settings = self.settings.recorded()
        labels = [source.label for source in self.sources if not source.is_null]
        null_maps = [source.label for source in self.sources if source.is_null]
        functions: list[Source | Experiment] = [*self.sources, *self.interventions, *self.after_pictures]
        return {
            "tool": tool(),
            "settings": settings,
            "settings_sha256": sha256_of(settings),
            "model": {**self.model.description, "state_sha256": self.state_sha256},
            "classes": list(self.classes),
            "dataset": {
                "format": self.settings.data.format,
                "annotations": file_hashes(self.dataset.files, self.settings.path(self.settings.data.annotations)),
                "samples": len(self.samples) + len(self.excluded),
                "labels": sorted({sample.label for sample, _ in self.samples}),
            },
            "sources": {"methods": labels, "null_maps": null_maps},
            "experiments": {e.name: dict(e.options) for e in (*self.interventions, *self.after_pictures)},
            "options": {s.label: {**s.options, "reduction": s.reduction, "score": s.score} for s in self.sources},
            "described": {named.name: registry.summary(named.function) for named in functions},
            "preprocessing": vars(self.preprocessing),
            "frame": list(self.loader.frame) if self.loader.frame else None,
            "per_run": {label: dict(said) for label, said in self.per_run.items()},
            "code": self.code,
            "versions": versions(),
            "device": self.device.type,
            "channels_last": self.channels_last,
        }


def plan(settings: Settings, model: Model | None, device: str) -> Plan:
    """Read the annotations, open the model, match labels to classes, and rehearse every method on two pictures.

    Raises AuditError for whatever would break the run later: a method that refuses this model, a model that returns
    something else than logits, a label that no class has.
    """
    asked = sources(settings.saliency)
    interventions = experiments("audit.experiments.interventions", settings.experiments.interventions)
    controls = experiments("audit.experiments.controls", settings.experiments.controls)
    searches = experiments("audit.experiments.searches", settings.experiments.searches)
    dataset = _dataset(settings)
    opened = replace(model, module=freeze(deepcopy(model.module))) if model else _open(settings)
    opened, classes = _with_classes(settings, opened)
    labels = {sample.label for sample in dataset.samples}
    left_out = {exclusion.label for exclusion in dataset.exclusions}
    indices = map_labels(labels, classes, settings.data.labels, settings.data.ignore, left_out)
    known = merge_synonyms([s for s in dataset.samples if s.label in indices], indices)
    samples = tuple((s, indices[s.label]) for s in known)
    _check_clusters(settings.data.cluster, known)
    ignored = tuple(_ignored(s) for s in dataset.samples if s.label not in indices)
    prepared = settings.preprocessing.built() if settings.preprocessing else opened.preprocessing
    if prepared is None:
        raise AuditError(
            "settings", "nobody says how pictures are prepared for this model", "need a [preprocessing] block"
        )
    target = _device(device)
    opened = replace(opened, module=opened.module.to(target))
    table = settings.data
    images = settings.path(table.images)
    loader = Loader(
        images,
        known,
        prepared,
        table.max_box_share,
        table.min_visible,
        settings.saliency.pointing_tolerance,
        settings.run.workers,
        ahead=2 if target.type == "cuda" else 0,
    )
    draft = Plan(
        settings=settings,
        model=opened,
        classes=tuple(entry.name for entry in classes),
        samples=samples,
        excluded=dataset.exclusions + ignored,
        dataset=dataset,
        loader=loader,
        sources=asked,
        interventions=interventions,
        controls=controls,
        searches=searches,
        drawn={source.label: source.drawn(len(samples), settings.run.seed) for source in asked}
        | {
            f"intervention {intervention.name}": intervention.drawn(len(samples), settings.run.seed)
            for intervention in interventions
        },
        donors=None,
        device=target,
        channels_last=False,
        untrained=None,
        per_run={},
        state_sha256=state_hash(opened.module),
        code={"layers": layers_hash(opened.module), **_code(settings, model)},
        rehearsal=None,
    )
    return _rehearsed(draft)


def _rehearsed(draft: Plan) -> Plan:
    """The plan with what only pictures can tell: the frame, the untrained copy, the methods' refusals."""
    needs_copy = any(source.draw is not None for source in draft.sources)
    same = _first_pictures(draft, CALIBRATION if needs_copy else 2)
    if not same:
        return draft
    height, width = same[0].framed.pixels.shape[1:]
    another = next((p for p in same if p.sha256 != same[0].sha256), same[0])
    first = draft.batch((same[0], another))
    rehearse(draft.model.module, first.x, len(draft.classes))
    if draft.device.type == "cpu":
        draft = replace(draft, channels_last=to_channels_last(draft.model.module, first.x[:1]))
        first = draft.batch((same[0], another))
    rehearsal = Rehearsal(first.x, (same[0].sha256, another.sha256), answers(draft.model.module, first.x))
    untrained = None
    if needs_copy:
        calibration: list[Tensor] = [draft.batch(same).x]
        untrained = randomised(draft.model.module, draft.settings.run.seed, calibration)
    ready = replace(
        draft, loader=replace(draft.loader, frame=(height, width)), untrained=untrained, rehearsal=rehearsal
    )
    first = replace(first, untrained=untrained)
    if ready.interventions or ready.after_pictures:
        ready = replace(ready, donors=gather(ready))
    return replace(ready, per_run={s.label: dict(s.ask(first)[1].per_run) for s in ready.sources})


def _first_pictures(draft: Plan, count: int) -> tuple[Loaded, ...]:
    """The first so many pictures that can be loaded into one frame; fewer where there are fewer."""
    found: list[Loaded] = []
    singles = [range(number, number + 1) for number in range(len(draft.samples))]
    with closing(draft.loader.batches(singles)) as batches:
        for picture in (picture for batch in batches for picture in batch.pictures):
            if not found or picture.framed.pixels.shape == found[0].framed.pixels.shape:
                found.append(picture)
            if len(found) == count:
                break
    return tuple(found)


def _dataset(settings: Settings) -> Dataset:
    read = registry.resolve("audit.datasets.formats", settings.data.format)
    options = registry.options(
        read, settings.data.options, f"dataset format {settings.data.format!r}", settings.data.keys
    )
    images = settings.path(settings.data.images)
    if not images.is_dir():
        raise AuditError(
            "settings", f"data.images = {str(settings.data.images)!r} is no folder", "need the pictures' folder"
        )
    dataset: Dataset = read(settings.path(settings.data.annotations), images, **options)
    return dataset


def _open(settings: Settings) -> Model:
    if settings.model is None:
        raise AuditError("settings", "no [model]", "need a model to audit", "Add a [model] table, or pass model=.")
    return open_model(settings.model, settings.folder)


def open_model(table: ModelTable, folder: Path) -> Model:
    """Open the model that a [model] table names; its relative paths start at `folder`."""
    kind = registry.resolve("audit.models.kinds", table.kind)
    options = registry.options(kind, table.options, f"model kind {table.kind!r}", table.keys)
    there = {k: _beside(folder, v) if isinstance(v, Path) else v for k, v in options.items()}
    model: Model = kind(**there)
    return model


def _beside(folder: Path, given: Path) -> Path:
    """A path that an option names lies in `folder`; a bare name without such a file (weights' 'DEFAULT') stays."""
    there = folder / given
    is_name = len(given.parts) == 1 and given.suffix.lower() not in WEIGHT_SUFFIXES and not given.exists()
    return given if is_name and not there.exists() else there


def _with_classes(settings: Settings, model: Model) -> tuple[Model, tuple[ClassName, ...]]:
    """The class names, the settings' before the model file's, and the model with the word on where they come from."""
    given = settings.model.classes if settings.model else None
    if given is not None:
        names = read_classes(settings.path(given)) if isinstance(given, Path) else tuple(map(ClassName, given))
        source = given.name if isinstance(given, Path) else "the settings"
        return replace(model, description={**model.description, "classes": f"those of {source}"}), names
    if model.classes is None:
        raise AuditError(
            "model", "its file names no classes", "need the class names in index order", "Set model.classes."
        )
    return model, model.classes


def _check_clusters(column: str | None, samples: Sequence[Sample]) -> None:
    """Raises AuditError where a picture does not say to which cluster it belongs."""
    silent = [sample for sample in samples if column is not None and not sample.metadata.get(column)]
    if silent:
        columns = sorted({name for sample in samples for name in sample.metadata})
        raise AuditError(
            "settings",
            f"data.cluster = {column!r}, which {len(silent)} of {len(samples)} samples do not state, first"
            f" {silent[0].image}",
            did_you_mean(str(column), columns) if len(silent) == len(samples) else "need it for every sample",
            "Without it nobody can say which pictures are independent.",
        )


def _ignored(sample: Sample) -> Exclusion:
    detail = f"{sample.image}: the settings leave label {sample.label!r} out (data.ignore)."
    return Exclusion(sample.image, sample.label, "label ignored", detail)


def _code(settings: Settings, model: Model | None) -> dict[str, str]:
    experiments = settings.experiments
    tables = (
        *settings.saliency.methods,
        *settings.saliency.null_maps,
        *experiments.interventions,
        *experiments.controls,
        *experiments.searches,
    )
    named = [table.name for table in tables]
    network = {"network": source_hash(type(model.module))} if model else {}
    if settings.model and not model:
        named.append(str(settings.model.options.get("function", "")))
    return network | {name: source_hash(import_function(name)) for name in named if ":" in name}


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise AuditError(
            "--device", f"{name!r} cannot be used ({reason})", "need cpu, or cuda where there is one"
        ) from error
    return device
