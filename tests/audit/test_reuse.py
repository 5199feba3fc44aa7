"""A record of the very same inputs need not be measured again."""

from pathlib import Path

import pytest
from PIL import Image

from audit.engine import measure
from audit.measurement import measure_batch
from audit.record import Record
from audit.settings import Settings, load_settings
from fixtures.shapes import write_shapes


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

    monkeypatch.setattr("audit.engine.measure_batch", counted)
    return seen


def test_the_same_again_costs_nothing(settings: Settings, batches: list[int], tmp_path: Path) -> None:
    path = measure(settings, tmp_path / "out", reuse=True)
    before, first = path.read_bytes(), len(batches)
    assert first == 2
    assert measure(settings, tmp_path / "out", reuse=True) == path
    assert len(batches) == first
    with Record.open(path) as record:
        assert record.identity()["finished"]["state_unchanged"] is True
    assert len(path.read_bytes()) == len(before)


def test_a_broken_off_run_goes_on(settings: Settings, batches: list[int], tmp_path: Path) -> None:
    def cut(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(settings, tmp_path / "out", reuse=True, progress=cut)
    measure(settings, tmp_path / "out", reuse=True)
    assert len(batches) == 2


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
        assert len(record.done()) == 6
