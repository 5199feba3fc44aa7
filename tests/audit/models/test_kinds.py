"""Every kind of model file opens into a frozen network in evaluation mode, and torchvision's facts come with it."""

import importlib.util
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.export.graph_signature import OutputKind
from torchvision import models as tv
from torchvision.transforms.functional import to_pil_image

from audit import registry
from audit.datasets.labels import map_labels, read_classes
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError
from audit.models.kinds.exported import exported
from audit.models.kinds.factory import factory
from audit.models.kinds.torchvision import torchvision
from audit.models.model import Model, check_model, rehearse, state_hash
from audit.models.open_model import open_model
from audit.saliency.batch import Batch
from audit.settings_tables import ModelTable
from fixtures import clip_files, huggingface_files, keras_files, lard_detectors, onnx_files, tensorflow_files
from fixtures.broken.models import make
from fixtures.guide import TEXT

X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
KINDS = registry.names("audit.models.kinds")
NETWORKS = "fixtures.broken.models.networks"


def tuned(name: str, path: Path, classes: int, **options: Any) -> nn.Module:
    """A torchvision network with random weights, saved as somebody's own state dict."""
    torch.manual_seed(2)
    module: nn.Module = tv.get_model(name, weights=None, num_classes=classes, **options)
    torch.save(module.state_dict(), path)
    return module.eval()


def torchvision_case(folder: Path) -> dict[str, Any]:
    tuned("squeezenet1_1", folder / "own.pth", 4)
    return {"name": "squeezenet1_1", "weights": folder / "own.pth"}


def factory_case(folder: Path) -> dict[str, Any]:
    save_file(dict(make.sound().state_dict()), folder / "own.safetensors")
    return {"function": f"{NETWORKS}:small", "weights": folder / "own.safetensors", "arguments": {"classes": 4}}


def exported_case(folder: Path) -> dict[str, Any]:
    make.program(folder / "own.pt2", make.sound(), X)
    return {"path": folder / "own.pt2"}


def torchscript_case(folder: Path) -> dict[str, Any]:
    make.script(folder / "own.pt", make.sound().train())
    return {"path": folder / "own.pt"}


def blackbox_case(folder: Path) -> dict[str, Any]:
    del folder
    return {"function": "fixtures.black_boxes:four", "answers": "probabilities"}


def onnx_case(folder: Path) -> dict[str, Any]:
    for package in ("onnx", "onnx_ir", "onnx2pytorch", "onnxruntime"):
        pytest.importorskip(package, reason="the extra 'onnx' is not installed")
    return {"path": onnx_files.write(folder / "own.onnx", classes=4, side=64)}


def onnxruntime_case(folder: Path) -> dict[str, Any]:
    return {**onnx_case(folder), "answers": "logits"}


def timm_case(folder: Path) -> dict[str, Any]:
    library = pytest.importorskip("timm", reason="the extra 'timm' is not installed")
    torch.manual_seed(2)
    save_file(library.create_model("resnet10t", num_classes=4).state_dict(), folder / "own.safetensors")
    return {"name": "resnet10t", "weights": folder / "own.safetensors"}


def keras_case(folder: Path) -> dict[str, Any]:
    if not all(importlib.util.find_spec(name) for name in ("keras", "h5py")):
        pytest.skip("the extra 'keras' is not installed")
    return {"path": keras_files.write(folder / "own.keras", classes=4, side=64)}


def tensorflow_case(folder: Path) -> dict[str, Any]:
    if not importlib.util.find_spec("tensorflow"):
        pytest.skip("the extra 'tensorflow' is not installed")
    return {"path": tensorflow_files.write(folder / "own", classes=4, side=64)}


def tensorflow_factory_case(folder: Path) -> dict[str, Any]:
    tensorflow_case(folder)
    arguments = {"classes": 4, "side": 64, "end": "linear"}
    return {"function": "fixtures.tensorflow_files:model", "arguments": arguments, "layout": "NHWC"}


