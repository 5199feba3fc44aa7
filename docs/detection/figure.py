"""The figure of docs/detection.md."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from docs.detection.networks import GROUPS, OWNERS, Network, of_property


def figure(networks: Sequence[Network]) -> Figure:
    """Estimated against true reliance, one panel for each property."""
    mpl.rcParams["svg.hashsalt"] = "saliency-audit"
    shown = [name for name in OWNERS if any(of_property(networks, name, group) for group in GROUPS)]
    columns = 4
    rows = -(-len(shown) // columns)
    drawing = Figure(figsize=(3 * columns, 3 * rows), layout="constrained")
    axes = np.atleast_1d(drawing.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    for panel, name in zip(axes, shown, strict=False):
        panel.plot([-10, 105], [-10, 105], color="0.6", linewidth=0.8)
        panel.fill_between([-10, 105], [-13, 102], [-7, 108], color="0.92", linewidth=0)
        for group, marker in GROUPS.items():
            own = of_property(networks, name, group)
            panel.scatter(
                [n.true for n in own],
                [n.estimates[name] for n in own],
                marker=marker,
                s=18,
                linewidths=0.9,
                label=group,
            )
        panel.set_title(name.replace("_", " "), fontsize=10)
        panel.set_xlim(-8, 104)
        panel.set_ylim(-8, 104)
    for panel in axes[len(shown) :]:
        panel.set_axis_off()
    drawing.supxlabel("points of accuracy that the network really loses")
    drawing.supylabel("points estimated")
    drawing.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(GROUPS), frameon=False)
    return drawing
