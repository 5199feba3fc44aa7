"""What maps would tell at the best threshold: that of the largest sensitivity less false alarms, by hindsight."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from docs.detection.networks import DRAWN, INSIDE, Network
from docs.detection.rows import table

RELIANT, HONEST = 20.0, 2.0
"""Points of true reliance: from here on a network must be flagged; under this it must not be."""
Score = Callable[[Network], float]


def _largest_estimate(network: Network) -> float:
    """Of the swaps of what does not belong to the object."""
    return max((value for name, value in network.estimates.items() if not name.startswith("object_")), default=0.0)


def _map(name: str) -> Score:
    """No map at all speaks for nothing: as good as chance."""
    return lambda network: -network.maps.get(name, 0.0)


SCORES: Mapping[str, Score] = {
    "largest estimate of a swap": _largest_estimate,
    "gradient, mass over area": _map("gradient"),
    "gradient, pointing": _map("pointing"),
    "integrated gradients, mass over area": _map("integrated_gradients"),
    "Grad-CAM, mass over area": _map("gradcam"),
    "null map: random model": _map("random_model"),
    "null map: edges": _map("edges"),
    "null map: centre": _map("centre"),
}


def separation(high: Sequence[float], low: Sequence[float]) -> tuple[float, float, float]:
    """AUROC of a score that should be high for some and low for others; and at the threshold that hindsight finds best
    the sensitivity and the share of false alarms. NaN where one kind is missing."""
    if not len(high) or not len(low):
        return math.nan, math.nan, math.nan
    auroc = stats.mannwhitneyu(high, low).statistic / (len(high) * len(low))
    cuts = np.unique(np.concatenate([high, low]))
    seen, wrong = (np.mean(np.asarray(values)[None] >= cuts[:, None], axis=1) for values in (high, low))
    best = int(np.argmax(seen - wrong))
    return float(auroc), float(seen[best]), float(wrong[best])


def by_hindsight(networks: Sequence[Network]) -> str:
    """Drawn networks whose cue is not on the object, those that must be flagged against those that must not."""
    drawn = [n for n in networks if n.group == DRAWN and n.kind not in INSIDE]
    reliant, honest = [n for n in drawn if n.true >= RELIANT], [n for n in drawn if n.true < HONEST]
    rows = []
    for title, score in SCORES.items():
        auroc, seen, wrong = separation([score(n) for n in reliant], [score(n) for n in honest])
        rows.append([title, f"{auroc:.3f}", f"{seen:.2f}", f"{wrong:.2f}"])
    return table(["score, threshold by hindsight", "AUROC", "sensitivity", "false alarms"], rows)
