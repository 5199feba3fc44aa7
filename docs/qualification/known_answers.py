"""Ask the installed tool for answers that were derived by hand: `python docs/qualification/known_answers.py`.

It needs nothing of this folder but known_answers.toml. Exit code 0: all as derived; 1: not all.
"""

import json
import math
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from audit.choices import Score
from audit.datasets.formats.coco import coco
from audit.datasets.formats.voc import voc
from audit.datasets.formats.yolo import yolo
from audit.datasets.preprocessing import Preprocessing
from audit.experiments.altered_batch import answers
from audit.experiments.fills import blur
from audit.experiments.planted_mark import planted_logits
from audit.hashing import tool, versions
from audit.holm import holm
from audit.saliency.batch import Batch
from audit.saliency.localisation import region, score_maps
from audit.saliency.methods.gradient import gradient
from audit.saliency.methods.integrated_gradients import integrated_gradients
from audit.saliency.rank_correlation import similarity
from checks.statistics.bounds import further_for_share, share_bounds, share_bounds_by_cluster
from checks.statistics.paired_proportions import regression_p, tango
from checks.statistics.tolerance import tolerance_bounds

FILE = Path(__file__).with_name("known_answers.toml")
WIDE = Image.new("RGB", (200, 100))
BOX = (20.0, 10.0, 60.0, 50.0)
VOC = """<annotation><filename>a.png</filename><object><name>x</name><bndbox>
<xmin>11</xmin><ymin>21</ymin><xmax>40</xmax><ymax>45</ymax></bndbox></object></annotation>"""


def _linear(picture: Sequence[float], score: Score) -> Batch:
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False)).eval()
    head = network.get_submodule("1")
    with torch.no_grad():
        head.get_parameter("weight").copy_(torch.tensor([[1.0, 2, 3, 4], [0, 0, 0, 0]]))
    x = torch.tensor(picture).reshape(1, 1, 2, 2)
    return Batch(network, x, torch.tensor([0]), torch.zeros(1), torch.ones(1), (0,), score)


def _integrated() -> Tensor:
    return integrated_gradients(_linear((1.0, 1, 2, 2), "logit")).signed.flatten()


def _scores(relevance: Tensor, box: Sequence[float], names: Iterable[str]) -> list[float]:
    where = region([torch.tensor([box])], (relevance.shape[0], relevance.shape[1]), 0, "cpu")
    found = score_maps(relevance[None], where)
    return [found[name].item() for name in names]


def _five(relevance: Tensor) -> list[float]:
    return _scores(relevance, (0.0, 0, 2, 2), ("mass", "lift", "rank", "pointing", "auc"))


def _favours_the_box() -> list[float]:
    relevance = torch.ones(4, 4)
    relevance[:2, :2] = 3
    return _five(relevance)


def _one_pixel() -> list[float]:
    relevance = torch.zeros(4, 4)
    relevance[0, 2] = 1
    return [share for end in (2, 3) for share in _scores(relevance, (0.0, 0, end, 1), ["mass"])]


def _framed(preprocessing: Preprocessing) -> list[float]:
    framed = preprocessing.frame(WIDE, (BOX,))
    return [*framed.boxes[0].tolist(), framed.visible]


def _formats() -> list[float]:
    document = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "x"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 25]}],
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        Image.new("RGB", (100, 50)).save(folder / "a.png")
        for name, text in {
            "boxes.json": json.dumps(document),
            "a.xml": VOC,
            "data.yaml": "names: [x]",
            "a.txt": "0 0.25 0.65 0.3 0.5",
        }.items():
            (folder / name).write_text(text, encoding="utf-8")
        read = (coco(folder / "boxes.json", folder), voc(folder / "a.xml", folder), yolo(folder / "data.yaml", folder))
    return [value for dataset in read for value in dataset.samples[0].boxes[0]]


