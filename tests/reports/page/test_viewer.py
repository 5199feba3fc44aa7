"""Maps that can be read: coloured by the page, with and without a script, and open to everyone (WCAG 2.2 AA)."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from fixtures.assessments import assessment_of, page_of
from fixtures.browser import WCAG, Browser, browses, colour_at
from fixtures.pages import check
from fixtures.records import Kind, write_record
from reports.page import render as page
from reports.page.images import encode

PAGES: tuple[Kind, ...] = ("honest", "cheating", "dead")


def report(path: Path, kind: Kind = "honest", methods: tuple[str, ...] = ("gradient", "gradcam")) -> str:
    with Record.open(write_record(path, n=120, kind=kind, methods=methods)) as record:
        shown = sorted(read_thumbnails(record))
        record.set_meta("gallery", {"worst": shown[:3], "borderline": shown[3:6], "random": [*shown[6:], shown[0]]})
        return page_of(assessment_of(record))


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> str:
    return report(tmp_path_factory.mktemp("honest") / "audit.sqlite")


@pytest.mark.slow
def test_maps_lie_in_the_page_in_grey_and_are_coloured_by_a_filter(honest: str) -> None:
    ids = set(re.findall(r'<use class="map[^"]*" href="#([^"]+)"', honest))
    assert ids
    for key in ids:
        found = re.search(rf'<image id="{key}" [^>]*href="data:image/webp;base64,([^"]+)"', honest)
        assert found
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB")).astype(int)
        assert np.ptp(pixels, axis=-1).max() <= 2
    assert ".map { filter: url(#colours-magma); }" in honest
    assert set(check(honest).ids) >= {"colours-magma", "colours-cividis", "colours-gray"}


def test_a_map_keeps_its_scale() -> None:
    grey = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    uri = encode({0: {"gradient": buffer.getvalue()}})[0]["gradient"]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("L")).astype(int)
    assert np.abs(shown - grey).mean() < 3
    assert np.abs(shown - grey).max() < 12


@pytest.mark.slow
def test_sliders_wait_for_the_script_and_all_else_does_not(honest: str) -> None:
    controls = honest[honest.index('<div class="controls">') :].partition("<h3")[0]
    choices, _, sliders = controls.partition('id="viewer-sliders"')
    assert 'type="range"' not in choices
    assert choices.count('type="radio"') == 7
    assert re.match(r"[^>]*\bhidden>", sliders)
    assert sliders.count('type="range"') == 3
    assert all(f'for="{key}"' in sliders for key in re.findall(r'type="range" id="([^"]+)"', sliders))


@pytest.mark.tor("TOR-065")
def test_the_script_loads_nothing_and_builds_no_markup() -> None:
    text = (Path(page.__file__).parent / "viewer.js").read_text(encoding="utf-8")
    for word in ("fetch", "http", "innerHTML", "eval", "import", "</", "document.write", "insertAdjacentHTML"):
        assert word not in text


@pytest.mark.slow
def test_without_a_gallery_there_is_no_script(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=120)) as record:
        html = page_of(assessment_of(record))
    check(html)
    assert "<script" not in html
    assert "script-src" not in html


@pytest.mark.slow
@browses
def test_the_window_recolours_the_maps(browser: Browser, honest: str) -> None:
    tab = browser.open(honest)
    tab.locator("#viewer-boxes").uncheck()
    before = [colour_at(tab, ".shows-map", share, 0.5) for share in (0.1, 0.3, 0.5, 0.7)]
    tab.locator("#viewer-high").focus()
    for _ in range(9):
        tab.keyboard.press("PageDown")
    assert int(tab.locator("#viewer-high").input_value()) < 30
    after = [colour_at(tab, ".shows-map", share, 0.5) for share in (0.1, 0.3, 0.5, 0.7)]
    assert before != after
    assert sum(map(sum, after)) > sum(map(sum, before))
    tab.locator("#viewer-low").fill("100")
    assert tab.locator("#viewer-low").input_value() == "95"
    assert tab.locator("#viewer-high").input_value() == "100"
    tab.locator("#viewer-reset").click()
    assert [colour_at(tab, ".shows-map", share, 0.5) for share in (0.1, 0.3, 0.5, 0.7)] == before
    assert tab.faults == []


@pytest.mark.slow
@browses
def test_pictures_are_filtered_by_class_and_answer(browser: Browser, honest: str) -> None:
    tab = browser.open(honest)
    cards, label, cell = tab.locator(".card"), tab.locator("#viewer-label"), tab.locator("#viewer-cell")
    total = cards.count()
    assert tab.locator("#viewer-count").inner_text() == f"{total} of {total} pictures"
    kinds = [(cards.nth(i).get_attribute("data-label"), cards.nth(i).get_attribute("data-cell")) for i in range(total)]
    first = kinds[0]
    label.select_option(first[0])
    cell.select_option(first[1])
    assert tab.locator("#viewer-count").inner_text() == f"{kinds.count(first)} of {total} pictures"
    shown = [cards.nth(i).get_attribute("hidden") is None for i in range(total)]
    assert shown == [kind == first for kind in kinds]
    assert 0 < sum(shown) < total
    assert tab.faults == []


@pytest.mark.slow
@browses
@pytest.mark.parametrize("script", [True, False])
def test_views_colours_boxes_and_zoom_need_no_script(browser: Browser, honest: str, script: bool) -> None:
    tab = browser.open(honest, java_script_enabled=script)
    assert tab.locator("#viewer-sliders").is_visible() is script
    assert tab.locator("#viewer-filters").is_visible() is script
    card = tab.locator(".card").first
    panels = [card.locator(f".panels > .shows-{kind}") for kind in ("picture", "map", "both")]
    assert [panel.is_visible() for panel in panels] == [True, True, True]
    assert card.locator(".box").first.is_visible()
    tab.locator("#viewer-boxes").uncheck()
    assert not card.locator(".box").first.is_visible()
    magma = colour_at(tab, ".shows-map", 0.5, 0.5)
    tab.locator("#viewer-gray").check()
    grey = colour_at(tab, ".shows-map", 0.5, 0.5)
    assert magma != grey
    assert max(grey) - min(grey) <= 2
    tab.locator("#viewer-map").focus()
    tab.keyboard.press("Space")
    assert [panel.is_visible() for panel in panels] == [False, True, False]
    before = panels[1].bounding_box()["width"]
    card.locator(".enlarge input").check()
    assert panels[1].bounding_box()["width"] > 2 * before


@pytest.mark.slow
@browses
@pytest.mark.parametrize(
    ("kind", "scheme", "width"),
    [*((kind, scheme, 1280) for kind in PAGES for scheme in ("light", "dark")), ("cheating", "light", 390)],
)
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, kind: Kind, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    html = report(tmp_path / "audit.sqlite", kind, methods=("gradient",))
    tab = browser.open(html, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.add_style_tag(content=".scroll { background: none !important; } .controls { position: static !important; }")
    result = axe.Axe().run(tab, options={"runOnly": {"type": "tag", "values": WCAG}}).response
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"]] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    unsure = [node for v in result["incomplete"] if v["id"] == "color-contrast" for node in v["nodes"]]
    assert [n["html"][:200] for n in unsure if not re.match("<(text|svg|var)", n["html"])] == []
