"""Every model file and network that cannot be audited gets its own clear error, and none of them runs code."""

import io
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from audit.errors import AuditError
from audit.models.kinds.exported import exported
from audit.models.kinds.factory import factory
from audit.models.kinds.torchscript import torchscript
from audit.models.model import rehearse
from audit.models.program_archive import harmless_copy
from fixtures.broken.models import make, networks

FOLDER = Path(make.__file__).parent
NETWORKS = "fixtures.broken.models.networks"
X = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))

NO_WEIGHTS = (
    "is not a weights file, or is truncated; need an intact .safetensors file, or one written by torch.save. Copy or"
)
FILES = {
    "cut_off.pth": NO_WEIGHTS,
    "cut_off.safetensors": NO_WEIGHTS,
    "text.pth": NO_WEIGHTS,
    "text.safetensors": NO_WEIGHTS,
    "empty.pth": "is empty (0 bytes); need the complete file. Copy or download it again.",
    "empty.safetensors": "is empty (0 bytes); need the complete file. Copy or download it again.",
    "whole_network.pth": "would run code when it is read (it names torch.nn.modules.container.Sequential); "
    "need weights "
    "alone, because they are read as data. If you trust it, convert it: torch.save(torch.load(file, weights_only=False)"
    ".state_dict(), 'weights.pth').",
    "runs_code.pth": "would run code when it is read (it names posix.mkdir); "
    "need weights alone, because they are read as data.",
    "no_tensors.pth": "holds no tensors (but 'epoch', 'loss'); need a state dict that maps names to tensors.",
    "a_list.pth": "holds a list; need a state dict that maps names to tensors.",
    "missing_key.pth": "does not fit Small: 1 missing (head.bias); need the state dict of exactly this network.",
    "other_shape.pth": "does not fit Small: 1 unexpected (extra.weight), 1 of another shape (head.bias (7,) for (4,));",
}
NETWORK_FAULTS = {
    "returns_tuple": "model: returns a tuple of 2; need one tensor of logits (N, classes).",
    "returns_dict": "model: returns a dict of 1; need one tensor of logits (N, classes).",
    "returns_maps": "model: returns shape (2, 4, 1, 1); need (2, classes).",
    "returns_nan": "model: returns NaN or infinite logits for every picture of the rehearsal; need finite logits.",
    "one_at_a_time": "model: takes one picture, but not 2 at once; need a batch of any size.",
    "batch_mates": "model: answers differently for a picture alone and in a batch of two; "
    "need a network in evaluation mode",
}


@pytest.fixture(autouse=True)
def _nothing_ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(path: Path) -> str:
    with pytest.raises(AuditError) as caught:
        exported(path=path)
    assert not Path("code_ran").exists()
    return str(caught.value)


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_broken_weights_file_is_refused(name: str) -> None:
    with pytest.raises(AuditError) as caught:
        factory(function=f"{NETWORKS}:small", weights=FOLDER / name)
    assert str(caught.value).startswith(f"{name}: {FILES[name]}")
    assert not Path("code_ran").exists()


def test_every_broken_file_has_its_case_and_the_script_makes_it(tmp_path: Path) -> None:
    made = {path.name for path in FOLDER.iterdir() if path.is_file() and path.suffix != ".py"}
    assert made == {*FILES, "text.pt2"}
    make.files(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == made


@pytest.mark.tor("TOR-007")
def test_the_code_in_runs_code_would_run() -> None:
    torch.load(FOLDER / "runs_code.pth", weights_only=False)
    assert Path("code_ran").exists()


@pytest.mark.tor("TOR-051")
@pytest.mark.parametrize("name", sorted(NETWORK_FAULTS))
def test_a_network_that_cannot_be_audited_fails_the_rehearsal(name: str) -> None:
    model = factory(function=f"{NETWORKS}:{name}")
    with pytest.raises(AuditError) as caught:
        rehearse(model.module, X, 4)
    assert str(caught.value).startswith(NETWORK_FAULTS[name])


def test_a_picture_of_its_own_trouble_does_not_end_the_rehearsal() -> None:
    logits = rehearse(factory(function=f"{NETWORKS}:returns_nan_once").module, X, 4)
    assert torch.isfinite(logits).all(dim=1).tolist() == [False, True]


@pytest.mark.tor("TOR-051")
def test_the_wrong_number_of_classes_is_said() -> None:
    module = factory(function=f"{NETWORKS}:small").module
    assert rehearse(module, X).shape == (2, 4)
    with pytest.raises(AuditError, match="returns 4 classes, but 10 class names are given"):
        rehearse(module, X, 10)


def test_one_output_for_two_classes_is_told_what_to_return() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(X[0].numel(), 1))
    with pytest.raises(AuditError, match=r"returns 1 class, but 2 class names.*cat\(\[torch.zeros_like\(z\), z\]"):
        rehearse(module, X, 2)


