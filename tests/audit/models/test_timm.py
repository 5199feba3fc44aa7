"""timm's networks: the weights are those of the file, and the preprocessing is timm's own."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from audit.errors import AuditError
from audit.models.kinds.timm import timm
from audit.models.model import rehearse
from fixtures.opened_models import check_copies_and_grad_cam, check_run
from fixtures.shapes import write_shapes

library: Any = pytest.importorskip("timm", reason="the extra 'timm' is not installed")

X = torch.rand(2, 3, 160, 160, generator=torch.Generator().manual_seed(1))
SMALL = ["test_resnet", "test_efficientnet", "test_vit", "test_convnext"]


def saved(name: str, path: Path, classes: int = 4, prefix: str = "") -> nn.Module:
    torch.manual_seed(4)
    module: nn.Module = library.create_model(name, pretrained=False, num_classes=classes)
    state = {f"{prefix}{key}": value.contiguous() for key, value in module.state_dict().items()}
    save_file(state, path) if path.suffix == ".safetensors" else torch.save({"state_dict": state}, path)
    return module.eval()


@pytest.mark.tor("TOR-091")
@pytest.mark.parametrize(("file", "prefix"), [("own.safetensors", ""), ("own.pth", "module.")])
@pytest.mark.parametrize("name", SMALL)
def test_the_network_is_that_of_the_file(name: str, file: str, prefix: str, tmp_path: Path) -> None:
    module = saved(name, tmp_path / file, prefix=prefix)
    model = timm(name=name, weights=tmp_path / file)
    assert torch.equal(rehearse(model.module, X, 4), module(X).detach())
    assert model.classes is None
    assert model.description == {
        "kind": "timm",
        "name": name,
        "weights": file,
        "preprocessing": "that of timm's data configuration for the name",
        "classes": "4, unnamed",
    }


@pytest.mark.parametrize("name", SMALL)
def test_every_control_and_grad_cam_work_on_it(name: str, tmp_path: Path) -> None:
    saved(name, tmp_path / "own.pth")
    module = timm(name=name, weights=tmp_path / "own.pth").module
    check_copies_and_grad_cam(module, X)


@pytest.mark.tor("TOR-091")
@pytest.mark.parametrize(
    ("name", "resized"),
    [
        ("test_resnet.r160_in1k", 168),
        ("resnet18.a1_in1k", 235),
        ("tf_efficientnet_lite0.in1k", 256),
        ("vit_tiny_patch16_224.augreg_in21k_ft_in1k", 248),
        ("eva02_base_patch14_448.mim_in22k_ft_in22k_in1k", (448, 448)),
        ("beitv2_base_patch16_224.in1k_ft_in22k_in1k", 248),
    ],
)
def test_the_preprocessing_is_timms_own(name: str, resized: Any) -> None:
    config = library.data.resolve_data_config(pretrained_cfg=library.get_pretrained_cfg(name).to_dict())
    preprocessing, words = sys.modules["audit.models.kinds.timm"]._preprocessing(config)
    assert preprocessing.resize == resized
    assert words == "that of timm's data configuration for the name"
    pixels = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((390, 270), Image.Resampling.BICUBIC)
    theirs = library.data.create_transform(**config, is_training=False)(picture)
    ours = preprocessing.normalise(preprocessing.frame(picture, ()).pixels[None])[0]
    torch.testing.assert_close(ours, theirs)


@pytest.mark.tor("TOR-091")
@pytest.mark.parametrize(
    "change", [{"crop_mode": "border"}, {"interpolation": "lanczos"}, {"input_size": (3, 96, 192)}]
)
def test_preprocessing_without_a_counterpart_must_be_stated(change: dict[str, Any]) -> None:
    config = {**library.data.resolve_data_config({"chans": 3}), **change}
    preprocessing, words = sys.modules["audit.models.kinds.timm"]._preprocessing(config)
    assert preprocessing is None
    assert "has no counterpart here (crop mode" in words


def test_a_network_of_1000_classes_says_what_it_assumes(tmp_path: Path) -> None:
    saved("test_resnet", tmp_path / "own.pth", 1000)
    model = timm(name="test_resnet", weights=tmp_path / "own.pth")
    assert model.classes is not None
    assert (len(model.classes), model.classes[151].name) == (1000, "Chihuahua")
    assert model.description["classes"] == "assumed: those of ImageNet"


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("resnet81", "own.pth", "model: timm has no network 'resnet81'; did you mean 'resnet18'"),
        ("hf-hub:timm/resnet18", "own.pth", "timm has no network 'hf-hub:timm/resnet18'"),
        ("local-dir:/tmp", "own.pth", "timm has no network 'local-dir:/tmp'"),
        ("test_vit", "own.pth", r"own.pth: (has no head of test_vit|does not fit)"),
        ("test_resnet", "gone.pth", "gone.pth: no such file"),
        ("test_resnet", "code.pth", "would run code when it is read"),
    ],
)
def test_what_cannot_be_opened_says_why(name: str, weights: str, message: str, tmp_path: Path) -> None:
    saved("test_resnet", tmp_path / "own.pth")
    torch.save({"x": sys.exit}, tmp_path / "code.pth")
    with pytest.raises(AuditError, match=message):
        timm(name=name, weights=tmp_path / weights)


def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(AuditError, match=r"the kind 'timm' takes packages .*pip install 'saliency-audit\[timm\]'"):
        timm(name="test_resnet", weights=tmp_path / "own.pth")


@pytest.mark.slow
@pytest.mark.tor("TOR-091")
def test_an_audit_runs_to_its_verdict(tmp_path: Path) -> None:
    model = 'kind = "timm"\nname = "test_resnet"\nweights = "own.safetensors"\n'
    settings = write_shapes(tmp_path / "data", 24, experiments=True, model=model, methods=False)
    saved("test_resnet", tmp_path / "data" / "own.safetensors", 2)
    check_run(settings, tmp_path / "out", "timm")
