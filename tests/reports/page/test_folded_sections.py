"""Sections that are closed on screen: what a section says for it, links into them, paper."""

import re
from pathlib import Path
from typing import Any

import pytest

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from fixtures.assessments import assessment_of, page_of
from fixtures.browser import Browser, browses
from fixtures.pages import check
from fixtures.records import write_record
from reports.page.render import environment

SECTIONS = Path(__file__).parents[3] / "reports" / "sections"
WIDE: dict[str, Any] = {"java_script_enabled": False, "viewport": {"width": 1280, "height": 900}}
OPEN = ["verdict", "requirements", "reliance", "cues", "cells", "domain", "gallery", "controls", "sheet"]


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = write_record(tmp_path_factory.mktemp("page") / "audit.sqlite", n=120, kind="cheating")
    with Record.open(path) as record:
        shown = sorted(read_thumbnails(record))
        record.set_meta("gallery", {"worst": shown, "borderline": [], "random": []})
        return page_of(assessment_of(record))


@pytest.mark.slow
@pytest.mark.tor("TOR-114")
def test_what_decides_comes_first_and_open_and_the_rest_is_folded(html: str) -> None:
    check(html)
    assert re.findall(r'<section id="([^"]+)"', html) == OPEN
    folded = re.findall(r'<section class="further" aria-labelledby="([^"]+)-title">\s*<details><summary>', html)
    assert len(folded) + len(OPEN) == len(list(SECTIONS.glob("*.j2")))
    assert html.index('<section id="sheet"') < html.index('<section class="further"')
    numbers = re.findall(r'<h2 id="[^"]+"(?: class="unseen")?><span class="number">(\w*)</span>', html)
    assert numbers == ["", *"12345678", *"ABCDEFGHIJKL"]


def test_a_section_says_itself_that_it_is_folded() -> None:
    for path in SECTIONS.glob("*.j2"):
        says = path.read_text(encoding="utf-8").count("{% set folded =")
        assert says == (path.name > "60"), path.name
        environment().get_template(f"sections/{path.name}")


@pytest.mark.slow
@browses
@pytest.mark.tor("TOR-114")
@pytest.mark.parametrize("target", ["method", "check-model-is-accurate", "standard-ul-4600"])
def test_a_link_into_a_folded_section_opens_it_without_a_script(browser: Browser, html: str, target: str) -> None:
    still: dict[str, Any] = {
        "java_script_enabled": False,
        "reduced_motion": "reduce",
        "viewport": {"width": 1280, "height": 900},
    }
    assert not browser.open(html, **still).locator(f"[id='{target}']").is_visible()
    reached = browser.open(html, f"#{target}", **still)
    assert reached.locator(f"[id='{target}']").is_visible()
    box = reached.locator(f"[id='{target}']").bounding_box()
    assert -10 < box["y"] < 900


@pytest.mark.slow
@browses
@pytest.mark.tor("TOR-114")
def test_paper_shows_what_the_screen_folds(browser: Browser, html: str) -> None:
    tab = browser.open(html, **WIDE)
    on_screen = tab.evaluate("document.documentElement.scrollHeight")
    assert on_screen < 14_000
    tab.emulate_media(media="print")
    assert tab.evaluate("document.documentElement.scrollHeight") > 1.5 * on_screen
    for name in ("method", "again", "check-model-is-accurate"):
        assert tab.locator(f"[id='{name}']").bounding_box()["height"] > 20