def test_an_exception_inside_the_network_names_itself_and_the_input() -> None:
    module = factory(function=f"{NETWORKS}:small").module
    with pytest.raises(
        AuditError, match=r"model: raises RuntimeError on an input of shape \(2, 1, 16, 16\): .*channels"
    ):
        rehearse(module, X[:, :1])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (f"{NETWORKS}:fails", "raises FileNotFoundError: weights/base.pth; need a function that returns a network."),
        (f"{NETWORKS}:leaves", "raises SystemExit: 3; need a function that returns a network."),
        (f"{NETWORKS}:no_network", "returns a str; need a torch.nn.Module."),
        (f"{NETWORKS}:NOT_A_FUNCTION", "is a int; need a function that returns a network."),
        (f"{NETWORKS}:smal", "cannot be imported (AttributeError: "),
        (
            "fixtures.broken.models.script:build",
            "cannot be imported (SystemExit); need a function in a module that Python finds. "
            "Move its script code below: if __name__ == '__main__':",
        ),
        ("no_such_module:build", "cannot be imported (ModuleNotFoundError: No module named 'no_such_module'); need "),
    ],
)
def test_a_factory_that_makes_no_network_is_named(function: str, message: str) -> None:
    with pytest.raises(AuditError) as caught:
        factory(function=function)
    assert str(caught.value).startswith(f"{function}: {message}")


def test_a_factory_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(networks, "small", interrupted)
    with pytest.raises(KeyboardInterrupt):
        factory(function=f"{NETWORKS}:small")


@pytest.mark.parametrize("function", ["small", "module:", ":small", ""])
def test_a_factory_needs_a_module_and_a_function(function: str) -> None:
    with pytest.raises(AuditError, match=f"model: function = '{function}'; need 'package.module:function'"):
        factory(function=function)


def test_a_factory_refuses_arguments_that_do_not_fit() -> None:
    with pytest.raises(AuditError, match=r"raises TypeError: .*unexpected keyword argument 'clases'"):
        factory(function=f"{NETWORKS}:small", arguments={"clases": 3})


@pytest.mark.parametrize("name", ["text.pt2", "cut_off.pth", "missing_key.pth"])
def test_other_files_are_no_torchscript(name: str) -> None:
    with pytest.raises(
        AuditError, match=f"{name}: is not a TorchScript program, or is truncated; need a file written by torch.jit"
    ):
        torchscript(path=FOLDER / name)


def test_other_files_are_no_exported_program(tmp_path: Path) -> None:
    make.script(tmp_path / "script.pt", make.sound())
    (tmp_path / "empty.pt2").touch()
    assert "text.pt2: cannot be opened as a torch.export program (not an archive)" in refusal(FOLDER / "text.pt2")
    assert "script.pt: may run code when it is read (it names " in refusal(tmp_path / "script.pt")
    assert "missing_key.pth: may run code when it is read (it names data.pkl)" in refusal(FOLDER / "missing_key.pth")
    assert "empty.pt2: is empty (0 bytes)" in refusal(tmp_path / "empty.pt2")
    assert "gone.pt2: no such file" in refusal(tmp_path / "gone.pt2")


@pytest.fixture(scope="module")
def sound_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "sound.pt2"
    make.program(path, make.sound(), X)
    return path


# As later releases of torch and torch 2.6 name the members of a program's archive.
GRAPH = ("models/model.json", "serialized_exported_program.json")
INPUTS = ("data/sample_inputs/model.pt", "serialized_example_inputs.pt")


