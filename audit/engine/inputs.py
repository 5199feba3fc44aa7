"""Everything that files say before the first picture is loaded: settings, data set, class names and the model."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit import registry
from audit.datasets.exclusions import Exclusion, Reason
from audit.datasets.labels import ClassName, class_names, map_labels, merge_synonyms, read_classes
from audit.datasets.picture_root import Images
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Dataset, Sample
from audit.datasets.training import Training, read_training
from audit.engine.code import code_hashes
from audit.engine.look import looked_at, of_a_look
from audit.engine.unmet_needs import feasible
from audit.errors import AuditError, did_you_mean
from audit.models.detector import NOTHING, Detector
from audit.models.model import Model, state_hash
from audit.models.network_copy import frozen_copy
from audit.models.open_model import open_model, with_copies
from audit.phrases import count
from audit.remote.url import is_url
from audit.sampling import Sampled, Unit, sampled
from audit.settings import Settings


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is audited, and on which samples."""

    settings: Settings
    """Without what the model cannot do and the settings do not name."""
    dataset: Dataset
    samples: tuple[tuple[Sample, int], ...]
    """In the order of their numbers, each with its class index."""
    available: int
    """How many there are; more than in `samples` where the settings ask for a look at some of them."""
    sampled: Sampled | None
    """The samples that the interventions are made for; None: all."""
    excluded: tuple[Exclusion, ...]
    """Before any picture is loaded."""
    classes: tuple[str, ...]
    model: Model
    """Frozen; a copy where it comes from Python."""
    preprocessing: Preprocessing
    state_sha256: str
    """The hash of the model's weights and statistics."""
    left_out: Mapping[str, tuple[str, ...]]
    """As in `Feasible`."""
    training: Training | None
    """The pictures that the network was trained on; None where the settings do not say."""
    code: dict[str, str]
    """Source file hashes of the functions that the settings name as 'package.module:function', and of the layers."""

    def one_of_each(self, numbers: Sequence[int]) -> list[int]:
        """The order in which to take samples that were drawn, so that no cluster comes twice before all came.

        numbers: of the samples, as drawn. A draw of a few pictures then has as many independent ones as can be. The
        order stays where the settings name no cluster.
        """
        column, seen, turns = self.settings.data.cluster, Counter[str](), []
        for number in numbers:
            cluster = self.samples[number][0].metadata.get(column, "") if column else str(number)
            turns.append(seen[cluster])
            seen[cluster] += 1
        return sorted(range(len(turns)), key=turns.__getitem__)

    @property
    def is_look(self) -> bool:
        """Some of the samples alone are audited, so that nothing is decided."""
        return len(self.samples) < self.available

    def shuffled(self, measured: NDArray[Any]) -> list[int]:
        """The numbers of measured samples in the order in which a control or search draws from them."""
        numbers = np.random.default_rng(self.settings.run.seed).permutation(measured)
        return numbers[self.one_of_each(numbers.tolist())].tolist()  # type: ignore[no-any-return]


def read_inputs(settings: Settings, model: Model | None) -> Inputs:
    """Read the annotations, open the model, and match labels to classes. model: from Python, instead of the settings'.

    Raises AuditError where a file cannot be read, a label names no class, or nobody says how pictures are prepared.
    """
    dataset = read_dataset(settings)
    opened, classes = _named_classes(settings, _copied(model) if model else opened_model(settings))
    labels = {sample.label for sample in dataset.samples}
    excluded_labels = {exclusion.label for exclusion in dataset.exclusions}
    indices = map_labels(labels, classes, settings.data.labels, settings.data.ignore, excluded_labels)
    samples = merge_synonyms([sample for sample in dataset.samples if sample.label in indices], indices)
    check_clusters(settings.data.cluster, samples)
    if opened.capabilities.at_places and not dataset.boxed:
        seen = "the model is a detector, which is asked at boxes, and the data have none"
        raise AuditError("data", seen, "need a data set with boxes", "Take one, or audit a classifier.")
    labelled = [(sample, indices[sample.label]) for sample in samples]
    taken = looked_at(labelled, settings.run.limit, settings.run.seed)
    asked = settings if len(taken) == len(labelled) else of_a_look(settings)
    possible = feasible(asked, opened, boxed=dataset.boxed)
    ignored = tuple(ignored_sample(sample) for sample in dataset.samples if sample.label not in indices)
    return Inputs(
        settings=possible.settings,
        dataset=dataset,
        samples=taken,
        available=len(labelled),
        sampled=_sampled(settings, taken),
        excluded=dataset.exclusions + ignored,
        classes=tuple(entry.name for entry in classes),
        model=opened,
        preprocessing=_preprocessing(settings, opened),
        state_sha256=state_hash(opened.module),
        left_out=possible.left_out,
        training=read_training(settings.path(settings.data.training)) if settings.data.training else None,
        code=code_hashes(settings, opened.module, from_python=model is not None),
    )


