"""compare.html: one file, every outcome, both maps where there are two."""

import re
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from checks.baseline.accept import accept
from checks.baseline.compare import compare, gate
from checks.verdict import Outcome
from fixtures.candidates import write_candidate
from fixtures.pages import check, words
from reports.page.compare import MOST_CARDS, comparison_page, render_comparison


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candidate(tmp_path_factory.mktemp("old") / "audit.sqlite", same_network=True)


@pytest.fixture(scope="module")
def cheat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candidate(tmp_path_factory.mktemp("cheat") / "audit.sqlite", kind="cheating", missed=range(1, 119))


def shown(old: Path, new: Path) -> str:
    with Record.open(old) as baseline, Record.open(new) as candidate:
        return comparison_page(compare(baseline, candidate), candidate, baseline)


def test_a_loss_is_told_with_both_maps_side_by_side(old: Path, cheat: Path) -> None:
    html = shown(old, cheat)
    checker = check(html)
    text = words(html)
    assert '<div class="verdict is-FAIL">' in html
    assert {"verdict", "margins", "turned", "slices", "compared", "absolute"} <= set(checker.ids)
    with Record.open(old) as baseline, Record.open(cheat) as candidate:
        found = compare(baseline, candidate)
        before, after = read_thumbnails(baseline), read_thumbnails(candidate)
        kept = {number: (number in before, number in after) for number in range(120)}
    turned = [flip.sample for flip in found.flips if flip.kind == "hit to miss"]
    cards = sorted((number for number in turned if any(kept[number])), key=lambda n: not all(kept[n]))[:MOST_CARDS]
    assert cards
    for number in cards:
        for layer, there in zip(("before", "after"), kept[number], strict=True):
            assert (f'<image id="p{number}-{layer}"' in html) is there
            assert (re.search(f'<use [^>]*href="#p{number}-{layer}"/>', html) is not None) is there
    assert f"Evidence left the object: {len(turned)}" in text
    assert html.count("Map of the baseline") > 0
    assert html.count("No map kept") > 0
    assert len(found.flips) == len(re.findall(r"<li>no\. |<li class=\"card\"", html))
    assert "was hashed into the candidate’s record before the first picture was measured" in text
    assert "model state sha256" in text
    assert "regressed" in text


def test_both_maps_come_first_where_both_records_keep_them(old: Path, tmp_path: Path) -> None:
    html = shown(old, write_candidate(tmp_path / "audit.sqlite", missed=range(1, 119)))
    check(html)
    with Record.open(old) as record:
        kept = set(read_thumbnails(record))
    for number in kept:
        assert (f'href="#p{number}-before"' in html) is (f'href="#p{number}-after"' in html)
    cards = re.findall(r'<li class="card">.*?</li>', html, flags=re.DOTALL)
    assert cards
    assert all("-before" in card and "-after" in card for card in cards)


def test_an_equal_candidate_has_no_picture_that_turned(old: Path, tmp_path: Path) -> None:
    html = shown(old, write_candidate(tmp_path / "audit.sqlite"))
    check(html)
    assert '<div class="verdict is-PASS">' in html
    assert "No picture turned: each is predicted and explained as before." in words(html)
    assert "<image" not in html


def test_the_line_ends_left_of_the_margin_where_it_passes_only(old: Path, cheat: Path, tmp_path: Path) -> None:
    for new, passes in ((write_candidate(tmp_path / "audit.sqlite"), True), (cheat, False)):
        html = shown(old, new)
        margin = float(re.findall(r'class="margin" x1="([\d.]+)"', html)[0])
        high = float(re.findall(r'<line x1="[\d.]+" x2="([\d.]+)"', html)[0])
        assert (high < margin) is passes


def test_a_baseline_file_shows_its_history_and_the_candidates_maps(old: Path, cheat: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    accept(old, file, reason="the first & <b>best</b>", by="Ada")
    with Record.open(cheat) as candidate:
        found = gate(file, candidate)
        html = comparison_page(found, candidate, None)
    check(html)
    assert "the first &amp; &lt;b&gt;best&lt;/<wbr>b&gt;" in html
    assert "The baseline is a file that keeps no pictures" in words(html)
    assert "-before" not in html
    assert "-after" in html


def test_without_a_baseline_the_page_says_so(cheat: Path, tmp_path: Path) -> None:
    with Record.open(cheat) as candidate:
        found = gate(tmp_path / "none.json", candidate)
        out = render_comparison(found, candidate, None, tmp_path / "new" / "compare.html")
        with pytest.raises(AuditError, match="cannot be written"):
            render_comparison(found, candidate, None, cheat / "compare.html")
    assert found.outcome is Outcome.INVALID
    html = out.read_text(encoding="utf-8")
    checker = check(html)
    assert "no such baseline" in words(html)
    assert "turned" not in checker.ids
    assert "By itself the candidate is" in words(html)
