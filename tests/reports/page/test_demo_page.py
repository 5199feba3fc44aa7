"""The demo's first page: a slider with a script, all frames side by side without."""

import re

import pytest

from audit.demo.tag_slider import PLACES, slider_frames
from audit.record.record import Record
from fixtures.assessments import assessment_of
from fixtures.browser import WCAG, Browser, browses
from fixtures.pages import words
from fixtures.records import write_record
from reports.page.demo_page import render_demo


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder, judgements = tmp_path_factory.mktemp("demo"), {}
    for name in ("honest", "cheating"):
        with Record.open(write_record(folder / f"{name}.sqlite", n=120, kind=name)) as record:
            judgements[name] = assessment_of(record).judgement
    page = render_demo(folder / "index.html", "Two networks", "Both are right.", judgements, slider_frames())
    return page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_each_verdict_is_said_once_and_leads_to_its_report(html: str) -> None:
    for name, outcome in (("honest", "PASS"), ("cheating", "FAIL")):
        assert html.count(f'href="{name}/report.html"') == 1
        assert len(re.findall(rf"<strong>{outcome}</strong>", html)) == 1
    assert "<iframe" not in html
    assert html.count("<img ") == len(PLACES)
    assert "both right" in words(html)


@pytest.mark.slow
@browses
@pytest.mark.tor("TOR-118")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_slider_shows_one_frame_and_says_what_it_answers(browser: Browser, html: str, width: int) -> None:
    tab = browser.open(html, viewport={"width": width, "height": 900})
    frames, slider = tab.locator("#slides li"), tab.locator("#slider input")
    assert [frames.nth(i).is_visible() for i in range(len(PLACES))] == [True] + [False] * (len(PLACES) - 1)
    assert slider.get_attribute("aria-valuetext") == "Honest: runway, Cheating: runway"
    slider.focus()
    tab.keyboard.press("End")
    assert frames.nth(len(PLACES) - 1).is_visible()
    assert not frames.nth(0).is_visible()
    assert slider.get_attribute("aria-valuetext") == "Honest: runway, Cheating: helipad"
    assert tab.faults == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@browses
def test_without_a_script_all_frames_stand_side_by_side(browser: Browser, html: str) -> None:
    tab = browser.open(html, java_script_enabled=False)
    assert tab.locator("#slides li").count() == len(PLACES)
    assert all(tab.locator("#slides li").nth(i).is_visible() for i in range(len(PLACES)))
    assert not tab.locator("#slider").is_visible()


@pytest.mark.slow
@browses
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, html: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = browser.open(html, color_scheme=scheme, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    result = axe.Axe().run(tab, options={"runOnly": {"type": "tag", "values": WCAG}}).response
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"]] == []
