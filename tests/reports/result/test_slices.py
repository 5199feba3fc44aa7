"""Tables by kind of pictures, in the page and in audit.json."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from audit.record.record import Record
from checks.judge import judge
from checks.profile import load_profile
from checks.statistics.bounds import share_bounds_by_cluster, wilson
from checks.table.cells import judged_by_experiment, miss_of, missed
from checks.table.read_evidence import read_evidence
from checks.verdict import Profile, RequiredSlices
from fixtures.assessments import assessment_of
from fixtures.candidates import write_candidate
from fixtures.metadata import with_metadata
from fixtures.records import write_record
from reports.page.render import environment
from reports.result.slices import Slices, SliceTable, slice_tables

PROFILE = load_profile("default")
HOSTILE = '"><script>alert(1)</script>'


def tables(path: Path, profile: Profile = PROFILE) -> Slices:
    with Record.open(path) as record:
        return slice_tables(read_evidence(record, profile))


def lit(path: Path) -> Path:
    """With nights that go on over all classes."""
    return with_metadata(path, {"light": ["night"] * 10 + ["day"] * 20})


def by_column(found: Slices) -> dict[str, SliceTable]:
    return {table.column: table for table in found.tables}


def section(path: Path, profile: Profile = PROFILE) -> str:
    """Without the page around it."""
    judgement = judge(path, profile)
    template = environment().get_template("slices.html.j2")
    return str(template.make_module({"slices": tables(path, profile), "judgement": judgement}))


@pytest.mark.slow
def test_the_numbers_are_those_of_the_evidence(tmp_path: Path) -> None:
    path = lit(write_candidate(tmp_path / "a.sqlite", n=300, missed=[i for i in range(3, 70) if i % 30 < 10]))
    with Record.open(path) as record:
        found = read_evidence(record, PROFILE)
    night = found.metadata["light"] == "night"
    tried = night & found.right & judged_by_experiment(found)
    k = int((tried & missed(found, miss_of(PROFILE))).sum())
    table = by_column(tables(path))["light"]
    assert [cell.value for cell in table.cells] == ["day", "night"]
    cell = table.cells[1]
    assert k > 5
    assert (cell.n, cell.wrong_reason.count, cell.wrong_reason.of) == (night.sum(), k, tried.sum())
    assert (cell.wrong_reason.lower, cell.wrong_reason.upper) == wilson(k, int(tried.sum()), 0.95)
    right = int((night & found.right).sum())
    assert (cell.accuracy.count, cell.accuracy.share) == (right, right / night.sum())
    assert (cell.accuracy.lower, cell.accuracy.upper) == wilson(right, int(night.sum()), 0.95)
    assert table.cells[0].wrong_reason.count == 0


@pytest.mark.slow
def test_empty_cells_and_cells_without_power_are_called_so(tmp_path: Path) -> None:
    """59 tried pictures without a miss show the default's 5 %."""
    path = lit(write_record(tmp_path / "a.sqlite", n=120))
    found = tables(path)
    assert found.fewest == 59
    light, position = by_column(found)["light"].cells, by_column(found)["box position"].cells
    assert [cell.wrong_reason.of >= 59 for cell in light] == [True, False]
    assert [cell.power for cell in light] == ["", "too few"]
    assert {cell.power for cell in position if not cell.n} <= {"empty"}
    assert [cell.power for cell in by_column(found)["box size"].cells] == ["empty", "", "empty"]
    empty = by_column(found)["box size"].cells[0]
    assert (empty.n, empty.accuracy.share, empty.wrong_reason.upper) == (0, None, 1.0)
    html = section(path)
    assert '<span class="tag bad">empty</span></th>' in html
    assert html.count('<span class="tag bad">too few</span></th>') >= 1
    assert "The profile requires no\nslices" in html


