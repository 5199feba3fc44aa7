"""SavedModels: screened before TensorFlow runs them, computed by TensorFlow, and torch's gradient is its tape's."""

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from audit.errors import AuditError
from audit.models.kinds.tensorflow import tensorflow
from audit.models.kinds.tensorflow_factory import tensorflow_factory
from audit.models.kinds.torchvision import torchvision
from audit.models.model import check_model, rehearse, state_hash, to_channels_last
from audit.models.randomised import parameters_of, randomised, statistics_of
from audit.models.tensorflow_library import tensorflow_library
from audit.models.tensorflow_operators import ALLOWED
from audit.saliency.batch import Attribution, Batch, reduce_channels
from audit.saliency.methods.gradient import gradient
from audit.saliency.methods.input_x_gradient import input_x_gradient
from audit.saliency.methods.integrated_gradients import integrated_gradients
from fixtures import onnx_files, tensorflow_files, tensorflow_squeezenet
from fixtures.opened_models import check_same_audit

if not importlib.util.find_spec("tensorflow"):
    pytest.skip("the extra 'tensorflow' is not installed", allow_module_level=True)

X = torch.rand(3, 3, 24, 24, generator=torch.Generator().manual_seed(5))
FORMS: list[dict[str, Any]] = [{}, {"end": "linear"}, {"pixels_last": False}]


@pytest.fixture(scope="module")
def tf() -> Any:
    return tensorflow_library("tensorflow")


@pytest.fixture(scope="module")
def net() -> nn.Module:
    return onnx_files.lively().requires_grad_(False)


def batch(module: nn.Module) -> Batch:
    return Batch(module, X, torch.tensor([0, 1, 0]), torch.full((3,), 0.5), torch.full((3,), 0.25), (0, 1, 2))


@pytest.mark.tor("TOR-096")
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_network_is_that_of_the_folder(form: dict[str, Any], net: nn.Module, tmp_path: Path) -> None:
    model = tensorflow(path=tensorflow_files.write(tmp_path / "own", net, **form))
    check_model(model, X)
    torch.testing.assert_close(rehearse(model.module, X, 2), net(X))
    torch.testing.assert_close(batch(model.module).plain.gradient, batch(net).plain.gradient)
    ours, theirs = (integrated_gradients(batch(module), steps=4).signed for module in (model.module, net))
    torch.testing.assert_close(ours, theirs)
    assert model.description["softmax"] == ("none at the end" if form.get("end") == "linear" else "set aside")
    assert to_channels_last(model.module, X[:1])
    torch.testing.assert_close(model.module(X), net(X))


def test_the_gradient_is_the_tapes_to_the_last_bit(tf: Any, tmp_path: Path) -> None:
    folder = tensorflow_files.write(tmp_path / "own", end="linear")
    leaf = X.clone().requires_grad_()
    (ours,) = torch.autograd.grad(tensorflow(path=folder).module(leaf)[:, 1].sum(), leaf)
    loaded = tf.saved_model.load(str(folder))
    pictures = tf.constant(X.permute(0, 2, 3, 1).numpy())
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        score = tf.reduce_sum(loaded.signatures["serving_default"](pictures=pictures)["answers_0"][:, 1])
    assert np.array_equal(ours.permute(0, 2, 3, 1).numpy(), tape.gradient(score, pictures).numpy())


def test_pictures_anywhere_in_memory_are_read_right_and_left_alone(net: nn.Module, tmp_path: Path) -> None:
    module = tensorflow(path=tensorflow_files.write(tmp_path / "own", net)).module
    for shift in range(3):
        room = torch.zeros(X.numel() + 4)
        x = room[shift : shift + X.numel()].view(X.shape).copy_(X)
        torch.testing.assert_close(module(x), net(X))
        torch.testing.assert_close(module(x.permute(0, 1, 3, 2)), net(X.permute(0, 1, 3, 2)))
        assert torch.equal(x, X)


