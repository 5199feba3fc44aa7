"""Hugging Face's image classifiers: the folder's network, read as data, with its classes and its own preprocessing."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from audit.errors import AuditError
from audit.models.huggingface_folder import preprocessing_of
from audit.models.kinds.transformers import transformers
from audit.models.model import check_model, rehearse
from fixtures import huggingface_files
from fixtures.opened_models import check_copies_and_grad_cam, check_run
from fixtures.shapes import write_shapes

if not importlib.util.find_spec("transformers"):
    pytest.skip("the extra 'transformers' is not installed", allow_module_level=True)

X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
KINDS = ["ViT", "ResNet", "ConvNext"]
SQUARE = {"height": 64, "width": 64}
PROCESSORS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "ViTImageProcessor", "size": SQUARE}, ((64, 64), None, "bilinear")),
    ({"type": "MobileNetV2ImageProcessor"}, (256, (224, 224), "bilinear")),
    ({"type": "ConvNextImageProcessor", "size": {"shortest_edge": 56}}, (64, (56, 56), "bicubic")),
    ({"type": "ConvNextImageProcessor"}, ((384, 384), None, "bicubic")),
    ({"type": "BitImageProcessor", "resample": 3, "size": {"shortest_edge": 72}, "crop_size": SQUARE}, None),
    ({"type": "ViTImageProcessor", "size": SQUARE, "do_normalize": False}, ((64, 64), None, "bilinear")),
    ({"type": "CLIPImageProcessor"}, (224, (224, 224), "bicubic")),
]
"""With resize, crop and interpolation here; None: as they stand there."""


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize("kind", KINDS)
def test_the_network_is_that_of_the_folder(kind: str, tmp_path: Path) -> None:
    theirs = huggingface_files.write(tmp_path / "own", kind)
    model = transformers(path=tmp_path / "own")
    check_model(model, X)
    with torch.no_grad():
        assert torch.equal(rehearse(model.module, X, 4), theirs(X).logits)
    assert model.classes is not None
    assert [entry.name for entry in model.classes] == ["tench, Tinca tinca", "dog", "cat", "tree"]
    assert model.classes[0].synonyms == ("tench", "Tinca tinca")
    assert model.description["name"] == f"{kind}ForImageClassification"
    assert model.description["classes"] == "those of config.json"


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_and_grad_cam_work_on_it(kind: str, tmp_path: Path) -> None:
    huggingface_files.write(tmp_path / "own", kind)
    module = transformers(path=tmp_path / "own").module
    check_copies_and_grad_cam(module, X)


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize(("processor", "expected"), PROCESSORS, ids=lambda value: str(value)[:60])
def test_the_preprocessing_is_the_librarys_own(processor: dict[str, Any], expected: Any, tmp_path: Path) -> None:
    huggingface_files.write(tmp_path / "own", "ResNet", processor)
    model = transformers(path=tmp_path / "own")
    preprocessing = model.preprocessing
    assert preprocessing is not None
    crop = ", its crop within one pixel" if preprocessing.crop else ""
    assert model.description["preprocessing"] == f"that of preprocessor_config.json{crop}"
    if expected is not None:
        assert (preprocessing.resize, preprocessing.crop, preprocessing.interpolation) == expected
    library = sys.modules["transformers"]
    theirs = library.AutoImageProcessor.from_pretrained(tmp_path / "own")
    for width, height in ((330, 470), (520, 391)):
        pixels = np.random.default_rng(3).integers(0, 256, (11, 7, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
        ours = preprocessing.normalise(preprocessing.frame(picture, ()).pixels[None])
        made = torch.as_tensor(np.asarray(theirs(images=picture, return_tensors="np")["pixel_values"]))
        assert made.shape == ours.shape
        assert levels_apart(ours, made, preprocessing.std, shifts=2 if preprocessing.crop else 1) < 3.5


def levels_apart(ours: torch.Tensor, theirs: torch.Tensor, std: tuple[float, ...], shifts: int) -> float:
    """The largest difference, in levels of 255, where theirs may lie fewer pixels than `shifts` further."""
    height, width = ours.shape[2:]
    return min(
        ((ours[..., : height - y, : width - x] - theirs[..., y:, x:]).abs() * 255 * torch.tensor(std).view(3, 1, 1))
        .max()
        .item()
        for y in range(shifts)
        for x in range(shifts)
    )


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize(
    "processor",
    [
        {"type": "MobileViTImageProcessor"},
        {"type": "EfficientNetImageProcessor", "rescale_offset": True},
        {"type": "ViTImageProcessor", "size": SQUARE, "rescale_factor": 1 / 127.5},
        {"type": "ViTImageProcessor", "size": SQUARE, "resample": 1},
        {"type": "LevitImageProcessor"},
    ],
    ids=lambda value: str(value)[:60],
)
def test_preprocessing_without_a_counterpart_must_be_stated(processor: dict[str, Any], tmp_path: Path) -> None:
    huggingface_files.write(tmp_path / "own", "ResNet", processor)
    model = transformers(path=tmp_path / "own")
    assert model.preprocessing is None
    assert model.description["preprocessing"] == "that of preprocessor_config.json has no counterpart here"


@pytest.mark.parametrize("config", [{}, {"size": {"longest_edge": 3}}, {"size": 8, "image_mean": 3}, {"crop_pct": "x"}])
def test_a_processor_that_says_nothing_proposes_nothing(config: dict[str, Any]) -> None:
    assert preprocessing_of(config) is None


def test_classes_that_nobody_named_and_preprocessing_that_nobody_stated_are_left_open(tmp_path: Path) -> None:
    huggingface_files.write(tmp_path / "own", id2label=dict(enumerate(f"LABEL_{number}" for number in range(12))))
    model = transformers(path=tmp_path / "own")
    assert (model.classes, model.preprocessing) == (None, None)
    assert model.description["classes"] == "12, unnamed"
    assert model.description["preprocessing"] == "not stated: there is no preprocessor_config.json"


@pytest.mark.tor("TOR-097")
def test_weights_in_several_files_are_read_and_hashed(tmp_path: Path) -> None:
    theirs = huggingface_files.write(tmp_path / "own")
    theirs.save_pretrained(tmp_path / "parts", max_shard_size="30KB")
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 1
    whole, parts = transformers(path=tmp_path / "own"), transformers(path=tmp_path / "parts")
    assert torch.equal(whole.module(X), parts.module(X))
    assert whole.description["file_sha256"] != parts.description["file_sha256"]


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickled(folder: Path) -> None:
    without_weights(folder)
    torch.save({"x": torch.zeros(1)}, folder / "pytorch_model.bin")


def headless(folder: Path) -> None:
    sys.modules["transformers"].AutoModel.from_pretrained(folder).save_pretrained(folder)


def changed(**changes: Any) -> Any:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **changes}))

    return change


def sharded(file: str) -> Any:
    def shard(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
        names = {"classifier.bias": file}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))

    return shard


def cut_short(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:1000])


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_weights, r"own: holds no model\.safetensors; need weights as safetensors"),
        (pickled, r"pytorch_model\.bin: would run code when it is read"),
        (headless, r"own: has weights that do not fit: 2 missing \(classifier\.bias, classifier\.weight\)"),
        (changed(hidden_size=64), r"own: (cannot be opened as an image classifier|has weights that do not fit)"),
        (changed(model_type="bert"), r"own: cannot be opened as an image classifier \(ValueError: Unrecognized config"),
        (changed(model_type="nothing"), "own: cannot be opened as an image classifier"),
        (changed(auto_map={"AutoModelForImageClassification": "code.Net"}), r"own: names code of its own \(auto_map\)"),
        (changed(problem_type="multi_label_classification"), "own: gives a picture several labels"),
        (changed(use_pretrained_backbone=True), "own: takes weights or an architecture from a hub; need all of it in"),
        (changed(model_type="timm_wrapper", architecture="hf-hub:a/b"), "own: takes weights or an architecture from a"),
        (sharded("../elsewhere.safetensors"), r"index\.json: names '\.\./elsewhere\.safetensors'; need safetensors in"),
        (cut_short, "own: cannot be opened as an image classifier"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json: cannot be read"),
        (lambda folder: (folder / "config.json").unlink(), r"own: is no folder with a config\.json"),
    ],
)
def test_what_cannot_be_opened_says_why(spoil: Any, message: str, tmp_path: Path) -> None:
    huggingface_files.write(tmp_path / "own")
    (tmp_path / "own" / "code.py").write_text("raise SystemExit('it ran')")
    spoil(tmp_path / "own")
    with pytest.raises(AuditError, match=message):
        transformers(path=tmp_path / "own")


def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    message = r"the kind 'transformers' takes packages .*pip install 'saliency-audit\[transformers\]'"
    with pytest.raises(AuditError, match=message):
        transformers(path=tmp_path / "own")


@pytest.mark.slow
@pytest.mark.tor("TOR-097")
def test_an_audit_runs_to_its_verdict(tmp_path: Path) -> None:
    model = 'kind = "transformers"\npath = "own"\n'
    settings = write_shapes(tmp_path / "data", 24, experiments=True, model=model, methods=False)
    huggingface_files.write(tmp_path / "data" / "own", "ResNet", id2label={0: "dark", 1: "light"})
    check_run(settings, tmp_path / "out", "transformers")
