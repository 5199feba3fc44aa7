"""The same maps and four of the scores by Captum and Quantus: the extra `cost` installs them."""

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audit.saliency.localisation import Region

SIZE = 16
METRICS = ("RelevanceMassAccuracy", "RelevanceRankAccuracy", "PointingGame", "AUC")


def captum_and_quantus(module: nn.Module, x: Tensor, where: Region) -> dict[str, list[float]]:
    """By metric, a score for each picture: x (N, C, H, W); where: the objects on the CPU."""
    quantus, saliency = import_module("quantus"), import_module("captum.attr").Saliency(module)
    found: dict[str, list[float]] = {name: [] for name in METRICS}
    metrics = {name: getattr(quantus, name)(disable_warnings=True, display_progressbar=False) for name in METRICS}
    for start in range(0, len(x), SIZE):
        part, masks = x[start : start + SIZE], where.inside[start : start + SIZE].unsqueeze(1).numpy()
        target = torch.zeros(len(part), dtype=torch.int64, device=x.device)
        maps = saliency.attribute(part.detach().clone(), target=target).amax(dim=1, keepdim=True)
        given = {"x_batch": _array(part), "y_batch": _array(target), "a_batch": _array(maps), "s_batch": masks}
        for name, metric in metrics.items():
            found[name] += [float(score) for score in metric(model=module, device=str(x.device), **given)]
    return found


def are_installed() -> bool:
    """Both of them."""
    return all(find_spec(name) is not None for name in ("captum", "quantus"))


def _array(values: Tensor) -> NDArray[np.generic]:
    return values.detach().cpu().numpy()
