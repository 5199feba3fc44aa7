"""Candidates that recur in their looks, not in their place: clusters of what lies under each picture's outside peak.

After spectral relevance analysis (Lapuschkin et al. 2019; Anders et al. 2022), without its matrix over all pairs of
pictures: k-means on short, shift-tolerant descriptors of one crop for each picture.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor

from audit.experiments.grid import GRID, Spots
from audit.experiments.places import FEWEST, Candidate, Floats, Ints, window_sums

SIDES, RIM = (2, 3, 4, 6), 1
"""Cells: the cores of the windows that are tried, and what is added around, since relevance seldom fills a cue."""
EACH, ALL = 48, 960
"""Pictures of a class whose crops are described, and of all classes together."""
CLUSTERS = 3
CROP = 16
"""Pixels to which a crop is scaled before it is described."""
FREQUENCIES = 5
Describe = Callable[[Ints, Ints], Floats]
"""Takes places in the spots (m,) and windows (m, 4), and returns descriptors (m, D)."""


def appearances(spots: Spots, describe: Describe, seed: int) -> list[Candidate]:
    """Tight clusters of crops whose places vary, for each class with pictures enough."""
    rng = np.random.default_rng(seed)
    classes, sizes = np.unique(spots.class_index, return_counts=True)
    searched = classes[sizes >= FEWEST]
    drawn: dict[int, tuple[Ints, Ints]] = {}
    for class_index in rng.permutation(searched)[: ALL // EACH].tolist():
        chosen = np.flatnonzero(spots.class_index == class_index)
        members, windows = own_windows(spots, np.sort(rng.permutation(chosen)[:EACH]))
        if len(members) >= FEWEST:
            drawn[class_index] = members, windows
    if not drawn:
        return []
    every = (np.concatenate(parts) for parts in zip(*drawn.values(), strict=True))
    descriptors = describe(*every)
    whole = float(((descriptors - descriptors.mean(axis=0)) ** 2).sum(axis=1).mean())
    candidates: list[Candidate] = []
    start = 0
    for class_index, (members, windows) in drawn.items():
        of_class = descriptors[start : start + len(members)]
        start += len(members)
        clusters = _clusters(of_class, seed) if whole > 0 else []
        candidates += _of_class(
            spots, class_index, members, windows, [(c, _spread(of_class[c]) / whole) for c in clusters]
        )
    return candidates


def own_windows(spots: Spots, chosen: Ints) -> tuple[Ints, Ints]:
    """Each picture's most relevant square outside the boxes: the pictures that have one (m,), and the squares (m, 4).

    All have one size, that of `SIDES` at which the cores stand out most: the mean of (relevance - area) / side.
    """
    lift, outside = spots.lift(chosen), spots.outside[chosen]
    best: tuple[float, Ints, Ints] = (-np.inf, chosen[:0], np.empty((0, 4), np.int64))
    for core in SIDES:
        side = core + 2 * RIM
        free = window_sums(outside, side, side) == side**2
        sums = window_sums(lift, core, core)[:, RIM:-RIM, RIM:-RIM]
        sums = np.where(free, sums, -1).reshape(len(chosen), -1)
        place, usable = sums.argmax(axis=1), free.any(axis=(1, 2))
        if not usable.sum() >= FEWEST:
            continue
        gain = float((sums.max(axis=1)[usable] - core**2).mean() / core)
        if gain > best[0]:
            y, x = np.divmod(place[usable], GRID - side + 1)
            best = gain, chosen[usable], np.stack([x, y, x + side, y + side], axis=1)
    return best[1], best[2]


def _clusters(descriptors: Floats, seed: int) -> list[NDArray[np.intp]]:
    """Members of clusters that are large enough, of one, two and three clusters."""
    clusters = [np.arange(len(descriptors))]
    for k in range(2, CLUSTERS + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty cluster is left out below
            _, label = kmeans2(descriptors, k, iter=25, minit="++", rng=np.random.default_rng(seed))
        clusters += [np.flatnonzero(label == number) for number in range(k)]
    return [cluster for cluster in clusters if len(cluster) >= FEWEST]


def _spread(descriptors: Floats) -> float:
    return float(((descriptors - descriptors.mean(axis=0)) ** 2).sum(axis=1).mean())


def _of_class(
    spots: Spots, class_index: int, members: Ints, windows: Ints, clusters: list[tuple[NDArray[np.intp], float]]
) -> list[Candidate]:
    """The clusters as candidates, strongest first; of two that share members the stronger alone."""
    candidates: list[Candidate] = []
    for cluster, spread in clusters:
        if spots.right[members[cluster]].sum() >= FEWEST and _varies(windows[cluster]):
            strength = len(cluster) / len(members) * (1 - spread)
            chosen = members[cluster], windows[cluster]
            candidates.append(Candidate(class_index, "appearance", *chosen, len(members), strength))
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.strength):
        if not any(np.isin(candidate.members, other.members).any() for other in kept):
            kept.append(candidate)
    return kept


def _varies(windows: Ints) -> bool:
    """The middle half of the windows is more than half a window apart, across or down: else it is a place."""
    low, high = np.quantile(windows[:, :2], [0.25, 0.75], axis=0)
    side = float(windows[0, 2] - windows[0, 0])
    return bool(((high - low) > side / 2).any())


def descriptors(crops: Tensor) -> Floats:
    """(N, C, CROP, CROP) in [0, 1] -> (N, D): mean and deviation of the colours, and what the luminance is made of.

    The latter are amplitudes of the lowest frequencies of a two-dimensional Fourier transform, square-rooted; they
    stay as they are where the content moves around.
    """
    colours = torch.cat([crops.mean(dim=(2, 3)), crops.std(dim=(2, 3))], dim=1)
    grey = crops.mean(dim=1)
    spectrum = torch.fft.rfft2(grey - grey.mean(dim=(1, 2), keepdim=True), norm="forward").abs()
    rows = torch.cat([spectrum[:, :FREQUENCIES], spectrum[:, 1 - FREQUENCIES :]], dim=1)[..., :FREQUENCIES]
    return np.asarray(torch.cat([colours, rows.flatten(1).sqrt() / 4], dim=1).double().numpy())
