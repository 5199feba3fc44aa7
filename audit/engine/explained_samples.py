"""The methods' maps of one sample of a data set, made anew on demand."""

from torch import Tensor

from audit.datasets.exclusions import Rejected
from audit.datasets.loader import Loaded
from audit.engine.plan import Plan, plan
from audit.engine.thumbnails import shown
from audit.errors import AuditError
from audit.explanation_set import ClassProbability, Explanation
from audit.importing import importable
from audit.models.model import Model
from audit.settings import Settings


def explained_sample(settings: Settings, model: Model | None, device: str, number: int) -> dict[str, Explanation]:
    """By method: what the network says of the sample of that number, and the map for its label.

    Raises AuditError where the picture or the model can no longer be opened.
    """
    with importable(settings.folder):
        made = plan(without_experiments(settings), model, device)
        picture = loaded_again(made, number)
        batch = made.factory.batch([picture])
        maps = {source.label: source.ask(batch)[0][0].double().cpu() for source in made.methods}
    probability = batch.logits[0].double().softmax(dim=0).cpu()
    names = made.inputs.classes
    best = probability.topk(min(5, len(names))).indices.tolist()
    ranked = [ClassProbability(i, names[i], probability[i].item()) for i in (*best, int(batch.target[0]))]
    pixels = shown(picture.framed.pixels)
    return {
        label: Explanation(label, tuple(ranked[:-1]), ranked[-1], pixels, _scaled(relevance).numpy())
        for label, relevance in maps.items()
    }


def loaded_again(plan: Plan, number: int) -> Loaded:
    """A measured sample. Raises AuditError where its picture can no longer be loaded."""
    try:
        return plan.factory.loader.load(number)
    except Rejected as rejected:
        raise AuditError("picture", rejected.detail.partition(";")[0], "need the picture as it was") from rejected


def without_experiments(settings: Settings) -> Settings:
    """The settings with their methods alone."""
    without = {"interventions": (), "controls": (), "searches": ()}
    return settings.model_copy(
        update={
            "experiments": settings.experiments.model_copy(update=without),
            "saliency": settings.saliency.model_copy(update={"null_maps": ()}),
        }
    )


def _scaled(relevance: Tensor) -> Tensor:
    """Divided by its maximum; a dead map as it is."""
    largest = relevance.max()
    return relevance / largest if largest > 0 else relevance
