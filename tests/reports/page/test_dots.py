"""Marks of the chart that open their picture."""

import re
from pathlib import Path

import numpy as np
import pytest

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from fixtures.assessments import assessment_of, page_of
from fixtures.browser import Browser, browses
from fixtures.pages import words
from fixtures.records import write_record
from reports.page.context import page_values
from reports.page.dots import SLOT, Dot, dots

SIDE = np.array([240.0, 230.0])


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(assessment_of(opened(tmp_path_factory.mktemp("run"))))


def opened(folder: Path) -> Record:
    """One that shows some pictures at once and some only when unfolded."""
    record = Record.open(write_record(folder / "audit.sqlite", n=120, kind="cheating"))
    shown = sorted(read_thumbnails(record))
    record.set_meta("gallery", {"worst": shown[:6], "borderline": [], "random": shown[6:]})
    return record


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Dot]:
    with opened(tmp_path_factory.mktemp("run")) as record:
        found: list[Dot] = page_values(assessment_of(record))["halves"].dots
        return found


@pytest.mark.slow
def test_numbers_keep_apart_and_each_line_ends_at_its_mark(tmp_path: Path) -> None:
    with opened(tmp_path) as record:
        groups = page_values(assessment_of(record))["gallery"]
    cards = [card for group in groups for card in group.cards]
    crowd = np.random.default_rng(0).normal(0.4, 0.01, (len(cards), 2))
    found = dots(cards, [card.sample for card in cards], crowd, SIDE)
    assert [dot.sample for dot in found] == [card.sample for card in cards]
    middles = np.array([(dot.left, dot.top) for dot in found]) / 100 * SIDE
    for i, (x, y) in enumerate(middles):
        others = np.abs(np.delete(middles, i, axis=0) - (x, y))
        assert np.all((others[:, 0] >= SLOT[0] - 1e-6) | (others[:, 1] >= SLOT[1] - 1e-6))
        ends = np.array([x + found[i].across, y + found[i].down])
        assert ends == pytest.approx(crowd[i] * SIDE)
        turn = np.radians(found[i].turn)
        assert (x, y) + found[i].far * np.array([np.cos(turn), np.sin(turn)]) == pytest.approx(ends)
    assert found == dots(cards, [card.sample for card in cards], crowd, SIDE)
    assert dots(cards, [], np.empty((0, 2)), SIDE) == []


def test_where_no_room_is_left_the_first_pictures_have_it(drawn: list[Dot], tmp_path: Path) -> None:
    with opened(tmp_path) as record:
        card = page_values(assessment_of(record))["gallery"][0].cards[0]
    many = [card.__class__(**{**vars(card), "sample": number}) for number in range(500)]
    found = dots(many, range(500), np.full((500, 2), 0.5), SIDE)
    assert [dot.sample for dot in found] == list(range(len(found)))
    assert len(drawn) < len(found) < 500


@pytest.mark.slow
def test_right_answers_for_the_wrong_reason_come_first(html: str, drawn: list[Dot]) -> None:
    examples = re.findall(r'href="#sample-(\d+)"', html.partition('<ul class="thumbnails"')[2].partition("</ul>")[0])
    assert examples
    assert [str(dot.sample) for dot in drawn[: len(examples)]] == examples
    assert f"A number opens its picture. {drawn[0].sample}" not in words(html)
    assert re.findall(r'href="#sample-(\d+)" style="left', html) == [str(dot.sample) for dot in drawn]


@pytest.mark.slow
@browses
def test_a_number_opens_its_picture_large_and_escape_leads_back(browser: Browser, html: str, drawn: list[Dot]) -> None:
    tab = browser.open(html)
    tab.locator("#viewer-cell").select_option("wrong")
    link = tab.locator(f'.dots a[href="#sample-{drawn[-1].sample}"]')
    card = tab.locator(f"#sample-{drawn[-1].sample}")
    assert not card.is_visible()
    link.focus()
    tab.keyboard.press("Enter")
    assert card.is_visible()
    assert card.locator(".enlarge input").is_checked()
    tab.keyboard.press("Escape")
    assert not card.locator(".enlarge input").is_checked()
    assert tab.evaluate("document.activeElement.getAttribute('href')") == f"#sample-{drawn[-1].sample}"
    assert tab.faults == []


@pytest.mark.slow
@browses
def test_a_click_on_the_mark_itself_opens_the_picture_without_a_script(
    browser: Browser, html: str, drawn: list[Dot]
) -> None:
    tab = browser.open(html, java_script_enabled=False)
    tab.locator(f'.dots a[href="#sample-{drawn[0].sample}"] i').click(force=True)
    assert tab.url.endswith(f"#sample-{drawn[0].sample}")
    assert tab.locator(f"#sample-{drawn[0].sample}").is_visible()
