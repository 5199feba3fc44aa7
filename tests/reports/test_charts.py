"""Charts: small, deterministic, in the page's colours, with the real names."""

import re

import numpy as np
import pytest

from checks.evidence import Floats
from reports import charts
from reports.pictures import COLOUR_MAP, colour_stops


def mass_and_area(n: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    return rng.random(n), rng.random(n)


@pytest.mark.parametrize("n", [1, 300, 301, 10_000])
def test_a_chart_of_pictures_stays_small(n: int) -> None:
    mass, area = mass_and_area(n)
    drawn = charts.against_area(mass, area, 1.0, "title", "key")
    assert len(drawn) < 60_000
    assert drawn == charts.against_area(mass, area, 1.0, "title", "key")


def test_every_picture_is_drawn_on_its_side_of_the_line() -> None:
    mass, area = np.array([0.9, 0.1, 0.2, 0.5]), np.array([0.5, 0.5, 0.5, 0.5])
    drawn = charts.against_area(mass, area, 1.0, "title", "key")
    dots = re.findall(r'<use [^>]*style="fill: (var\(--\w+\)); fill-opacity', drawn)
    assert (dots.count("var(--data)"), dots.count("var(--fail)")) == (2, 2)


def test_colours_follow_the_page() -> None:
    rows = [
        charts.Spread("gradient", np.linspace(0, 1, 50), "method"),
        charts.Spread("uniform", np.ones(3), "null map"),
    ]
    drawn = charts.spreads(rows, 0.2, "title", "key")
    assert not re.search("#0102", drawn)
    assert {"var(--data)", "var(--data-null)", "var(--chance)", "var(--ink)"} <= set(
        re.findall(r"var\(--[\w-]+\)", drawn)
    )


def test_names_from_outside_are_only_words() -> None:
    hostile = r"$\frac{1}{0}$ </text><script>"
    drawn = charts.spreads([charts.Spread(hostile, np.ones(3), "method")], 0.2, hostile, "key")
    assert "<script" not in drawn
    assert r"$\frac{1}" in drawn
    drawn = charts.classes([charts.Pair("猫", 0.5, 0.2), charts.Pair("row0.", 0.1, 0.2)], "title", "key")
    assert ">猫<" in drawn
    assert ">row0.<" in drawn


def test_each_chart_has_ids_of_its_own() -> None:
    mass, area = mass_and_area(10)
    first, second = (charts.against_area(mass, area, 1.0, "title", key) for key in ("a", "b"))
    ids = [set(re.findall(r' id="([^"]+)"', drawn)) for drawn in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for drawn, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawn)) <= {(i, "") for i in own} | {
            ("", i) for i in own
        }


def test_the_colour_bar_grows_lighter() -> None:
    assert COLOUR_MAP == "magma"
    stops = colour_stops()
    assert (stops[0][0], stops[-1][0]) == ("0.0%", "100.0%")
    light = [sum(w * int(c[i : i + 2], 16) for w, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5))) for _, c in stops]
    assert light == sorted(light)
    assert light[0] < 5
    assert light[-1] > 230
