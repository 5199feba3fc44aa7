"""What the record says of everything that went into a run."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from audit import registry
from audit.datasets.masks import mask_sha256
from audit.datasets.sample import Sample
from audit.engine.inputs import Inputs
from audit.engine.plan import Plan
from audit.experiments.runner import Experiment
from audit.files import is_regular
from audit.hashing import file_hash, file_hashes, one_for_many, sha256_of, tool, versions
from audit.record.training_copies import TRAINING
from audit.saliency.sources import Source

WEIGHTS = ("weights", "checkpoint")
"""Options of a kind of model that may name a file."""


def identity(plan: Plan) -> dict[str, Any]:
    """By key: hashes, settings, versions, class names, sources. No host names, no paths, no clock."""
    inputs, factory = plan.inputs, plan.factory
    settings = inputs.settings.recorded()
    experiments = (*plan.interventions, *plan.after_pictures)
    functions: list[Source | Experiment] = [*plan.sources, *experiments]
    return {
        "tool": tool(),
        "settings": settings,
        "settings_sha256": sha256_of(settings),
        "model": {**_file(inputs), **inputs.model.description, "state_sha256": inputs.state_sha256},
        "capabilities": asdict(inputs.model.capabilities),
        "left_out": {name: list(lacking) for name, lacking in sorted(inputs.left_out.items())},
        "classes": list(inputs.classes),
        "logit_classes": plan.logit_classes,
        "dataset": _dataset(inputs),
        **({"look": {"samples": len(inputs.samples), "of": inputs.available}} if inputs.is_look else {}),
        **({"sample": inputs.sampled.recorded()} if inputs.sampled else {}),
        "sources": {
            "methods": [source.label for source in plan.sources if not source.is_null],
            "null_maps": [source.label for source in plan.sources if source.is_null],
        },
        "experiments": {experiment.name: dict(experiment.options) for experiment in experiments},
        "options": {s.label: {**s.options, "reduction": s.reduction, "score": s.score} for s in plan.sources},
        "described": {entry.name: registry.summary(entry.function) for entry in functions},
        "preprocessing": vars(inputs.preprocessing),
        "frame": list(factory.loader.frame) if factory.loader.frame else None,
        "per_run": {label: dict(words) for label, words in plan.per_run.items()},
        "repeated": [[plan.ranges[place].start, plan.ranges[place].stop] for place in sorted(plan.repeated)],
        "code": inputs.code,
        "versions": versions(),
        "device": factory.device.type,
        "channels_last": factory.channels_last,
        "folded": factory.folded is not None,
    }


def _file(inputs: Inputs) -> dict[str, Any]:
    """SHA-256 of the weights' file, where the kind of model does not state it itself: that is what is deployed."""
    table = inputs.settings.model
    named = [table.options.get(key) for key in WEIGHTS] if table else []
    files = [inputs.settings.path(name) for name in named if isinstance(name, str)]
    found = next((file for file in files if is_regular(file)), None)
    return {"file_sha256": file_hash(found)} if found else {}


def _dataset(inputs: Inputs) -> dict[str, Any]:
    table = inputs.settings.data
    return {
        "format": table.format,
        "annotations": _annotations(inputs),
        "samples": len(inputs.samples) + len(inputs.excluded),
        "labels": sorted({sample.label for sample, _ in inputs.samples}),
        **_masks([sample for sample, _ in inputs.samples]),
        **_training(inputs),
        **({} if inputs.dataset.boxed else {"boxed": False}),
    }


def _annotations(inputs: Inputs) -> dict[str, str]:
    """By file or shard, the hash of the annotations."""
    if files := inputs.dataset.files:
        return file_hashes(files, inputs.settings.path(inputs.settings.data.annotations))
    return one_for_many(inputs.dataset.digests, "shards")


def _training(inputs: Inputs) -> dict[str, Any]:
    """The list of the pictures that the network was trained on, where the settings name one."""
    if (training := inputs.training) is None:
        return {}
    return {TRAINING: {"pictures": len(training.pixels), "unread": training.unread, "sha256": training.sha256}}


def _masks(samples: Sequence[Sample]) -> dict[str, Any]:
    """How many objects are masks, and one hash of them all; nothing where none is."""
    drawn = [sample for sample in samples if sample.masks or sample.other_masks]
    if not drawn:
        return {}
    masks = [[s.image, s.label, *([mask_sha256(m) for m in part] for part in (s.masks, s.other_masks))] for s in drawn]
    return {"masks": sum(mask is not None for s in drawn for mask in s.masks), "masks_sha256": sha256_of(masks)}
