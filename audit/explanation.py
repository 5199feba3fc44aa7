"""One picture, one class, one map: the classic walk-through, for pictures without boxes."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, SupportsIndex, overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError
from torch import Tensor, nn

from audit.choices import Reduction, Score
from audit.datasets.exclusions import Rejected
from audit.datasets.labels import class_names
from audit.datasets.picture_files import open_picture
from audit.datasets.preprocessing import Preprocessing
from audit.engine.thumbnails import shown
from audit.errors import AuditError, did_you_mean
from audit.explanation_set import ClassProbability, Explanation, Explanations
from audit.models.detector import NOTHING
from audit.models.model import Model, check_model, rehearse
from audit.models.network_copy import frozen_copy
from audit.models.probabilities import refuse_probabilities
from audit.models.refusal import refusal
from audit.saliency.batch import Batch, dead, score_of
from audit.saliency.sources import Source, sources
from audit.settings_tables import MethodTable, SaliencyTable
from audit.validation import first_problem

Picture = Path | str | Image.Image | NDArray[np.uint8] | Tensor
"""A file, a Pillow picture, bytes (H, W, 3), (H, W, 1) or (H, W), or a tensor (C, H, W) as the network wants it."""

LONGEST_INDEX = 10
"""Digits of an index that is written as text."""


Method = str | Mapping[str, Any]
"""A name as `saliency-audit list` has it, or a table with the name and the method's options."""


@overload
def explain(
    model: nn.Module | Model,
    image: Picture,
    *,
    method: str = "gradient",
    methods: None = None,
    target: SupportsIndex | str | None = None,
    classes: Iterable[str] | None = None,
    preprocessing: Preprocessing | None = None,
    reduction: Reduction = "abs_max",
    score: Score = "log_probability",
    **options: Any,
) -> Explanation: ...


@overload
def explain(
    model: nn.Module | Model,
    image: Picture,
    *,
    methods: Sequence[Method],
    target: SupportsIndex | str | None = None,
    classes: Iterable[str] | None = None,
    preprocessing: Preprocessing | None = None,
    reduction: Reduction = "abs_max",
    score: Score = "log_probability",
) -> Explanations: ...


def explain(  # noqa: PLR0913 keywords of one question, all of them optional
    model: nn.Module | Model,
    image: Picture,
    *,
    method: str = "gradient",
    methods: Sequence[Method] | None = None,
    target: SupportsIndex | str | None = None,
    classes: Iterable[str] | None = None,
    preprocessing: Preprocessing | None = None,
    reduction: Reduction = "abs_max",
    score: Score = "log_probability",
    **options: Any,
) -> Explanation | Explanations:
    """Predict one picture, and map the evidence for one class of it.

    model: a network (a frozen copy is asked; yours stays as it is), or an `audit.Model`. image: see `Picture`; a tensor
    is shown to the network as it is. method: as `saliency-audit list` names it; options: that method's own. methods:
    several instead, each a name or a table as `{"name": "smoothgrad", "samples": 8}`; what comes back holds an
    explanation of each, about one class, and draws them in one figure. target: a class by name or index; None: the most
    probable. preprocessing: how a picture becomes the network's input, where `model` does not say. Raises AuditError
    where the picture cannot be read, nobody says how to prepare it, the class is unknown, or a map is dead.
    """
    audited = model if isinstance(model, Model) else Model(frozen_copy(model), None, None)
    if classes is not None:
        audited = replace(audited, classes=class_names(classes))
    entries = tuple(_entry(one) for one in methods) if methods is not None else (_entry({"name": method, **options}),)
    asked = _sources(entries, reduction, score)
    for source in asked:
        if unmet := source.needs & audited.capabilities.unserved:
            step = "Take one, or open the model as another kind."
            raise refusal("saliency method", source.label, unmet, audited, step)
    pixels, x, prepared = _prepared(image, preprocessing or audited.preprocessing)
    logits, names = _answer(audited, x)
    probability = logits[0].double().softmax(dim=0)
    best = probability.topk(min(5, len(names))).indices.tolist()
    chosen = best[0] if target is None else class_index(target, names)
    ranked = [ClassProbability(index, names[index], probability[index].item()) for index in (*best, chosen)]
    mean, std = torch.tensor(prepared.mean), torch.tensor(prepared.std)
    explanations = []
    for source in asked:
        batch = Batch(audited.module, x, torch.tensor([chosen]), mean, std, seeds=(0,), score=source.score)
        relevance = _living_map(source, batch, logits)
        explanations.append(Explanation(source.label, tuple(ranked[:-1]), ranked[-1], pixels, relevance))
    return explanations[0] if methods is None else Explanations(tuple(explanations))


