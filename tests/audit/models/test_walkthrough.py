"""`explain` makes the picture that the classic walk-through makes with TensorFlow alone, step by step."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from audit import explanation_figure
from audit.datasets.preprocessing import Preprocessing
from audit.explanation import explain
from audit.models.kinds.tensorflow import tensorflow
from audit.models.tensorflow_library import tensorflow_library
from fixtures import onnx_files, tensorflow_files

if not importlib.util.find_spec("tensorflow"):
    pytest.skip("the extra 'tensorflow' is not installed", allow_module_level=True)

CLASSES = ["tench", "dog", "cat", "tree", "house", "boat"]
LOW, HIGH = 0.1, 0.8
"""The window."""
Panels = dict[str, NDArray[Any]]


def files(folder: Path) -> tuple[Path, Path]:
    """A photograph and a SavedModel that ends in a softmax, of six classes none of which is like another."""
    tf = tensorflow_library("tensorflow")
    built = tensorflow_files.model(onnx_files.lively(), classes=6)
    built.held["head/bias"].assign([0.3, -0.2, 0.1, 0.5, -0.4, 0.0])
    tf.saved_model.save(built, str(folder / "network"), signatures={"serving_default": built.asked})
    coarse = np.random.default_rng(1).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((24, 24), Image.Resampling.BICUBIC).save(folder / "photo.png")
    return folder / "photo.png", folder / "network"


def classic(photo: Path, network: Path) -> tuple[list[tuple[str, float]], Panels]:
    """The top five, and the panels of the figure."""
    tf = tensorflow_library("tensorflow")
    loaded = tf.saved_model.load(str(network))
    picture = tf.io.decode_png(tf.io.read_file(str(photo)), channels=3)
    batch = (tf.cast(picture, tf.float32)[tf.newaxis] / 255 - 0.5) / 0.25
    with tf.GradientTape() as tape:
        tape.watch(batch)
        (probabilities,) = loaded.signatures["serving_default"](pictures=batch).values()
        best = tf.argmax(probabilities[0])
        score = tf.gather(probabilities[0], best)
    gradient = tape.gradient(score, batch)
    strongest = tf.reduce_max(tf.abs(gradient), axis=-1)[0]
    relevance = (strongest / tf.reduce_max(strongest)).numpy()
    values, indices = tf.math.top_k(probabilities[0], k=5)
    coloured = colormaps["inferno"](np.clip((relevance - LOW) / (HIGH - LOW), 0, 1))[..., :3]
    panels = {"picture": picture.numpy(), "map": coloured, "blend": 0.5 * picture.numpy() / 255 + 0.5 * coloured}
    return [(CLASSES[index], float(value)) for index, value in zip(indices, values, strict=True)], panels


@pytest.mark.tor("TOR-096")
def test_the_picture_is_that_of_the_classic_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, network = files(tmp_path)
    top, panels = classic(photo, network)
    drawn: list[Panels] = []
    figure = explanation_figure._figure

    def watched(given: Panels, title: str, window: tuple[float, float]) -> Figure:
        drawn.append(given)
        return figure(given, title, window)

    monkeypatch.setattr(explanation_figure, "_figure", watched)
    preprocessing = Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    explanation = explain(tensorflow(path=network), photo, classes=CLASSES, preprocessing=preprocessing)
    explanation.save(tmp_path / "ours.png", vmin=LOW, vmax=HIGH)
    assert [entry.name for entry in explanation.top] == [name for name, _ in top]
    assert np.allclose([entry.probability for entry in explanation.top], [value for _, value in top], atol=1e-6)
    assert len({round(value, 3) for _, value in top}) == 5, "no two classes are alike"
    (ours,) = drawn
    assert ours.keys() == panels.keys()
    assert np.array_equal(ours["picture"], panels["picture"])
    for name in ("map", "blend"):
        assert np.abs(ours[name] - panels[name]).max() <= 1 / 255, name
    assert panels["map"].std() > 0.05
    theirs = figure(panels, explanation.title, (LOW, HIGH))
    explanation_figure._save(theirs, tmp_path / "theirs.png")
    pixels = [np.asarray(Image.open(tmp_path / f"{name}.png"), np.int16) for name in ("ours", "theirs")]
    assert np.abs(pixels[0] - pixels[1]).max() <= 1