def test_a_second_derivative_is_not_made_up(tmp_path: Path) -> None:
    leaf = X.clone().requires_grad_()
    logits = tensorflow(path=tensorflow_files.write(tmp_path / "own")).module(leaf)
    (first,) = torch.autograd.grad(logits[:, 0].square().sum(), leaf, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        torch.autograd.backward(first.sum())


@pytest.mark.tor("TOR-096")
def test_weights_have_torchs_names_and_layouts(net: nn.Module, tmp_path: Path) -> None:
    module = tensorflow(path=tensorflow_files.write(tmp_path / "own", net)).module
    own, named, statistics = dict(net.named_parameters()), parameters_of(module), statistics_of(module)
    assert named.keys() == {"conv.weight", "conv.bias", "norm.gamma", "norm.beta", "head.weight", "head.bias"}
    assert torch.equal(named["conv.weight"], own["0.weight"])
    assert named["head.weight"].shape == own["5.weight"].shape
    assert statistics.keys() == {"norm.running_mean", "norm.running_var"}
    assert torch.equal(statistics["norm.running_var"], net.get_buffer("1.running_var"))


@pytest.mark.tor("TOR-032")
@pytest.mark.tor("TOR-096")
def test_the_randomised_copy_is_random_finite_and_apart(net: nn.Module, tmp_path: Path) -> None:
    module = tensorflow(path=tensorflow_files.write(tmp_path / "own", net)).module
    before, answers, gradient = state_hash(module), module(X), batch(module).plain.gradient
    copied = randomised(module, 0, [X])
    assert torch.isfinite(copied(X)).all()
    assert not torch.allclose(copied(X), answers)
    assert batch(copied).plain.gradient.abs().sum() > 0
    assert (statistics_of(copied)["norm.running_var"] > 0).all()
    assert state_hash(module) == before
    assert torch.equal(module(X), answers)
    assert torch.equal(batch(module).plain.gradient, gradient)
    assert torch.equal(randomised(module, 0, [X])(X), copied(X))


def test_a_copy_with_these_weights_answers_as_torch_does_with_them(net: nn.Module, tmp_path: Path) -> None:
    copied = randomised(tensorflow(path=tensorflow_files.write(tmp_path / "own", net)).module, 3, None)
    twin, named = deepcopy(net), parameters_of(copied)
    for ours, theirs in {"conv": twin[0], "norm": twin[1]}.items():  # type: ignore[index]
        theirs.weight.copy_(named[f"{ours}.gamma" if ours == "norm" else f"{ours}.weight"])
        theirs.bias.copy_(named[f"{ours}.beta" if ours == "norm" else f"{ours}.bias"])
    twin[1].reset_running_stats()  # type: ignore[index]
    head = named["head.weight"].view(2, 4, 4, 4).permute(0, 3, 1, 2).reshape(2, 64)
    twin[5].weight.copy_(head)  # type: ignore[index]
    twin[5].bias.copy_(named["head.bias"])  # type: ignore[index]
    torch.testing.assert_close(copied(X), twin(X))


def test_depthwise_weights_have_the_layout_of_torch(tf: Any, tmp_path: Path) -> None:
    kernel = tf.Variable(np.random.default_rng(0).normal(size=(3, 3, 3, 2)).astype("float32"), name="depthwise/kernel")

    class Deep(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.kernel = kernel

        @tf.function(input_signature=[tf.TensorSpec((None, 24, 24, 3))])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            return tf.reduce_mean(tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), "SAME"), (1, 2))

    tf.saved_model.save(Deep(), str(tmp_path / "own"))
    module = tensorflow(path=tmp_path / "own").module
    weight = parameters_of(module)["depthwise.weight"]
    expected = nn.functional.conv2d(X, weight.flatten(0, 1).unsqueeze(1), padding=1, groups=3).mean(dim=(2, 3))
    torch.testing.assert_close(module(X), expected)


@pytest.mark.tor("TOR-096")
@pytest.mark.parametrize(
    ("how", "operator"),
    [
        ({"end": "read"}, "ReadFile"),
        ({"end": "printed"}, "StringFormat"),
        ({"end": "random"}, "StatelessRandomGetKeyCounter"),
        ({"end": "python"}, "EagerPyFunc"),
    ],
)
def test_a_folder_that_may_do_more_than_compute_is_refused_before_it_runs(
    how: dict[str, Any], operator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tf: Any
) -> None:
    folder = tensorflow_files.write(tmp_path / "own", **how)
    monkeypatch.setattr(tf.saved_model, "load", lambda *_: pytest.fail("it is loaded"))
    with pytest.raises(AuditError) as caught:
        tensorflow(path=folder)
    assert str(caught.value) == (
        f"own: holds the operator '{operator}'; need arithmetic of tensors alone, because it is code. Where you trust "
        "it, open it by the kind 'tensorflow_factory' with a function that calls tf.saved_model.load."
    )


