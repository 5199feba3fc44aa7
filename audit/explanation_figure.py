"""The figure of an explanation: picture, map and their blend side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from matplotlib import colormaps, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from audit.errors import AuditError

COLOURS = "inferno"
MOST_COLUMNS = 5
"""Methods that stand beside each other."""


def draw(
    picture: NDArray[np.uint8],
    relevance: NDArray[np.float64],
    out: Path | IO[bytes],
    title: str,
    window: tuple[float, float | None],
) -> float:
    """Write picture (H, W, 3), map (H, W) and blend as a PNG, and return the upper end of the window.

    window: the map's values that become the darkest and the brightest colour, in shares of its maximum; None: the
    99.5th percentile, or the maximum where that is 0. Raises AuditError where the window is empty or the file cannot be
    written.
    """
    coloured, (low, high) = _coloured(relevance, window)
    panels = {"picture": picture, "map": coloured, "blend": _blend(picture, coloured)}
    with style.context("default"):  # whatever a `matplotlibrc` says: one of the current folder is read too
        _save(_figure(panels, title, (low, high)), out)
    return high


def draw_several(
    picture: NDArray[np.uint8],
    maps: Mapping[str, NDArray[np.float64]],
    out: Path | IO[bytes],
    title: str,
    window: tuple[float, float | None],
) -> None:
    """Write the picture, and below the name of each method its map and the blend, as one PNG.

    window: as of `draw`, of each map by itself: maps of two methods have no unit in common. Raises AuditError likewise.
    """
    coloured = {name: _coloured(relevance, window) for name, relevance in maps.items()}
    with style.context("default"):
        _save(_grid(picture, coloured, title), out)


def _coloured(
    relevance: NDArray[np.float64], window: tuple[float, float | None]
) -> tuple[NDArray[Any], tuple[float, float]]:
    """The map in colours, and the window that it is drawn in."""
    low, high = window[0], _brightest(relevance) if window[1] is None else window[1]
    if not low < high:
        raise AuditError("window", f"vmin {low:g}, vmax {high:g}", "need vmin < vmax")
    return colormaps[COLOURS](np.clip((relevance - low) / (high - low), 0, 1))[..., :3], (low, high)


def _blend(picture: NDArray[np.uint8], coloured: NDArray[Any]) -> NDArray[Any]:
    return 0.5 * picture / 255 + 0.5 * coloured


def _grid(
    picture: NDArray[np.uint8], maps: Mapping[str, tuple[NDArray[Any], tuple[float, float]]], title: str
) -> Figure:
    """Two rows, map and blend, as often as the methods need columns; the picture stands first."""
    columns = min(len(maps), MOST_COLUMNS)
    bands = -(-len(maps) // columns)
    figure = Figure(figsize=(2.4 * (columns + 1), 0.6 + 4.9 * bands), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 * bands, columns + 1, squeeze=False)
    for place in axes.flat:
        place.set_axis_off()
    axes[0, 0].imshow(picture)
    axes[0, 0].set_title("picture", fontsize=10)
    for number, (name, (coloured, (low, high))) in enumerate(maps.items()):
        band, column = divmod(number, columns)
        above, below = axes[2 * band, column + 1], axes[2 * band + 1, column + 1]
        above.imshow(coloured)
        above.set_title(f"{name}\n{low:g} to {high:.3f} of the maximum", fontsize=9)
        below.imshow(_blend(picture, coloured))
    figure.suptitle(title, fontsize=11)
    return figure


def _figure(panels: Mapping[str, NDArray[Any]], title: str, window: tuple[float, float]) -> Figure:
    figure = Figure(figsize=(10, 3.9), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3)
    for place, (name, panel) in zip(axes, panels.items(), strict=True):
        place.imshow(panel)
        place.set_title(name, fontsize=10)
        place.set_axis_off()
    scale = figure.colorbar(ScalarMappable(Normalize(*window), COLOURS), ax=axes, fraction=0.02, pad=0.01)
    scale.set_label("relevance / maximum", fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def _brightest(relevance: NDArray[np.float64]) -> float:
    most = float(np.quantile(relevance, 0.995))
    return most if most > 0 else float(relevance.max())


def _save(figure: Figure, out: Path | IO[bytes]) -> None:
    if not isinstance(out, Path):
        figure.savefig(out, format="png", metadata={"Software": None})
        return
    if not out.suffix:  # Matplotlib would write another file than the one that is named
        raise AuditError(out, "has no ending", "need the name of a picture", f"Name it {out.name}.png.")
    try:
        figure.savefig(out, metadata={"Software": None} if out.suffix == ".png" else None)
    except OSError as error:
        raise AuditError(out, f"cannot be written ({error.strerror})", "need a writable folder") from error
    except ValueError as error:
        raise AuditError(out, "is not a picture format that can be written", "need a name that ends in .png") from error
