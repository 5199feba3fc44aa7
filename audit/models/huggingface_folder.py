"""Folders of Hugging Face's image classifiers: what their JSON says of classes and preprocessing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from audit.choices import Interpolation
from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError
from audit.files import MIB, is_folder, read_regular
from audit.models.weights import runs_code

CONFIG, PROCESSOR = "config.json", "preprocessor_config.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
MOST_JSON = 16 * MIB
FILTERS: Mapping[int, Interpolation] = {0: "nearest", 2: "bilinear", 3: "bicubic"}
"""Pillow's numbers."""
SQUASHED_FROM = 384
"""Pixels: from this size on, a processor with `crop_pct` does not crop."""
LEVELS = 3.0
"""Of 255, by which a resized pixel may differ between torchvision and Pillow."""


def check_folder(path: Path) -> None:
    """Raises AuditError where the folder is none, or holds no weights that can be read as data."""
    if not is_folder(path) or not (path / CONFIG).is_file():
        raise AuditError(path.name, f"is no folder with a {CONFIG}", "need what model.save_pretrained(FOLDER) writes")
    if not any((path / name).is_file() for name in WEIGHTS):
        pickle = next((name for name in PICKLES if (path / name).is_file()), None)
        if pickle:
            raise runs_code(path / pickle, "a pickle")
        raise AuditError(path.name, f"holds no {WEIGHTS[0]}", "need weights as safetensors")


def refuse_reach(path: Path, config: Mapping[str, Any]) -> None:
    """Raises AuditError where the folder's JSON names code, or what does not lie in it."""
    if "auto_map" in config:
        seen, step = "names code of its own (auto_map)", "Open it by a factory of yours, which imports that code."
        raise AuditError(path.name, seen, "need a network of the library itself", step)
    named = [str(config.get(key) or "") for key in ("architecture", "backbone")]
    if config.get("use_pretrained_backbone") or any(":" in name for name in named):
        raise AuditError(path.name, "takes weights or an architecture from a hub", "need all of it in the folder")
    index = path / WEIGHTS[1]
    if not (path / WEIGHTS[0]).is_file():
        files = read_json(index).get("weight_map")
        parts = files.values() if isinstance(files, dict) else [None]
        odd = [str(part) for part in parts if not isinstance(part, str) or Path(part).name != part]
        if odd:
            raise AuditError(index.name, f"names {odd[0][:80]!r}", "need safetensors in the same folder")


def read_json(path: Path) -> dict[str, Any]:
    """Raises AuditError where the file is missing, damaged or no object."""
    try:
        content = json.loads(read_regular(path, MOST_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise AuditError(path.name, f"cannot be read ({error})", "need a file of JSON") from error
    if not isinstance(content, dict):
        raise AuditError(path.name, f"holds a {type(content).__name__}", "need an object of JSON")
    return content


def classes_of(labels: Mapping[Any, str]) -> tuple[ClassName, ...] | None:
    """The names of `id2label` in their order; None where they are LABEL_0 and so on, which nobody chose."""
    names = [labels[key] for key in sorted(labels, key=int)]
    if all(name == f"LABEL_{number}" for number, name in enumerate(names)):
        return None
    return tuple(ClassName(name, tuple(name.split(", ")) if ", " in name else ()) for name in names)


def preprocessing_of(config: Mapping[str, Any]) -> Preprocessing | None:
    """What a processor's configuration comes to; None where that has no counterpart here."""
    try:
        return _proposed(config)
    except (AuditError, KeyError, TypeError, ValueError):
        return None


def _proposed(config: Mapping[str, Any]) -> Preprocessing | None:
    normalised = config.get("do_normalize", True)
    mean, std = (config["image_mean"], config["image_std"]) if normalised else ((0.0,) * 3, (1.0,) * 3)
    resize, crop = _frame(config)
    return Preprocessing(
        resize=resize,
        crop=crop,
        interpolation=FILTERS[int(config.get("resample", 2))],
        mean=tuple(map(float, mean)),
        std=tuple(map(float, std)),
    )


def _frame(config: Mapping[str, Any]) -> tuple[int | tuple[int, int] | None, tuple[int, int] | None]:
    size, crop = config.get("size"), config.get("crop_size")
    cropped = _sides(crop) if config.get("do_center_crop") and crop is not None else None
    if not config.get("do_resize", True):
        return None, cropped
    shortest = size.get("shortest_edge") if isinstance(size, dict) else None
    if shortest is None:
        return _sides(size), cropped
    if config.get("crop_pct") is None:
        return int(shortest), cropped
    if shortest >= SQUASHED_FROM:
        return _sides(shortest), None
    return int(shortest / config["crop_pct"]), _sides(shortest)


def _sides(size: Any) -> tuple[int, int]:
    return (int(size["height"]), int(size["width"])) if isinstance(size, dict) else (int(size), int(size))


def agrees(preprocessing: Preprocessing, theirs: Any) -> bool:
    """Whether both make the same of a picture, within rounding. theirs: a processor of the library."""
    picture = _picture()
    ours = preprocessing.normalise(preprocessing.frame(picture, ()).pixels[None])
    made: Tensor = torch.as_tensor(np.asarray(theirs(images=picture, return_tensors="np")["pixel_values"]))
    if made.shape != ours.shape:
        return False
    tolerance = LEVELS / 255 / torch.tensor(preprocessing.std).view(1, -1, 1, 1)
    return bool(((made - ours).abs() <= tolerance).all())


def _picture() -> Image.Image:
    """No two of its channels, corners or halves are alike, and its edges are soft."""
    coarse = np.random.default_rng(0).integers(0, 256, (9, 13, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((520, 390), Image.Resampling.BICUBIC)