@pytest.mark.slow
def test_with_clusters_the_bounds_are_by_cluster(tmp_path: Path) -> None:
    flights = {"flight": [f"f{i}" for i in range(30)]}
    path = with_metadata(lit(write_record(tmp_path / "a.sqlite", n=300)), flights, "flight")
    with Record.open(path) as record:
        found = read_evidence(record, PROFILE)
    assert found.cluster is not None
    night = found.metadata["light"] == "night"
    cell = by_column(tables(path))["light"].cells[1]
    expected = share_bounds_by_cluster(found.right[night], found.cluster[night], 0.95)
    assert (cell.accuracy.lower, cell.accuracy.upper) == expected
    assert (cell.clusters, cell.power) == (10, "too few")
    assert "exact, by cluster" in section(path)


@pytest.mark.slow
def test_a_column_that_repeats_another_has_no_table_unless_it_is_required(tmp_path: Path) -> None:
    added = {"wordnet": ["n1", "n2", "n3"], "lamp": ["on"] * 10 + ["off"] * 20, "site": ["a", "b"]}
    path = with_metadata(lit(write_record(tmp_path / "a.sqlite", n=120)), added)
    found = tables(path)
    assert found.repeated == {"light": "lamp", "wordnet": "class"}
    assert {"class", "lamp", "site"} <= by_column(found).keys()
    assert not {"light", "wordnet"} & by_column(found).keys()
    html = section(path)
    assert html.count("say again what another one says") == 1
    assert "light (as lamp), wordnet (as class)." in re.sub("<[^>]*>", "", html)
    required = RequiredSlices(by=("wordnet",), rules=("right_for_the_right_reason",), why="w")
    asked = tables(path, PROFILE.model_copy(update={"slices": required}))
    assert asked.repeated == {"light": "lamp"}
    assert asked.tables[0].column == "wordnet"


def test_a_column_called_class_stands_in_its_place(tmp_path: Path) -> None:
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=60), {"class": ["n1", "n2", "n3"]})
    assert [cell.value for cell in by_column(tables(path))["class"].cells] == ["n1", "n2", "n3"]


@pytest.mark.slow
def test_required_columns_come_first_and_missing_ones_are_said(tmp_path: Path) -> None:
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=120), {"file": [str(i) for i in range(120)]})
    required = RequiredSlices(by=("weather", "prediction"), rules=("right_for_the_right_reason",), why="w")
    found = tables(path, PROFILE.model_copy(update={"slices": required}))
    assert found.missing == ("weather",)
    assert found.left_out == ("file",)
    assert found.tables[0].column == "prediction"
    assert found.tables[0].required == required.rules
    html = section(path, PROFILE.model_copy(update={"slices": required}))
    assert "which the data does not have" in html
    assert html.count("<details open>") == 1
    assert "required</span></summary>" in html


def test_audit_json_holds_them(tmp_path: Path) -> None:
    path = write_record(tmp_path / "a.sqlite", n=120)
    with Record.open(path) as record:
        data = assessment_of(record).audit.model_dump(mode="json")
    assert data["slices"] == json.loads(tables(path).model_dump_json())
    finding = next(v for v in data["judgement"]["verdicts"] if v["rule"] == "depends_on_object")["findings"][0]
    assert set(finding["tolerance"]) == {"coverage", "lower", "needed"}
    assert finding["clusters"] is None


def test_nothing_measured_has_no_kinds(tmp_path: Path) -> None:
    path = write_record(tmp_path / "a.sqlite", n=1)
    assert tables(path).tables == ()
    assert "No picture was measured" in section(path)


@pytest.mark.slow
def test_hostile_values_do_nothing(tmp_path: Path) -> None:
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=120), {HOSTILE: [HOSTILE, "x"]})
    html = section(path)
    assert "<script" not in html
    assert "&lt;script" in html


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 240])
def test_cells_of_a_column_add_up(tmp_path: Path, n: int) -> None:
    found = tables(write_record(tmp_path / "a.sqlite", n=n))
    assert found.tables
    for table in found.tables:
        assert sum(cell.n for cell in table.cells) == n - 1
        assert np.all(
            [cell.accuracy.lower <= (cell.accuracy.share or 0) <= cell.accuracy.upper for cell in table.cells]
        )
