"""What a saliency method is asked: a network, pictures, classes, and the score to differentiate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit.choices import Reduction, Score
from audit.datasets.coding import Coding, recoded
from audit.datasets.preprocessing import eight_bit, normalised
from audit.models.model import logits_of


class Derivative(NamedTuple):
    """One forward and one backward pass."""

    logits: Tensor
    """(N, K), detached."""
    score: Tensor
    """(N,), detached: what was differentiated."""
    gradient: Tensor
    """Like the input: d score / d input."""


@dataclass(frozen=True)
class Attribution:
    """What a method returns when it has more to say than the map."""

    signed: Tensor
    """(N, C, H, W), or (N, 1, H, W)."""
    per_picture: Mapping[str, Tensor] = field(default_factory=dict)
    """Numbers (N,) for the record, as the completeness gap."""
    per_run: Mapping[str, str] = field(default_factory=dict)
    """Words for the record that are the same for every picture, as the layer that was chosen."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures on their way through the network.

    x: (N, C, H, W) float32, preprocessed, on the network's device. target: (N,) int64, the class that is explained.
    mean, std: (C,) of the preprocessing, so that a method can say 'black' or 'mean colour' in the network's units.
    seeds: one for each picture, so that noise depends neither on the batch nor on the device.
    untrained: a copy of the network with random weights, where a null map asks what it would show.
    """

    module: nn.Module
    x: Tensor
    target: Tensor
    mean: Tensor
    std: Tensor
    seeds: tuple[int, ...]
    score: Score = "log_probability"
    untrained: nn.Module | None = None
    codings: tuple[Coding, ...] = ()
    """The grid on which each picture's pixels lie; none: that of 8 bits."""
    places: tuple[Tensor, ...] = ()
    """(B, 4) of each picture, the boxes at which a detector is asked; of none where the whole picture counts."""
    folded: nn.Module | None = None
    """A copy of the network that answers alike in less time; see `audit.models.folded`."""

    def ask(self, x: Tensor, chosen: Sequence[int] | None = None) -> Tensor:
        """(M, K) the network's logits of these pictures as they are, or altered: `x` (M, C, H, W).

        chosen: the places of the M pictures in the batch; None: all of them, in their order.
        """
        places = self.places if chosen is None or not self.places else tuple(self.places[i] for i in chosen)
        return logits_of(self.folded or self.module, x, places=places)

    def of(self, module: nn.Module) -> "Batch":
        """The pictures for the network itself and its layers, or for another that stands in its place."""
        return replace(self, module=module, folded=None)

    def of_copy(self, copy: nn.Module) -> "Batch":
        """The pictures for a copy that has lost weights. A detector without them detects nothing at a place, but maybe
        elsewhere, which is what its maps then show.
        """
        return replace(self.of(copy), places=())

    def some(self, chosen: Sequence[int]) -> "Batch":
        """The pictures at these places alone."""
        index = list(chosen)
        seeds = tuple(self.seeds[i] for i in index)
        codings = tuple(self.codings[i] for i in index) if self.codings else ()
        places = tuple(self.places[i] for i in index) if self.places else ()
        return replace(self, x=self.x[index], target=self.target[index], seeds=seeds, codings=codings, places=places)

    def shown(self, altered: Tensor) -> Tensor:
        """The pictures (N, C, H, W), altered, as the network would be shown them if their files held them so.

        On the same grid of 8 bits, grey and JPEG, in the same layout. What is no number there stays NaN.
        """
        return self._shown(altered, self.codings)

    def pixels(self, x: Tensor) -> Tensor:
        """Pictures (N, C, H, W) as the network sees them, on the scale from 0 to 1."""
        mean, std = (value.view(-1, 1, 1).to(x) for value in (self.mean, self.std))
        return torch.addcmul(mean, x, std)

    def eight_bit(self, x: Tensor) -> Tensor:
        """(N, C, H, W) uint8: pictures as the network sees them, as a file of 8 bits holds them."""
        return eight_bit(x, self.mean.to(x), self.std.to(x))

    def seen(self, pixels: Tensor) -> Tensor:
        """Pictures (N, C, H, W) on the scale from 0 to 1, as the network sees them."""
        mean, std = (value.view(-1, 1, 1).to(pixels) for value in (self.mean, self.std))
        return (pixels - mean) / std

    def retraced(self) -> Tensor:
        """(N, C, H, W) the pictures as they are, the way of altered ones: the very same numbers."""
        return self._shown(self.x, ())

    def _shown(self, pictures: Tensor, codings: Sequence[Coding]) -> Tensor:
        pixels = self.eight_bit(pictures)
        if codings:
            pixels = recoded(pixels.cpu(), codings).to(pictures.device)
        by_pixel = self.x.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if by_pixel else torch.contiguous_format
        shown = normalised(pixels, self.mean, self.std).contiguous(memory_format=layout)
        known = bool(are_numbers(pictures).all())
        return shown if known else shown.masked_fill(~torch.isfinite(pictures), torch.nan)

    def differentiate(self, x: Tensor | None = None) -> Derivative:
        """The score's derivative with respect to the input, at `x` (default: the pictures themselves).

        One forward and one backward pass; parameter gradients are never formed.
        """
        if x is None:
            return self.plain
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            logits = self.ask(leaf)
            score = score_of(logits, self.target, self.score)
            (gradient,) = torch.autograd.grad(score.sum(), leaf)
        return Derivative(logits.detach(), score.detach(), gradient)

    @cached_property
    def plain(self) -> Derivative:
        """The derivative at the pictures themselves, computed once however many methods and measures use it."""
        return self.differentiate(self.x)

    @cached_property
    def logits(self) -> Tensor:
        """(N, K): those of the plain derivative where some method asked for it, else of a forward pass."""
        if "plain" in self.__dict__:
            return self.plain.logits
        with torch.no_grad():
            return self.ask(self.x)

    def noise(self, draws: int) -> Iterator[Tensor]:
        """`draws` times (N, C, H, W) standard normal noise, drawn on the CPU from each picture's own seed."""
        generators = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        for _ in range(draws):
            each = [torch.randn(self.x.shape[1:], generator=generator) for generator in generators]
            yield torch.stack(each).to(self.x)

    def pixel(self, value: Tensor | float) -> Tensor:
        """A grey value or colour in [0, 1] as the network sees it: (1, C, 1, 1)."""
        return ((value - self.mean) / self.std).reshape(1, -1, 1, 1).to(self.x)