def pickled(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


@pytest.mark.slow
def test_a_sound_copy_of_a_program_opens(sound_program: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sound_program) as archive:
        note = "extra_files/note" if "version" in archive.namelist() else "extra/note"
    make.replaced(sound_program, tmp_path / "copy.pt2", note, b"hello")
    torch.testing.assert_close(exported(path=tmp_path / "copy.pt2").module(X), make.sound()(X))


@pytest.mark.slow
@pytest.mark.tor("TOR-007")
def test_a_pickle_in_a_program_does_not_run(sound_program: Path, tmp_path: Path) -> None:
    path = tmp_path / "poisoned.pt2"
    make.replaced(sound_program, path, INPUTS, pickled(make.RunsCode()))
    assert "poisoned.pt2: cannot be opened as a torch.export program (Weights only load failed" in refusal(path)


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize(
    ("member", "content", "named"),
    [
        ("data/constants/opaque_obj_0", b"cos\nmkdir\n(S'code_ran'\ntR.", "data/constants/opaque_obj_0"),
        ("data/constants/custom_obj_0", b"cos\nmkdir\n(S'code_ran'\ntR.", "data/constants/custom_obj_0"),
        ("data/aotinductor/model/lib.so", b"\x7fELF", "data/aotinductor/model/lib.so"),
        (GRAPH, (b"torch.ops.aten.relu.default", b"torch.os.mkdir"), "torch.os.mkdir"),
        (GRAPH, (b"torch.ops.aten.relu.default", b"_operator.attrgetter"), "_operator.attrgetter"),
        (GRAPH, (b'"expr_str": "', b"\"expr_str\": \"__import__('os').mkdir('code_ran') or "), "__import__("),
        (GRAPH, (b'"expr_str": "', b'"expr_str": "exec(chr(49)) or '), "exec(chr(49))"),
        (GRAPH, (b'{"name": "x"}', b'{"name": "x=print(1)"}'), "x=print(1)"),
        (GRAPH, (b'"head.weight"', b'"head[0].weight"'), "head[0].weight"),
    ],
)
def test_a_program_with_more_than_tensors_and_operators_is_refused(
    member: str | tuple[str, ...], content: bytes | tuple[bytes, bytes], named: str, sound_program: Path, tmp_path: Path
) -> None:
    path = tmp_path / "other.pt2"
    make.replaced(sound_program, path, member, content)
    assert f"other.pt2: may run code when it is read (it names {named}" in refusal(path)


RUNS = (b'"expr_str": "', b"\"expr_str\": \"__import__('os').mkdir('code_ran') or ")


@pytest.mark.tor("TOR-007")
def test_an_archive_behind_an_archive_is_never_read(sound_program: Path, tmp_path: Path) -> None:
    """torch's reader and Python's find different archives in one file; what is screened must be what is loaded."""
    make.replaced(sound_program, tmp_path / "evil.pt2", GRAPH, RUNS)
    make.replaced(sound_program, tmp_path / "sound.pt2", GRAPH, (b"", b""))
    make.spliced(tmp_path / "evil.pt2", tmp_path / "sound.pt2", tmp_path / "both.pt2")
    torch.testing.assert_close(exported(path=tmp_path / "both.pt2").module(X), make.sound()(X))
    assert not Path("code_ran").exists()


@pytest.mark.parametrize("folder", ["extra", ".data"])
def test_a_file_of_the_earlier_kind_hides_none_of_the_later(folder: str, sound_program: Path, tmp_path: Path) -> None:
    """By the first member's folder torch would take what is harmless there for the program."""
    make.replaced(sound_program, tmp_path / "evil.pt2", GRAPH, RUNS)
    with zipfile.ZipFile(tmp_path / "evil.pt2") as old, zipfile.ZipFile(tmp_path / "hidden.pt2", "w") as new:
        for name in old.namelist():
            new.writestr(f"{folder}/{name.partition('/')[2] or name}", old.read(name))
        new.writestr("version", b"6")
    assert f"hidden.pt2: may run code when it is read (it names {folder}/" in refusal(tmp_path / "hidden.pt2")


def test_an_archive_of_the_earlier_kind_keeps_its_names(sound_program: Path, tmp_path: Path) -> None:
    """What torch 2.6 writes: no folder, and a member `version`. Other files in it are left out."""
    members = {"extra_files/note": b"hello", "version": b"8.2", "serialized_constants.pt": b""}
    with zipfile.ZipFile(tmp_path / "earlier.pt2", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with zipfile.ZipFile(harmless_copy(tmp_path / "earlier.pt2")) as copy:
        assert copy.namelist() == ["version", "serialized_constants.pt"]


@pytest.mark.parametrize("second", ["program/models/model.json", "program/MODELS/model.json", "models/model.json"])
def test_two_members_of_one_name_are_refused(second: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.pt2", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("program/models/model.json", second):
            archive.writestr(name, b"{}")
    assert "(two members of one name)" in refusal(tmp_path / "twice.pt2")


@pytest.mark.parametrize("fault", ["empty", "encrypted", "wrong sum"])
def test_an_archive_that_cannot_be_unpacked_is_said_to_be(fault: str, sound_program: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        if fault != "empty":
            archive.writestr("program/archive_format", b"pt2")
    data = bytearray(path.read_bytes())
    if fault == "encrypted":
        data[6] |= 1
        data[data.rindex(b"PK\1\2") + 8] |= 1
    if fault == "wrong sum":
        data[data.index(b"pt2")] ^= 1
    path.write_bytes(data)
    assert "odd.pt2: cannot be opened as a torch.export program (" in refusal(path)


@pytest.mark.parametrize(
    ("member", "content", "reason"),
    [
        (GRAPH, b"{", "its graph is not JSON"),
        (GRAPH, (b'"graph_module"', b'"grph_module"'), ""),
    ],
)
def test_a_damaged_program_is_said_to_be(
    member: tuple[str, ...], content: bytes | tuple[bytes, bytes], reason: str, sound_program: Path, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.pt2"
    make.replaced(sound_program, path, member, content)
    assert f"damaged.pt2: cannot be opened as a torch.export program ({reason}" in refusal(path)


def test_a_program_that_is_cut_off_is_said_to_be(sound_program: Path, tmp_path: Path) -> None:
    whole = sound_program.read_bytes()
    (tmp_path / "cut.pt2").write_bytes(whole[: len(whole) // 2])
    assert "cut.pt2: cannot be opened as a torch.export program (not an archive)" in refusal(tmp_path / "cut.pt2")


@pytest.mark.tor("TOR-051")
def test_dropout_left_on_is_found(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4), nn.Dropout()).train()
    make.program(tmp_path / "dropout.pt2", module, X)
    torch.manual_seed(0)
    with pytest.raises(AuditError, match="answers differently when given the same pictures twice"):
        rehearse(exported(path=tmp_path / "dropout.pt2").module, X, 4)