def test_a_table_that_is_filled_when_it_is_loaded_is_refused(tf: Any, tmp_path: Path) -> None:
    built = tensorflow_files.model()
    keys, values = tf.constant([0, 1], tf.int64), tf.constant([1, 0], tf.int64)
    built.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), 0)
    tf.saved_model.save(built, str(tmp_path / "own"), signatures={"serving_default": built.asked})
    with pytest.raises(AuditError, match=r"own: holds the operator '(HashTableV2|LookupTableImportV2)'"):
        tensorflow(path=tmp_path / "own")


def test_every_allowed_operator_is_one_of_tensorflow(tf: Any) -> None:
    del tf
    registry = importlib.import_module("tensorflow.python.framework.op_def_registry")
    assert [name for name in sorted(ALLOWED) if registry.get(name) is None] == []
    stateful = {name for name in ALLOWED if registry.get(name).is_stateful}
    assert stateful == {
        *("Assert", "CheckNumerics", "If", "Case", "ReadVariableOp", "ResourceGather", "StatefulPartitionedCall")
    }
    words = ("File", "Save", "Restore", "PyFunc", "Print", "Random", "Dataset", "Send", "Recv", "Summary", "Assign")
    assert not [name for name in ALLOWED if any(word in name for word in words)]


@pytest.mark.tor("TOR-096")
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"batch": 1}, "own: was exported for batches of exactly 1; need a batch of any size. Export the bare"),
        ({"inputs": 2}, r"own: has 2 inputs \(more_1, pictures\) and 1 outputs \(answers_0\); need one of each"),
        ({"outputs": 2}, r"and 2 outputs \(answers_0, answers_1\); need one of each"),
        ({"element": "uint8"}, r"takes an input of 4 dimensions, of the type 4; need pictures \(N, H, W, C\)"),
    ],
)
def test_what_is_no_classifier_of_pictures_is_refused(how: dict[str, Any], message: str, tmp_path: Path) -> None:
    folder = tensorflow_files.write(tmp_path / "own", **how)
    with pytest.raises(AuditError, match=message):
        tensorflow(path=folder)


def test_probabilities_by_another_way_than_a_softmax_are_refused(tmp_path: Path) -> None:
    model = tensorflow(path=tensorflow_files.write(tmp_path / "own", end="quotient"))
    with pytest.raises(AuditError, match="own: returns probabilities; need logits"):
        check_model(model, X)


@pytest.mark.tor("TOR-096")
def test_a_softmax_that_was_not_one_of_the_folder_is_found(tmp_path: Path) -> None:
    model = tensorflow(path=tensorflow_files.write(tmp_path / "own"))
    assert model.check is not None
    with pytest.raises(AuditError, match="answers otherwise without its softmax than the folder as it was saved"):
        model.check(X, model.module(X) * 1.01)


def test_damaged_and_other_folders_are_refused(tmp_path: Path) -> None:
    folder = tensorflow_files.write(tmp_path / "own")
    with pytest.raises(AuditError, match=r"own: has no signature 'other', but 'serving_default'; need one of them"):
        tensorflow(path=folder, signature="other")
    with pytest.raises(AuditError, match=r"gone: is no folder with a saved_model.pb; need the folder of a SavedModel"):
        tensorflow(path=tmp_path / "gone")
    whole = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AuditError, match=r"own: cannot be read as a SavedModel \(DecodeError"):
        tensorflow(path=folder)
    (folder / "saved_model.pb").write_bytes(b"")
    with pytest.raises(AuditError, match=r"own: holds 0 graphs; need one graph of TensorFlow 2. Convert it: python -m"):
        tensorflow(path=folder)
    (folder / "saved_model.pb").write_bytes(whole)
    (folder / "variables" / "variables.index").unlink()
    with pytest.raises(AuditError, match=r"own: cannot be read as a SavedModel \("):
        tensorflow(path=folder)


def edited(folder: Path, edit: Callable[[Any], None]) -> Path:
    """A folder whose graph was changed by hand."""
    path = tensorflow_files.write(folder / "own")
    messages: Any = importlib.import_module("tensorflow.core.protobuf.saved_model_pb2")
    graph = messages.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    edit(graph.meta_graphs[0])
    (path / "saved_model.pb").write_bytes(graph.SerializeToString())
    return path


def asked_function(meta: Any) -> Any:
    """The function that the signature calls."""
    functions = {function.signature.name: function for function in meta.graph_def.library.function}
    return next(function for name, function in functions.items() if "asked" in name and "wrapper" not in name)


