"""Ray's workers measure what this process measures, to the last byte, also where they are killed."""

import gc
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from audit.engine.measure import measure
from audit.engine.measured_batch import Engine
from audit.engine.ray_engine import RETRIES, on_ray
from audit.errors import AuditError
from audit.pipeline import run
from audit.settings import Settings, load_settings
from fixtures.shapes import network, write_shapes

pytest.importorskip("ray", reason="needs the extra ray")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[3]
TWO: Engine = partial(on_ray, 2, {})

FRAGILE = """
import os, signal
from pathlib import Path
import torch
from fixtures.shapes import network as made

HERE = Path(__file__).parent


class Fragile(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = made()

    def forward(self, x):
        pictures = len(x)  # so that it is never traced, whichever files there are
        if (HERE / "once").exists() and pictures > 2:
            (HERE / "once").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if (HERE / "poison").exists() and pictures == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        if (HERE / "fault").exists() and pictures == 4:
            raise RuntimeError("out of luck")
        return self.inner(x)


def network():
    return Fragile()
"""


@pytest.fixture(autouse=True)
def _processes_of_ray() -> Iterator[None]:
    """Ray forgets the processes that it started before they have ended, and Python warns of each."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Settings]:
    """Nineteen pictures in batches of five, the last of four; files beside the network make it fail."""
    model = 'kind = "factory"\nfunction = "fragile:network"\n'
    settings = write_shapes(tmp_path / "data", pictures=19, experiments=True, model=model)
    (tmp_path / "data" / "fragile.py").write_text(FRAGILE)
    loaded = load_settings(settings)
    yield loaded.model_copy(update={"run": loaded.run.model_copy(update={"batch_size": 5})})
    sys.modules.pop("fragile", None)


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.tor("TOR-126")
def test_two_workers_yield_the_evidence_of_one_process_though_one_is_killed(fragile: Settings, tmp_path: Path) -> None:
    once, seen = fragile.folder / "once", list[tuple[int, str]]()

    def kill_one(done: int, total: int, what: str, share: float) -> None:
        seen.append((done, what))
        if done == 5 and what == "pictures":
            once.touch()

    run(fragile, tmp_path / "ray", engine=TWO, progress=kill_one)
    assert not once.exists()  # a worker took it away, and died
    run(fragile, tmp_path / "one")
    files = {file.name: file.read_bytes() for file in (tmp_path / "one").iterdir()}
    assert {file.name: file.read_bytes() for file in (tmp_path / "ray").iterdir()} == files
    assert [done for done, what in seen if what == "pictures"] == [0, 5, 10, 15, 19]


@pytest.mark.tor("TOR-126")
def test_pictures_that_no_worker_survives_are_named_and_the_run_goes_on_elsewhere(
    fragile: Settings, tmp_path: Path
) -> None:
    quick = fragile.model_copy(
        update={"experiments": fragile.experiments.model_copy(update={"controls": (), "searches": ()})}
    )
    (fragile.folder / "poison").touch()
    named = r"015\.png, 016\.png, 017\.png, 018\.png; need a worker"
    with pytest.raises(AuditError, match=rf"workers ended {RETRIES + 1} times while they measured {named}"):
        measure(quick, tmp_path / "ray", engine=TWO)
    (fragile.folder / "poison").unlink()
    (fragile.folder / "fault").touch()
    with pytest.raises(RuntimeError, match="out of luck"):  # as it would be here
        measure(quick, tmp_path / "ray", engine=TWO, resume=True)
    (fragile.folder / "fault").unlink()
    measure(quick, tmp_path / "ray", resume=True)
    assert contents(tmp_path / "ray" / "audit.sqlite") == contents(measure(quick, tmp_path / "one"))


@pytest.mark.tor("TOR-126")
def test_a_driver_that_is_killed_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=40)
    command = [sys.executable, "-m", "saliency_audit", "run", str(settings), "--engine", "ray", "--actors", "2"]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    out, record = tmp_path / "ray", tmp_path / "ray" / "audit.sqlite"
    with subprocess.Popen([*command, "--out", str(out)], env=known, cwd=ROOT, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        while run.poll() is None and not _measured(record):
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        run.stderr.read()
    assert run.returncode == -signal.SIGKILL
    before = _measured(record)
    assert 0 < before < 40
    for again in ([*command, "--out", str(out), "--resume"], [*command[:5], "--out", str(tmp_path / "one")]):
        done = subprocess.run(again, env=known, cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode in (1, 2, 3), done.stderr
    assert (out / "audit.json").read_bytes() == (tmp_path / "one" / "audit.json").read_bytes()
    assert contents(record) == contents(tmp_path / "one" / "audit.sqlite")


def _measured(record: Path) -> int:
    if not record.exists():
        return 0
    with closing(sqlite3.connect(record)) as connection:
        return int(connection.execute("SELECT count(*) FROM picture").fetchone()[0])


@pytest.mark.tor("TOR-126")
def test_workers_that_open_something_else_are_refused(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))

    def other(job: object) -> object:
        shutil.copy(settings.folder / "boxes.csv", settings.folder / "before.csv")
        text = (settings.folder / "boxes.csv").read_text()
        (settings.folder / "boxes.csv").write_text(text.replace("night", "dusk"))
        return on_ray(2, {}, job)  # type: ignore[arg-type]

    with pytest.raises(AuditError, match=r"a worker of Ray: was started with something else \(dataset\.annotations"):
        measure(settings, tmp_path / "out", engine=other)  # type: ignore[arg-type]


def test_options_that_ray_does_not_know_are_refused(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    with pytest.raises(AuditError, match=r"--actor-options: \{'num_gpu': 1\} are refused"):
        measure(settings, tmp_path / "out", engine=partial(on_ray, 2, {"num_gpu": 1}))


def test_a_network_from_python_cannot_be_opened_elsewhere(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    with pytest.raises(AuditError, match="the model came from Python; need one that the settings name"):
        run(settings, tmp_path / "out", model=network(), classes=["dark", "light"], engine=TWO)
