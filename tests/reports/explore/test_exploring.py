"""Exploring in a browser: order, filters, keys, and pixels that are what window, colours and opacity make of a map."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from fixtures.browser import WCAG, Browser, browses, wait_until
from fixtures.explorations import block, exploration_page, text_at, tiled
from fixtures.records import write_record

pytestmark = [pytest.mark.slow, browses]
MOST_ROWS = 120
ROWS = "[...document.querySelectorAll('#rows > .row')].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
IN_SIGHT = f"{ROWS}.map((row) => row.getBoundingClientRect()).some((box) => box.top > 0 && box.bottom < innerHeight)"
PIXELS = "[...document.getElementById('map').getContext('2d').getImageData(0, 0, 64, 64).data]"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("cheating") / "audit.sqlite", n=120, kind="cheating")


@pytest.fixture(scope="module")
def html(path: Path) -> str:
    with Record.open(path) as record:
        return exploration_page(record)


def shown(tab: Any) -> int:
    wait_until(tab, "document.body.dataset.shown !== undefined")
    return int(tab.evaluate("Number(document.body.dataset.shown)"))


def first_rows(tab: Any, n: int = 5) -> list[int]:
    return [int(place) for place in tab.evaluate(f"{ROWS}.slice(0, {n}).map((row) => row.dataset.place)")]


def counted(tab: Any) -> str:
    return str(tab.locator("#counted").inner_text())


def choose(tab: Any, field: str, value: str) -> None:
    """The option of the select under that heading whose text begins so."""
    select = tab.locator("#selects label.field", has_text=re.compile(f"^{field}")).locator("select")
    texts = select.locator("option").all_text_contents()
    select.select_option(index=next(i for i, text in enumerate(texts) if text.startswith(value)))


def canvas(tab: Any) -> NDArray[np.int64]:
    return np.array(tab.evaluate(PIXELS)).reshape(64, 64, 4)[..., :3]


def decoded(encoded: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(np.int64)


@pytest.mark.tor("TOR-104")
def test_window_colours_opacity_and_method_are_what_the_pixels_show(browser: Browser, html: str, path: Path) -> None:
    with Record.open(path) as record:
        number, layers = sorted(read_thumbnails(record).items())[0]
    tab = browser.open(html, f"#{number}")
    assert shown(tab) == number
    picture = decoded(layers["picture"])

    def expected(method: str, colours: str, low: int, high: int, over: int) -> NDArray[np.float64]:
        grey = decoded(layers[method])[..., 0]
        share = np.clip((100 * grey / 255 - low) / (high - low), 0, 1)
        colour = np.asarray(colormaps[colours](np.floor(255 * share + 0.5).astype(int)))[..., :3] * 255
        return np.asarray(picture + over / 100 * (colour - picture))

    for method, colours, low, high, over in [
        ("gradient", "magma", 0, 100, 50),
        ("gradient", "viridis", 20, 60, 100),
        ("gradcam", "gray", 0, 30, 75),
        ("gradcam", "gray", 0, 30, 0),
    ]:
        tab.locator("#method").select_option(method)
        tab.locator("#colours").select_option(colours)
        for name, value in (("low", low), ("high", high), ("over", over)):
            tab.locator(f"#{name}").fill(str(value))
        difference = np.abs(canvas(tab) - expected(method, colours, low, high, over))
        assert difference.max() <= 1.01, (method, colours, low, high, over)
    assert (canvas(tab) == picture).all()
    tab.locator("#low").fill("100")
    assert [tab.locator(f"#{name}").input_value() for name in ("low", "high")] == ["98", "100"]
    tab.locator("#reset").click()
    assert [tab.locator(f"#{name}").input_value() for name in ("low", "high", "over")] == ["0", "100", "50"]
    assert tab.faults == []


@pytest.mark.tor("TOR-104")
def test_boxes_are_drawn_where_they_lie_and_can_be_hidden(browser: Browser, html: str) -> None:
    samples = block(html, "samples")
    number = samples["kept"][0]
    tab = browser.open(html, f"#{number}", device_scale_factor=2)
    shown(tab)
    x0, y0, x1, y1 = samples["boxes"][number]
    script = """([x, y]) => {
        const marks = document.getElementById("boxes"), at = marks.width / 64;
        return marks.getContext("2d").getImageData(Math.round(x * at), Math.round(y * at), 1, 1).data[3];
    }"""
    on, off = [(x0, (y0 + y1) / 2), ((x0 + x1) / 2, y1)], [((x0 + x1) / 2, (y0 + y1) / 2), (x0 / 2, y0 / 2)]
    assert [tab.evaluate(script, point) > 200 for point in (*on, *off)] == [True, True, False, False]
    tab.keyboard.press("b")
    assert not tab.locator("#marks").is_checked()
    assert [tab.evaluate(script, point) for point in (*on, *off)] == [0, 0, 0, 0]
    before = canvas(tab)
    tab.keyboard.press("m")
    assert (canvas(tab) != before).any()
    tab.keyboard.press("m")
    assert (canvas(tab) == before).all()


@pytest.mark.tor("TOR-104")
def test_the_table_sorts_by_every_quantity_and_both_ways(browser: Browser, html: str) -> None:
    samples = block(html, "samples")
    tab = browser.open(html)

    def order(numbers: list[int | None], falling: bool = False) -> list[int]:
        there = [(-n if falling else n, place) for place, n in enumerate(numbers) if n is not None]
        return [place for _, place in sorted(there)]

    tab.locator("#sort").select_option(label="lead of the object")
    assert first_rows(tab, 20) == order(samples["lead"])[:20]
    tab.locator("#turn").click()
    assert first_rows(tab, 20) == order(samples["lead"], falling=True)[:20]
    tab.get_by_role("button", name="P(label)").click()
    assert first_rows(tab, 20) == order(samples["probability"])[:20]
    assert tab.locator("[aria-sort=ascending]").inner_text().startswith("P(label)")
    tab.get_by_role("button", name="P(label)").click()
    assert first_rows(tab, 20) == order(samples["probability"], falling=True)[:20]
    tab.locator("#sort").select_option(label="AUC of gradcam")
    assert tab.locator("[aria-sort=descending]").inner_text().startswith("AUC")
    written = tab.evaluate(f"{ROWS}[0].lastElementChild.textContent")
    top = max(n for n in samples["scores"]["gradcam"]["auc"] if n is not None)
    assert float(written) == pytest.approx(top / 1000)
    tab.evaluate("document.getElementById('list').scrollTop = 1e6")
    wait_until(tab, f"{ROWS}.at(-1).ariaRowIndex === '122'")
    assert samples["scores"]["gradcam"]["auc"][int(tab.evaluate(f"{ROWS}.at(-1).dataset.place"))] is None
    assert tab.faults == []


@pytest.mark.tor("TOR-104")
def test_filters_leave_what_they_say_and_add_up(browser: Browser, html: str) -> None:
    samples = block(html, "samples")
    tab = browser.open(html)
    assert counted(tab) == "121 samples"
    tab.locator("summary").click()
    size = len(samples["number"])

    def fits(column: list[Any], text: str) -> set[int]:
        return {place for place in range(size) if text_at(column, place) == text}

    cell = [samples["cell"]["values"], samples["cell"]["at"]]
    runways, wrong = fits(samples["class"], "runway"), fits(cell, "right for the wrong reason")
    lost = next(set(loss["at"]) for loss in samples["lost"] if loss["name"] == "background")
    middle = fits(next(kind["texts"] for kind in samples["kinds"] if kind["name"] == "box position"), "middle")
    choose(tab, "Class", "runway")
    assert counted(tab) == f"{len(runways)} of 121 samples"
    choose(tab, "Cell", "right for the wrong reason")
    assert set(first_rows(tab, 20)) <= runways & wrong
    choose(tab, "Right answer lost", "background")
    choose(tab, "box position", "middle")
    assert 0 < len(runways & wrong & lost & middle) < len(runways & wrong) < len(runways)
    assert counted(tab) == f"{len(runways & wrong & lost & middle)} of 121 samples"
    assert tab.locator("#filtering").inner_text() == " (4 on)"
    tab.locator("#all").click()
    assert counted(tab) == "121 samples"
    choose(tab, "Map", "kept (9)")
    assert set(first_rows(tab, 20)) == set(samples["kept"])
    choose(tab, "What became of it", "excluded: object cropped away")
    assert counted(tab) == "0 of 121 samples"
    assert tab.locator("#rows > .row").count() == 0
    assert tab.faults == []


@pytest.mark.tor("TOR-104")
def test_the_keyboard_alone_is_enough(browser: Browser, html: str) -> None:
    tab = browser.open(html, "#3")
    assert shown(tab) == 3

    def at(key: str) -> int:
        tab.keyboard.press(key)
        tab.wait_for_timeout(50)
        return shown(tab)

    assert [at(key) for key in ("j", "ArrowDown", "k", "ArrowUp", "End", "j", "Home")] == [4, 5, 4, 3, 120, 120, 0]
    assert tab.evaluate("location.hash") == "#0"
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "find"
    tab.keyboard.type("00077")
    assert (counted(tab), first_rows(tab)) == ("1 of 121 samples", [77])
    tab.keyboard.press("Enter")
    assert shown(tab) == 77
    assert tab.evaluate("document.activeElement.id") == "list"
    tab.keyboard.press("/")
    tab.keyboard.press("Escape")
    assert counted(tab) == "121 samples"
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.id") == "list"
    ring = tab.evaluate("(() => { const s = getComputedStyle(document.activeElement); return s.outlineWidth; })()")
    assert ring == "3px"
    active = tab.locator("#list").get_attribute("aria-activedescendant")
    assert tab.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert (at("PageDown"), tab.faults) != (77, [])
    assert tab.faults == []


@pytest.mark.tor("TOR-104")
def test_a_row_leads_to_its_picture_and_a_donor_to_its_own(browser: Browser, html: str) -> None:
    number = block(html, "samples")["kept"][2]
    tab = browser.open(html)
    tab.locator(f"#row-{number} a").click()
    assert shown(tab) == number
    assert "Map of" in tab.locator("#mixer").inner_text()
    label = tab.locator("#map").get_attribute("aria-label")
    assert label.startswith(f"Picture pictures/{number:05}.png under the map of gradient")
    link = tab.locator("#answers a").first
    donor = int(link.get_attribute("href")[1:])
    link.click()
    wait_until(tab, f"document.body.dataset.shown === '{donor}'")
    assert tab.locator("#detail-title").inner_text().startswith(f"No. {donor} ")


def test_a_sample_without_a_map_says_so(browser: Browser, html: str) -> None:
    samples = block(html, "samples")
    bare = next(place for place in range(1, 119) if place not in samples["kept"])
    tab = browser.open(html, f"#{bare}")
    shown(tab)
    assert (
        "The record keeps no picture or map of this sample: it keeps those of 9 of 119."
        in tab.locator("#none").inner_text()
    )
    assert not tab.locator("#map").is_visible()
    assert tab.locator("#boxes").is_visible()
    assert not tab.locator("#method").is_visible()
    tab = browser.open(html, "#0")
    shown(tab)
    assert "was not measured" in tab.locator("#none").inner_text()
    assert "object cropped away" in tab.locator("#about").inner_text()


def test_its_answers_stand_beside_it(browser: Browser, html: str) -> None:
    samples, answers = block(html, "samples"), block(html, "answers")
    number = samples["kept"][0]
    tab = browser.open(html, f"#{number}")
    shown(tab)
    text = tab.locator("#answers").inner_text()
    for group in answers["groups"]:
        asked = any(number in row["at"] for row in group["rows"])
        assert (group["title"] in text) is asked
    rows = sum(number in row["at"] for group in answers["groups"] for row in group["rows"])
    assert tab.locator("#answers .answered").count() == rows + 1
    group, row = next((g, r) for g in answers["groups"] for r in g["rows"] if r["name"] == "mean colour")
    steps = row["probability"][row["at"].index(number)]
    line = tab.locator(".answer-group", has_text=group["title"]).locator("li", has_text="mean colour").first
    assert float(line.locator(".value").inner_text().split()[0]) == pytest.approx(steps / 1000, abs=0.051)
    assert float(line.locator(".meter").evaluate("(e) => e.style.getPropertyValue('--now')")) == steps / 100_000


@pytest.mark.tor("TOR-104")
def test_ten_thousand_samples_answer_at_once_and_leave_the_page_small(browser: Browser, html: str) -> None:
    many = tiled(html, 84)
    tab = browser.open(many)
    assert counted(tab) == "10,164 samples"
    tab.locator("summary").click()
    clock = """([id, index]) => {
        const select = id === "sort" ? document.getElementById(id) : document.querySelectorAll("#selects select")[id];
        select.selectedIndex = index;
        const before = performance.now();
        select.dispatchEvent(new Event("change"));
        document.body.offsetHeight;
        return performance.now() - before;
    }"""
    times = {
        what: min(tab.evaluate(clock, what) for _ in range(3)) for what in ((0, 1), (2, 2), ("sort", 4), ("sort", 1))
    }
    assert max(times.values()) < 100, times
    tab.locator("#all").click()
    for top in (1000, 50_000, 150_000, 1e7):
        tab.evaluate(f"document.getElementById('list').scrollTop = {top}")
        wait_until(tab, IN_SIGHT)
        assert 0 < tab.locator("#rows > .row").count() < MOST_ROWS
    last = tab.evaluate(f"{ROWS}.at(-1).ariaRowIndex")
    assert int(last) == 10_165
    assert tab.evaluate("document.querySelectorAll('*').length") < 2000
    assert tab.faults == []


@pytest.mark.tor("TOR-104")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 768), ("dark", 390)])
def test_axe_finds_nothing(browser: Browser, html: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = browser.open(html, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    shown(tab)
    tab.locator("summary").click()
    result = axe.Axe().run(tab, options={"runOnly": {"type": "tag", "values": WCAG}}).response
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"]] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen_a_tap_leads_to_the_picture_and_back(browser: Browser, html: str) -> None:
    number = block(html, "samples")["kept"][1]
    tab = browser.open(html, viewport={"width": 390, "height": 844}, has_touch=True)
    shown(tab)
    tab.locator(f"#row-{number}").tap()
    wait_until(tab, f"document.body.dataset.shown === '{number}'")
    wait_until(tab, "Math.abs(document.getElementById('detail').getBoundingClientRect().top) < 20")
    tab.locator("#back").tap()
    wait_until(tab, "document.getElementById('list').getBoundingClientRect().bottom <= innerHeight + 1")
    assert tab.evaluate("document.activeElement.id") == "list"


def test_without_its_script_the_page_says_what_is_missing(browser: Browser, html: str) -> None:
    tab = browser.open(html, java_script_enabled=False)
    assert tab.locator("noscript").inner_text().startswith("This page needs its script")
    assert not tab.locator("#main").is_visible()
