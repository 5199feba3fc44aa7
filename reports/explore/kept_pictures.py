"""The small pictures and maps that the record keeps, of few samples or many, and the colours to show maps in."""

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps

from audit.record.map_readers import read_thumbnails
from reports.explore.exploration import Exploration
from reports.page.images import COLOUR_MAPS, unaltered
from reports.page.mask_outlines import outline_id, outline_paths

PICTURE = "picture"
FURTHER_COLOURS = {"viridis": "Viridis", "inferno": "Inferno", "turbo": "Turbo (rainbow)"}
"""Beside those of the report. Turbo is not perceptually uniform, and is there for readers who are used to a rainbow."""


class Kept(NamedTuple):
    """What the record keeps of one sample."""

    place: int
    """On the page."""
    shown: dict[str, Any]
    """`picture` and `maps` by method, as data URIs; `outline` of a mask, '' where boxes are the object."""


def kept_pictures(exploration: Exploration) -> Iterator[Kept]:
    """In the order of the page. Null maps are left out."""
    places = {int(number): place for place, number in enumerate(exploration.numbered.number)}
    thumbnails = {number: layers for number, layers in read_thumbnails(exploration.record).items() if number in places}
    outlines = outline_paths(exploration.record, thumbnails)
    for number, layers in sorted(thumbnails.items()):
        if PICTURE in layers:
            maps = {m: unaltered(layers[m]) for m in exploration.table.methods if m in layers}
            outline = outlines.get(outline_id(number, outlines), "")
            yield Kept(places[number], {"picture": unaltered(layers[PICTURE]), "maps": maps, "outline": outline})


def colour_tables() -> list[dict[str, str]]:
    """For each colour map 256 colours, three bytes each, in base 64."""
    return [
        {"name": name, "title": title, "colours": _table(name)}
        for name, title in (COLOUR_MAPS | FURTHER_COLOURS).items()
    ]


def _table(name: str) -> str:
    colours = np.rint(255 * np.asarray(colormaps[name](np.arange(256)))[:, :3]).astype(np.uint8)
    return base64.b64encode(colours.tobytes()).decode()