def transformers_case(folder: Path) -> dict[str, Any]:
    if not importlib.util.find_spec("transformers"):
        pytest.skip("the extra 'transformers' is not installed")
    huggingface_files.write(folder / "own")
    return {"path": folder / "own"}


def open_clip_case(folder: Path) -> dict[str, Any]:
    if not importlib.util.find_spec("open_clip"):
        pytest.skip("the extra 'open_clip' is not installed")
    path, _ = clip_files.write(folder)
    return {"name": clip_files.NAME, "weights": path, "prompts": clip_files.PROMPTS}


def detector_case(folder: Path) -> dict[str, Any]:
    del folder
    return {"function": "fixtures.lard_detectors:honest", "labels": 3, "arguments": {"beyond": 0.5}}


def torchvision_detector_case(folder: Path) -> dict[str, Any]:
    name = "ssdlite320_mobilenet_v3_large"
    torch.manual_seed(2)
    network = tv.get_model(name, weights=None, weights_backbone=None, num_classes=4)
    save_file(network.state_dict(), folder / "own.safetensors")
    return {"name": name, "weights": folder / "own.safetensors", "threshold": 0.5}


def onnx_detector_case(folder: Path) -> dict[str, Any]:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package, reason="the extra 'onnx' or onnxscript is not installed")
    return {"path": lard_detectors.write_onnx(folder / "own.onnx", 64, 64), "labels": 3, "first_label": 1}


CASES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "torchvision": torchvision_case,
    "factory": factory_case,
    "exported": exported_case,
    "torchscript": torchscript_case,
    "blackbox": blackbox_case,
    "timm": timm_case,
    "onnx": onnx_case,
    "keras": keras_case,
    "onnxruntime": onnxruntime_case,
    "transformers": transformers_case,
    "open_clip": open_clip_case,
    "tensorflow": tensorflow_case,
    "tensorflow_factory": tensorflow_factory_case,
    "detector": detector_case,
    "torchvision_detector": torchvision_detector_case,
    "onnx_detector": onnx_detector_case,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_its_options_by_a_table_that_the_settings_take(kind: str) -> None:
    function = registry.resolve("audit.models.kinds", kind)
    table = tomllib.loads((inspect.getdoc(function) or "").split("\n\n")[1])["model"]
    assert table.pop("kind") == kind
    assert table.keys() == inspect.signature(function).parameters.keys()
    registry.options(function, table, "model")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_opens_a_frozen_network(kind: str, tmp_path: Path) -> None:
    function = registry.resolve("audit.models.kinds", kind)
    model = function(**registry.options(function, CASES[kind](tmp_path), "model"))
    assert isinstance(model, Model)
    assert not any(part.training for part in model.module.modules())
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert model.description["kind"] == kind
    assert str(tmp_path) not in json.dumps(dict(model.description))
    before = state_hash(model.module)
    with torch.no_grad():
        logits = model.module(X)
    if model.capabilities.gradient:
        leaf = X.clone().requires_grad_()
        differentiated = model.module(leaf)
        torch.testing.assert_close(differentiated, logits)  # attention takes another way where nobody differentiates
        (gradient,) = torch.autograd.grad(differentiated.sum(), leaf)
        assert gradient.abs().sum() > 0
    assert state_hash(model.module) == before
    assert torch.equal(rehearse(model.module, X, 4), logits)
    again = function(**registry.options(function, CASES[kind](tmp_path), "model"))
    assert torch.equal(again.module(X).detach(), model.module(X).detach())
    assert state_hash(again.module) == before


LINES = re.findall(r"^kind = .*$", TEXT, re.MULTILINE)


def table_of(line: str) -> dict[str, Any]:
    """The line without its remark; its entries are two spaces or more apart."""
    return tomllib.loads("\n".join(re.split(r"\s{2,}", re.sub(r"\s+(\(.*\)|#.*)$", "", line))))