def _sampled(settings: Settings, samples: Sequence[tuple[Sample, int]]) -> Sampled | None:
    if settings.data.sample is None:
        return None
    units = [Unit(sample.image, sample.label, sample.metadata) for sample, _ in samples]
    return sampled(units, settings.data.sample.model_dump(), settings.run.seed)


def reader_of(settings: Settings) -> tuple[registry.Function, dict[str, Any]]:
    """What reads the annotations, and with which options. Raises AuditError for unknown ones."""
    read, table = registry.resolve("audit.datasets.formats", settings.data.format), settings.data
    return read, registry.options(read, table.options, f"dataset format {table.format!r}", table.keys)


def annotations_of(settings: Settings) -> Images:
    """What the format gets as `annotations`: of a URL a copy of the file, or the place of the pictures too.

    Raises AuditError where it cannot be fetched.
    """
    place = settings.data.annotations
    if not is_url(place):
        return settings.path(place)
    read, _ = reader_of(settings)
    beside = getattr(sys.modules.get(read.__module__), "WITH_PICTURES", False)
    return settings.place(place) if beside else settings.path(place)


def read_dataset(settings: Settings) -> Dataset:
    """The samples of the settings' data set. Raises AuditError where it cannot be read as a whole."""
    read, options = reader_of(settings)
    images = settings.images
    if isinstance(images, Path) and not images.is_dir():
        raise AuditError(
            "settings", f"data.images = {str(settings.data.images)!r} is not a folder", "need the pictures' folder"
        )
    dataset: Dataset = read(annotations_of(settings), images, **options)
    if settings.data.masks:
        return dataset
    return replace(dataset, samples=tuple(sample.without_masks() for sample in dataset.samples))


def _copied(model: Model) -> Model:
    return replace(model, module=frozen_copy(model.module))


def opened_model(settings: Settings) -> Model:
    """The settings' model. Raises AuditError where they name none, or it cannot be opened."""
    if settings.model is None:
        raise AuditError("settings", "no [model]", "need a model to audit", "Add a [model] table, or pass model=.")
    return open_model(with_copies(settings.model, settings.path), settings.folder)


def _named_classes(settings: Settings, model: Model) -> tuple[Model, tuple[ClassName, ...]]:
    """The model with a word on where its class names come from, and these: the settings' before the model file's.

    A detector says beside them that it detects nothing.
    """
    named, names = _names(settings, model)
    if isinstance(model.module, Detector) and model.module.kinds != len(names):
        raise AuditError(
            "model",
            f"detects {count(model.module.kinds, 'kind')} of object, and {count(len(names), 'class')} are named",
            "need as many",
            "Set labels and model.classes to those of the detector; nothing detected is no class of theirs.",
        )
    return named, (*names, NOTHING) if model.capabilities.at_places else names


def _names(settings: Settings, model: Model) -> tuple[Model, tuple[ClassName, ...]]:
    given = settings.model.classes if settings.model else None
    if given is not None:
        names = class_names(given) if isinstance(given, tuple) else read_classes(settings.path(given))
        source = "the settings" if isinstance(given, tuple) else settings.path(given).name
        return replace(model, description={**model.description, "classes": f"those of {source}"}), names
    if model.classes is None:
        raise AuditError(
            "model", "its file names no classes", "need the class names in index order", "Set model.classes."
        )
    return model, model.classes


def _preprocessing(settings: Settings, model: Model) -> Preprocessing:
    table = settings.preprocessing
    preprocessing = table.built() if table else model.preprocessing
    if preprocessing and table and model.capabilities.at_places and not {"mean", "std"} & table.model_fields_set:
        channels = preprocessing.channels  # detectors normalise pictures themselves
        return replace(preprocessing, mean=(0.0,) * channels, std=(1.0,) * channels)
    if preprocessing is None:
        raise AuditError("settings", "no preprocessing is stated for this model", "need a [preprocessing] block")
    return preprocessing


def check_clusters(column: str | None, samples: Sequence[Sample]) -> None:
    """Raises AuditError where a picture does not say to which cluster it belongs."""
    silent = [sample for sample in samples if column is not None and not sample.metadata.get(column)]
    if silent:
        columns = sorted({name for sample in samples for name in sample.metadata})
        raise AuditError(
            "settings",
            f"data.cluster = {column!r}, which {len(silent)} of {len(samples)} samples do not state, first"
            f" {silent[0].image}",
            did_you_mean(str(column), columns) if len(silent) == len(samples) else "need it for every sample",
            "Without it, it is unknown which pictures are independent.",
        )


def ignored_sample(sample: Sample) -> Exclusion:
    """Why a sample whose label the settings ignore is left out."""
    detail = f"{sample.image}: the settings leave label {sample.label!r} out (data.ignore)."
    return Exclusion(sample.image, sample.label, Reason.LABEL_IGNORED, detail)