def _filled() -> list[float]:
    hole = torch.zeros(1, 1, 6, 6, dtype=torch.bool)
    hole[..., 2:4, 2:4] = True
    filled = blur(torch.full((1, 1, 6, 6), 7.0).masked_fill(hole, 9), hole)
    return [value.item() for value in filled[hole]]


def _answers() -> list[float]:
    found = answers(torch.tensor([[math.log(3), 0.0]], dtype=torch.float64), torch.tensor([0]))
    return [found.probability.item(), found.log_odds.item(), found.predicted.item()]


def _correlations() -> list[float]:
    one = torch.arange(4.0).reshape(1, 2, 2)
    return [similarity(one, one).item(), similarity(one, 3 - one).item()]


def _shares() -> list[float]:
    return [share_bounds(0, 59, 0.95).upper, share_bounds(59, 59, 0.95).lower, *share_bounds(1, 2, 0.95)]


ANSWERS: dict[str, Callable[[], Iterable[Any] | None]] = {
    "KA-01": lambda: gradient(_linear((0.0, 0, 0, 0), "log_probability")).flatten(),
    "KA-02": _integrated,
    "KA-03": _favours_the_box,
    "KA-04": lambda: _five(torch.ones(4, 4)),
    "KA-05": lambda: _five(torch.zeros(4, 4)),
    "KA-06": _one_pixel,
    "KA-07": lambda: _framed(Preprocessing(resize=50, crop=(50, 50))),
    "KA-08": lambda: _framed(Preprocessing(letterbox=(64, 64))),
    "KA-09": _formats,
    "KA-10": _filled,
    "KA-11": _answers,
    "KA-12": lambda: planted_logits(torch.tensor([[2.0, 0]]), torch.ones(1, 1), torch.tensor([0]), 4.0, 0.25)[0],
    "KA-13": _correlations,
    "KA-14": _shares,
    "KA-15": lambda: [further_for_share(0, 40, 0.05, 0.95)],
    "KA-16": lambda: [share_bounds_by_cluster(np.zeros(1180), np.repeat(np.arange(59), 20), 0.95).upper],
    "KA-17": lambda: tango(0, 0, 52, 0.95),
    "KA-18": lambda: [regression_p(7, 1)],
    "KA-19": lambda: holm([0.01, 0.04, 0.03, 0.005]),
    "KA-20": lambda: tolerance_bounds(np.arange(1, 60), 0.95, 0.95),
}


class Compared(NamedTuple):
    """A known answer, and what the tool says."""

    name: str
    what: str
    expected: list[float]
    found: list[float]
    holds: bool


def known() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def compared(name: str, entry: dict[str, Any]) -> Compared:
    """Raises whatever the tool raises."""
    answer = ANSWERS[name]()
    found = [] if answer is None else [math.nan if value is None else float(value) for value in answer]
    return Compared(name, entry["what"], entry["expected"], found, agrees(found, entry["expected"], entry["tolerance"]))


def agrees(found: Sequence[float], expected: Sequence[float], tolerance: float) -> bool:
    """As many, and each within the tolerance; no number where none is expected, and only there."""
    return len(found) == len(expected) and all(
        math.isnan(mine) if math.isnan(theirs) else abs(mine - theirs) <= tolerance
        for mine, theirs in zip(found, expected, strict=True)
    )


def main() -> int:
    rows = [compared(name, entry) for name, entry in known().items()]
    for row in rows:
        line = f"{'ok' if row.holds else 'DIFFERS':8}{row.name}  {row.what}\n"
        sys.stdout.write(
            line if row.holds else f"{line}        expected {row.expected}\n        found    {row.found}\n"
        )
    holds = sum(row.holds for row in rows)
    environment = {"saliency-audit": tool()["version"], **versions()}
    sys.stdout.write(f"{holds} of {len(rows)} as derived by hand, with {environment}\n")
    return int(holds != len(rows))


if __name__ == "__main__":
    sys.exit(main())
