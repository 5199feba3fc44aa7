"""Threads sleep at a barrier on a busy machine, and spin on a quiet one."""

import os
from pathlib import Path

import pytest

from audit.cli.busy import POLICY, others, wait_politely


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    for name in (POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        monkeypatch.setenv(name, "")  # so that whatever is set meanwhile is undone
        monkeypatch.delenv(name)


def load(tmp_path: Path, average: float, running: int) -> Path:
    file = tmp_path / "loadavg"
    file.write_text(f"{average:.2f} 0.10 0.05 {running}/321 4711\n")
    return file


@pytest.mark.parametrize(
    ("average", "running", "policy"),
    [(3.0, 4, "passive"), (2.0, 3, "passive"), (3.0, 2, None), (0.1, 4, None), (1.9, 9, None)],
)
def test_threads_sleep_where_others_want_the_cores_now_and_have_for_a_while(
    tmp_path: Path, average: float, running: int, policy: str | None
) -> None:
    wait_politely(load(tmp_path, average, running))
    assert os.environ.get(POLICY) == policy


@pytest.mark.parametrize("name", [POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_the_user_says_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "active")
    wait_politely(load(tmp_path, 9.0, 9))
    assert os.environ.get(POLICY) == ("active" if name == POLICY else None)


def test_where_no_load_is_known_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("a b c")
    assert others(tmp_path / "odd") == others(tmp_path / "none") == 0
    wait_politely(tmp_path / "none")
    assert POLICY not in os.environ
