"""Charts: small, deterministic, in the page's colours, with the real names."""

import re
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps, rc_context

from checks.table.evidence import Floats
from reports.charts import cascade_curve, detection_curve, halves, loss_intervals
from reports.charts import relevance_mass as charts
from reports.page.images import ColourMap, colour_maps

pytestmark = pytest.mark.usefixtures("drawn_anew")


def mass_and_area(n: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    return rng.random(n), rng.random(n)


@pytest.mark.slow
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
    drawn = charts.by_source(rows, 0.2, "title", "key")
    assert not re.search("#0102", drawn)
    assert {"var(--data)", "var(--data-null)", "var(--chance)", "var(--ink)"} <= set(
        re.findall(r"var\(--[\w-]+\)", drawn)
    )


@pytest.mark.tor("TOR-007")
def test_what_a_folder_says_of_matplotlib_changes_nothing() -> None:
    """It reads the `matplotlibrc` of the current folder, by which it runs TeX."""
    means = (1.0, 0.6, 0.1)
    drawn = cascade_curve.cascade(means, 0.5, survives=False, title="title", key="key")
    foreign: Any = {"text.usetex": True, "text.latex.preamble": "x", "lines.linewidth": 0, "axes.xmargin": 0.4}
    with rc_context(foreign):
        assert cascade_curve.cascade(means, 0.5, survives=False, title="title", key="key") == drawn


def test_names_from_outside_are_only_words() -> None:
    hostile = r"$\frac{1}{0}$ </text><script>"
    drawn = charts.by_source([charts.Spread(hostile, np.ones(3), "method")], 0.2, hostile, "key")
    assert "<script" not in drawn
    assert r"$\frac{1}" in drawn
    drawn = charts.by_class([charts.Pair("猫", 0.5, 0.2), charts.Pair("row0.", 0.1, 0.2)], "title", "key")
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


def lightness(red: float, green: float, blue: float) -> float:
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("chosen", colour_maps(), ids=lambda chosen: chosen.name)
def test_a_colour_map_grows_lighter(chosen: ColourMap) -> None:
    assert (chosen.stops[0][0], chosen.stops[-1][0]) == ("0.0%", "100.0%")
    light = [lightness(*(int(c[i : i + 2], 16) for i in (1, 3, 5))) for _, c in chosen.stops]
    assert light == sorted(light)
    assert light[0] < 40
    assert light[-1] > 210


@pytest.mark.parametrize("chosen", colour_maps(), ids=lambda chosen: chosen.name)
def test_the_filters_table_is_the_colour_map(chosen: ColourMap) -> None:
    grey = np.arange(256) / 255
    tables = [np.array(channel.split(), dtype=float) for channel in (chosen.red, chosen.green, chosen.blue)]
    shown = np.stack([np.interp(grey, np.linspace(0, 1, len(t)), t) for t in tables], axis=-1)
    assert np.abs(255 * (shown - colormaps[chosen.name](grey)[:, :3])).max() < 2.5


def test_the_usual_colour_map_is_the_first() -> None:
    assert [chosen.name for chosen in colour_maps()] == ["magma", "cividis", "gray"]


@pytest.mark.slow
def test_the_plane_shows_misses_on_their_side() -> None:
    surroundings, alone = np.array([0.0, 2.0, -1.0, 1.0]), np.array([1.0, -2.0, 3.0, 1.0])
    values = (surroundings, alone, ~(alone - surroundings > 0), 0.0, "title", "key")
    drawn, width, places = halves.object_against_surroundings(*values)
    dots = re.findall(r'<use [^>]*style="fill: (var\(--\w+\)); fill-opacity', drawn)
    assert (dots.count("var(--data)"), dots.count("var(--fail)")) == (2, 2)
    assert drawn == halves.object_against_surroundings(*values).chart
    height = width * halves.HEIGHT / halves.WIDTH
    seen = re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)" style="fill: var\(--(?:data|fail)\); fill-opacity', drawn)
    assert sorted((float(x) / width, float(y) / height) for x, y in seen) == [
        pytest.approx(place, abs=1e-3) for place in sorted(places.tolist())
    ]


@pytest.mark.parametrize("n", [1, 10_000])
def test_the_plane_stays_small(n: int) -> None:
    rng = np.random.default_rng(0)
    surroundings, alone = rng.normal(0, 3, (2, n))
    plane = halves.object_against_surroundings(surroundings, alone, alone <= surroundings, 0.0, "title", "key")
    assert plane.places.shape == (n, 2)
    drawn = plane.chart
    assert len(drawn) < 60_000


