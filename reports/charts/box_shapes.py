"""Charts of the boxes: how large they are, where they lie, and of which shape."""

import numpy as np
from markupsafe import Markup
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from checks.table.evidence import Floats
from reports.charts.drawing import METHOD, canvas, inline, square, styled, ticks

_WIDTH, _HEIGHT = 2.25, 1.9
_CELLS = 12
_SHAPES = {0.125: "1:8", 0.25: "1:4", 0.5: "1:2", 1.0: "1:1", 2.0: "2:1", 4.0: "4:1", 8.0: "8:1"}


def box_charts(share: Floats, centre: Floats, aspect: Floats) -> tuple[tuple[str, Markup], ...]:
    """Captions and charts. share, aspect: (n,); centre: (n, 2), as shares of the picture."""
    return (
        ("Size: share of the picture", _sizes(share)),
        ("Place: centres of the boxes in the picture", _places(centre)),
        ("Shape: width by height", _shapes(aspect)),
    )


def _sizes(share: Floats) -> Markup:
    low, high = np.quantile(share, (0.05, 0.95))
    title = f"Sizes of {len(share)} boxes; nine tenths cover between {100 * low:.2g} and {100 * high:.2g} per cent."
    with styled():
        figure, axes = canvas(_WIDTH, _HEIGHT, left=0.5, bottom=0.44)
        edge = min(1.0, 1.02 * float(share.max()))
        axes.hist(share, bins=20, range=(0, edge), color=METHOD)
        axes.set_xlim(0, edge)
        axes.set_xlabel("share of the picture, %")
        axes.set_ylabel("boxes")
        ticks(axes.xaxis)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return inline(figure, title, "boxsize", [])


def _places(centre: Floats) -> Markup:
    """Squares in four strengths, by the number of centres; the picture's frame around them."""
    table = np.histogram2d(centre[:, 0], 1 - centre[:, 1], bins=_CELLS, range=((0, 1), (0, 1)))[0]
    middle = float(((centre > 1 / 3) & (centre < 2 / 3)).all(axis=1).mean())
    title = f"Centres of the boxes; {100 * middle:.0f} per cent lie in the middle ninth of the picture."
    levels = np.ceil(4 * np.log1p(table) / np.log1p(table.max())).astype(int)
    with styled():
        figure, axes = canvas(_WIDTH, _HEIGHT, left=0.12, bottom=0.44)
        for level in range(1, 5):
            where = np.argwhere(levels == level) / _CELLS
            if len(where):
                path = Path.make_compound_path(*(square(x, y, 1 / _CELLS) for x, y in where.tolist()))
                shade = (0.25, 0.5, 0.75, 1)[level - 1]
                axes.add_patch(PathPatch(path, facecolor=METHOD, edgecolor="none", alpha=shade))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)
        axes.set_xlabel("the picture’s frame")
    return inline(figure, title, "boxplace", [])


def _shapes(aspect: Floats) -> Markup:
    wide = float((aspect > 1).mean())
    title = f"Shapes of {len(aspect)} boxes; {100 * wide:.0f} per cent are wider than tall."
    octaves = np.log2(aspect)
    edge = float(np.clip(np.ceil(np.abs(octaves).max()), 1, 3))
    with styled():
        figure, axes = canvas(_WIDTH, _HEIGHT, left=0.5, bottom=0.44)
        axes.hist(np.clip(octaves, -edge, edge), bins=20, range=(-edge, edge), color=METHOD)
        shown = {np.log2(ratio): word for ratio, word in _SHAPES.items() if abs(np.log2(ratio)) <= edge}
        axes.xaxis.set_major_locator(FixedLocator(list(shown)))
        axes.xaxis.set_major_formatter(FixedFormatter(list(shown.values())))
        axes.set_xlim(-edge, edge)
        axes.set_xlabel("width by height")
        axes.set_ylabel("boxes")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return inline(figure, title, "boxshape", [])
