"""ONNX files: converted and held against onnxruntime at every load, or only asked."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import audit
from audit.engine.plan import plan
from audit.errors import AuditError
from audit.models.agreement import apart
from audit.models.kinds.onnx import MOST_APART, onnx
from audit.models.kinds.onnxruntime import onnxruntime
from audit.models.model import Model, check_model
from audit.models.randomised import parameters_of, randomised
from audit.record.record import Record
from audit.saliency.batch import Batch
from audit.saliency.methods.gradcam import gradcam
from audit.saliency.methods.guided_backprop import guided_backprop
from audit.settings import load_settings
from checks import reasons
from fixtures import onnx_files
from fixtures.networks import ready, vit
from fixtures.shapes import write_shapes

WHY = "the extra 'onnx' is not installed"
for _package in ("onnx", "onnx_ir", "onnx2pytorch", "onnxruntime"):
    pytest.importorskip(_package, reason=WHY)

X = torch.rand(3, 3, 24, 24, generator=torch.Generator().manual_seed(5))
FORMS: list[dict[str, Any]] = [{}, {"softmax": True}, {"pixels_last": True}, {"pixels_last": True, "softmax": True}]


@pytest.fixture(scope="module")
def net() -> nn.Module:
    return onnx_files.lively().requires_grad_(False)


def batch(module: nn.Module) -> Batch:
    return Batch(module, X, torch.tensor([0, 1, 0]), torch.full((3,), 0.5), torch.full((3,), 0.25), (0, 1, 2))


@pytest.mark.tor("TOR-089")
@pytest.mark.parametrize("form", FORMS)
def test_the_converted_network_is_that_of_the_file(form: dict[str, Any], net: nn.Module, tmp_path: Path) -> None:
    model = onnx(path=onnx_files.write(tmp_path / "own.onnx", net=net, **form))
    check_model(model, X)
    torch.testing.assert_close(model.module(X), net(X))
    torch.testing.assert_close(model.module(X[:1]), net(X[:1]))
    torch.testing.assert_close(batch(model.module).plain.gradient, batch(net).plain.gradient)
    torch.testing.assert_close(guided_backprop(batch(model.module)), guided_backprop(batch(net)))
    assert model.description["softmax"] == ("cut off" if form.get("softmax") else "none at the end")
    assert "the network audited is the file that is deployed" in model.description["checked"]
    assert "onnxruntime" in model.description["checked"]
    assert model.capabilities.gradient
    assert model.capabilities.layers


def test_grad_cam_finds_the_layers(net: nn.Module, tmp_path: Path) -> None:
    model = onnx(path=onnx_files.write(tmp_path / "own.onnx", net=net))
    ours, theirs = gradcam(batch(model.module), layer="network.Relu_r"), gradcam(batch(net), layer="2")
    torch.testing.assert_close(ours.signed, theirs.signed)


@pytest.mark.tor("TOR-032")
def test_every_weight_can_be_replaced_and_none_is_held_twice(net: nn.Module, tmp_path: Path) -> None:
    model = onnx(path=onnx_files.write(tmp_path / "own.onnx", net=net))
    assert sum(value.numel() for value in parameters_of(model.module).values()) == sum(
        value.numel() for value in net.parameters()
    )
    copied = randomised(model.module, 0, [X])
    assert torch.isfinite(copied(X)).all()
    for name, value in parameters_of(model.module).items():
        assert "bnu" in name or not torch.equal(value, parameters_of(copied)[name]), name


@pytest.mark.tor("TOR-089")
@pytest.mark.parametrize("form", [{}, {"softmax": True}])
@pytest.mark.parametrize(("change", "refused"), [(1e-6, False), (1e-2, True)])
def test_a_network_that_answers_otherwise_than_the_file_is_refused(
    form: dict[str, Any], change: float, refused: bool, net: nn.Module, tmp_path: Path
) -> None:
    model = onnx(path=onnx_files.write(tmp_path / "own.onnx", net=net, **form))
    head = list(parameters_of(model.module).values())[-1]
    head += change * torch.tensor([1.0, -1.0])
    if not refused:
        check_model(model, X)
        return
    message = r"own.onnx: answers otherwise in torch than in onnxruntime \(by \d.\de-0\d of the largest answer\); need"
    with pytest.raises(AuditError, match=message):
        check_model(model, X)
    with pytest.raises(AuditError, match="Open it as the kind 'onnxruntime', which only asks it"):
        audit.explain(model, X[0], method="gradient")


@pytest.mark.tor("TOR-089")
def test_the_check_is_made_at_every_load_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(write_shapes(tmp_path / "data", model='kind = "onnx"\npath = "own.onnx"\n'))
    onnx_files.write(tmp_path / "data" / "own.onnx")
    run = plan(settings, None, "cpu")
    assert "deployed" in run.inputs.model.description["checked"]
    monkeypatch.setattr(sys.modules["audit.models.kinds.onnx"], "MOST_APART", -1.0)
    with pytest.raises(AuditError, match="answers otherwise in torch than in onnxruntime"):
        plan(settings, None, "cpu")


def test_apart_is_the_largest_difference_by_the_largest_answer() -> None:
    ours, theirs = torch.tensor([[1.0, -2.0], [0.5, 8.0]]), torch.tensor([[1.0, -2.5], [0.5, 8.0]])
    assert apart(ours, theirs) == max(abs(a - b) for a, b in zip((1, -2, 0.5, 8), (1, -2.5, 0.5, 8), strict=True)) / 8
    assert apart(ours, ours) == 0 <= MOST_APART
    assert apart(ours, ours[:, :1]) == float("inf")
    assert apart(ours.masked_fill(ours == 8, torch.nan), theirs) == float("inf")
    assert apart(ours, theirs.masked_fill(ours == 8, torch.inf)) == float("inf")


def two_outputs(folder: Path) -> Path:
    import onnx as library  # noqa: PLC0415

    proto = onnx_files.model()
    proto.graph.output.append(library.helper.make_tensor_value_info("r", 1, ["batch", 4, 24, 24]))
    library.save(proto, folder / "own.onnx")
    return folder / "own.onnx"


def truncated(folder: Path) -> Path:
    path = onnx_files.write(folder / "own.onnx")
    path.write_bytes(path.read_bytes()[:-200])
    return path


def text(folder: Path) -> Path:
    (folder / "own.onnx").write_text("no protobuf at all")
    return folder / "own.onnx"


def empty(folder: Path) -> Path:
    (folder / "own.onnx").touch()
    return folder / "own.onnx"


def own(**how: Any) -> Callable[[Path], Path]:
    return lambda folder: onnx_files.write(folder / "own.onnx", **how)


@pytest.mark.tor("TOR-089")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            own(inputs=2),
            r"has 2 inputs \(pictures, more 1\) and 1 output \(a\); need one of each. Export the",
        ),
        (two_outputs, r"has 1 input \(pictures\) and 2 outputs \(a, r\); need one of each"),
        (own(batch=2), "was exported for batches of exactly 2; need a batch of any size"),
        (own(element=10), "cannot be read as an ONNX file|of the element type 10; need pictures"),
        (own(domain="company.operators"), "cannot be read as an ONNX file"),
        (truncated, "cannot be read as an ONNX file"),
        (text, "cannot be read as an ONNX file"),
        (empty, r"is empty \(0 bytes\)"),
        (lambda folder: folder / "own.onnx", "own.onnx: no such file"),
    ],
)
@pytest.mark.parametrize("kind", ["onnx", "onnxruntime"])
def test_what_cannot_be_audited_says_why(kind: str, make: Callable[[Path], Path], message: str, tmp_path: Path) -> None:
    path = make(tmp_path)
    with pytest.raises(AuditError, match=message):
        onnx(path=path) if kind == "onnx" else onnxruntime(path=path, answers="logits")


def test_a_file_for_one_picture_is_asked_for_one_after_the_other(net: nn.Module, tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "own.onnx", net=net, batch=1)
    torch.testing.assert_close(onnxruntime(path=path, answers="logits").module(X), net(X))
    with pytest.raises(AuditError, match=r"batches of exactly 1; need a batch of any size.*Or open it as the kind"):
        onnx(path=path)


def with_data(path: Path, location: str, data: Path | None = None) -> Path:
    """The file with its weights at `location`; data: where they are written, if elsewhere."""
    import onnx as library  # noqa: PLC0415

    proto = onnx_files.model()
    file = data or path.parent / location
    with file.open("wb") as stream:
        for tensor in proto.graph.initializer:
            start = stream.tell()
            stream.write(tensor.raw_data)
            library.external_data_helper.set_external_data(tensor, location, start, stream.tell() - start)
            tensor.ClearField("raw_data")
    path.write_bytes(proto.SerializeToString())
    return path


@pytest.mark.tor("TOR-089")
def test_data_beside_the_file_are_read_and_hashed(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    model = onnx(path=with_data(tmp_path / "own.onnx", "weights/data.bin"))
    check_model(model, X)
    again = bytearray((tmp_path / "weights" / "data.bin").read_bytes())
    again[10] ^= 1
    (tmp_path / "weights" / "data.bin").write_bytes(again)
    assert onnx(path=tmp_path / "own.onnx").description["file_sha256"] != model.description["file_sha256"]


@pytest.mark.tor("TOR-089")
@pytest.mark.parametrize("kind", ["onnx", "onnxruntime"])
@pytest.mark.parametrize("way", ["parent", "absolute", "link", "gone"])
def test_data_outside_the_folder_are_refused(kind: str, way: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    outside, path = tmp_path / "data.bin", tmp_path / "model" / "own.onnx"
    location = {"parent": "../data.bin", "absolute": str(outside), "link": "data.bin", "gone": "data.bin"}[way]
    with_data(path, location, outside)
    if way == "link":
        (path.parent / "data.bin").symlink_to(outside)
    message = "there is no such file" if way == "gone" else "outside its folder; need them beside"
    with pytest.raises(AuditError, match=message):
        onnx(path=path) if kind == "onnx" else onnxruntime(path=path, answers="logits")


def test_probabilities_without_a_softmax_that_could_be_cut_are_refused(tmp_path: Path) -> None:
    import onnx as library  # noqa: PLC0415

    proto = onnx_files.model(softmax=True)
    proto.graph.node.append(library.helper.make_node("Mul", ["s", "one"], ["t"]))
    proto.graph.initializer.append(library.numpy_helper.from_array(np.ones(2, np.float32), "one"))
    proto.graph.output[0].name = "t"
    library.save(proto, tmp_path / "own.onnx")
    with pytest.raises(AuditError, match="returns probabilities, but no softmax ends it that could be cut off"):
        check_model(onnx(path=tmp_path / "own.onnx"), X)


def test_pictures_of_another_size_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"need a network that takes pictures|need pictures of the size"):
        check_model(onnx(path=onnx_files.write(tmp_path / "own.onnx")), torch.rand(2, 3, 30, 30))


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnx2pytorch", "onnx_ir"])
def test_a_missing_package_says_what_to_install(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = onnx_files.write(tmp_path / "own.onnx")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    message = r"the kind 'onnx' takes packages .*Install it: pip install 'saliency-audit\[onnx\]'"
    with pytest.raises(AuditError, match=message):
        onnx(path=path)


def test_a_transformer_asks_for_a_named_layer(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="torch's exporter takes onnxscript")
    net, x = ready(vit()), torch.rand(2, 3, 12, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sizes = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(net, (x,), tmp_path / "vit.onnx", dynamo=True, dynamic_shapes=sizes, verbose=False)
    model = onnx(path=tmp_path / "vit.onnx")
    check_model(model, x)
    asked = Batch(model.module, x, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))
    with pytest.raises(AuditError, match=r"gradcam: the network shows its attention step by step.* Set layer = '"):
        gradcam(asked)
    named = gradcam(asked, layer="network.Add_add_17")
    twin = Batch(net, x, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))
    torch.testing.assert_close(named.signed, gradcam(twin, layer="encoder.dropout").signed)
    assert torch.isfinite(randomised(model.module, 0, [x])(x)).all()


@pytest.mark.tor("TOR-090")
@pytest.mark.parametrize(("form", "answers"), [(FORMS[0], "logits"), (FORMS[3], "probabilities")])
def test_onnxruntime_alone_gives_the_answers_and_no_gradient(
    form: dict[str, Any], answers: Any, net: nn.Module, tmp_path: Path
) -> None:
    model = onnxruntime(path=onnx_files.write(tmp_path / "own.onnx", net=net, **form), answers=answers)
    check_model(model, X)
    torch.testing.assert_close(model.module(X).log_softmax(dim=1), net(X).log_softmax(dim=1), rtol=1e-5, atol=1e-5)
    assert not model.capabilities.gradient
    with pytest.raises(AuditError, match="no derivative with respect to the picture"):
        batch(model.module).plain  # noqa: B018


@pytest.mark.tor("TOR-090")
def test_answers_that_are_not_what_is_stated_are_refused(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "own.onnx", softmax=True)
    with pytest.raises(AuditError, match="never negative and sum to 1 for each picture; need logits"):
        check_model(onnxruntime(path=path, answers="logits"), X)


def test_a_quantised_file_is_asked(net: nn.Module, tmp_path: Path) -> None:
    from onnxruntime import quantization  # noqa: PLC0415

    path = onnx_files.write(tmp_path / "own.onnx", net=net)
    quantization.quantize_dynamic(path, tmp_path / "small.onnx", weight_type=quantization.QuantType.QUInt8)
    model = onnxruntime(path=tmp_path / "small.onnx", answers="logits")
    check_model(model, X)
    assert (model.module(X) - net(X)).abs().max() < 0.2 * net(X).abs().max()
    assert not torch.equal(model.module(X), net(X))


def test_a_model_that_was_opened_may_be_audited_from_python(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "own.onnx")
    for opened in (onnx(path=path), onnxruntime(path=path, answers="logits")):
        named = Model(opened.module, ("dark", "light"), None, opened.description, opened.capabilities, opened.check)
        settings = load_settings(write_shapes(tmp_path / opened.description["kind"], methods=False))
        assert plan(settings, named, "cpu").inputs.model.description["kind"] == opened.description["kind"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, audit.Result]:
    folder = tmp_path_factory.mktemp("onnx")
    models = {"factory": "", "onnx": 'kind = "onnx"\npath = "own.onnx"\n'}
    models["onnxruntime"] = 'kind = "onnxruntime"\npath = "own.onnx"\nanswers = "logits"\n'
    runs = {}
    for kind, model in models.items():
        settings = write_shapes(folder / kind, 24, experiments=True, model=model, methods=False)
        onnx_files.write(folder / kind / "own.onnx")
        runs[kind] = audit.run(settings, folder / f"{kind}-out")
    return runs


@pytest.mark.slow
@pytest.mark.tor("TOR-089", "TOR-090")
def test_an_audit_of_the_file_is_that_of_the_network(runs: dict[str, audit.Result]) -> None:
    queries = {
        "score": "SELECT sample, source, mass, auc FROM score WHERE source != 'random_model' ORDER BY sample, source",
        "answer": "SELECT sample, intervention, variant, probability, log_odds FROM answer WHERE subject = 'model'"
        " AND intervention NOT LIKE 'cue%' ORDER BY sample, intervention, variant",
    }
    for kind in ("onnx", "onnxruntime"):
        for table, query in queries.items():
            if (kind, table) == ("onnxruntime", "score"):
                continue
            columns = []
            for one in (runs[kind], runs["factory"]):
                with Record.open(one.folder / "audit.sqlite") as record:
                    columns.append(record.columns(query))
            ours, theirs = columns
            assert len(ours["sample"]) > 90
            for name, values in ours.items():
                _same(values, theirs[name])


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    """But for one in a thousand, of which rounding turns a ReLU."""
    if ours.dtype == object and isinstance(ours[0], str):
        assert ours.tolist() == theirs.tolist()
    else:
        close = np.isclose(ours.astype(float), theirs.astype(float), rtol=1e-3, atol=1e-4, equal_nan=True)
        assert close.mean() > 0.999


@pytest.mark.slow
@pytest.mark.tor("TOR-088", "TOR-089")
def test_the_verdicts_are_those_of_the_network(runs: dict[str, audit.Result]) -> None:
    verdicts = {kind: {one.rule: one for one in run.judgement.verdicts} for kind, run in runs.items()}
    for rule, verdict in verdicts["factory"].items():
        assert verdicts["onnx"][rule].outcome is verdict.outcome, rule
        if verdicts["onnxruntime"][rule].reason != reasons.INCAPABLE:
            assert verdicts["onnxruntime"][rule].outcome is verdict.outcome, rule
    with Record.open(runs["onnx"].folder / "audit.sqlite") as record:
        assert "the network audited is the file that is deployed" in record.identity()["model"]["checked"]
        assert record.identity()["left_out"] == {}
