"""The photographs, in groups, squashed to the frame of the networks, and which part of the grid each belongs to."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 224
"""Pixels of the frame; photographs are squashed to it, as most of them came."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "dog": ("dog",),
    "mammal": ("mammal",),
    "bird": ("bird",),
    "insect": ("insect",),
    "fish or reptile": ("sea", "reptile"),
    "artefact": ("artefact", "vehicle", "instrument"),
}
"""The classes, by the supercategories that they are made of: those with enough photographs."""
CLASSES = tuple(GROUPS)
SCENES = 30
"""Photographs that lend their scene to others, and are in no other part."""
SCOPE = (0.03, 0.60)
"""Share of the frame that the object of an audited photograph covers."""
MOST_TRAINED, MOST_TRUE = 60, 40
"""Photographs of one class, so that the large ones do not rule."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Photograph:
    """One photograph with the boxes of its objects."""

    file: Path
    class_index: int
    boxes: NDArray[np.float64]
    """(n, 4) in pixels of the frame."""

    @cached_property
    def pixels(self) -> Pixels:
        """(SIDE, SIDE, 3)."""
        with Image.open(self.file) as opened:
            return np.asarray(opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC))

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """(SIDE, SIDE): the union of the boxes."""
        inside = np.zeros((SIDE, SIDE), dtype=bool)
        for x0, y0, x1, y1 in self.boxes.round().astype(int):
            inside[y0:y1, x0:x1] = True
        return inside

    @property
    def is_in_scope(self) -> bool:
        return SCOPE[0] <= float(self.inside.mean()) <= SCOPE[1]


class Parts(NamedTuple):
    """The parts of the grid, which share no photograph."""

    trained: tuple[Photograph, ...]
    """On which heads are fitted."""
    true: tuple[Photograph, ...]
    """On which the true reliance is measured."""
    audited: tuple[Photograph, ...]
    scenes: tuple[Photograph, ...]


def read_photographs(folder: Path) -> list[Photograph]:
    """The photographs of all groups in a folder of real photographs and its folder `more`, each content once."""
    files = [(place, json.loads((place / "annotations.json").read_text())) for place in (folder, folder / "more")]
    coarse = {entry["imagenet_index"]: entry["supercategory"] for entry in files[1][1]["categories"]}
    chosen: dict[str, Photograph] = {}
    for place, annotated in files:
        for photograph in _photographs(place, annotated, coarse):
            chosen.setdefault(hashlib.sha256(photograph.file.read_bytes()).hexdigest(), photograph)
    return list(chosen.values())


def _photographs(folder: Path, annotated: Mapping[str, Any], coarse: Mapping[int, str]) -> Iterator[Photograph]:
    """coarse: the supercategory by the index of the ImageNet class; the first folder does not state it."""
    index = {name: number for number, names in enumerate(GROUPS.values()) for name in names}
    group = {c["id"]: index.get(coarse.get(c["imagenet_index"], "")) for c in annotated["categories"]}
    of_image = defaultdict(list)
    for annotation in annotated["annotations"]:
        of_image[annotation["image_id"]].append(annotation)
    for image in annotated["images"]:
        class_index = group[of_image[image["id"]][0]["category_id"]]
        if class_index is not None:
            boxes = np.array([annotation["bbox"] for annotation in of_image[image["id"]]], dtype=np.float64)
            boxes[:, 2:] += boxes[:, :2]
            scaled = boxes * SIDE / np.tile([image["width"], image["height"]], 2)
            yield Photograph(folder / "images" / image["file_name"], class_index, scaled.clip(0, SIDE))


def split(photographs: Sequence[Photograph], audited: int, seed: int = 0) -> Parts:
    """The parts, drawn by the seed: so many are audited, the same number of each class, all of them in scope.

    Of what is left of a class one half is for the truth, photographs in scope first, since the truth must hold for
    what is audited; the other half is trained on. Raises ValueError where a class has too few in scope.
    """
    order = np.random.default_rng(seed).permutation(len(photographs))
    shuffled = [photographs[number] for number in order]
    scenes = _scenes(shuffled)
    parts: dict[str, list[Photograph]] = defaultdict(list)
    for class_index, name in enumerate(CLASSES):
        own = [p for p in shuffled if p.class_index == class_index and p not in scenes]
        own.sort(key=lambda photograph: not photograph.is_in_scope)
        each = audited // len(CLASSES)
        if sum(photograph.is_in_scope for photograph in own) < each:
            raise ValueError(f"too few photographs of {name} are in scope to audit {each} of them")
        left = own[each:]
        half = min(len(left) // 2, MOST_TRUE)
        parts["audited"] += own[:each]
        parts["true"] += left[:half]
        parts["trained"] += left[half : half + MOST_TRAINED]
    return Parts(tuple(parts["trained"]), tuple(parts["true"]), tuple(parts["audited"]), tuple(scenes))


def _scenes(photographs: Sequence[Photograph]) -> list[Photograph]:
    """Those artefacts that show the most of what is around them."""
    artefacts = [p for p in photographs if CLASSES[p.class_index] == "artefact"]
    return sorted(artefacts, key=lambda photograph: float(photograph.inside.mean()))[:SCENES]


def labels(photographs: Sequence[Photograph]) -> NDArray[np.int64]:
    return np.array([photograph.class_index for photograph in photographs], dtype=np.int64)
