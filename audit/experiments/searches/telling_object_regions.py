"""The search for places on the object that tell the label, as a word or a tag, and their swap."""

from audit.bounds import Drawn
from audit.engine.plan import Plan
from audit.experiments.object_frames import looks_at_objects, region_of_objects_swapped
from audit.experiments.region_search import SWAP_NEEDS, Pictures, Regions, search, search_passes
from audit.record.record import Record
from audit.record.schema import Rows
from audit.registry import Need

NEEDS: frozenset[Need] = SWAP_NEEDS


def telling_object_regions(
    run: Plan, record: Record, *, pictures: Pictures = 240, most: Drawn = 2, donors: Drawn = 2
) -> Rows:
    """Finds where on the objects the pictures give their label away, as by a word or a tag, and swaps what they show.

    As `telling_regions`, in the frame of each picture's own objects: the smallest box around them. An object tells its
    class nearly everywhere; what tells no more than the rest of it is no place, and its best piece alone is tried. A
    mark is not the same share of every object, so that what lies beside a place is swapped with it. What the objects of
    `donors` pictures show there, brought to the frame of the picture's own objects, is pasted inside the boxes alone.
    Cost: 2 * `donors` forward passes for each region and picture.
    """
    regions = Regions(
        "telling_object_regions", "object region", looks_at_objects, drifting=True, paste=region_of_objects_swapped
    )
    return search(run, record, regions, pictures=pictures, most=most, donors=donors)


def passes(run: Plan, per_picture: float, *, pictures: int, most: int, donors: int) -> float:
    """As `search_passes` says."""
    del per_picture
    return search_passes(run, pictures=pictures, most=most, donors=donors)
