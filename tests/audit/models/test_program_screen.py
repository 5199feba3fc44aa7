"""What a `torch.export` archive may hold. Each file here ran code, or took all memory, before the screen was a list."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from audit.errors import AuditError
from audit.models.kinds.exported import exported
from audit.models.program_operators import operator
from audit.models.program_values import NotAllowed
from audit.models.size_expression import size_expression
from fixtures.broken.models import make

X = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
GRAPH, WEIGHTS = "models/model.json", "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "sound.pt2"
    make.program(path, make.sound(), X)
    with zipfile.ZipFile(path) as archive:
        if not any(name.endswith(WEIGHTS) for name in archive.namelist()):
            pytest.skip("this release of torch writes another archive")
    return path


@pytest.fixture(autouse=True)
def _nothing_ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def altered(
    sound: Path, path: Path, changes: dict[str, Callable[[Any], None]], added: dict[str, bytes] | None = None
) -> Path:
    """A copy of the archive in which the JSON of some members is changed, and further members are added."""
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            for member, change in changes.items():
                if name.endswith(member):
                    value = json.loads(data)
                    change(value)
                    data = json.dumps(value).encode()
            new.writestr(name, data)
        for name, data in (added or {}).items():
            new.writestr(f"{old.namelist()[0].partition('/')[0]}/{name}", data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(AuditError) as caught:
        exported(path=path)
    assert not Path("code_ran").exists()
    return caught.value.seen


def call(program: Any) -> dict[str, Any]:
    return program["graph_module"]["module_call_graph"][0]["signature"]  # type: ignore[no-any-return]


def tree(kind: str, context: str) -> str:
    leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
    return json.dumps([1, {"type": kind, "context": context, "children_spec": [leaf]}])


LIBRARY = json.dumps({"__enum__": True, "fqn": "ctypes:cdll", "name": "code_ran.so"})


def first(program: Any) -> dict[str, Any]:
    return program["graph_module"]["graph"]["nodes"][0]  # type: ignore[no-any-return]


ATTACKS: dict[str, tuple[Callable[[Any], None], str]] = {
    "source in the names of arguments": (
        lambda p: call(p).update(forward_arg_names=["x=__import__('os').mkdir('code_ran')"]),
        "x=__import__",
    ),
    "a library named in the tree of arguments": (lambda p: call(p).update(in_spec=tree("builtins.dict", LIBRARY)), ""),
    "a library named in the tree of results": (
        lambda p: call(p).update(out_spec=tree("builtins.tuple", LIBRARY)),
        "builtins.tuple",
    ),
    "a type that torch would look up": (
        lambda p: call(p).update(out_spec=tree("collections.namedtuple", '"os.system"')),
        "collections.namedtuple",
    ),
    "an operator that writes files": (
        lambda p: first(p).update(target="torch.ops.aten.from_file.default"),
        "torch.ops.aten.from_file.default",
    ),
    "an operator that only TorchScript has": (
        lambda p: first(p).update(target="torch.ops.aten.save.default"),
        "torch.ops.aten.save.default",
    ),
    "an attribute of an operator": (
        lambda p: first(p).update(target="torch.ops.aten.relu.default.__class__"),
        "torch.ops.aten.relu.default.__class__",
    ),
    "source in the name of a keyword": (
        lambda p: first(p)["inputs"][0].update(name="x=print(1)", kind=2),
        "x=print(1)",
    ),
    "source in the name of a node": (lambda p: first(p).update(name="x;import os"), "x;import os"),
    "an operator as a value": (
        lambda p: first(p)["inputs"][0].update(arg={"as_operator": "torch.hub.load"}),
        "as_operator",
    ),
    "an object as a value": (
        lambda p: first(p)["inputs"][0].update(arg={"as_custom_obj": {"name": "o", "class_fqn": "c"}}),
        "as_custom_obj",
    ),
    "a key that is new": (lambda p: p.update(hook="os:mkdir"), "hook"),
    "symbols without end": (
        lambda p: p.update(range_constraints={"u99999999999": {"min_val": 0, "max_val": 1}}),
        "u99999999999",
    ),
    "a parameter in the place of a class": (
        lambda p: p["graph_module"]["signature"]["input_specs"][0].update(
            parameter={"arg": {"name": "w"}, "parameter_name": "__class__.forward"}
        ),
        "__class__.forward",
    ),
}


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_graph_with_more_than_tensors_and_sizes_is_refused(attack: str, sound: Path, tmp_path: Path) -> None:
    change, named = ATTACKS[attack]
    seen = refused(altered(sound, tmp_path / "evil.pt2", {GRAPH: change}))
    assert seen.startswith(f"may run code when it is read (it names {named}")


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("name", ["opaque_obj_0.pt", "opaque_obj_0", "custom_obj_0", "tensor_0.pt", "other.pt"])
def test_a_pickled_member_is_refused(name: str, sound: Path, tmp_path: Path) -> None:
    entry = {"path_name": name, "is_param": False, "use_pickle": True, "tensor_meta": None}
    path = altered(
        sound,
        tmp_path / "evil.pt2",
        {CONSTANTS: lambda config: config["config"].update(o=entry)},
        {f"data/constants/{name}": b"cos\nmkdir\n(S'code_ran'\ntR."},
    )
    assert refused(path).startswith("may run code when it is read (it names ")


@pytest.mark.tor("TOR-007")
def test_a_weight_that_is_said_to_be_pickled_is_refused(sound: Path, tmp_path: Path) -> None:
    def pickled(config: Any) -> None:
        next(iter(config["config"].values()))["use_pickle"] = True

    assert "it names True" in refused(altered(sound, tmp_path / "evil.pt2", {WEIGHTS: pickled}))


@pytest.mark.slow
def test_traces_guards_and_submodules_never_reach_torch(sound: Path, tmp_path: Path) -> None:
    def noisy(program: Any) -> None:
        program["guards_code"] = ["__import__('os').mkdir('code_ran')"]
        first(program)["metadata"] = {"custom": "{", "from_node": "{", "source_fn_stack": "a,torch.os.mkdir"}
        program["graph_module"]["module_call_graph"].append({"fqn": "x", "signature": {"in_spec": LIBRARY}})

    path = altered(sound, tmp_path / "noisy.pt2", {GRAPH: noisy})
    torch.testing.assert_close(exported(path=path).module(X), make.sound()(X))
    assert not Path("code_ran").exists()


@pytest.mark.parametrize("size", [[10**6, 10**6], [2**62]], ids=["more than is stored", "more than there is"])
def test_a_tensor_has_all_its_values_in_the_file(size: list[int], sound: Path, tmp_path: Path) -> None:
    def larger(config: Any) -> None:
        meta = next(iter(config["config"].values()))["tensor_meta"]
        meta.update(sizes=[{"as_int": n} for n in size], strides=[{"as_int": 0} for _ in size])

    path = altered(sound, tmp_path / "large.pt2", {WEIGHTS: larger})
    assert refused(path).startswith("cannot be opened as a torch.export program (")


@pytest.mark.slow
def test_an_archive_that_grows_is_refused_before_it_is_read(sound: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(tmp_path / "bomb.pt2", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        with new.open(f"{old.namelist()[0].partition('/')[0]}/data/weights/weight_99", "w", force_zip64=True) as member:
            for _ in range(3000):
                member.write(bytes(1 << 20))
    assert (tmp_path / "bomb.pt2").stat().st_size < 4 << 20
    code = (
        "import sys, pathlib\n"
        "from audit.models.kinds.exported import exported\n"
        "from audit.errors import AuditError\n"
        "try:\n    exported(path=pathlib.Path(sys.argv[1]))\n"
        "except AuditError as error:\n    print(error.seen)\n"
        # not ru_maxrss, which counts the process that this one was forked from
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bomb.pt2")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    seen, peak = done.stdout.splitlines()
    assert seen.startswith("grows from ") and int(peak) < 1_500_000


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Mul(Integer(12), Symbol('s77', positive=True, integer=True))", True),
        ("((s0 + 1)//2)*4", True),
        ("Pow(Symbol('s77'), Integer(2))", True),
        ("Eq(Mod(s0, 4), 0)", True),
        ("9**9**9**9", False),
        ("Pow(Pow(9, 8), 8)", False),
        ("PowByNatural(s0, 1000000000)", False),
        ("Sum(s0, (s0, 1, 9999999))", False),
        ("Lambda(s0, s0)", False),
        ("Symbol('__import__(\"os\")')", False),
        ("s0.__class__", False),
        ("[s0 for s0 in s0]", False),
        ("f'{s0}'", False),
        ("(" * 900 + "s0" + ")" * 900, False),
        ("1" * 1999, False),
    ],
)
def test_a_size_is_plain_arithmetic(text: str, allowed: bool) -> None:
    if allowed:
        size_expression(text)
    else:
        with pytest.raises(NotAllowed):
            size_expression(text)


@pytest.mark.parametrize(
    "name",
    ["aten.conv2d.default", "aten.div.Tensor_mode", "aten.__and__.Tensor", "torchvision.nms.default"],
)
def test_operators_of_tensors_are_known(name: str) -> None:
    assert operator(f"torch.ops.{name}")


@pytest.mark.parametrize(
    "name",
    [
        "torch.ops.higher_order.run_const_graph",
        "torch.ops.image.read_file.default",
        "torch.ops.aten.relu.nothing",
        "torch.ops.load_library",
        "torch.hub.load",
        "_operator.attrgetter",
        "_operator.methodcaller",
        "#namespace:op",
    ],
)
def test_other_functions_are_not(name: str) -> None:
    with pytest.raises(NotAllowed):
        operator(name)


class Unusual(nn.Module):
    """Constants, buffers, sizes that depend on the batch, modes that are words, and graphs inside the graph."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding="same")
        self.norm = nn.BatchNorm2d(4)
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(4), persistent=False)
        self.last = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear") - torch.tensor([0.5])
        with torch.no_grad():
            shift = x.mean()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = self.first(x)
        x = self.norm(x.float()) * self.scale[None, :, None, None] + shift
        x = torch.div(x, 2, rounding_mode="floor") + torch.nn.functional.gelu(x, approximate="tanh")
        x = x.reshape(x.shape[0], 4, -1).mean(dim=2)
        x = torch.cat([part + 1 for part in x.chunk(2, dim=1)], dim=1)
        return self.last(torch.einsum("nc,nc->nc", x, x))  # type: ignore[no-any-return]


@pytest.mark.slow
def test_an_unusual_network_opens(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Unusual().eval()
    make.program(tmp_path / "unusual.pt2", module, X)
    torch.testing.assert_close(exported(path=tmp_path / "unusual.pt2").module(X), module(X))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet18", "vit_b_16", "convnext_tiny", "efficientnet_b0", "mobilenet_v2", "squeezenet1_0", "swin_t"]
)
def test_torchvisions_networks_open(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = models.get_model(name, weights=None).eval()
    x = torch.randn(2, 3, 224, 224)
    make.program(tmp_path / "net.pt2", module, x)
    with torch.no_grad():
        assert torch.equal(exported(path=tmp_path / "net.pt2").module(x), module(x))
