"""How numbers and names are written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.verdict import Unit
from reports.wording.numbers import (
    clean,
    confidence,
    count,
    css_string,
    decimal,
    digest,
    excerpt,
    in_unit,
    measured,
    name,
    percent,
    prose,
    short,
    signed,
    slug,
    spread,
    whole_percent,
)

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "50.0"),
        (1.0, "100.0"),
        (0.99999, ">99.9"),
        (0.0, "0.0"),
        (0.0001, "<0.1"),
        (1.0000000002, "100.0"),
        (0.1234, "12.3"),
    ],
)
def test_percent_says_all_and_nothing_only_where_it_is_true(value: float, shown: str) -> None:
    assert percent(value) == f"{shown}{THIN}%"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_no_number_is_a_dash(value: float | None) -> None:
    assert percent(value) == decimal(value) == "–"


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(-0.1234, 3, "−0.123"), (-0.0001, 3, "0.000"), (1234.5, 1, "1,234.5"), (0.4987, 3, "0.499")],
)
def test_decimals_have_a_true_minus_and_no_negative_nothing(value: float, digits: int, shown: str) -> None:
    assert decimal(value, digits) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.25, Unit.SHARE, f"25.0{THIN}%"),
        (-0.0543, Unit.DIFFERENCE, "−5.4"),
        (1.0, Unit.DIFFERENCE, "100.0"),
        (0.0543, Unit.AUC, "0.054"),
        (1.0, Unit.AUC, "1.000"),
        (0.5, Unit.CORRELATION, "0.500"),
        (299.0, Unit.COUNT, "299"),
        (29.5, Unit.COUNT, "29.500"),
        *((None, unit, "–") for unit in Unit),
    ],
)
def test_a_finding_is_shown_in_its_unit(value: float | None, unit: Unit, shown: str) -> None:
    assert measured(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.14, "+3.1"), (-2.0, "−2.0"), (0.0, "0.0"), (-0.01, "0.0"), (None, "–"), (math.nan, "–")]
)
def test_log_odds_have_a_sign(value: float | None, shown: str) -> None:
    assert signed(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.5, "50"), (0.125, "12.5"), (1.0, "100"), (0.30000000000000004, "30")])
def test_round_shares_have_no_needless_decimals(value: float, shown: str) -> None:
    assert whole_percent(value) == f"{shown}{THIN}%"


def test_a_unit_is_named_for_differences_where_no_heading_does() -> None:
    assert in_unit(0.1, Unit.DIFFERENCE) == f"10.0{THIN}points"
    assert in_unit(None, Unit.DIFFERENCE) == "–"
    assert in_unit(0.1, Unit.SHARE) == f"10.0{THIN}%"


def test_chance_of_a_difference_is_a_share() -> None:
    assert measured(0.15, Unit.DIFFERENCE, level=True) == f"15.0{THIN}%"


def test_small_words() -> None:
    assert (count(12345), confidence(0.95), confidence(0.999)) == ("12,345", f"95{THIN}%", f"99.9{THIN}%")
    assert slug("Überholt_ja? nein") == "berholt-ja-nein"
    assert slug("…") == "x"
    assert prose("falls by -3.4 points, 12 %") == f"falls by −3.4 points, 12{THIN}%"
    assert excerpt("a\nb\nc", lines=2) == "a\nb\n# … 1 more lines"


def test_quotes_on_the_page_are_true_ones_but_for_those_of_a_command() -> None:
    assert prose("Add \"edges\" for 'a b'.") == "Add “edges” for ‘a b’."
    assert prose("saliency-audit accept RUN --reason '…' --force.") == "saliency-audit accept RUN --reason '…' --force."


def test_a_negative_share_has_a_true_minus() -> None:
    assert percent(-0.031) == f"−3.1{THIN}%"


def test_an_apostrophe_within_a_word_is_a_true_one() -> None:
    assert prose("the model's maps, 'so called'") == "the model’s maps, ‘so called’"
    assert prose("the methods' maps ('a s' b), don't") == "the methods’ maps (‘a s’ b), don’t"
    assert prose("accept RUN --reason 'it is less' now") == "accept RUN --reason 'it is less' now"
    assert prose("24x20 pixels of the 112x112 frame, crop 4x4.png") == "24×20 pixels of the 112×112 frame, crop 4x4.png"


def test_a_css_string_cannot_end_early() -> None:
    assert css_string('a"</style> b') == '"a\\000022\\00003c\\00002fstyle\\00003e\\000020b"'


def test_controls_become_visible() -> None:
    assert clean("a\u202eb\x00c\u2066") == "a⟨U+202E⟩b⟨U+0000⟩c⟨U+2066⟩"
    assert clean("naïve 猫 👩‍🚀") == "naïve 猫 👩‍🚀"


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    shown = short("a" * 4000 + "/last.jpg", 20)
    assert len(shown) == 20
    assert shown.startswith("aaaa")
    assert shown.endswith("last.jpg")


def test_a_name_is_escaped_and_isolated() -> None:
    shown = name('<script>alert("1")</script>')
    assert "<script" not in shown
    assert shown.startswith("<bdi>&lt;script&gt;")
    assert 'title="' in name("x" * 4000)
    assert len(name("x" * 4000)) < 500


@given(st.text())
def test_no_name_breaks_out(text: str) -> None:
    shown = name(text)
    inner = shown.partition(">")[2].removesuffix("</bdi>").replace("<wbr>", "")
    assert "<" not in inner
    assert shown.partition(">")[0].count('"') in (0, 2)


def test_a_hash_is_whole_in_the_page() -> None:
    assert digest("ab" * 32).count("ab" * 32) == 2


def test_a_spread_that_is_written_alike_is_said_once() -> None:
    assert spread([0.3, 0.1, 0.2]) == f"10.0{THIN}% to 30.0{THIN}%"
    assert spread([0.0011, 0.0012]) == spread([0.001]) == f"0.1{THIN}%"
