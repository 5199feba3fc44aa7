"""The page on detection shows the networks that are kept, and its tables count what they say."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs.detection.__main__ import MARK, PAGE
from docs.detection.figure import figure
from docs.detection.hindsight import separation
from docs.detection.networks import DRAWN, HEADS, OWNERS, TRAINED, Network, drawn, kept, photographs, read_kept
from docs.detection.tables import tables
from fixtures.zoo.kinds import KINDS


def network(true: float, *failed: str, group: str = DRAWN, kind: str = "word", **estimates: float) -> Network:
    return Network(f"{kind}-{true}", group, kind, true, "FAIL" if failed else "PASS", failed, estimates, {}, None)


def rows(text: str, *beginning: str) -> list[list[str]]:
    """The rows of the tables that begin so."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [row for row in cells if row[: len(beginning)] == list(beginning)]


def test_the_page_is_that_of_the_networks_that_are_kept() -> None:
    below = PAGE.read_text(encoding="utf-8").partition(MARK)[2]
    assert below.strip() == tables(read_kept()), "run python -m docs.detection"


def test_every_kind_of_cue_in_the_zoo_is_of_some_property() -> None:
    assert set(KINDS) <= {kind for kinds in OWNERS.values() for kind in kinds}


def test_the_line_of_fit_is_that_of_the_property_and_of_its_kinds_alone() -> None:
    some = [network(x, background=2 + 0.9 * x, regions=0.0) for x in (0.0, 10.0, 40.0, 90.0)]
    others = [network(x, kind="object_place", background=0.0, placement=x) for x in (0.0, 10.0, 40.0, 90.0)]
    text = tables([*some, *others])
    assert rows(text, "background", DRAWN) == [["background", DRAWN, "4", "0.90", "+2.0", "1.00", "2.0", "7.0"]]
    assert rows(text, "placement", DRAWN)[0][3:5] == ["1.00", "+0.0"]
    assert not rows(tables(some[:3]), "background", DRAWN), "three networks are too few for a line"


def test_networks_are_counted_by_what_they_really_lose() -> None:
    some = [network(x, "survives_other_background") for x in (1.9, 2.0, 9.9, 20.0)]
    some += [network(x) for x in (-1.0, 15.0)]
    some += [network(30.0, "survives_other_object_regions", kind="inner_word")]
    text = tables(some)
    assert rows(text, DRAWN, "any rule that decides") == [
        [DRAWN, "any rule that decides", "1 of 2", "1 of 1", "1 of 1", "0 of 1", "1 of 1"]
    ]
    (inside,) = rows(text, f"{DRAWN}, cue on the object", "any rule that decides")
    assert inside[-1] == "0 of 1", "advice decides nothing"


def test_what_the_zoo_left_is_taken_over(tmp_path: Path) -> None:
    result: dict[str, Any] = {
        "name": "planted-word-90-vit",
        "kind": "word",
        "reliance": 0.854,
        "outcome": "FAIL",
        "rules": {"survives_other_background": "FAIL", "relevance_beats_chance": "FAIL", "depends_on_object": "PASS"},
        "swaps": {"background": [0.7, 0.6, 0.8], "scale": [None, None, None]},
        "excess": {"gradient": -0.125, "edges": None},
        "pointing": 0.5,
        "named": True,
    }
    (tmp_path / "a.json").write_text(json.dumps(result))
    (found,) = drawn(tmp_path)
    assert found.true == pytest.approx(85.4)
    assert found.estimates == {"background": pytest.approx(70.0)}
    assert found.maps == {"gradient": -0.125, "pointing": 0.5}
    assert found.named is True
    assert found.failed == ("survives_other_background",), "maps say nothing of reliance"
    assert read_back(found) == found._replace(true=85.4, estimates={"background": 70.0})


def read_back(found: Network) -> Network:
    line = json.loads(json.dumps(kept(found)))
    return Network(**{**line, "failed": tuple(line["failed"])})


@pytest.mark.parametrize(("backbone", "group"), [("squeezenet", HEADS), ("fine-tuned squeezenet", TRAINED)])
def test_of_several_regions_the_one_that_costs_most_counts(tmp_path: Path, backbone: str, group: str) -> None:
    def finding(rule: str, value: float | None) -> Mapping[str, Any]:
        return {"rule": rule, "value": value}

    line = {
        "backbone": backbone,
        "kind": "word",
        "head": "0.25",
        "reliance": 25.0,
        "outcome": "FAIL",
        "rules": {"survives_other_regions": {"outcome": "FAIL"}},
        "findings": [
            finding("survives_other_regions", 0.1),
            finding("survives_other_regions", 0.3),
            finding("survives_other_regions", None),
            finding("evidence_is_complete", 1.0),
        ],
    }
    (tmp_path / "heads.jsonl").write_text(f"{json.dumps(line)}\n")
    (found,) = photographs(tmp_path)
    assert (found.group, found.kind) == (group, "word (photographs)")
    assert found.estimates == {"regions": pytest.approx(30.0)}


def test_the_figure_has_a_panel_for_every_property_that_was_measured() -> None:
    drawing = figure([network(10.0, background=9.0, regions=8.0), network(5.0, kind="tint", colour=4.0)])
    titles = [panel.get_title() for panel in drawing.axes if panel.get_title()]
    assert titles == ["background", "regions", "colour"]


def test_the_best_threshold_by_hindsight_is_found_by_trying_all() -> None:
    high, low = [0.9, 0.8, 0.3, 0.7], [0.1, 0.35, 0.2]
    pairs = [(h > other) + 0.5 * (h == other) for h in high for other in low]
    tried = [(np.mean([h >= cut for h in high]), np.mean([v >= cut for v in low])) for cut in (*high, *low)]
    auroc, seen, wrong = separation(high, low)
    assert auroc == pytest.approx(np.mean(pairs))
    assert seen - wrong == pytest.approx(max(s - w for s, w in tried))
    assert math.isnan(separation(high, [])[0])


def test_maps_are_compared_on_networks_whose_cue_is_not_on_the_object() -> None:
    some = [network(x)._replace(maps={"gradient": 0.5 - x / 100}) for x in (0.0, 1.0, 50.0, 90.0)]
    inside = network(80.0, kind="inner_word")._replace(maps={"gradient": 0.9})
    (gradient,) = rows(tables([*some, inside]), "gradient, mass over area")
    assert gradient[1:] == ["1.000", "1.00", "0.00"]
