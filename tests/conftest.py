"""What several tests need."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: threads of two workers wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from docs.qualification.results import plugin

if TYPE_CHECKING:
    from fixtures.browser import Browser

settings.register_profile("of the project", deadline=None)  # a busy machine makes no example wrong
settings.load_profile("of the project")


@pytest.fixture
def real() -> Path:
    """The folder of real photographs and the real network, named by SALIENCY_AUDIT_REAL."""
    named = os.environ.get("SALIENCY_AUDIT_REAL")
    if not named:
        pytest.skip("needs SALIENCY_AUDIT_REAL: the folder of real photographs and the real network")
    return Path(named)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    from fixtures.browser import chromium_in  # noqa: PLC0415 other tests need not wait for it

    with chromium_in(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def drawn_anew() -> None:
    """For tests of whether a chart is drawn right, or alike each time."""


@pytest.fixture(autouse=True)
def _drawn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "reports.page.figures" not in sys.modules or "drawn_anew" in request.fixturenames:
        return  # tests of what draws nothing need not wait for Matplotlib
    from fixtures.charts import draw_once  # noqa: PLC0415

    draw_once(monkeypatch)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tor-results", type=Path, metavar="FILE", help="write what the tests that verify a requirement came to"
    )


def pytest_collection_finish() -> None:
    """What is imported by now stays: a tenth of the time would go into looking for garbage in torch and the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def pytest_unconfigure() -> None:
    gc.unfreeze()


def pytest_configure(config: pytest.Config) -> None:
    if file := config.getoption("tor_results"):
        config.pluginmanager.register(plugin(config, file), "tor-results")