def are_numbers(pictures: Tensor) -> Tensor:
    """(N,) bool: each value of a picture (N, C, H, W) is a number. What is none makes the sum none, and to add takes a
    fraction of the time that to look takes.
    """
    return pictures.sum(dim=(1, 2, 3)).isfinite()


def score_of(logits: Tensor, target: Tensor, score: Score) -> Tensor:
    """(N,) the score of class `target` (N,) under `logits` (N, K).

    Since dP = P · d(log P), maps of the log-probability and of the probability agree after normalisation, and the
    former does not underflow where the softmax saturates.
    """
    column = target.unsqueeze(1)
    chosen = logits.gather(1, column).squeeze(1)
    if score == "logit":
        return chosen
    log_odds = chosen - logits.scatter(1, column, -torch.inf).logsumexp(dim=1)
    # d(log P) = (1 - P) · d(log-odds), and 1 - P vanishes for a sure network. Adding zero with a slope of 1e-12 leaves
    # the value and every derivative that is not lost anyway, and keeps the direction of those that would be.
    log_probability = F.logsigmoid(log_odds) + 1e-12 * (log_odds - log_odds.detach())
    return log_probability.exp() if score == "probability" else log_probability


def reduce_channels(signed: Tensor, reduction: Reduction) -> Tensor:
    """(N, C, H, W) signed attribution to (N, H, W) non-negative relevance.

    abs_max: the largest magnitude over channels (Simonyan et al. 2014). abs_sum: the sum of magnitudes.
    sum: the magnitude of the signed sum. l2: the Euclidean norm. positive: the sum of the positive parts.
    """
    match reduction:
        case "abs_max":
            # one plane after the other: over a dimension of three, amax takes longer
            return reduce(torch.maximum, signed.abs().unbind(dim=1))
        case "abs_sum":
            return signed.abs().sum(dim=1)
        case "sum":
            return signed.sum(dim=1).abs()
        case "l2":
            return signed.square().sum(dim=1).sqrt()
        case "positive":
            return signed.clamp(min=0).sum(dim=1)
    raise ValueError(f"no reduction {reduction!r}")


def dead(relevance: Tensor) -> Tensor:
    """(N,) bool: the map (N, H, W), non-negative, is zero everywhere or not finite, so that it says nothing."""
    top = relevance.flatten(1).amax(dim=1)  # NaN and infinity come through
    return ~(torch.isfinite(top) & (top > 0))
