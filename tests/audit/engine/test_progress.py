"""How far a run has come: its pictures, controls and searches are counted alike, in passes through the network."""

import importlib
import inspect

import pytest
from torch import nn, zeros

from audit import registry
from audit.cli.progress import lines
from audit.engine.progress import PICTURES, Work
from audit.models.pass_counter import Passes

Report = tuple[int, int, str, float]


class Run:
    """A run whose passes are counted by hand."""

    def __init__(self, earlier: int = 0) -> None:
        self.spent, self.reports = 0, list[Report]()
        parts = {"control": lambda each: 4 * each, "search": lambda _: 40.0}
        self.work = Work(lambda *report: self.reports.append(report), lambda: self.spent, parts, earlier)

    @property
    def share(self) -> float:
        return self.reports[-1][-1]


def test_what_is_left_of_pictures_and_experiments_counts_in_the_share() -> None:
    run = Run()
    run.work.pictures(0, 10)
    assert run.reports == [(0, 10, PICTURES, 0.0)]
    run.spent = 50
    run.work.pictures(5, 10)
    assert run.share == pytest.approx(50 / (50 + 50 + 40 + 40))
    run.spent = 100
    run.work.pictures(10, 10)
    assert run.share == pytest.approx(100 / 180)
    run.work.begin(0, 2, "control")
    run.spent = 120
    run.work.tick()
    assert run.reports[-1][:-1] == (0, 2, "control")
    assert run.share == pytest.approx(120 / 180)
    run.spent = 130  # it took less than it might have
    run.work.begin(1, 2, "search")
    assert run.share == pytest.approx(130 / 170)
    run.spent = 400  # or more
    run.work.tick()
    assert run.share == 1.0


def test_the_sessions_before_count() -> None:
    run = Run(earlier=50)
    run.work.pictures(5, 10)
    assert run.share == pytest.approx(50 / (50 + 50 + 40 + 40))


def test_the_pictures_alone_do_not_tick() -> None:
    run = Run()
    run.work.tick()
    assert run.reports == []


def test_passes_tell_whenever_a_network_is_asked_and_remember_what_was_taken() -> None:
    network, told = nn.Flatten(), list[int]()
    with Passes(network) as passes:
        passes.listen(lambda: told.append(passes.total))
        network(zeros(3, 2).requires_grad_())
        passes.take("pictures", 3)
        network(zeros(2, 2))
    assert told == [6, 10]


@pytest.mark.parametrize("package", ["audit.experiments.controls", "audit.experiments.searches"])
def test_every_control_and_search_says_how_much_work_it_is_by_its_own_options(package: str) -> None:
    for name in registry.names(package):
        module = importlib.import_module(f"{package}.{name}")
        run, per_picture, *options = inspect.signature(module.passes).parameters
        assert (run, per_picture) == ("run", "per_picture")
        assert {*options} <= inspect.signature(getattr(module, name)).parameters.keys()


def test_lines_tell_the_time_left_of_the_whole_run(capsys: pytest.CaptureFixture[str]) -> None:
    clock = [0.0]
    report = lines("audit", lambda: clock[0])
    for clock[0], step in (
        (0.0, (0, 10, PICTURES, 0.0)),
        (1.0, (1, 10, PICTURES, 0.02)),
        (20.0, (5, 10, PICTURES, 0.25)),
        (40.0, (10, 10, PICTURES, 0.5)),
        (40.0, (0, 2, "control", 0.5)),
        (41.0, (0, 2, "control", 0.6)),
        (60.0, (0, 2, "control", 0.75)),
        (61.0, (1, 2, "search", 1.0)),
    ):
        report(*step)
    assert capsys.readouterr().err.splitlines() == [
        "audit: 0 of 10, first batch …",
        "audit: 5 of 10, 0.2 pictures/s, 60 s left",
        "audit: 10 of 10, 40 s left",
        "audit: control, 1 of 2, 40 s left",
        "audit: control, 1 of 2, 20 s left",
        "audit: search, 2 of 2",
    ]
