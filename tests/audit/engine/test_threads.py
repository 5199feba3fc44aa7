"""As many threads as are stated or granted, for as long as the run lasts."""

import os
import tomllib
from pathlib import Path

import pytest
import torch

from audit import Record, load_settings, measure, parse_settings
from audit.engine import threads as own_threads
from audit.engine.batch_factory import batch_factory
from audit.engine.inputs import read_inputs
from audit.engine.threads import granted_cores, own_cores, threads
from fixtures.shapes import write_shapes


@pytest.mark.parametrize(
    ("limits", "cores"),
    [("200000 100000\n", 2), ("150000 100000\n", 2), ("10000 100000\n", 1), ("max 100000\n", 8), ("broken", 8)],
)
def test_a_container_is_granted_what_its_limits_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: str, cores: int
) -> None:
    monkeypatch.setattr(own_threads, "own_cores", lambda: 8)
    file = tmp_path / "cpu.max"
    file.write_text(limits)
    assert granted_cores(file) == cores
    assert granted_cores(tmp_path / "none") == 8


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a system that binds no process to cores")
def test_a_process_bound_to_one_core_has_one() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert own_cores() == granted_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert own_cores() == len(before)


@pytest.mark.parametrize(
    ("own", "side", "workers"),
    [({}, 24, 1), ({}, 128, 1), ({}, 129, 3), ({"workers": 2}, 24, 2), ({"workers": 5}, 24, 5)],
)
def test_small_pictures_are_decoded_in_one_thread_unless_the_settings_name_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, int], side: int, workers: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    tables = tomllib.loads(write_shapes(tmp_path / "data").read_text())
    tables["preprocessing"]["resize"] = [side, side]
    inputs = read_inputs(parse_settings({**tables, "run": own}, tmp_path / "data"), None)
    factory, _ = batch_factory(inputs, torch.device("cpu"), ())
    assert factory.loader.workers == workers


def test_a_run_computes_with_the_stated_threads_says_so_and_leaves_torch_as_it_was(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    own = settings.model_copy(update={"run": settings.run.model_copy(update={"threads": 2})})
    before = torch.get_num_threads()
    with Record.open(measure(own, tmp_path / "out")) as record:
        assert record.identity()["threads"] == 2
        assert "threads" not in record.identity()["settings"]["run"]
    assert torch.get_num_threads() == before
    other = own.model_copy(update={"run": own.run.model_copy(update={"threads": 1})})
    assert measure(other, tmp_path / "out", resume=True) == tmp_path / "out" / "audit.sqlite"


def test_an_error_leaves_torch_as_it_was_too(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    before = torch.get_num_threads()
    own = settings.model_copy(update={"run": settings.run.model_copy(update={"threads": before + 1})})
    with pytest.raises(KeyError), threads(own) as computing:
        assert computing == before + 1
        raise KeyError
    assert torch.get_num_threads() == before
