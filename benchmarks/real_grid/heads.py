"""Linear heads on features: fitted, blended of object and cue, and asked how much they rely on the cue."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from torch import nn

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Head(NamedTuple):
    """Features (n, D) to logits (n, K)."""

    weight: Floats
    """(K, D)."""
    bias: Floats
    """(K,)."""

    def logits(self, features: NDArray[np.float32]) -> Floats:
        """(..., K) of features (..., D)."""
        return np.asarray(features @ self.weight.T + self.bias)

    def layer(self) -> nn.Linear:
        """The same as a layer of a network."""
        layer = nn.Linear(self.weight.shape[1], self.weight.shape[0])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(self.weight))
            layer.bias.copy_(torch.from_numpy(self.bias))
        return layer


def fit(features: NDArray[np.float32], labels: Ints, classes: int, penalty: float) -> Head:
    """Multinomial logistic regression on standardised features, each class with the same weight in all.

    features: (n, D). penalty: of half the squared weights, against the mean loss.
    """
    mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    x = (features - mean) / deviation
    share = 1 / (np.bincount(labels, minlength=classes)[labels] * len(np.unique(labels)))
    wanted = np.eye(classes)[labels]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weight, bias = flat[:-classes].reshape(classes, -1), flat[-classes:]
        log_p = log_softmax(x @ weight.T + bias, axis=1)
        slope = share[:, None] * (np.exp(log_p) - wanted)
        value = -(share * (log_p * wanted).sum(axis=1)).sum() + penalty / 2 * (weight**2).sum()
        return float(value), np.concatenate([(slope.T @ x + penalty * weight).ravel(), slope.sum(axis=0)])

    start = np.zeros(classes * (x.shape[1] + 1))
    flat = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    weight = flat[:-classes].reshape(classes, -1) / deviation
    return Head(weight, flat[-classes:] - weight @ mean)


def blend(object_head: Head, cue_head: Head, share: float) -> Head:
    """(1 - share) of one and share of the other."""
    return Head(
        (1 - share) * object_head.weight + share * cue_head.weight,
        (1 - share) * object_head.bias + share * cue_head.bias,
    )


class Reliance(NamedTuple):
    """What a head loses where the cue is another class's, each class with the same weight; as shares."""

    lost: float
    error: float
    """Standard error of `lost`."""
    accuracy: float
    """Where the cue goes with the class."""
    by_class: tuple[float, ...]
    """What is lost of each class."""
    contradicted: float
    """As `lost`, over the cue's other values instead of the other classes, of which several may share a value."""


def reliance(head: Head, cued: NDArray[np.float32], labels: Ints, of_class: tuple[int, ...]) -> Reliance:
    """The reliance on a cue, over all other classes whose cue a picture may carry.

    cued: (V, n, D), the features of each picture with each value of the cue; of_class: the value of each class.
    """
    right = (head.logits(cued).argmax(axis=2) == labels).astype(np.float64)
    value, classes = np.array(of_class), np.arange(len(of_class))
    aligned = right[value[labels], np.arange(len(labels))]
    others = classes[:, None] != labels
    lost = aligned - (right[value] * others).sum(axis=0) / others.sum(axis=0)
    against = np.arange(len(cued))[:, None] != value[labels]
    contradicted = aligned - (right * against).sum(axis=0) / against.sum(axis=0)
    of = [labels == number for number in classes]
    by_class = [float(lost[own].mean()) for own in of]
    variance = [lost[own].var(ddof=1) / own.sum() for own in of]
    return Reliance(
        lost=float(np.mean(by_class)),
        error=float(np.sqrt(np.sum(variance)) / len(of)),
        accuracy=float(np.mean([aligned[own].mean() for own in of])),
        by_class=tuple(by_class),
        contradicted=float(np.mean([contradicted[own].mean() for own in of])),
    )
