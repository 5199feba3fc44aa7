"""Pictures to be audited: many that look like photographs, or very many that are small."""

from pathlib import Path

import numpy as np
from PIL import Image

from audit import Settings, parse_settings

CLASSES = 10


def write_photographs(folder: Path, count: int) -> None:
    """JPEGs of 500x375 with the spectrum of photographs, and one box in each."""
    rng = np.random.default_rng(0)
    fy, fx = np.meshgrid(np.fft.fftfreq(375), np.fft.rfftfreq(500), indexing="ij")
    falloff = 1 / np.maximum(np.hypot(fx, fy), 1 / 500)
    lines = ["image,label,x0,y0,x1,y1"]
    for number in range(count):
        waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(3, 375, 500))) * falloff, s=(375, 500))
        pixels = np.clip(128 + 50 * waves / waves.std(), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f"{number:05}.jpg", quality=90)
        x, y = rng.integers(60, 200, 2)
        lines.append(f"{number:05}.jpg,{number % CLASSES},{x},{y},{x + 160},{y + 120}")
    (folder / "boxes.csv").write_text("\n".join(lines))


def write_small(folder: Path, count: int) -> None:
    """PNGs of 64x64, and one box in each."""
    rng = np.random.default_rng(0)
    lines = ["image,label,x0,y0,x1,y1"]
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        smooth = coarse.resize((64, 64), Image.Resampling.BILINEAR)  # of more colours than a palette holds
        smooth.save(folder / f"{number:06}.png", compress_level=1)
        x, y = rng.integers(4, 30, 2)
        lines.append(f"{number:06}.png,{number % CLASSES},{x},{y},{x + 24},{y + 22}")
    (folder / "boxes.csv").write_text("\n".join(lines))


def first(folder: Path, count: int) -> str:
    """The name of an annotation file of so many of the pictures."""
    lines = (folder / "boxes.csv").read_text().splitlines()
    (folder / f"first-{count}.csv").write_text("\n".join(lines[: count + 1]))
    return f"first-{count}.csv"


def cheapest(folder: Path, annotations: str = "boxes.csv") -> Settings:
    """The gradient, all scores, the null maps that cost no pass, and no experiment."""
    return parse_settings(
        {
            "data": {"format": "csv", "annotations": annotations, "images": "."},
            "saliency": {"methods": ["gradient"], "null_maps": ["uniform", "centre", "edges"]},
            "experiments": {"interventions": [], "controls": [], "searches": []},
        },
        folder,
    )


def default(folder: Path) -> Settings:
    """Everything that the profile `default` judges."""
    return parse_settings({"data": {"format": "csv", "annotations": "boxes.csv", "images": "."}}, folder)
