"""The pre-flight of a run and of `init`: said before the first picture is loaded."""

from pathlib import Path

import pytest

from audit import AuditError, run
from audit.settings import load_settings
from fixtures.shapes import write_shapes
from reports.wording.preflight import WordedPreflight
from tests.audit.cli.test_command_line import Shell, shell

__all__ = ["shell"]
NEEDS_59 = """\
[rules.right_for_the_right_reason]
max_share = 0.05
why = "An example."
"""


class StopHereError(Exception):
    """Nothing after the notice is of interest."""


def noticed(settings: Path, out: Path) -> list[WordedPreflight]:
    """What a run gives notice of, which ends there."""
    given: list[WordedPreflight] = []

    def notice(preflight: WordedPreflight) -> None:
        given.append(preflight)
        raise StopHereError

    with pytest.raises(StopHereError):
        run(settings, out, notice=notice)
    return given


@pytest.mark.tor("TOR-080")
def test_notice_is_given_before_any_picture_is_loaded_or_anything_is_written(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=12)
    for picture in (tmp_path / "data" / "images").iterdir():
        picture.write_bytes(picture.read_bytes()[:100])  # the header is left
    given = noticed(settings, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (preflight,) = given
    assert (preflight.samples, preflight.classes) == (12, {"dark": 6, "light": 6})
    assert {entry.rule for entry in preflight.out_of_reach} > {"evidence_is_complete", "survives_other_scale"}


@pytest.mark.tor("TOR-080")
def test_a_run_whose_every_question_is_out_of_reach_is_refused_at_once(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=12, experiments=True)
    (tmp_path / "data" / "mine.toml").write_text(NEEDS_59)
    named = {"judge": load_settings(settings).judge.model_copy(update={"profile": "mine.toml"})}
    with pytest.raises(
        AuditError, match=r"data: no check of the profile mine can pass[^\n]*:\n- .*12 pictures.*takes 59 in all"
    ):
        run(load_settings(settings).model_copy(update=named), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.tor("TOR-080")
def test_what_boxes_and_crop_exclude_is_known_beforehand(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=12, experiments=True)
    loaded = load_settings(settings)
    asked = {"preprocessing": loaded.preprocessing.model_copy(update={"crop": (10, 10)})}  # type: ignore[union-attr]
    given: list[WordedPreflight] = []

    def notice(preflight: WordedPreflight) -> None:
        given.append(preflight)
        raise StopHereError

    with pytest.raises(StopHereError):
        run(loaded.model_copy(update=asked), tmp_path / "out", notice=notice)
    (preflight,) = given
    assert preflight.exclusions.keys() == {"object cropped away"}
    assert preflight.samples == 12 - preflight.excluded > 0
    assert (
        f"; {preflight.excluded} excluded so far: object cropped away ({preflight.excluded})." in preflight.sentences[0]
    )
    assert any(s.endswith("of 12 samples in scope are excluded already.") for s in preflight.sentences)


@pytest.mark.tor("TOR-080")
def test_a_run_of_which_boxes_leave_no_sample_is_refused_at_once(tmp_path: Path) -> None:
    loaded = load_settings(write_shapes(tmp_path / "data", pictures=12))
    asked = {"data": loaded.data.model_copy(update={"max_box_share": 0.1})}
    with pytest.raises(
        AuditError, match=r"left to audit; 0 excluded; 12 outside the scope: box covers the frame \(12\)\. Mend.* 000\."
    ):
        run(loaded.model_copy(update=asked), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_where_annotations_leave_no_sample_the_first_fault_is_told(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=4)
    boxes = tmp_path / "data" / "boxes.csv"
    head, *lines = boxes.read_text(encoding="utf-8").splitlines()
    shares = [",".join([*line.split(",")[:2], "0.1", "0.9", "0.5", "0.2", "day"]) for line in lines]
    boxes.write_text("\n".join([head, *shares]), encoding="utf-8")
    told: list[WordedPreflight] = []
    run(settings, tmp_path / "out", notice=told.append)
    assert told[0].samples == 0
    assert told[0].sentences[-1].startswith("The first that is left out: boxes.csv line 2: ")


@pytest.mark.tor("TOR-080")
def test_fills_and_donors_that_the_settings_leave_out_are_named(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=60, experiments=True)
    with settings.open("a") as file:
        file.write("""
[experiments]
donors = 4
interventions = [{name = "object_removed", fills = ["mean"]}, {name = "background_replaced", fills = ["blur"]}]
""")
    given = noticed(settings, tmp_path / "out")
    text = " ".join(given[0].sentences)
    assert "depends_on_object cannot pass: it needs 'blur', " in text
    assert "it needs 'other 1' of the experiment background_replaced, which the settings leave out" in text
    assert "; 4 pictures can lend backgrounds (experiments.donors) at most; it takes " in text


def test_init_says_it_too(shell: Shell, tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", pictures=8)
    code, out, _ = shell("init", "data", "--out", "mine.toml")
    assert code == 0
    assert "8 samples of 2 classes (4 each) in 8 pictures; 0 excluded so far.\n" in out
    assert "control_is_caught cannot pass: there are 8 pictures predicted right at most; it takes 10 in all" in out
    assert "So this audit cannot end as PASS" in out
