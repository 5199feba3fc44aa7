"""What a run gathers, copies and stores is what something that is asked for needs."""

from pathlib import Path
from typing import Any

import pytest

from audit import registry
from audit.engine.measure import measure
from audit.engine.plan import Plan, plan
from audit.record.record import Record
from audit.settings import Settings, load_settings
from fixtures.shapes import write_shapes

NOTHING: dict[str, Any] = {"interventions": [], "controls": [], "searches": []}
AFTER_PICTURES = [
    (kind, name) for kind in ("controls", "searches") for name in registry.names(f"audit.experiments.{kind}")
]


def settings(folder: Path, null_maps: tuple[str, ...] = (), **experiments: Any) -> Settings:
    loaded = load_settings(write_shapes(folder, 12))
    saliency = type(loaded.saliency).model_validate({"methods": ["gradient"], "null_maps": null_maps})
    table = type(loaded.experiments).model_validate({**NOTHING, **experiments})
    return loaded.model_copy(update={"saliency": saliency, "experiments": table})


def planned(folder: Path, **asked: Any) -> Plan:
    return plan(settings(folder, **asked), None, "cpu")


@pytest.mark.parametrize(
    ("asked", "gathered"),
    [
        ({}, False),
        ({"interventions": ["noise", "forbidden_hidden"]}, False),
        ({"controls": ["randomisation", "planted_cue"], "searches": ["shared_cues"]}, False),
        ({"interventions": ["noise", "object_removed"]}, True),
    ],
)
def test_donors_are_gathered_only_where_something_needs_them(
    tmp_path: Path, asked: dict[str, Any], gathered: bool
) -> None:
    assert (planned(tmp_path, **asked).donors is not None) is gathered


@pytest.mark.parametrize(("null_maps", "copied"), [(("uniform", "centre", "edges"), False), (("random_model",), True)])
def test_the_untrained_copy_is_made_only_where_a_null_map_needs_it(
    tmp_path: Path, null_maps: tuple[str, ...], copied: bool
) -> None:
    run = planned(tmp_path, null_maps=null_maps)
    assert (run.factory.untrained is not None) is copied
    assert (run.factory.untrained in run.factory.networks) is copied


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), AFTER_PICTURES)
def test_every_control_and_search_runs_on_what_it_declared(tmp_path: Path, kind: str, name: str) -> None:
    package = f"audit.experiments.{kind}"
    needs = registry.needs(package, registry.resolve(package, name))
    experiments: dict[str, Any] = {kind: [name]}
    asked = settings(tmp_path / "data", **experiments)
    run = plan(asked, None, "cpu")
    assert run.needs == needs | {"gradient"}
    assert (run.donors is not None) is ("donors" in needs)
    with Record.open(measure(asked, tmp_path / "out")) as record:
        assert record.has(f"done {name}")
        grids = record.columns("SELECT sample FROM grid")["sample"].size
    assert grids == (12 if "grid" in needs else 0)


OWN = """
{declared}

def search(run, record):
    assert (run.donors is None) is {without}
    return {{}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("declared", "without", "grids"), [("", False, 12), ("NEEDS = frozenset()", True, 0)])
def test_an_own_search_gets_everything_unless_it_declares_less(
    tmp_path: Path, declared: str, without: bool, grids: int
) -> None:
    name = f"own_search_{grids}"
    asked = settings(tmp_path, searches=[f"{name}:search"])
    (asked.folder / f"{name}.py").write_text(OWN.format(declared=declared, without=without))
    with Record.open(measure(asked, tmp_path / "out")) as record:
        assert record.columns("SELECT sample FROM grid")["sample"].size == grids
