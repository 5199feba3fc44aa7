"""A record of the very same inputs need not be measured again."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from audit.datasets.labels import ClassName
from audit.engine.measure import measure
from audit.engine.rows import measure_batch
from audit.errors import AuditError
from audit.models.model import Model
from audit.record.record import Record
from audit.record.sample_readers import read_done
from audit.settings import Settings, load_settings
from audit.settings_tables import ModelTable
from fixtures.shapes import network, write_shapes


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(write_shapes(tmp_path / "data", pictures=6))


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each batch that is measured."""
    seen: list[int] = []

    def counted(*given: object) -> object:
        seen.append(1)
        return measure_batch(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("audit.engine.pictures.measure_batch", counted)
    return seen


@pytest.mark.slow
def test_the_same_again_costs_nothing(settings: Settings, batches: list[int], tmp_path: Path) -> None:
    path = measure(settings, tmp_path / "out", reuse=True)
    before, first = path.read_bytes(), len(batches)
    assert first == 2
    assert measure(settings, tmp_path / "out", reuse=True) == path
    assert len(batches) == first
    with Record.open(path) as record:
        assert record.identity()["finished"]["state_unchanged"] is True
    assert len(path.read_bytes()) == len(before)


@pytest.mark.slow
def test_a_broken_off_run_goes_on(settings: Settings, batches: list[int], tmp_path: Path) -> None:
    def cut(done: int, total: int, what: str, share: float) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(settings, tmp_path / "out", reuse=True, progress=cut)
    measure(settings, tmp_path / "out", reuse=True)
    assert len(batches) == 2


@pytest.mark.slow
@pytest.mark.parametrize("what", ["picture", "settings", "limits", "file"])
def test_anything_else_is_measured_anew(what: str, settings: Settings, batches: list[int], tmp_path: Path) -> None:
    path = measure(settings, tmp_path / "out", reuse=True, registered={"profile": 1})
    registered = {"profile": 1}
    if what == "picture":
        Image.new("RGB", (24, 24)).save(tmp_path / "data" / "images" / "003.png")
    elif what == "settings":
        run = settings.run.model_copy(update={"seed": 5})
        settings = settings.model_copy(update={"run": run})
    elif what == "limits":
        registered = {"profile": 2}
    else:
        path.write_bytes(b"no record")
    measure(settings, tmp_path / "out", reuse=True, registered=registered)
    assert len(batches) == 4
    with Record.open(path) as record:
        assert record.identity()["profile"] == registered["profile"]
        assert len(read_done(record)) == 6


class Blind(nn.Module):
    """An activation after which nothing is left of the picture."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x) * 0 + 0.5


def with_activation(activation: nn.Module) -> nn.Module:
    layers = list(network().children())
    return nn.Sequential(*layers[:2], activation, *layers[3:]).eval()


HELPED = """
from audit_helper import looked
from fixtures.shapes import network as made
from torch import nn


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = made()

    def forward(self, x):
        return looked(self.inner, x)


def network():
    return Own()
"""
HELPERS = {
    "seeing": "def looked(inner, x):\n    return inner(x)\n",
    "blind": "def looked(inner, x):\n    return inner(x) * 0 + inner(x * 0)\n",
}


def of_kind(settings: Settings, kind: str, sight: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What to audit: a network that sees, or a blind one with the same weights, name and settings."""
    folder, activation = settings.folder, nn.ReLU() if sight == "seeing" else Blind()
    if kind == "python":
        classes = (ClassName("dark"), ClassName("light"))
        return {"settings": settings, "model": Model(with_activation(activation), classes, None)}
    table: dict[str, Any] = {"kind": kind, "classes": ["dark", "light"]}
    if kind == "factory":
        (folder / "audit_helped.py").write_text(HELPED)
        (folder / "audit_helper.py").write_text(HELPERS[sight])
        table |= {"function": "audit_helped:network"}
        for module in ("audit_helped", "audit_helper"):
            monkeypatch.delitem(sys.modules, module, raising=False)
    elif kind == "exported":
        program = torch.export.export(
            with_activation(activation), (torch.rand(2, 3, 24, 24),), dynamic_shapes=({0: torch.export.Dim("n")},)
        )
        torch.export.save(program, folder / "net.pt2")
        table |= {"path": "net.pt2"}
    else:
        traced = torch.jit.trace(with_activation(activation), torch.rand(2, 3, 24, 24))  # type: ignore[no-untyped-call]
        traced.save(str(folder / "net.pt"))
        table |= {"path": "net.pt"}
    return {"settings": settings.model_copy(update={"model": ModelTable.model_validate(table)})}


OTHERWISE = {
    "python": r"code\.layers",
    "factory": "network: it answers otherwise than in the earlier run",
    "exported": r"code\.layers|model\.file_sha256",
    "torchscript": r"code\.layers|model\.file_sha256",
}


@pytest.mark.slow
@pytest.mark.tor("TOR-054")
@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning", "ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("kind", OTHERWISE)
def test_another_network_with_the_same_weights_is_measured_anew(
    kind: str, settings: Settings, batches: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeing = of_kind(settings, kind, "seeing", monkeypatch)
    path = measure(**seeing, out=tmp_path / "out", reuse=True)
    measure(**seeing, out=tmp_path / "out", reuse=True)
    measure(**seeing, out=tmp_path / "out", resume=True)
    assert len(batches) == 2
    with Record.open(path) as record:
        before = record.identity()
    blind = of_kind(settings, kind, "blind", monkeypatch)
    with pytest.raises(AuditError, match=rf"was started with something else \(.*({OTHERWISE[kind]})"):
        measure(**blind, out=tmp_path / "out", resume=True)
    measure(**blind, out=tmp_path / "out", reuse=True)
    assert len(batches) == 4
    with Record.open(path) as record:
        after = record.identity()
        predicted = set(record.columns("SELECT predicted FROM picture")["predicted"].tolist())
    assert len(predicted) == 1
    assert after["model"]["state_sha256"] == before["model"]["state_sha256"]
    if kind in ("exported", "torchscript"):
        assert after["model"] != before["model"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["mended", "gone"])
def test_an_excluded_picture_that_changed_is_not_excluded_by_the_old_record(
    how: str, settings: Settings, batches: list[int], tmp_path: Path
) -> None:
    broken = tmp_path / "data" / "images" / "003.png"
    whole = broken.read_bytes()
    broken.write_bytes(b"")
    path = measure(settings, tmp_path / "out", reuse=True)
    first = len(batches)
    measure(settings, tmp_path / "out", reuse=True)
    assert len(batches) == first, "nothing changed"
    if how == "mended":
        broken.write_bytes(whole)
    else:
        broken.unlink()
    with pytest.raises(AuditError, match=r"started with something else \(picture 003\.png\)"):
        measure(settings, tmp_path / "out", resume=True)
    measure(settings, tmp_path / "out", reuse=True)
    assert len(batches) == 2 * first
    with Record.open(path) as record:
        reasons = record.columns("SELECT reason FROM exclusion")["reason"].tolist()
    assert reasons == ([] if how == "mended" else ["missing picture"])