def test_the_readme_has_a_line_for_every_kind() -> None:
    assert sorted(table_of(line)["kind"] for line in LINES) == KINDS


@pytest.mark.parametrize("line", LINES, ids=lambda line: table_of(line)["kind"])
def test_the_readmes_line_opens_a_model(line: str, tmp_path: Path) -> None:
    table = table_of(line)
    options = CASES[table["kind"]](tmp_path)
    assert table.keys() <= {"kind", *options}
    for key, value in options.items():
        stated = tmp_path / str(table.get(key, ""))
        if isinstance(value, Path) and value.suffix == stated.suffix:
            value.rename(stated)
        else:
            table[key] = str(value) if isinstance(value, Path) else value
    model = open_model(ModelTable.model_validate(table), tmp_path)
    check_model(model, X)
    assert rehearse(model.module, X).shape == (2, 4)


@pytest.mark.slow
@pytest.mark.tor("TOR-008")
@pytest.mark.parametrize("kind", ["factory", "exported", "torchscript"])
def test_the_file_is_the_network_that_was_saved(kind: str, tmp_path: Path) -> None:
    function = registry.resolve("audit.models.kinds", kind)
    module = function(**CASES[kind](tmp_path)).module
    torch.testing.assert_close(module(X), make.sound()(X))
    assert torch.equal(module(X[:1]), module(X[:1]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet18", {}),
        ("mobilenet_v3_small", {}),
        ("regnet_x_400mf", {}),
        ("squeezenet1_1", {}),
        ("googlenet", {"aux_logits": True, "transform_input": True, "init_weights": False}),
        ("googlenet", {"aux_logits": False, "transform_input": True, "init_weights": False}),
    ],
)
def test_a_tuned_network_has_the_classes_of_its_head(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    module = tuned(name, tmp_path / "tuned.pth", 4, **options)
    model = torchvision(name=name, weights=tmp_path / "tuned.pth")
    assert model.classes is None
    assert model.description["classes"] == "4, unnamed"
    assert torch.equal(rehearse(model.module, X, 4), module(X).detach())


@pytest.mark.slow
@pytest.mark.parametrize("auxiliary", [True, False])
def test_inception_returns_plain_logits(auxiliary: bool, tmp_path: Path) -> None:
    module = tuned(
        "inception_v3", tmp_path / "t.pth", 4, aux_logits=auxiliary, transform_input=True, init_weights=False
    )
    model = torchvision(name="inception_v3", weights=tmp_path / "t.pth")
    x = torch.rand(2, 3, 299, 299)
    assert model.preprocessing is not None
    assert model.preprocessing.crop == (299, 299)
    assert torch.equal(rehearse(model.module, x, 4), module(x).detach())


def test_a_local_network_of_1000_classes_says_what_it_assumes(tmp_path: Path) -> None:
    tuned("squeezenet1_0", tmp_path / "own.pth", 1000)
    model = torchvision(name="squeezenet1_0", weights=tmp_path / "own.pth")
    assert model.preprocessing == Preprocessing(resize=256, crop=(224, 224))
    assert model.classes is not None
    assert (len(model.classes), model.classes[151].name) == (1000, "Chihuahua")
    assert model.description == {
        "kind": "torchvision",
        "name": "squeezenet1_0",
        "weights": "own.pth",
        "preprocessing": "assumed: that of SqueezeNet1_0_Weights.IMAGENET1K_V1",
        "classes": "assumed: those of SqueezeNet1_0_Weights.IMAGENET1K_V1",
    }


def test_a_vision_transformer_gets_the_preprocessing_of_its_size() -> None:
    module = nn.Linear(1, 1)
    module.image_size = 224  # type: ignore[assignment]
    source = sys.modules["audit.models.kinds.torchvision"]._source("vit_h_14", module)
    assert source.name == "IMAGENET1K_SWAG_LINEAR_V1"
    assert next(iter(tv.get_model_weights("vit_h_14"))).transforms().crop_size != [224]


@pytest.mark.parametrize("weights", ["IMAGENET1K_V1", "DEFAULT", "SqueezeNet1_1_Weights.IMAGENET1K_V1"])
def test_published_weights_bring_their_names_and_preprocessing(
    weights: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entry = tv.SqueezeNet1_1_Weights.IMAGENET1K_V1
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    module = tuned("squeezenet1_1", tmp_path / "hub" / "checkpoints" / entry.url.rpartition("/")[2], 1000)
    model = torchvision(name="squeezenet1_1", weights=Path("some/folder") / weights)
    assert torch.equal(model.module(X), module(X))
    assert model.classes is not None
    assert [entry.name for entry in model.classes] == entry.meta["categories"]
    assert model.description["weights"] == "SqueezeNet1_1_Weights.IMAGENET1K_V1"
    assert model.preprocessing == Preprocessing(resize=256, crop=(224, 224))


@pytest.mark.tor("TOR-012")
def test_every_published_preprocessing_is_carried_over() -> None:
    module = sys.modules["audit.models.kinds.torchvision"]
    picture = to_pil_image(torch.randint(0, 256, (3, 90, 120), dtype=torch.uint8))
    for name in ("resnet50", "swin_v2_t", "efficientnet_b0"):
        entry = module._weights_of(name)[-1]
        preprocessing = module._preprocessing(entry)
        pixels = preprocessing.frame(picture, ()).pixels
        ours = preprocessing.normalise(pixels[None])[0]
        torch.testing.assert_close(ours, entry.transforms()(picture))


def test_offline_the_error_says_what_to_fetch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def unplugged(*_: Any, **__: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", unplugged)
    with pytest.raises(AuditError) as caught:
        torchvision(name="resnet18", weights=Path("IMAGENET1K_V1"))
    assert str(caught.value) == (
        "model: cannot download ResNet18_Weights.IMAGENET1K_V1 (<urlopen error no route to host>); "
        "need a connection, or "
        "the file. Fetch https://download.pytorch.org/models/resnet18-f37072fd.pth elsewhere and set weights to the "
        "file."
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("resnet81", "DEFAULT", "no classification network 'resnet81'; did you mean 'resnet18'"),
        ("fasterrcnn_resnet50_fpn", "DEFAULT", "torchvision has no classification network"),
        ("resnet18", "IMAGENET1K_V9", "model: no weights 'IMAGENET1K_V9' for resnet18; did you mean 'IMAGENET1K_V1'"),
        ("vgg16", "IMAGENET1K_FEATURES", "no weights 'IMAGENET1K_FEATURES' for vgg16"),
        ("resnet18", "gone.safetensors", "gone.safetensors: no such file"),
    ],
)
def test_an_unknown_name_suggests_another(name: str, weights: str, message: str) -> None:
    with pytest.raises(AuditError, match=message):
        torchvision(name=name, weights=Path(weights))


@pytest.mark.slow
@pytest.mark.tor("TOR-008")
def test_a_state_dict_of_another_architecture_says_so(tmp_path: Path) -> None:
    tuned("squeezenet1_1", tmp_path / "own.pth", 4)
    with pytest.raises(
        AuditError, match=r"own.pth: has no head of resnet18 \(fc.weight, fc.bias\); need the state dict of"
    ):
        torchvision(name="resnet18", weights=tmp_path / "own.pth")
    with pytest.raises(AuditError, match=r"own.pth: does not fit SqueezeNet: .* of another shape \(features.0.weight"):
        torchvision(name="squeezenet1_0", weights=tmp_path / "own.pth")


def test_a_factory_may_load_its_weights_itself() -> None:
    model = factory(function=f"{NETWORKS}:small", arguments={"classes": 3})
    assert model.module(X).shape == (2, 3)
    assert model.description == {
        "kind": "factory",
        "name": f"{NETWORKS}:small",
        "weights": "from the function",
        "arguments.classes": "3",
    }


@pytest.mark.slow
def test_a_program_for_one_size_of_batch_is_refused_with_the_way_out(tmp_path: Path) -> None:
    make.program(tmp_path / "one.pt2", make.sound(), X[:1], any_batch=False)
    with pytest.raises(AuditError) as caught:
        exported(path=tmp_path / "one.pt2")
    assert str(caught.value) == (
        "one.pt2: was exported for batches of exactly 1; "
        "need a batch of any size. Export it again: torch.export.export("
        "model, (x,), dynamic_shapes=({0: torch.export.Dim('batch')},)) with an x of two pictures."
    )


@pytest.mark.slow
def test_a_program_says_which_pictures_it_takes(tmp_path: Path) -> None:
    model = exported(**exported_case(tmp_path))
    assert model.description["input"] == "any x 3 x 64 x 64"
    with pytest.raises(AuditError, match=r"raises RuntimeError on an input of shape \(2, 3, 32, 32\)"):
        rehearse(model.module, X[:, :, :32, :32], 4)


@pytest.mark.slow
def test_a_program_exported_in_training_mode_is_found(tmp_path: Path) -> None:
    make.program(tmp_path / "train.pt2", make.sound().train(), X)
    with pytest.raises(AuditError, match="answers differently for a picture alone and in a batch of two"):
        rehearse(exported(path=tmp_path / "train.pt2").module, X, 4)


class WritingIntoItsInput(nn.Module):
    """Adds to its pictures in place, and reads them twice."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.mul_(0.5).add_(1)
        logits: torch.Tensor = self.last(x.mean(dim=(2, 3)))
        return logits


@pytest.mark.slow
@pytest.mark.parametrize("decomposed", [False, True], ids=["in place", "said to change its input"])
def test_a_program_that_writes_into_its_input_cannot_change_the_pictures(decomposed: bool, tmp_path: Path) -> None:
    network = WritingIntoItsInput().eval()
    program = torch.export.export(network, (X.clone(),), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},))
    program = program.run_decompositions() if decomposed else program
    kinds = [output.kind for output in program.graph_signature.output_specs]
    assert (OutputKind.USER_INPUT_MUTATION in kinds) == decomposed
    torch.export.save(program, tmp_path / "writing.pt2")
    module = exported(path=tmp_path / "writing.pt2").module
    x = X.clone()
    module(x)
    assert not torch.equal(x, X), "left to itself it does"
    batch = Batch(module, X.clone(), torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))
    rehearse(module, batch.x, 4)
    assert torch.equal(batch.differentiate(batch.x).logits, batch.plain.logits)
    assert torch.equal(batch.x, X)
    torch.testing.assert_close(batch.plain.logits, network(X.clone()))


class TwoInputs(nn.Module):
    """Takes more than pictures."""

    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return (x * scale).flatten(1)


def test_a_program_of_two_inputs_is_refused(tmp_path: Path) -> None:
    torch.export.save(torch.export.export(TwoInputs(), (X, torch.ones(1))), tmp_path / "two.pt2")
    with pytest.raises(AuditError, match=r"two\.pt2: takes 2 inputs; need one batch of pictures"):
        exported(path=tmp_path / "two.pt2")


@pytest.mark.real
def test_the_real_network_knows_the_real_labels(real: Path) -> None:
    model = torchvision(name="squeezenet1_0", weights=real / "squeezenet1_0.safetensors")
    classes = read_classes(real / "imagenet_classes.json")
    categories = json.loads((real / "annotations.json").read_text(encoding="utf-8"))["categories"]
    assert len(categories) == 30
    expected = {category["name"]: category["imagenet_index"] for category in categories}
    assert map_labels(expected, classes, {}) == expected
    by_wnid = {category["wnid"]: category["imagenet_index"] for category in categories}
    assert map_labels(by_wnid, classes, {}) == by_wnid
    assert rehearse(model.module, torch.randn(2, 3, 224, 224), len(classes)).shape == (2, 1000)
