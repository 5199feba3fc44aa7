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


@pytest.mark.tor("TOR-080")
def test_notice_is_given_before_any_picture_is_loaded_or_anything_is_written(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=12)
    for picture in (tmp_path / "data" / "images").iterdir():
        picture.unlink()
    given: list[WordedPreflight] = []

    def notice(preflight: WordedPreflight) -> None:
        given.append(preflight)
        raise StopHereError

    with pytest.raises(StopHereError):
        run(settings, tmp_path / "out", notice=notice)
    assert not (tmp_path / "out").exists()
    (preflight,) = given
    assert (preflight.samples, preflight.classes) == (12, {"dark": 6, "light": 6})
    assert {entry.rule for entry in preflight.out_of_reach} > {"evidence_is_complete", "right_for_the_right_reason"}


@pytest.mark.tor("TOR-080")
def test_a_run_whose_every_question_is_out_of_reach_is_refused_at_once(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=12, experiments=True)
    (tmp_path / "data" / "mine.toml").write_text(NEEDS_59)
    named = {"judge": load_settings(settings).judge.model_copy(update={"profile": "mine.toml"})}
    with pytest.raises(AuditError, match=r"data: no check of the profile mine can pass.*12 pictures.*takes 59 in all"):
        run(load_settings(settings).model_copy(update=named), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_init_says_it_too(shell: Shell, tmp_path: Path) -> None:
    write_shapes(tmp_path / "data", pictures=8)
    code, out, _ = shell("init", "data", "--out", "mine.toml")
    assert code == 0
    assert "8 samples of 2 classes (4 each) in 8 pictures; 0 excluded so far.\n" in out
    assert "no_shared_hotspot cannot pass: 0 of 2 classes have 20 pictures" in out
    assert "So this audit cannot end as PASS" in out
