"""`data.sample`: the interventions are made for some samples, and judged by these alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from audit.engine.measure import measure
from audit.errors import AuditError
from audit.pipeline import run
from audit.record.record import Record
from audit.record.schema import SUBJECT
from audit.sampling import Unit, sampled
from audit.settings import Settings, load_settings
from audit.settings_sample import SampleTable
from checks import judge
from checks.table.unanswered import lost
from fixtures.shapes import write_shapes
from reports.result.assessment import assess

ASKED = {"n": 24, "by": ("label", "light")}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = load_settings(write_shapes(tmp_path_factory.mktemp("data"), pictures=60, experiments=True))
    quick = made.experiments.model_copy(update={"controls": (), "searches": ()})
    return made.model_copy(
        update={"data": made.data.model_copy(update={"sample": SampleTable(**ASKED)}), "experiments": quick}
    )


@pytest.fixture(scope="module")
def folder(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(settings, tmp_path_factory.mktemp("run") / "out").folder


@pytest.mark.slow
@pytest.mark.tor("TOR-127")
def test_interventions_are_made_for_the_sample_and_maps_for_all(folder: Path) -> None:
    with Record.open(folder / "audit.sqlite") as record:
        stated = record.meta("sample")
        rows = record.columns("SELECT image, label, metadata FROM sample ORDER BY id")
        asked = record.columns(f"SELECT DISTINCT sample FROM answer WHERE subject = '{SUBJECT}'")["sample"]
        scored = record.columns("SELECT count(*) AS n FROM score WHERE source = 'gradient'")["n"][0]
        table = assess(record).table
    light = ["day" if number % 3 else "night" for number in range(60)]
    units = [Unit(i, la, {"light": li}) for i, la, li in zip(rows["image"], rows["label"], light, strict=True)]
    some = sampled(units, ASKED, 0)
    assert some is not None
    assert sorted(asked.tolist()) == list(some.numbers)
    assert stated == some.recorded()
    assert [(one.of, one.drawn) for one in some.strata] == [(20, 8), (10, 4), (20, 8), (10, 4)]
    assert scored == 60
    assert table.sampled == some.numbers
    np.testing.assert_array_equal(np.flatnonzero(table.intervened), some.numbers)
    nothing = np.zeros(60, bool)
    np.testing.assert_array_equal(lost(table, nothing, "object_removed"), table.right & table.intervened)


@pytest.mark.slow
@pytest.mark.tor("TOR-127")
def test_what_is_judged_is_the_sample(folder: Path) -> None:
    judgement = judge(folder / "audit.sqlite", "default")
    whole = [verdict for verdict in judgement.verdicts if verdict.rule == "run_is_whole"]
    assert not whole
    by_rule = {verdict.rule: verdict for verdict in judgement.verdicts}
    right = by_rule["right_for_the_right_reason"].finding("experiment")
    accuracy = by_rule["model_is_accurate"].findings[0]
    assert right is not None
    assert accuracy.n == 60
    assert 0 < right.n <= 24
    assert right.details["without_answer"] == 0
    stated = json.loads((folder / "audit.json").read_text())["identity"]["sample"]
    assert (stated["n"], stated["of"], stated["by"]) == (24, 60, ["label", "light"])
    assert "this was asked of a sample of 24, in which each of the 60 stood the same chance" in page_text(folder)


def page_text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-127")
def test_a_sample_that_was_chosen_afterwards_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = measure(settings, tmp_path / "out", registered={})
    with Record.open(path) as record:
        record.set_meta("sample", {**record.meta("sample"), "sha256": "0"})
    with (
        Record.open(path) as record,
        pytest.raises(AuditError, match="a sample that was not drawn as the settings ask"),
    ):
        assess(record, "default")


@pytest.mark.slow
def test_a_sample_of_all_is_none(settings: Settings, tmp_path: Path) -> None:
    every = settings.model_copy(update={"data": settings.data.model_copy(update={"sample": SampleTable(n=60)})})
    with Record.open(measure(every, tmp_path / "out")) as record:
        assert not record.has("sample")
        assert assess(record, "default").table.sampled is None
