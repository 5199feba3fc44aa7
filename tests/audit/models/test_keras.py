"""Keras files: screened before Keras sees them, computed by Keras on torch, and like a network of torch in all else."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import audit
from audit.errors import AuditError
from audit.models.keras_config import ALLOWED, LAYERS, screen
from audit.models.keras_library import keras_on_torch
from audit.models.kinds.keras import keras
from audit.models.model import Model, check_model, rehearse, state_hash, to_channels_last
from audit.models.randomised import parameters_of, randomised, statistics_of
from audit.saliency.batch import Batch
from audit.saliency.methods.gradcam import gradcam
from audit.saliency.methods.guided_backprop import guided_backprop
from audit.settings import load_settings
from fixtures import keras_files, onnx_files
from fixtures.opened_models import check_same_audit
from fixtures.shapes import write_shapes

if not all(importlib.util.find_spec(name) for name in ("keras", "h5py")):
    pytest.skip("the extra 'keras' is not installed", allow_module_level=True)

X = torch.rand(3, 3, 24, 24, generator=torch.Generator().manual_seed(5))
FORMS = [
    ("own.keras", "softmax"),
    ("own.keras", "linear"),
    ("own.keras", "layer"),
    ("own.keras", "nested"),
    ("o.h5", "softmax"),
]


@pytest.fixture(scope="module")
def net() -> nn.Module:
    return onnx_files.lively().requires_grad_(False)


def batch(module: nn.Module) -> Batch:
    return Batch(module, X, torch.tensor([0, 1, 0]), torch.full((3,), 0.5), torch.full((3,), 0.25), (0, 1, 2))


@pytest.mark.tor("TOR-092")
@pytest.mark.parametrize(("file", "end"), FORMS)
def test_the_network_is_that_of_the_file(file: str, end: str, net: nn.Module, tmp_path: Path) -> None:
    model = keras(path=keras_files.write(tmp_path / file, net, end))
    check_model(model, X)
    torch.testing.assert_close(rehearse(model.module, X, 2), net(X))
    torch.testing.assert_close(batch(model.module).plain.gradient, batch(net).plain.gradient)
    torch.testing.assert_close(guided_backprop(batch(model.module)), guided_backprop(batch(net)))
    ours, theirs = gradcam(batch(model.module), layer="relu"), gradcam(batch(net), layer="2")
    torch.testing.assert_close(ours.signed, theirs.signed)
    assert model.description["softmax"] == ("none at the end" if end == "linear" else "set aside")
    assert model.description["input"] == "any x 24 x 24 x 3"
    assert to_channels_last(model.module, X[:1])
    torch.testing.assert_close(model.module(X), net(X))


@pytest.mark.tor("TOR-092")
@pytest.mark.parametrize(("file", "end"), FORMS)
def test_weights_have_torchs_names_and_layouts(file: str, end: str, net: nn.Module, tmp_path: Path) -> None:
    module = keras(path=keras_files.write(tmp_path / file, net, end)).module
    head = "top/head" if end == "nested" else "head"
    own = dict(net.named_parameters())
    named = parameters_of(module)
    assert named.keys() == {"conv.weight", "conv.bias", "norm.gamma", "norm.beta", f"{head}.weight", f"{head}.bias"}
    assert torch.equal(named["conv.weight"], own["0.weight"])
    assert torch.equal(named["norm.gamma"], own["1.weight"])
    assert named[f"{head}.weight"].shape == own["5.weight"].shape
    statistics = statistics_of(module)
    assert statistics.keys() == {"norm.running_mean", "norm.running_var"}
    assert torch.equal(statistics["norm.running_var"], net.get_buffer("1.running_var"))


@pytest.mark.tor("TOR-032")
@pytest.mark.parametrize(("file", "end"), FORMS)
def test_the_randomised_copy_is_random_finite_and_apart(file: str, end: str, tmp_path: Path) -> None:
    module = keras(path=keras_files.write(tmp_path / file, onnx_files.lively(), end)).module
    before, answers = state_hash(module), module(X)
    copied = randomised(module, 0, [X])
    assert torch.isfinite(copied(X)).all()
    assert not torch.allclose(copied(X), answers)
    assert batch(copied).plain.gradient.abs().sum() > 0
    assert (statistics_of(copied)["norm.running_var"] > 0).all()
    assert state_hash(module) == before
    assert torch.equal(module(X), answers)
    again = randomised(module, 0, [X])
    assert torch.equal(again(X), copied(X))


def test_a_copy_answers_alike_and_shares_nothing(tmp_path: Path) -> None:
    module = keras(path=keras_files.write(tmp_path / "own.keras")).module
    copied = deepcopy(module)
    assert torch.equal(copied(X), module(X))
    assert state_hash(copied) == state_hash(module)
    with torch.no_grad():
        parameters_of(copied)["conv.bias"].add_(1)
    assert not torch.equal(copied(X), module(X))
    assert state_hash(copied) != state_hash(module)


def test_depthwise_weights_have_the_layout_of_torch(tmp_path: Path) -> None:
    library = keras_on_torch()
    pictures = library.Input((24, 24, 3))
    x = library.layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depth")(pictures)
    x = library.layers.GlobalAveragePooling2D()(x)
    keras_files.save(library.Model(pictures, library.layers.Dense(2)(x)), tmp_path / "own.keras")
    module = keras(path=tmp_path / "own.keras").module
    weight, bias = (parameters_of(module)[f"depth.{name}"] for name in ("weight", "bias"))
    expected = nn.functional.conv2d(X, weight.flatten(0, 1).unsqueeze(1), bias, padding=1, groups=3).mean(dim=(2, 3))
    dense = parameters_of(module)
    torch.testing.assert_close(module(X), expected @ dense["dense.weight"].T + dense["dense.bias"])


@pytest.mark.tor("TOR-092")
def test_a_softmax_that_was_not_one_of_the_file_is_found(tmp_path: Path) -> None:
    model = keras(path=keras_files.write(tmp_path / "own.keras"))
    assert model.check is not None
    with pytest.raises(AuditError, match="answers otherwise without its softmax than the model as it was"):
        model.check(X, model.module(X) * 1.01)


def edited(folder: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """A file whose configuration was changed by hand."""
    path = keras_files.write(folder / "own.keras")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    edit(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, data)
    return path


def naming(**entry: Any) -> Callable[[Path], Path]:
    """The activation of the first layer is something else."""

    def edit(config: dict[str, Any]) -> None:
        config["config"]["layers"][1]["config"]["activation"] = entry

    return lambda folder: edited(folder, edit)


def with_lambda(folder: Path) -> Path:
    library = keras_on_torch()
    pictures = library.Input((24, 24, 3))
    x = library.layers.Lambda(lambda x: x * 2, name="double")(pictures)
    keras_files.save(
        library.Model(pictures, library.layers.Dense(2)(library.layers.Flatten()(x))), folder / "own.keras"
    )
    return folder / "own.keras"


def legacy_lambda(folder: Path) -> Path:
    path = with_lambda(folder)
    library = keras_on_torch()
    loaded = library.saving.load_model(path, compile=False, safe_mode=False)
    keras_files.save(loaded, folder / "own.h5")
    return folder / "own.h5"


def other_member(folder: Path) -> Path:
    path = keras_files.write(folder / "own.keras")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../assets/run.py", "")
    return path


def packed(folder: Path) -> Path:
    path = keras_files.write(folder / "own.keras")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**parts, "metadata.json": b" " * 10**7}.items():
            archive.writestr(name, data)
    return path


def with_tensors(change: Callable[[Any], None]) -> Callable[[Path], Path]:
    """An `.h5` file to which something was added."""
    import h5py  # noqa: PLC0415

    def make(folder: Path) -> Path:
        path = keras_files.write(folder / "own.h5")
        with h5py.File(path, "a") as file:
            change(file)
        return path

    return make


def link(file: Any) -> None:
    import h5py  # noqa: PLC0415

    file["more"] = h5py.ExternalLink("/etc/passwd", "/x")


def loop(file: Any) -> None:
    file["model_weights/more"] = file["model_weights"]


def huge(file: Any) -> None:
    file.create_dataset("more", (10**6, 10**6), dtype="f4", chunks=(10, 10))


def weights_alone(file: Any) -> None:
    del file.attrs["model_config"]


def two_inputs(folder: Path) -> Path:
    library = keras_on_torch()
    pictures, rest = library.Input((24, 24, 3), name="pictures"), library.Input((5,), name="metadata")
    x = library.layers.Concatenate()([library.layers.Flatten()(pictures), rest])
    keras_files.save(library.Model([pictures, rest], library.layers.Dense(2)(x)), folder / "own.keras")
    return folder / "own.keras"


def truncated(folder: Path) -> Path:
    path = keras_files.write(folder / "own.h5")
    path.write_bytes(path.read_bytes()[:-3000])
    return path


def text(folder: Path) -> Path:
    (folder / "own.keras").write_text("no archive")
    return folder / "own.keras"


def otherwise_named(folder: Path) -> Path:
    (folder / "own.bin").write_bytes(b"anything")
    return folder / "own.bin"


@pytest.mark.tor("TOR-007", "TOR-092")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            with_lambda,
            r"own.keras: names 'Lambda' \(layer 'double'\), which runs code; need layers of Keras itself",
        ),
        (legacy_lambda, r"own.h5: names 'Lambda' \(layer 'double'\), which runs code"),
        (naming(module="builtins", class_name="function", config="system"), "names 'function', which runs code"),
        (naming(module="keras.layers", class_name="TFSMLayer", config={}), "names 'TFSMLayer', which runs code"),
        (naming(module="os", class_name="Dense", config={}), "takes 'Dense' from 'os'"),
        (naming(module=["os"], class_name="Dense", config={}), "takes 'Dense' from"),
        (naming(class_name="Dense", registered_name="Mine>Dense"), "takes 'Dense' from 'Mine>Dense'"),
        (naming(module="mine", config={}), "names 'None', which is none of the known layers of Keras"),
        (naming(class_name="get_file", module="keras.utils"), "names 'get_file', which is none of the known layers"),
        (other_member, r"holds other members than Keras writes \('../assets/run.py'\)"),
        (packed, "grows when it is read"),
        (with_tensors(link), r"own.h5: holds a link \('more'\); need all tensors in the file"),
        (with_tensors(loop), "own.h5: lists 'more' twice"),
        (with_tensors(huge), r"own.h5: grows from [\d,]+ to 4,000,\d\d\d,\d\d\d,\d\d\d bytes when it is read"),
        (with_tensors(weights_alone), "own.h5: holds weights alone, and no model; need a whole model"),
        (truncated, "own.h5: cannot be read as a Keras model"),
        (text, "own.keras: cannot be read as a Keras model"),
        (lambda folder: folder / "gone.keras", "gone.keras: no such file"),
        (otherwise_named, r"own.bin: is no Keras file by its name; need one that ends in .keras, .h5"),
    ],
)
def test_a_file_that_names_more_than_layers_is_refused_before_keras_sees_it(
    make: Callable[[Path], Path], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path)
    monkeypatch.setattr(keras_on_torch().saving, "load_model", lambda *_, **__: pytest.fail("Keras sees it"))
    with pytest.raises(AuditError, match=message):
        keras(path=path)


@pytest.mark.tor("TOR-092")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (two_inputs, r"own.keras: has 2 inputs \(pictures, metadata\) and 1 outputs; need one of each"),
        (
            lambda folder: keras_files.write(folder / "o.keras", end="sigmoid"),
            "ends in the activation 'sigmoid'; need a last",
        ),
    ],
)
def test_what_is_no_classifier_of_pictures_is_refused(
    make: Callable[[Path], Path], message: str, tmp_path: Path
) -> None:
    with pytest.raises(AuditError, match=message):
        keras(path=make(tmp_path))


def test_how_a_model_was_compiled_does_not_matter(tmp_path: Path) -> None:
    library = keras_on_torch()
    inner = library.Sequential([library.Input((24, 24, 3)), library.layers.Conv2D(3, 3, padding="same")])
    inner.compile("adam", loss="mse")
    pictures = library.Input((24, 24, 3))
    built = library.Model(pictures, library.layers.Dense(2)(library.layers.Flatten()(inner(pictures))))
    built.compile("adam", loss=lambda one, other: library.ops.mean(one - other))
    keras_files.save(built, tmp_path / "own.keras")
    model = keras(path=tmp_path / "own.keras")
    expected = built(X.permute(0, 2, 3, 1))
    torch.testing.assert_close(model.module(X), expected.detach())


def test_every_allowed_layer_is_one_of_keras() -> None:
    library = keras_on_torch()
    assert [name for name in LAYERS if not hasattr(library.layers, name)] == []
    assert not {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup"} & ALLOWED


def test_a_configuration_of_any_depth_ends() -> None:
    config: Any = {}
    for _ in range(100_000):
        config = {"config": config}
    with pytest.raises(AuditError, match="is nested more than 200 deep"):
        screen(config, "own.keras")


def test_keras_on_another_backend_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keras_files.write(tmp_path / "own.keras")
    library = keras_on_torch()
    monkeypatch.setattr(library.backend, "backend", lambda: "tensorflow")
    with pytest.raises(
        AuditError, match=r"on the backend 'tensorflow'; need it on torch\. Set the environment variable"
    ):
        keras(path=path)
    monkeypatch.undo()
    monkeypatch.setattr(library, "__version__", "3.14.2")
    with pytest.raises(AuditError, match=r"keras is 3.14.2; need 3.15 or newer. Install it: pip install"):
        keras(path=path)


@pytest.mark.parametrize("package", ["keras", "h5py"])
def test_a_missing_package_says_what_to_install(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keras_files.write(tmp_path / "own.keras")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(AuditError, match=r"the kind 'keras' takes packages .*pip install 'saliency-audit\[keras\]'"):
        keras(path=path)


@pytest.mark.slow
def test_neither_the_environment_nor_the_home_decides(tmp_path: Path) -> None:
    keras_files.write(tmp_path / "own.keras")
    code = (
        "import pathlib, sys, os\nfrom audit.models.kinds.keras import keras\n"
        "model = keras(path=pathlib.Path(sys.argv[1]))\nassert os.environ['KERAS_BACKEND'] == 'tensorflow'\n"
        "assert 'tensorflow' not in sys.modules\nprint(model.description['library'])"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "HOME": str(home)}
    command = [sys.executable, "-c", code, str(tmp_path / "own.keras")]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert out.stdout.strip().endswith("on torch")
    assert not (home / ".keras").exists()


@pytest.mark.slow
@pytest.mark.tor("TOR-092")
def test_an_audit_of_the_file_is_that_of_the_network(tmp_path: Path) -> None:
    check_same_audit(tmp_path, "keras", "own.keras", keras_files.write)


def test_a_model_that_was_opened_may_be_audited_from_python(tmp_path: Path) -> None:
    opened = keras(path=keras_files.write(tmp_path / "own.keras"))
    named = Model(opened.module, ("dark", "light"), None, opened.description, opened.capabilities, opened.check)
    settings = load_settings(write_shapes(tmp_path / "data"))
    result = audit.measure(settings, tmp_path / "out", model=named)
    assert result.exists()
