"""State dicts come out as they went in, whatever wrapped them, and nothing in them runs."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from audit.errors import AuditError
from audit.models.weights import FORCE, NEVER, data_only, load_weights, read_state, without_prefix
from fixtures.broken.models import make
from fixtures.broken.models.networks import Small


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    return list(found) == list(expected) and all(torch.equal(found[name], expected[name]) for name in expected)


STATE = make.sound().state_dict()


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ".ckpt"])
@pytest.mark.parametrize("zipped", [True, False])
def test_torch_save_reads_back(suffix: str, zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    torch.save(STATE, path, _use_new_zipfile_serialization=zipped)
    assert same(read_state(path), STATE)


def test_safetensors_reads_back(tmp_path: Path) -> None:
    save_file(dict(STATE), tmp_path / "w.safetensors")
    assert same(dict(sorted(read_state(tmp_path / "w.safetensors").items())), dict(sorted(STATE.items())))


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_checkpoints_are_unwrapped(key: str, tmp_path: Path) -> None:
    optimiser = torch.optim.SGD(Small().parameters(), lr=0.1, momentum=0.9).state_dict()
    torch.save({"epoch": 3, "optimizer": optimiser, key: STATE}, tmp_path / "checkpoint.pth")
    assert same(read_state(tmp_path / "checkpoint.pth"), STATE)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "_orig_mod.module.", "model.module."])
def test_prefixes_of_wrappers_are_dropped(prefix: str) -> None:
    wrapped = {f"{prefix}{name}": value for name, value in STATE.items()}
    module = Small()
    load_weights(module, wrapped, "w.pth")
    assert same(module.state_dict(), STATE)


def test_a_prefix_that_is_the_network_s_own_stays() -> None:
    module = nn.Sequential()
    module.add_module("model", nn.Linear(2, 2))
    state = {name: value + 1 for name, value in module.state_dict().items()}
    assert without_prefix(state, module.state_dict()).keys() == state.keys()
    load_weights(module, state, "w.pth")
    assert same(module.state_dict(), state)


def test_batch_norm_counters_may_be_missing() -> None:
    module = Small()
    load_weights(module, {name: value for name, value in STATE.items() if "num_batches" not in name}, "w.pth")
    assert torch.equal(module.head.weight, STATE["head.weight"])


@pytest.mark.tor("TOR-008")
def test_a_state_dict_that_does_not_fit_is_listed_and_changes_nothing() -> None:
    module = Small()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state: dict[str, Any] = {name: value for name, value in STATE.items() if not name.startswith("body.1")}
    state |= {"head.weight": torch.zeros(9, 16), **{f"extra.{i}": torch.zeros(1) for i in range(5)}}
    with pytest.raises(AuditError) as caught:
        load_weights(module, state, "w.pth")
    assert str(caught.value) == (
        "w.pth: does not fit Small: 4 missing (body.1.weight, body.1.bias, body.1.running_mean, …), "
        "5 unexpected (extra.0, extra.1, extra.2, …), 1 of another shape (head.weight (9, 16) for (4, 16)); need "
        "the state dict of exactly this network. "
        "Check that the model's name and arguments are those it was trained with."
    )
    assert same(module.state_dict(), before)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        AuditError, match=r"w\.pth: no such file; need the model's file\. Paths are relative to the settings"
    ):
        read_state(tmp_path / "w.pth")
    with pytest.raises(AuditError, match="is a folder; need a file"):
        read_state(tmp_path)


@pytest.mark.slow
def test_programs_are_sent_to_their_kind(tmp_path: Path) -> None:
    make.program(tmp_path / "program.pt", make.sound(), torch.rand(2, 3, 8, 8))
    make.script(tmp_path / "script.pt", make.sound())
    for kind, name in (("exported", "program.pt"), ("torchscript", "script.pt")):
        with pytest.raises(
            AuditError, match=f"{name}: is a whole program; need .* Open it with the model kind '{kind}'"
        ):
            read_state(tmp_path / name)


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("before", [{}, {NEVER: "1"}, {FORCE: "0", NEVER: "0"}])
def test_data_only_reads_data_whatever_it_is_told_and_leaves_nothing_behind(
    before: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (FORCE, NEVER):
        monkeypatch.delenv(name, raising=False)
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    torch.save(make.RunsCode(), tmp_path / "code.pth")
    with pytest.raises(Exception, match=r"GLOBAL posix\.mkdir"), data_only():
        torch.load(tmp_path / "code.pth", weights_only=False)
    assert not (tmp_path / "code_ran").exists()
    assert {name: os.environ[name] for name in (FORCE, NEVER) if name in os.environ} == before
    torch.load(tmp_path / "code.pth", weights_only=False)
    assert (tmp_path / "code_ran").exists()


def test_an_archive_with_a_damaged_directory_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(STATE, path)
    path.write_bytes(path.read_bytes().replace(b"PK\1\2", b"PK\1\0"))
    with pytest.raises(AuditError, match=r"w\.pth: is not a weights file, or is truncated"):
        read_state(path)


@pytest.mark.tor("TOR-007")
def test_no_program_hides_behind_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch refuses what it sees as TorchScript, whatever Python's reader sees in the same file."""
    monkeypatch.setattr("audit.models.weights._refuse_programs", lambda path: None)
    make.script(tmp_path / "script.pth", make.sound())
    with (
        pytest.warns(UserWarning, match="looks like a TorchScript archive"),
        pytest.raises(AuditError, match=r"script\.pth: is not a weights file"),
    ):
        read_state(tmp_path / "script.pth")


@pytest.mark.tor("TOR-007")
def test_weights_that_grow_when_they_are_read_are_refused(tmp_path: Path) -> None:
    torch.save({"head.weight": torch.zeros(1_000_000)}, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as old,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(AuditError, match=r"bomb\.pth: grows from [\d,]+ to 4,0\d\d,\d+ bytes when it is read"):
        read_state(tmp_path / "bomb.pth")


def test_weights_without_values_are_refused(tmp_path: Path) -> None:
    state = make.sound().state_dict()
    state["head.weight"] = state["head.weight"].to_sparse()
    torch.save(state, tmp_path / "sparse.pth")
    with pytest.raises(AuditError, match=r"sparse\.pth"):
        load_weights(make.sound(), read_state(tmp_path / "sparse.pth"), "sparse.pth")


def test_values_that_would_lose_a_part_are_refused() -> None:
    module = nn.Linear(2, 1)
    state = dict(module.state_dict(), weight=torch.full((1, 2), 1 + 2j))
    with pytest.raises(AuditError, match=r"does not fit Linear: 1 complex \(weight\)"):
        load_weights(module, state, "w.pth")


def test_a_name_of_a_million_letters_is_cut() -> None:
    module = nn.Linear(2, 1)
    with pytest.raises(AuditError, match=r"1 unexpected \(x{120}…\)"):
        load_weights(module, dict(module.state_dict(), **{"x" * 1_000_000: torch.zeros(1)}), "w.pth")
