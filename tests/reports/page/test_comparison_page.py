"""compare.html: one file, every outcome, both maps where there are two."""

import re
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from checks.baseline.accept import accept
from checks.baseline.compare import compare, gate
from checks.baseline.result import Comparison
from checks.verdict import Outcome
from fixtures.candidates import write_candidate
from fixtures.pages import check, words
from reports.page.comparison_page import MOST_CARDS, comparison_page, losses, render_comparison
from reports.result.assessment import Assessment, assess
from reports.wording.comparison import WordedComparison, worded_comparison
from reports.wording.words import about


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candidate(tmp_path_factory.mktemp("old") / "audit.sqlite", same_network=True)


@pytest.fixture(scope="module")
def cheat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candidate(tmp_path_factory.mktemp("cheat") / "audit.sqlite", kind="cheating", missed=range(1, 119))


def compared(baseline: Record, candidate: Record) -> WordedComparison:
    assessment = assess(candidate)
    return in_words(compare(baseline, assessment), assessment)


def in_words(comparison: Comparison, assessment: Assessment) -> WordedComparison:
    return worded_comparison(comparison, about(assessment.table))


def shown(old: Path, new: Path) -> str:
    with Record.open(old) as baseline, Record.open(new) as candidate:
        return comparison_page(compared(baseline, candidate), candidate, baseline)


@pytest.mark.slow
def test_a_loss_is_told_with_both_maps_side_by_side(old: Path, cheat: Path) -> None:
    html = shown(old, cheat)
    checker = check(html)
    text = words(html)
    assert '<div class="verdict is-FAIL">' in html
    assert {"verdict", "margins", "changed", "slices", "compared", "absolute"} <= set(checker.ids)
    with Record.open(old) as baseline, Record.open(cheat) as candidate:
        comparison = compared(baseline, candidate)
        before, after = read_thumbnails(baseline), read_thumbnails(candidate)
        kept = {number: (number in before, number in after) for number in range(120)}
    turned = [flip.sample for flip in comparison.flips if flip.kind == "hit to miss"]
    cards = sorted((number for number in turned if any(kept[number])), key=lambda n: not all(kept[n]))[:MOST_CARDS]
    assert cards
    for number in cards:
        for layer, there in zip(("before", "after"), kept[number], strict=True):
            assert (f'<image id="p{number}-{layer}"' in html) is there
            assert (re.search(f'<use [^>]*href="#p{number}-{layer}"/>', html) is not None) is there
    assert f"Evidence left the object: {len(turned)}" in text
    assert html.count("Map of the baseline") > 0
    assert html.count("No map kept") > 0
    assert len(comparison.flips) == len(re.findall(r"<li>no\. |<li class=\"card\"", html))
    assert "was hashed into the candidate’s record before the first picture was measured" in text
    assert "model state sha256" in text
    assert "regressed" in text


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_equal_candidate_changes_no_answer(old: Path, tmp_path: Path) -> None:
    html = shown(old, write_candidate(tmp_path / "audit.sqlite"))
    check(html)
    assert '<div class="verdict is-PASS">' in html
    assert "No picture’s answer changed: each is predicted and explained as before." in words(html)
    assert "<image" not in html


@pytest.mark.slow
def test_the_interval_ends_left_of_the_margin_where_it_passes_only(old: Path, cheat: Path, tmp_path: Path) -> None:
    for new, passes in ((write_candidate(tmp_path / "audit.sqlite"), True), (cheat, False)):
        with Record.open(old) as baseline, Record.open(new) as candidate:
            comparison = compared(baseline, candidate)
            html = comparison_page(comparison, candidate, baseline)
        evidence, accuracy, *maps = losses(comparison)
        assert (evidence.name, accuracy.name) == ("misses", "accuracy")
        assert {loss.name for loss in maps} == {"mass, gradient", "mass, gradcam"}
        for loss in (evidence, accuracy, *maps):
            assert loss.lower <= loss.value <= loss.upper
            assert loss.margin > 0
        assert (evidence.upper < evidence.margin) is passes
        assert evidence.kind == ("passes" if passes else "fails")
        assert {loss.kind for loss in maps} == {"advisory"}
        chart = html[html.index("Losses of 4 quantities") :].partition("</svg>")[0]
        assert chart.count('<g class="passes">') == (2 if passes else 1)
        assert chart.count('<g class="fails">') == (0 if passes else 1)


@pytest.mark.slow
def test_a_baseline_file_shows_its_history_and_the_candidates_maps(old: Path, cheat: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    accept(old, file, reason="the first & <b>best</b>", by="Ada")
    with Record.open(cheat) as candidate:
        assessment = assess(candidate)
        html = comparison_page(in_words(gate(file, assessment), assessment), candidate, None)
    check(html)
    assert "the first &amp; &lt;b&gt;best&lt;/<wbr>b&gt;" in html
    assert "The baseline is a file without pictures" in words(html)
    assert not re.search(r'href="#p\d+-before"', html)
    assert "-after" in html


@pytest.mark.slow
def test_without_a_baseline_the_page_says_so(cheat: Path, tmp_path: Path) -> None:
    with Record.open(cheat) as candidate:
        assessment = assess(candidate)
        comparison = in_words(gate(tmp_path / "none.json", assessment), assessment)
        out = render_comparison(comparison, candidate, None, tmp_path / "new" / "compare.html")
        with pytest.raises(AuditError, match="cannot be written"):
            render_comparison(comparison, candidate, None, cheat / "compare.html")
    assert comparison.outcome is Outcome.INVALID
    html = out.read_text(encoding="utf-8")
    checker = check(html)
    assert "no such baseline" in words(html)
    assert "changed" not in checker.ids
    assert "By itself, the candidate is" in words(html)