def in_a_circle(meta: Any) -> None:
    function = asked_function(meta)
    (last,) = (node for node in function.node_def if node.op == "Identity")
    last.input[0] = f"{last.name}:output:0"


def calling_itself(meta: Any) -> None:
    function = asked_function(meta)
    (node,) = (node for node in function.node_def if node.op == "Softmax")
    node.op = "PartitionedCall"
    node.attr["f"].func.name = function.signature.name


def calling_nothing(meta: Any) -> None:
    calling_itself(meta)
    (node,) = (node for node in asked_function(meta).node_def if node.op == "PartitionedCall")
    node.attr["f"].func.name = "gone"


def writing_where_it_differentiates(meta: Any) -> None:
    saving = next(function for function in meta.graph_def.library.function if "traced_save" in function.signature.name)
    gradient = meta.graph_def.library.registered_gradients.add()
    gradient.gradient_func, gradient.registered_op_type = saving.signature.name, "Relu"


def writing_when_it_is_loaded(meta: Any) -> None:
    saving = next(function for function in meta.graph_def.library.function if "traced_save" in function.signature.name)
    nodes = meta.object_graph_def.nodes
    nodes.add().bare_concrete_function.concrete_function_name = saving.signature.name
    nodes[0].children.add(node_id=len(nodes) - 1, local_name="_initialize")


def pointing_beyond(meta: Any) -> None:
    meta.object_graph_def.nodes[0].children.add(node_id=10_000, local_name="signatures")


@pytest.mark.tor("TOR-096")
@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (in_a_circle, "own: (cannot be read as a SavedModel|has no derivative)"),
        (calling_itself, r"own: cannot be read as a SavedModel \(RecursionError"),
        (calling_nothing, "own: calls a function 'gone' that it does not hold"),
        (writing_where_it_differentiates, "own: holds the operator '(StaticRegexFullMatch|MergeV2Checkpoints|SaveV2)'"),
        (writing_when_it_is_loaded, "own: holds the operator '(StaticRegexFullMatch|MergeV2Checkpoints|SaveV2)'"),
        (pointing_beyond, "own: cannot be read as a SavedModel"),
    ],
)
def test_a_graph_that_was_changed_by_hand_is_refused(edit: Callable[[Any], None], message: str, tmp_path: Path) -> None:
    folder = edited(tmp_path, edit)
    with pytest.raises(AuditError, match=message):
        tensorflow(path=folder)


def test_a_model_of_tensorflow_1_is_told_the_way(tf: Any, tmp_path: Path) -> None:
    old = tf.compat.v1
    with tf.Graph().as_default(), old.Session() as session:
        pictures = old.placeholder(tf.float32, (None, 24, 24, 3))
        answers = tf.reduce_mean(pictures, (1, 2))
        old.saved_model.simple_save(session, str(tmp_path / "own"), {"pictures": pictures}, {"answers": answers})
    with pytest.raises(AuditError, match=r"was saved by TensorFlow 1; need one graph of TensorFlow 2. Convert it:"):
        tensorflow(path=tmp_path / "own")


