"""`explore --serve` as a reader meets it: a map on demand, and a rectangle drawn on the picture."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from audit.cli.explore import NO_SETTINGS
from audit.engine.measure import measure
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from checks.profile import load_profile, register
from fixtures.browser import Browser, browses, wait_until
from fixtures.shapes import write_shapes

ROOT = Path(__file__).parents[3]


INTERRUPTIBLE = """
import signal
from saliency_audit.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The command, which heeds an interruption even where the tests run in the background, whose children ignore it."""


class Serving(NamedTuple):
    process: "subprocess.Popen[str]"
    address: str


def serve(*arguments: object) -> Serving:
    command = [sys.executable, "-c", INTERRUPTIBLE, "explore", *map(str, arguments), "--serve"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout
    address = re.search(r"http\S+", process.stdout.readline())
    assert address, process.stderr and process.stderr.read()
    return Serving(process, address[0])


def end(serving: Serving) -> tuple[int, str]:
    serving.process.send_signal(signal.SIGINT)
    try:
        _, errors = serving.process.communicate(timeout=20)
    finally:
        serving.process.kill()
    return serving.process.returncode, errors


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = write_shapes(tmp_path_factory.mktemp("served") / "data", pictures=50)
    measure(file, file.parent / "out", registered=register(load_profile("quick")))
    return file


@pytest.mark.slow
@browses
@pytest.mark.tor("TOR-105")
def test_a_map_is_made_and_a_rectangle_is_asked(browser: Browser, settings: Path) -> None:
    out = settings.parent / "out"
    with Record.open(out / "audit.sqlite") as record:
        bare = next(number for number in range(50) if number not in read_thumbnails(record))
    serving = serve(out, "--settings", settings)
    try:
        tab: Any = browser.chromium.new_context(viewport={"width": 1280, "height": 1600}).new_page()
        faults: list[str] = []
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(f"{serving.address}#{bare}")
        wait_until(tab, f"document.body.dataset.shown === '{bare}'")
        assert tab.locator("#map").is_visible()
        assert tab.locator("#method option").all_text_contents() == ["gradient", "smoothgrad", "integrated_gradients"]
        box = tab.locator("#stage").bounding_box()
        tab.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
        tab.mouse.down()
        tab.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
        tab.mouse.up()
        wait_until(tab, "document.querySelectorAll('#tried img').length === 1")
        corners = [tab.locator(f"#try-{side}").input_value() for side in ("x0", "y0", "x1", "y1")]
        assert corners == ["6", "6", "18", "12"]
        answer = tab.locator("#tried").inner_text()
        assert answer.startswith("Probability of the label: ")
        tab.locator("input[value=donor]").check()
        wait_until(tab, "document.getElementById('tried').textContent.includes('altered from no. ')")
        tab.locator("#try-x1").fill("3")
        tab.locator("#try-x1").press("Tab")
        tab.locator("#try-y1").fill("99")
        tab.locator("#try-y1").press("Tab")
        assert tab.locator("#tried img").count() == 1, "no rectangle, no question"
        assert faults == []
    finally:
        code, _ = end(serving)
    assert code == 0


@pytest.mark.slow
@pytest.mark.tor("TOR-105")
def test_without_settings_or_with_others_it_says_why_the_network_is_not_at_hand(settings: Path, tmp_path: Path) -> None:
    out, other = settings.parent / "out", write_shapes(tmp_path / "data", pictures=12)
    code, errors = end(serve(out))
    assert (code, errors.strip()) == (0, f"The network is not at hand: {NO_SETTINGS}")
    code, errors = end(serve(out, "--settings", other))
    assert code == 0
    assert "lead to other samples than the record's" in errors
