"""data.cluster: refused where pictures do not state it, and draws take one of each cluster first."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from audit.datasets.sample import Sample
from audit.engine.identity import identity
from audit.engine.inputs import Inputs
from audit.engine.plan import plan
from audit.errors import AuditError
from audit.settings import Settings, load_settings, parse_settings
from fixtures.shapes import write_shapes


def drawing(flights: list[str], column: str | None) -> Inputs:
    """As much of the inputs as a draw needs."""
    samples = tuple((Sample(f"{i}.png", "a", (), metadata={"flight": f}), 0) for i, f in enumerate(flights))
    settings = SimpleNamespace(data=SimpleNamespace(cluster=column))
    return cast(Inputs, SimpleNamespace(samples=samples, settings=settings))


def test_a_draw_takes_one_of_each_cluster_before_a_second_of_any() -> None:
    flights = ["a"] * 6 + ["b"] * 3 + ["c"]
    drawn = np.random.default_rng(0).permutation(10).tolist()
    order = Inputs.one_of_each(drawing(flights, "flight"), drawn)
    taken = [drawn[place] for place in order]
    assert sorted(taken) == list(range(10))
    assert {flights[number] for number in taken[:3]} == {"a", "b", "c"}
    assert {flights[number] for number in taken[3:5]} == {"a", "b"}
    of_a = [number for number in taken if flights[number] == "a"]
    assert of_a == [number for number in drawn if flights[number] == "a"], "as drawn within a cluster"


def test_without_clusters_a_draw_stays_as_it_is() -> None:
    assert Inputs.one_of_each(drawing(["a"] * 4, None), [3, 1, 2]) == [0, 1, 2]


def settings(folder: Path, columns: dict[str, Any], cluster: str) -> Settings:
    """The boxes of the shapes with further columns; None leaves every second row empty."""
    found = load_settings(write_shapes(folder))
    file = found.path(found.data.annotations)
    head, *rows = file.read_text(encoding="utf-8").splitlines()
    rows = [
        ",".join([row, *("" if value is None and number % 2 else str(value) for value in columns.values())])
        for number, row in enumerate(rows)
    ]
    file.write_text("\n".join([",".join([head, *columns]), *rows]) + "\n", encoding="utf-8")
    return found.model_copy(update={"data": found.data.model_copy(update={"cluster": cluster})})


def test_the_settings_say_the_column_and_the_record_keeps_it(tmp_path: Path) -> None:
    found = settings(tmp_path, {"flight": "f1"}, "flight")
    assert identity(plan(found, None, "cpu"))["settings"]["data"]["cluster"] == "flight"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"flights": 1}, r"did you mean 'flights'\?"),
        ({"flight": None}, r"need it for every sample"),
        ({}, r"11 of 11 samples do not state"),
    ],
)
def test_a_column_that_pictures_do_not_state_is_refused(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    with pytest.raises(AuditError, match=rf"data\.cluster = 'flight'.*{said}"):
        plan(settings(tmp_path, columns, "flight"), None, "cpu")


def test_an_empty_column_is_refused() -> None:
    data = {"format": "csv", "annotations": "a.csv", "images": "pictures", "cluster": ""}
    with pytest.raises(AuditError, match=r"data\.cluster"):
        parse_settings({"data": data})
    assert parse_settings({"data": {**data, "cluster": "flight"}}).data.cluster == "flight"
    assert "cluster" not in parse_settings({"data": {**data, "cluster": "flight"}}).data.options
