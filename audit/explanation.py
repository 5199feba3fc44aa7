"""One picture, one class, one map: the classic walk-through, for pictures without boxes."""

import inspect
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from audit import registry
from audit.choices import Reduction, Score
from audit.datasets.image_files import Rejected, open_picture
from audit.datasets.labels import read_classes
from audit.datasets.preprocessing import Preprocessing
from audit.engine.plan import open_model
from audit.errors import AuditError, did_you_mean
from audit.importing import importable
from audit.models.model import Model, rehearse
from audit.saliency.batch import Batch, dead, score_of
from audit.saliency.sources import sources
from audit.settings import MethodTable, ModelTable, SaliencyTable, load_settings

COLOURS = "inferno"


@dataclass(frozen=True)
class Question:
    """What is asked of one picture. The model comes from `model` (KIND:NAME) or from a settings file."""

    image: Path
    model: str | None = None
    weights: str | None = None
    classes: Path | None = None
    settings: Path | None = None
    method: str = "gradient"
    reduction: Reduction = "abs_max"
    score: Score = "log_probability"
    target: str | None = None
    """Class name or index; None: the most probable."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a network says of one picture, and where its derivative lies."""

    top: tuple[tuple[int, str, float], ...]
    """(class index, name, probability), the five most probable."""
    target: tuple[int, str, float]
    picture: NDArray[np.uint8]
    """(H, W, 3), in the frame of the network's input."""
    relevance: NDArray[np.float64]
    """(H, W), divided by its maximum."""


def explain(question: Question) -> Explanation:
    """Open the model and the picture, predict, and map the evidence for the target class.

    Raises AuditError where model or picture cannot be opened, the class is unknown, or the map is dead.
    """
    with importable(question.settings.parent if question.settings else Path()):
        return _explained(question)


def _explained(question: Question) -> Explanation:
    model, names, prepared = _model(question)
    (source,) = sources(
        SaliencyTable(
            methods=(MethodTable(name=question.method),),
            null_maps=(),
            reduction=question.reduction,
            score=question.score,
        )
    )
    try:
        opened = open_picture(question.image, question.image.parent)
        pixels = prepared.frame(opened.picture, ()).pixels
    except Rejected as rejected:
        raise AuditError("picture", rejected.detail.partition(";")[0], "need a picture file") from rejected
    mean, std = torch.tensor(prepared.mean), torch.tensor(prepared.std)
    x = prepared.normalise(pixels.unsqueeze(0))
    logits = rehearse(model.module, x, len(names) or None)
    names = names or tuple(f"class {index}" for index in range(logits.shape[1]))
    probability = logits[0].double().softmax(dim=0)
    best = probability.topk(min(5, len(names))).indices.tolist()
    chosen = best[0] if question.target is None else class_index(question.target, names)
    batch = Batch(model.module, x, torch.tensor([chosen]), mean, std, seeds=(0,), score=source.score)
    relevance, _ = source.ask(batch)
    if dead(relevance).item():
        score = score_of(logits, batch.target, source.score).item()
        raise AuditError(
            question.image.name,
            f"the map of {source.label} is zero everywhere or not finite (score {score:g})",
            "need a score that moves with the picture",
            "Try --score log_probability, which does not saturate, or another --method.",
        )
    ranked = tuple((index, names[index], probability[index].item()) for index in (*best, chosen))
    shown = (relevance[0] / relevance.max()).double().numpy()
    return Explanation(ranked[:-1], ranked[-1], pixels.permute(1, 2, 0).numpy(), shown)


def _model(question: Question) -> tuple[Model, tuple[str, ...], Preprocessing]:
    if question.settings:
        settings = load_settings(question.settings)
        table, folder, block = settings.model, settings.folder, settings.preprocessing
    else:
        table, folder, block = _named_model(question), Path(), None
    if table is None:
        raise AuditError("explain", "no model", "need --model KIND:NAME, or --settings with a [model] table")
    model = open_model(table, folder)
    prepared = block.built() if block else model.preprocessing
    if prepared is None:
        raise AuditError(
            "explain",
            "nobody says how pictures are prepared for this model",
            "need --settings with a [preprocessing] block",
        )
    classes = read_classes(folder / table.classes) if isinstance(table.classes, Path) else table.classes
    names = tuple(entry if isinstance(entry, str) else entry.name for entry in classes or model.classes or ())
    return model, names, prepared


def _named_model(question: Question) -> ModelTable | None:
    if not question.model:
        return None
    kind, _, name = question.model.partition(":")
    if not name:
        raise AuditError("--model", repr(question.model), "need KIND:NAME, as torchvision:squeezenet1_0")
    first = next(iter(inspect.signature(registry.resolve("audit.models.kinds", kind)).parameters))
    options = {first: name, **({"weights": question.weights} if question.weights else {})}
    return ModelTable.model_validate({"kind": kind, "classes": question.classes, **options})


def class_index(target: str, names: tuple[str, ...]) -> int:
    """The index that a class name or a number stands for. Raises AuditError, and suggests a name."""
    if target in names:
        return names.index(target)
    if target.isdecimal():
        if int(target) < len(names):
            return int(target)
        raise AuditError("--target", f"no class {target}", f"need an index from 0 to {len(names) - 1}")
    folded = [name.casefold() for name in names]
    if target.casefold() in folded:
        return folded.index(target.casefold())
    raise AuditError("--target", f"no class {target!r}", did_you_mean(target, names))


def draw(explanation: Explanation, out: Path, title: str, window: tuple[float, float | None]) -> float:
    """Write the picture, the map and their blend side by side as a PNG.

    window: the map's values that become the darkest and the brightest colour, in shares of its maximum; None: the
    99.5th percentile. Returns the upper end used. Raises AuditError where the file cannot be written.
    """
    low, high = window
    high = float(np.quantile(explanation.relevance, 0.995)) if high is None else high
    if not low < high:
        raise AuditError("window", f"vmin {low:g}, vmax {high:g}", "need vmin < vmax")
    level = np.clip((explanation.relevance - low) / (high - low), 0, 1)
    coloured = colormaps[COLOURS](level)[..., :3]
    blend = 0.5 * explanation.picture / 255 + 0.5 * coloured
    figure = Figure(figsize=(10, 3.9), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3)
    for place, panel, name in zip(
        axes, (explanation.picture, coloured, blend), ("picture", "map", "blend"), strict=True
    ):
        place.imshow(panel)
        place.set_title(name, fontsize=10)
        place.set_axis_off()
    scale = figure.colorbar(ScalarMappable(Normalize(low, high), COLOURS), ax=axes, fraction=0.02, pad=0.01)
    scale.set_label("relevance / maximum", fontsize=9)
    figure.suptitle(title, fontsize=11)
    try:
        figure.savefig(out, metadata={"Software": None} if out.suffix == ".png" else None)
    except OSError as error:
        raise AuditError(out, f"cannot be written ({error.strerror})", "need a folder that may be written") from error
    except ValueError as error:
        raise AuditError(out, "is no picture format that can be written", "need a name that ends in .png") from error
    return high