def _entry(method: Method) -> MethodTable:
    return MethodTable.model_validate({"name": method} if isinstance(method, str) else dict(method))


def _sources(entries: tuple[MethodTable, ...], reduction: Reduction, score: Score) -> tuple[Source, ...]:
    """Raises AuditError where there is none, or where two have one label."""
    try:
        table = SaliencyTable(methods=entries, null_maps=(), reduction=reduction, score=score)
    except ValidationError as error:
        raise AuditError("methods", first_problem(error), "need at least one, each with a label of its own") from error
    return tuple(sources(table))


def _answer(audited: Model, x: Tensor) -> tuple[Tensor, tuple[str, ...]]:
    """The logits, and the names of the classes."""
    names = tuple(entry.name for entry in audited.classes or ())
    names += (NOTHING.name,) if names and audited.capabilities.at_places else ()
    check_model(audited, x)
    able = audited.capabilities
    logits = rehearse(audited.module, x, len(names) or None, deterministic=able.deterministic)
    refuse_probabilities(audited, logits)
    return logits, names or tuple(f"class {index}" for index in range(logits.shape[1]))


def class_index(target: SupportsIndex | str, names: tuple[str, ...]) -> int:
    """The index of a class, by its name or by the index itself, which may be text where no class is called so.

    Raises AuditError, and suggests a name.
    """
    text = str(target)
    if isinstance(target, str) and text in names:
        return names.index(text)
    if not isinstance(target, str) or (text.isdecimal() and len(text) < LONGEST_INDEX):
        index = int(target) if isinstance(target, str) else operator.index(target)
        if 0 <= index < len(names):
            return index
        raise AuditError("target", f"no class {text}", f"need an index from 0 to {len(names) - 1}")
    folded = [name.casefold() for name in names]
    if text.casefold() in folded:
        return folded.index(text.casefold())
    raise AuditError("target", f"no class {text!r}", did_you_mean(text, names))


def _prepared(image: Picture, preprocessing: Preprocessing | None) -> tuple[NDArray[np.uint8], Tensor, Preprocessing]:
    """The picture to show (H, W, 3), the network's input (1, C, H, W), and what turned the one into the other."""
    if isinstance(image, Tensor):
        if image.ndim != 3:
            raise AuditError("picture", f"a tensor of shape {tuple(image.shape)}", "need one picture (C, H, W)")
        assumed = preprocessing or Preprocessing(mean=(0.0,) * len(image), std=(1.0,) * len(image))
        return _shown(image, assumed), image.detach().unsqueeze(0).float(), assumed
    if preprocessing is None:
        raise AuditError(
            "explain",
            "no preprocessing is stated for this model",
            "need preprocessing=Preprocessing(...), or the picture as an already prepared tensor",
        )
    try:
        pixels = preprocessing.frame(_opened(image), ()).pixels
    except Rejected as rejected:
        raise AuditError("picture", rejected.detail.partition(";")[0], "need a picture file") from rejected
    return shown(pixels), preprocessing.normalise(pixels.unsqueeze(0)), preprocessing


def _opened(image: Path | str | Image.Image | NDArray[np.uint8]) -> Image.Image:
    if isinstance(image, Image.Image):
        return image.convert("RGB")
    if isinstance(image, np.ndarray):
        return Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image).convert("RGB")
    return open_picture(Path(image), Path(image).parent).picture


def _shown(x: Tensor, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """A prepared picture (C, H, W) as a viewer shows it; what is no picture in [0, 1] is stretched to that range."""
    mean, std = (torch.tensor(part).view(-1, 1, 1) for part in (preprocessing.mean, preprocessing.std))
    pixels = x.detach().float() * std + mean
    low, high = pixels.min().item(), pixels.max().item()
    if low < -0.01 or high > 1.01:
        pixels = (pixels - low) / max(high - low, 1e-12)
    colours = pixels.expand(3, -1, -1) if len(pixels) == 1 else pixels[:3]
    return (255 * colours).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()


def _living_map(source: Source, batch: Batch, logits: Tensor) -> NDArray[np.float64]:
    """(H, W), divided by its maximum."""
    relevance, _ = source.ask(batch)
    if dead(relevance).item():
        score = score_of(logits, batch.target, source.score).item()
        raise AuditError(
            "picture",
            f"the map of {source.label} is zero everywhere or not finite (score {score:g})",
            "need a score that moves with the picture",
            "Try the score log_probability, which does not saturate, or another method.",
        )
    scaled: NDArray[np.float64] = (relevance[0] / relevance.max()).double().numpy()
    return scaled
