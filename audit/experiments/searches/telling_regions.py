"""The search for places outside the boxes that tell the label, and their swap."""

import torch
from torch import Tensor

from audit.bounds import Drawn
from audit.engine.plan import Plan
from audit.experiments.altered_batch import Trial
from audit.experiments.pieces import Pieces, mask_of
from audit.experiments.region_search import SWAP_NEEDS, Pictures, Regions, search, search_passes
from audit.experiments.swaps import Lenders
from audit.experiments.telling_places import looks
from audit.record.record import Record
from audit.record.schema import Rows
from audit.registry import Need

NEEDS: frozenset[Need] = SWAP_NEEDS


def telling_regions(run: Plan, record: Record, *, pictures: Pictures = 240, most: Drawn = 3, donors: Drawn = 2) -> Rows:
    """Finds where outside the boxes the pictures give their label away, and swaps what they show there.

    No network is asked where, so that the places do not depend on its answers: see `telling_places`. At most `most`
    regions of up to `pictures` pictures, and at least one, the best, even where it tells nothing for certain. What
    `donors` pictures without an object of the class show in a region is pasted there ('other 1' …), and what others of
    the same class show there ('same 1' …), their objects filled; the picture's own object stays, so that a region
    inside its boxes costs nothing. Cost: 2 * `donors` forward passes for each region and picture.
    """
    regions = Regions("telling_regions", "region", looks, drifting=False, paste=_pasted)
    return search(run, record, regions, pictures=pictures, most=most, donors=donors)


def passes(run: Plan, per_picture: float, *, pictures: int, most: int, donors: int) -> float:
    """As `search_passes` says."""
    del per_picture
    return search_passes(run, pictures=pictures, most=most, donors=donors)


def _pasted(trial: Trial, pieces: Pieces, lent: Lenders) -> Tensor:
    """(N, C, H, W)."""
    x = trial.batch.x
    region = torch.from_numpy(mask_of(pieces, (x.shape[2], x.shape[3]))).to(x.device)
    return torch.where(region & ~trial.inside, lent.x, x)