def test_pictures_that_are_all_alike_can_be_drawn() -> None:
    same = np.full(3, 36.0)
    plane = halves.object_against_surroundings(same, same, np.ones(3, bool), 0.0, "title", "key")
    assert "<svg" in plane.chart
    assert np.all((plane.places > 0) & (plane.places < 1))


def marks(drawn: str, kind: str) -> list[tuple[float, float]]:
    """Where the marks of one line stand, in points from the upper left."""
    found = re.search(rf'<g class="{kind}">(.*?</g>)\s*</g>', drawn, re.DOTALL)
    return (
        [(float(x), float(y)) for x, y in re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"', found[1])] if found else []
    )


def test_a_line_goes_where_its_numbers_are() -> None:
    whole = detection_curve.Line("kept", [0.0, 1.0], [0.0, 1.0])
    line = detection_curve.Line("miss", [0.0, 0.5, 1.0], [0.0, 1.0, None])
    drawn = detection_curve.detection([line, whole], None, "title", "key")
    (left, bottom), (right, top) = marks(drawn, "kept")
    (x0, y0), (x1, y1) = marks(drawn, "miss")
    assert left < right
    assert top < bottom
    assert (x0, y0, y1) == (left, bottom, top)
    assert x1 == pytest.approx((left + right) / 2, abs=0.02)
    assert drawn == detection_curve.detection([line, whole], None, "title", "key")


def test_lines_differ_without_colour() -> None:
    kinds: tuple[detection_curve.Kind, ...] = ("miss", "kept", "blamed")
    lines = [detection_curve.Line(kind, [0.0, 1.0], [0.2, 0.8]) for kind in kinds]
    drawn = detection_curve.detection(lines, 0.5, "title", "key")
    parts = [re.search(rf'<g class="{kind}">\s*<path [^>]*style="([^"]+)"', drawn) for kind in kinds]
    dashes = [re.search(r"stroke-dasharray: ([^;]+)", part[1]) for part in parts if part]
    assert len({dash[1] if dash else "none" for dash in dashes}) == 3
    assert drawn.count('class="shaded"') == 1
    assert detection_curve.detection(lines, None, "title", "key").count('class="shaded"') == 0


@pytest.mark.parametrize(
    ("end", "limit", "survives", "colour"),
    [
        (0.3, 0.5, False, "data"),
        (0.7, 0.5, True, "fail"),
        (0.4, 0.5, True, "fail"),
        (None, 0.5, True, "fail"),
        (0.7, None, False, "data"),
    ],
)
def test_a_method_that_survives_is_drawn_as_such_on_whichever_side_of_the_limit(
    end: float | None, limit: float | None, survives: bool, colour: str
) -> None:
    kind = "survives" if survives else "changes"
    drawn = cascade_curve.cascade([0.8, 0.6, end], limit, survives, '"><script>', "key")
    assert len(marks(drawn, kind)) == (3 if end is not None else 2)
    assert re.search(rf'<g class="{kind}">\s*<path [^>]*style="[^"]*stroke: var\(--{colour}\)', drawn)
    assert "<script" not in drawn
    assert drawn == cascade_curve.cascade([0.8, 0.6, end], limit, survives, '"><script>', "key")


def test_a_cascade_of_nothing_is_an_empty_chart() -> None:
    drawn = cascade_curve.cascade([None, float("nan")], None, False, "title", "key")
    assert "<svg" in drawn
    assert not marks(drawn, "changes")
    assert not marks(drawn, "survives")


def test_many_stages_keep_their_ticks_apart() -> None:
    drawn = cascade_curve.cascade([1 - stage / 40 for stage in range(40)], 0.5, False, "title", "key")
    assert len(re.findall(r">\d+</text>", drawn)) <= 8 + 2  # beside 0 and 1 of the other axis


def test_losses_are_drawn_in_the_colour_of_their_outcome() -> None:
    kinds: tuple[loss_intervals.Kind, ...] = ("passes", "fails", "open", "advisory")
    rows = [loss_intervals.Loss(f"<b>{kind}", 0.1, -0.05, 0.2, 0.05, kind) for kind in kinds]
    drawn = loss_intervals.loss_intervals(rows, "title", "key")
    assert drawn == loss_intervals.loss_intervals(rows, "title", "key")
    assert "<b>" not in drawn
    colours = [re.search(rf'<g class="{kind}">\s*<path [^>]*stroke: var\(--([\w-]+)\)', drawn) for kind in kinds]
    assert [colour and colour[1] for colour in colours] == ["data", "fail", "data", "data-null"]
    assert "−" in drawn
