"""Where in the frame something is, in words."""

from collections.abc import Sequence

LONG = 0.8
"""Share of the frame's side from which on something lies along an edge."""


def place(box: Sequence[float] | None) -> str:
    """'bottom left', 'along the left edge', 'in changing places'. box: x0, y0, x1, y1 as shares of the frame."""
    if box is None:
        return "in changing places"
    x0, y0, x1, y1 = box
    down, across = _third((y0 + y1) / 2, ("top", "", "bottom")), _third((x0 + x1) / 2, ("left", "", "right"))
    wide, high = x1 - x0 >= LONG, y1 - y0 >= LONG
    if wide or high:
        edge = down if wide else across
        return f"along the {edge} edge" if edge else "across the middle"
    return f"{down} {across}".strip() or "in the middle"


def location(box: Sequence[float] | None) -> str:
    """The place within a sentence: 'at the bottom left', 'along the left edge', 'in changing places'."""
    named = place(box)
    return named if named.startswith(("in ", "along ", "across ")) else f"at the {named}"


def region_place(box: Sequence[float], area: float) -> str:
    """Likewise, of a region that may be a frame along all edges. area: its share of the frame."""
    x0, y0, x1, y1 = box
    if min(x1 - x0, y1 - y0) >= LONG:
        return "along the edges" if area < (x1 - x0) * (y1 - y0) / 2 else "all over the frame"
    return location(box)


def _third(middle: float, words: tuple[str, str, str]) -> str:
    return words[min(2, int(3 * middle))]