def keras_on_tensorflow(folder: Path) -> None:
    """A process of its own, since Keras here is on torch."""
    code = (
        "import sys, keras\nk = keras.layers\nkeras.utils.set_random_seed(1)\nmodel = keras.Sequential([keras.Input("
        "(24, 24, 3)), k.Conv2D(4, 3), k.BatchNormalization(), k.Activation('silu'), k.DepthwiseConv2D(3), k.Dropout"
        "(0.5), k.GlobalAveragePooling2D(), k.Dense(2, activation='softmax')])\nmodel.export(sys.argv[1], "
        "verbose=False)\nmodel.save(sys.argv[1] + '.keras')"
    )
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "KERAS_HOME": str(folder)}
    subprocess.run([sys.executable, "-c", code, str(folder / "own")], env=environment, check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.tor("TOR-096")
def test_what_keras_exports_on_tensorflow_is_what_it_saves(tmp_path: Path) -> None:
    if not importlib.util.find_spec("h5py"):
        pytest.skip("the extra 'keras' is not installed")
    from audit.models.kinds.keras import keras  # noqa: PLC0415

    keras_on_tensorflow(tmp_path)
    ours, theirs = tensorflow(path=tmp_path / "own"), keras(path=tmp_path / "own.keras")
    check_model(ours, X)
    assert ours.description["softmax"] == "set aside"
    torch.testing.assert_close(ours.module(X), theirs.module(X))
    torch.testing.assert_close(batch(ours.module).plain.gradient, batch(theirs.module).plain.gradient)
    shapes = [sorted(tuple(value.shape) for value in parameters_of(each.module).values()) for each in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert len(statistics_of(ours.module)) == 2


def nothing() -> None:
    """Returns nothing."""


def failing() -> None:
    raise SystemExit(3)


@pytest.mark.tor("TOR-096")
def test_a_factory_may_return_any_network_of_tensorflow(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorflow_files, "network", lambda: net)
    model = tensorflow_factory(function="fixtures.tensorflow_files:model", arguments={"end": "linear"})
    torch.testing.assert_close(rehearse(model.module, X, 2), net(X))
    torch.testing.assert_close(batch(model.module).plain.gradient, batch(net).plain.gradient)
    assert parameters_of(model.module).keys() >= {"conv.weight", "head.weight"}
    copied = randomised(model.module, 0, None)
    assert not torch.allclose(copied(X), model.module(X))
    torch.testing.assert_close(model.module(X), net(X))
    assert model.description["arguments.end"] == "'linear'"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nothing", "returns a NoneType; need what can be called and lists its variables. Return a tf.Module with"),
        ("failing", "raises SystemExit: 3; need a function that returns a network"),
        ("gone", "cannot be imported"),
    ],
)
def test_a_factory_that_returns_none_says_why(function: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for made in (nothing, failing):
        monkeypatch.setattr(tensorflow_files, made.__name__, made, raising=False)
    with pytest.raises(AuditError, match=message):
        tensorflow_factory(function=f"fixtures.tensorflow_files:{function}")


def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tensorflow_files.write(tmp_path / "own")
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(AuditError, match=r"the kind 'tensorflow' takes .*pip install 'saliency-audit\[tensorflow\]'"):
        tensorflow(path=folder)


@pytest.mark.slow
def test_torch_compiles_and_keras_is_on_torch_after_tensorflow_was_imported(tmp_path: Path) -> None:
    """A Triton that is imported after TensorFlow ends the process."""
    code = (
        "import torch\nfrom audit.models.tensorflow_library import tensorflow_library\n"
        "tf = tensorflow_library('tensorflow')\nimport torch._dynamo\nimport keras\n"
        "print(keras.backend.backend(), tf.config.threading.get_inter_op_parallelism_threads())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert out.stdout.split() == ["torch", "1"]


@pytest.mark.slow
@pytest.mark.tor("TOR-096")
def test_an_audit_of_the_folder_is_that_of_the_network(tmp_path: Path) -> None:
    check_same_audit(tmp_path, "tensorflow", "own", tensorflow_files.write)


@pytest.mark.real
@pytest.mark.tor("TOR-096")
def test_the_maps_of_photographs_are_those_of_the_real_network_in_torch(real: Path, tmp_path: Path, tf: Any) -> None:
    theirs = torchvision(name="squeezenet1_0", weights=real / "squeezenet1_0.safetensors")
    assert theirs.preprocessing is not None
    built = tensorflow_squeezenet.model(load_file(real / "squeezenet1_0.safetensors"))
    tf.saved_model.save(built, str(tmp_path / "own"), signatures={"serving_default": built.asked})
    ours = tensorflow(path=tmp_path / "own")
    photographs = sorted((real / "images").glob("*.jpg"))[:6]
    framed = [theirs.preprocessing.frame(Image.open(file).convert("RGB"), ()).pixels for file in photographs]
    x = theirs.preprocessing.normalise(torch.stack(framed))
    check_model(ours, x[:2])
    logits = theirs.module(x)
    torch.testing.assert_close(ours.module(x), logits, rtol=1e-3, atol=1e-4)
    mean, std = (torch.tensor(value) for value in (theirs.preprocessing.mean, theirs.preprocessing.std))
    target, seeds = logits.argmax(dim=1), tuple(range(len(x)))
    for method in (gradient, input_x_gradient, partial(integrated_gradients, steps=2)):
        maps = [method(Batch(module, x, target, mean, std, seeds)) for module in (ours.module, theirs.module)]
        signed = [made.signed if isinstance(made, Attribution) else made for made in maps]
        flat = [reduce_channels(made, "abs_max").double().flatten(1) for made in signed]
        pairs = [torch.corrcoef(torch.stack(pair))[0, 1].item() for pair in zip(*flat, strict=True)]
        assert min(pairs) >= 0.999, (method, pairs)
