"""`saliency-audit view`: in napari, where it is installed."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from audit.cli.main import cli
from audit.errors import AuditError
from audit.pipeline import run
from fixtures.assessments import assessed
from fixtures.shapes import write_shapes

ROOT = Path(__file__).parents[3]
NAPARI = importlib.util.find_spec("napari") is not None
needs_napari = pytest.mark.skipif(not NAPARI, reason="needs napari")
needs_screen = pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs xvfb-run")


@pytest.mark.skipif(NAPARI, reason="napari is installed")
def test_without_napari_the_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"napari is not installed; need the extra 'napari'. Install it: pip install"):
        CliRunner().invoke(cli, ["view", str(tmp_path)], standalone_mode=False, catch_exceptions=False)


def shot(*arguments: object) -> NDArray[np.uint8]:
    """What the window shows."""
    command = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", sys.executable, "-m", "audit", "view"]
    file = Path(str(arguments[0])).parent / "shot.png"
    done = subprocess.run(
        [*command, *map(str, arguments), "--screenshot", str(file)], check=False, capture_output=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return np.asarray(Image.open(file).convert("RGB"))


@pytest.mark.slow
@pytest.mark.tor("TOR-123")
@needs_napari
@needs_screen
def test_a_window_shows_the_samples_that_are_kept(tmp_path: Path) -> None:
    with assessed(tmp_path / "run", n=30):
        pass
    pixels = shot(tmp_path / "run")
    assert (np.abs(pixels.astype(int) - (0x39, 0xFF, 0x14)).sum(axis=2) < 60).sum() > 100, "the boxes"


@pytest.mark.slow
@needs_napari
@needs_screen
def test_a_window_shows_one_sample_made_anew(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", 8)
    run(settings, tmp_path / "run")
    assert shot(tmp_path / "run", "000.png", "--settings", settings).std() > 10
