"""A little noise."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from audit.bounds import Pictures
from audit.experiments.altered_batch import Altered, Trial
from audit.models.model import asked_by
from audit.registry import Need
from audit.saliency.rank_correlation import similarity

NEEDS: frozenset[Need] = frozenset({"maps"})


def noise(
    trial: Trial,
    *,
    pictures: Pictures = 32,
    sigma: Annotated[float, Field(gt=0, le=1)] = 0.05,
) -> Altered:
    """What a little noise does to the prediction and to the methods' maps.

    sigma: the noise's deviation as a share of the pixels' range [0, 1]; noisy pixels are clipped to that range.
    pictures: how many of the whole data set are drawn, since every method is asked again.

    Variant: 'noise'. Notes of each method: 'noise_similarity', Spearman's rank correlation of the maps of the noisy
    picture and of the picture as it is. Cost: 1 forward pass, and the methods' own passes again.
    """
    batch = trial.batch
    # other noise than that of the methods, which draw theirs from the pictures' seeds
    own = replace(batch, seeds=tuple(seed ^ 1 for seed in batch.seeds))
    deviation = (sigma / batch.std).reshape(1, -1, 1, 1).to(batch.x)
    noisy = batch.x + deviation * next(own.noise(1))
    noisy = batch.shown(noisy)
    altered_batch = replace(batch, x=noisy)
    notes = {}
    for method in trial.methods:
        with asked_by(f"noise, by {method.label}"):
            relevance, _ = method.ask(altered_batch)
        notes[method.label, "noise_similarity"] = similarity(relevance, trial.maps[method.label])
    return Altered({"noise": noisy}, notes)
