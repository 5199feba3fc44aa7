"""The scores of `localisation`, of all maps of a batch at once, where the maps lie on a GPU.

Each map is sorted once, as there, and every count is exact; sums of relevance differ in the order of their terms alone.
"""

import torch
from torch import Tensor

from audit.saliency.rank_correlation import runs


def scores_on_device(relevance: Tensor, inside: Tensor, near: Tensor) -> Tensor:
    """(N, 5) float64 on the device: mass, lift, rank, pointing, AUC of maps (N, H, W); NaN as in `score_maps`."""
    values, inside, near = (part.flatten(1) for part in (relevance.float(), inside, near))
    top = values.amax(dim=1, keepdim=True)
    living = torch.isfinite(top) & (top > 0)
    flat = torch.where(living, values / torch.where(living, top, 1), 0)
    pixels, count = flat.shape[1], inside.sum(dim=1).double()
    share, maxima, exact = count / pixels, flat == 1, flat.double()
    mass = ((exact * inside).sum(dim=1) / exact.sum(dim=1)).clamp(max=1.0)  # rounding may exceed the whole
    upper, wins = _by_keys(flat, inside, count)
    columns = (
        mass,
        mass / share,
        upper / count,
        (maxima & near).sum(dim=1).double() / maxima.sum(dim=1),
        torch.where(count < pixels, wins / (count * (pixels - count)), torch.nan),
    )
    valid = living.squeeze(1) & (count > 0)
    return torch.where(valid.unsqueeze(1), torch.stack(columns, dim=1), torch.nan)


def _by_keys(flat: Tensor, inside: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) each, float64, as `localisation` has them: the top |M| pixels inside, and the pairs won by the inside.

    One sort serves both: of the bits of a value in [0, 1], which order as the value does, followed by the inside bit.
    """
    keys = ((flat.view(torch.int32) << 1) | inside).sort(dim=1).values
    bits, held = keys >> 1, (keys & 1).bool()
    pixels = flat.shape[1]
    threshold = bits.gather(1, (pixels - count).long().clamp(max=pixels - 1).unsqueeze(1))
    above, tied = bits > threshold, bits == threshold
    spare = count - above.sum(dim=1)
    upper = (above & held).sum(dim=1) + spare * (tied & held).sum(dim=1).double() / tied.sum(dim=1)
    first, last = runs(bits)  # the mean place of a run is half their sum: in a tie, half of the pairs are won
    places = torch.where(held, first + last, 0).sum(dim=1).double() / 2
    return upper, places - count * (count - 1) / 2
