"""`explain` with a network and a picture that are in memory."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import rc_context
from PIL import Image
from torch import nn

from audit import AuditError, ClassName, Model, Preprocessing, explain
from audit.explanation import Method, Picture, class_index

PREPARED = Preprocessing(resize=(8, 8), mean=(0.0,) * 3, std=(1.0,) * 3)


def linear() -> nn.Module:
    """Two classes: 'red' adds up the left half of the first channel, 'blue' the right half of the last."""
    torch.manual_seed(0)
    head = nn.Linear(3 * 64, 2)
    weight = torch.zeros(2, 3, 8, 8)
    weight[0, 0, :, :4] = 0.1
    weight[1, 2, :, 4:] = 0.1
    with torch.no_grad():
        head.weight.copy_(weight.flatten(1))
        head.bias.zero_()
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), head).train()


def picture() -> Image.Image:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0] = 255
    return Image.fromarray(pixels)


def test_a_network_and_a_picture_in_memory() -> None:
    network = linear()
    explanation = explain(network, picture(), classes=["red", "blue"], preprocessing=PREPARED, score="logit")
    assert explanation.target.name == "red"
    assert [entry.name for entry in explanation.top] == ["red", "blue"]
    assert explanation.target.probability == pytest.approx(1 / (1 + np.exp(-3.2)), rel=1e-4)
    assert np.array_equal(explanation.relevance, np.repeat([[1.0] * 4 + [0.0] * 4], 8, axis=0))
    assert np.array_equal(explanation.picture, np.asarray(picture()))
    assert network.training, "the network of the caller stays as it is"
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_every_kind_of_picture_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    picture().save(file)
    prepared = torch.from_numpy(np.asarray(picture()).copy()).permute(2, 0, 1) / 255
    asked: list[Picture] = [picture(), np.asarray(picture()), file, str(file), prepared]
    found = [explain(linear(), image, preprocessing=PREPARED, target=1, score="logit") for image in asked]
    assert {explanation.target.name for explanation in found} == {"class 1"}
    for explanation in found:
        assert np.array_equal(explanation.relevance, found[0].relevance)
        assert np.array_equal(explanation.picture, found[0].picture)


def test_a_prepared_tensor_needs_no_preprocessing() -> None:
    explanation = explain(linear(), torch.randn(3, 8, 8), target=0, score="logit")
    assert explanation.relevance[:, :4].min() == 1
    assert explanation.picture.shape == (8, 8, 3)


def test_options_reach_the_method() -> None:
    one, two = (
        explain(linear(), picture(), preprocessing=PREPARED, method="smoothgrad", samples=n, score="logit")
        for n in (1, 2)
    )
    assert np.allclose(one.relevance, two.relevance)  # the derivative of a linear score is the same everywhere
    with pytest.raises(AuditError, match="no option 'sample'; did you mean 'samples'"):
        explain(linear(), picture(), preprocessing=PREPARED, method="smoothgrad", sample=1)


@pytest.mark.slow
def test_it_shows_itself_and_is_written(tmp_path: Path) -> None:
    explanation = explain(linear(), picture(), preprocessing=PREPARED, score="logit")
    assert explanation._repr_png_().startswith(b"\x89PNG")
    assert explanation.save(tmp_path / "x.png", vmin=0.1, vmax=0.4) == 0.4
    with Image.open(tmp_path / "x.png") as drawn:
        assert drawn.width > 2 * drawn.height
    with pytest.raises(AuditError, match=r"vmin 0\.5, vmax 0\.2; need vmin < vmax"):
        explanation.save(tmp_path / "y.png", vmin=0.5, vmax=0.2)


@pytest.mark.slow
def test_a_sparse_map_is_drawn_up_to_its_maximum(tmp_path: Path) -> None:
    explanation = explain(linear(), torch.rand(3, 8, 8))
    few, picture = np.zeros((64, 64)), np.zeros((64, 64, 3), np.uint8)
    few[3, 5] = 1.0
    with rc_context({"text.usetex": True}):  # as the `matplotlibrc` of a folder may say, to have TeX run
        assert replace(explanation, picture=picture, relevance=few).save(tmp_path / "x.png") == 1.0


def test_what_cannot_be_explained_says_why(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"no preprocessing is stated for this model; need preprocessing"):
        explain(linear(), picture())
    with pytest.raises(AuditError, match=r"target: no class 'rde'; did you mean 'red'\?"):
        explain(linear(), picture(), classes=["red", "blue"], preprocessing=PREPARED, target="rde")
    with pytest.raises(AuditError, match=r"none\.png: no such file"):
        explain(linear(), tmp_path / "none.png", preprocessing=PREPARED)
    with pytest.raises(AuditError, match=r"a tensor of shape \(1, 3, 8, 8\); need one picture \(C, H, W\)"):
        explain(linear(), torch.zeros(1, 3, 8, 8))
    head = nn.Linear(3 * 64, 2)
    nn.init.zeros_(head.weight)
    blind = nn.Sequential(nn.Flatten(), head)
    with pytest.raises(AuditError, match="zero everywhere or not finite"):
        explain(blind, torch.zeros(3, 8, 8), score="logit")


def test_a_class_is_named_by_its_name_or_its_index() -> None:
    names = ("2", "red", "0")
    assert [class_index(target, names) for target in ("2", "red", "RED", "1", np.int64(2), 0)] == [0, 1, 1, 1, 2, 0]
    for target in (3, -1, "7", "9" * 5000):
        with pytest.raises(AuditError, match="target: no class"):
            class_index(target, names)
    named = explain(Model(linear().eval(), ["red", "blue"], PREPARED), picture(), target="blue", score="logit")
    assert (named.target.index, named.target.name) == (1, "blue")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("dark", r"classes: is 'dark'; need a list of class names in index order\."),
        ([], r"classes: is \[\]; need a list"),
        ({0: "dark"}, "classes: class 0 is 0; need"),
        (["dark", " "], "classes: class 1 is ' '; need"),
    ],
)
def test_what_is_no_list_of_names_is_refused(names: Any, message: str) -> None:
    with pytest.raises(AuditError, match=message):
        Model(linear(), names, None)
    with pytest.raises(AuditError, match=message):
        explain(linear(), picture(), classes=names, preprocessing=PREPARED)


def test_names_of_every_kind_are_names() -> None:
    kinds: tuple[Any, ...] = (
        ["dark", ClassName("light")],
        np.array(["dark", "light"]),
        (name for name in ("dark", "light")),
    )
    for names in kinds:
        assert Model(linear(), names, None).classes == (ClassName("dark"), ClassName("light"))


@pytest.mark.slow
def test_an_explanation_waits_for_nothing_but_torch() -> None:
    """Importing torchvision takes as long as importing torch."""
    others = "{'torchvision', 'torch._dynamo', 'matplotlib', 'scipy'} & set(sys.modules)"
    asked = f"import sys; from audit import explain; sys.exit(str({others}) if {others} else 0)"
    done = subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_several_methods_explain_one_class() -> None:
    logits = {"name": "gradient", "label": "logits", "score": "logit"}
    asked: list[Method] = ["gradient", {"name": "smoothgrad", "samples": 3}, logits]
    explained = explain(linear(), picture(), methods=asked, classes=["red", "blue"], preprocessing=PREPARED)
    assert [explanation.method for explanation in explained] == ["gradient", "smoothgrad", "logits"]
    assert len(explained) == 3
    assert {explanation.target for explanation in explained} == {explained.target}
    alone = explain(linear(), picture(), classes=["red", "blue"], preprocessing=PREPARED, score="logit")
    assert np.array_equal(explained["logits"].relevance, alone.relevance)
    with pytest.raises(AuditError, match="no map of 'logit'; did you mean 'logits'"):
        explained["logit"]


@pytest.mark.parametrize(
    ("methods", "message"), [([], "at least 1 item"), (["gradient"] * 2, "'gradient' appears twice")]
)
def test_no_method_and_one_twice_are_refused(methods: list[str], message: str) -> None:
    with pytest.raises(AuditError, match=message):
        explain(linear(), picture(), methods=methods, preprocessing=PREPARED)


@pytest.mark.slow
def test_several_methods_are_drawn_in_one_figure(tmp_path: Path) -> None:
    names: list[Method] = [{"name": "gradient", "label": f"g{number}"} for number in range(7)]
    for methods, bands in ((names[:1], 1), (names[:2], 1), (names, 2)):
        explained = explain(linear(), picture(), methods=methods, preprocessing=PREPARED)
        explained.save(tmp_path / "x.png")
        assert explained._repr_png_()[:4] == b"\x89PNG"
        with Image.open(tmp_path / "x.png") as drawn:
            assert abs(drawn.height / 120 - (0.6 + 4.9 * bands)) < 0.1
            assert abs(drawn.width / 120 - 2.4 * (min(len(methods), 5) + 1)) < 0.1
            pixels = np.asarray(drawn.convert("RGB")).reshape(-1, 3)
        assert (pixels == [255, 0, 0]).all(axis=1).sum() > 1000, "the picture's own red"
    with pytest.raises(AuditError, match="need vmin < vmax"):
        explained.save(tmp_path / "x.png", vmin=0.5, vmax=0.5)
