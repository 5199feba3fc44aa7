"""What each kind of model can do: `python -m docs.models` writes models.md, and tests hold it to the code.

All packages of all kinds must be installed for that.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from audit import registry
from audit.errors import AuditError
from audit.models.refusal import CLAUSES
from audit.saliency.batch import Batch, dead
from audit.saliency.sources import Source, sources
from audit.settings_tables import MethodTable, SaliencyTable
from fixtures.twins import DETECTORS, KINDS, Twins, twins

FILE = Path(__file__).with_suffix(".md")
METHODS = registry.names("audit.saliency.methods")
OPTIONS: Mapping[str, Mapping[str, int]] = {"rise": {"masks": 64}}
"""Where a method is cheaper than by default."""
NUMBER = re.compile(r"\b\d+e-\d+\b|\bexact\b")
LEAST = 0.999
"""The correlation between two maps that are called the same."""
LEAD = f"""\
# What each kind of model can do

Written by `python -m docs.models`; tests hold it to the code.

For each kind, one small network is opened from its file, and the same weights are put into plain torch. A number says
that the method works, and how far its maps are from those of torch: 1 less the smallest correlation between the two
maps of a picture, of three pictures. It is {1 - LEAST:.3f} at most, or a test fails. "exact" means that they are the
same numbers. "no" means that the method is refused, before a picture is measured, for the reason in the second table.
Guided backprop also refuses networks of any kind that have no ReLU, and Grad-CAM those in which it finds no layer.
Detectors ({", ".join(f"`{name}`" for name in DETECTORS)}) answer for boxes and are not in the table; none of them
shows layers, and `onnx_detector` has no gradient.

"""
REASONS = ("| kind | methods | refused because |", "|---|---|---|")


def page() -> str:
    """The whole page."""
    kinds = sorted(KINDS)
    head = ["| kind | " + " | ".join(f"`{name}`" for name in METHODS) + " |", "|---" * (len(METHODS) + 1) + "|"]
    measured = {kind: cells(kind) for kind in kinds}
    rows = [row(kind, measured[kind]) for kind in kinds]
    reasons = [
        "| kind | methods | refused because |",
        "|---|---|---|",
        *(reason(kind, measured[kind]) for kind in kinds),
    ]
    return LEAD + "\n".join([*head, *rows, "", *filter(None, reasons)]) + "\n"


def row(kind: str, measured: Mapping[str, float | str]) -> str:
    """The line of a kind in the first table."""
    return (
        f"| `{kind}` | "
        + " | ".join("no" if isinstance(cell, str) else _shown(cell) for cell in measured.values())
        + " |"
    )


def reason(kind: str, measured: Mapping[str, float | str]) -> str:
    """The lines of a kind in the second table; none where nothing is refused."""
    refused: dict[str, list[str]] = {}
    for method, cell in measured.items():
        if isinstance(cell, str):
            refused.setdefault(cell, []).append(f"`{method}`")
    return "\n".join(f"| `{kind}` | {', '.join(methods)} | {why} |" for why, methods in refused.items())


def cells(kind: str) -> dict[str, float | str]:
    """By method: how far the maps are from torch's, or why there are none."""
    with TemporaryDirectory() as folder:
        pair = twins(kind, Path(folder))
        return {method: cell(pair, method) for method in METHODS}


def cell(pair: Twins, method: str) -> float | str:
    entry = MethodTable.model_validate({"name": method, **OPTIONS.get(method, {})})
    (source,) = sources(SaliencyTable(methods=(entry,), null_maps=()))
    if unmet := source.needs & pair.model.capabilities.unserved:
        return " and ".join(CLAUSES[word] for word in sorted(unmet & CLAUSES.keys()))
    try:
        ours = _maps(source, pair.model.module, pair)
    except AuditError as error:
        return f"{error.seen}; {error.needed}"
    theirs = _maps(source, pair.torch, pair)
    if dead(theirs).any():
        raise AuditError(method, "makes a dead map", "need pictures that have one")
    return 0.0 if torch.equal(ours, theirs) else 1 - correlation(ours, theirs)


def correlation(ours: Tensor, theirs: Tensor) -> float:
    """The smallest between two maps of a picture."""
    flat = [maps.double().flatten(1) for maps in (ours, theirs)]
    return min(float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in zip(*flat, strict=True))


def _maps(source: Source, module: nn.Module, pair: Twins) -> Tensor:
    """(N, H, W) of the classes that torch predicts."""
    x, target = pair.x, pair.torch(pair.x).argmax(dim=1)
    batch = Batch(module, x, target, torch.full((3,), 0.5), torch.full((3,), 0.25), tuple(range(len(x))))
    return source.ask(batch)[0]


def _shown(apart: float) -> str:
    return "exact" if apart == 0 else f"{max(apart, 1e-16):.0e}"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
