"""The whole job from Python: `run`, and what it returns."""

import json
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

import audit
from audit import AuditError, Model, Record, Result, load_settings, run
from audit.hashing import file_hash
from audit.ledger import read_ledger
from audit.settings import parse_settings
from checks.verdict import Outcome
from fixtures.records import altered
from fixtures.shapes import network, write_shapes
from reports.verify import verify

CLASSES = ("dark", "light")
LIMITS = """\
description = "One rule."
confidence = 0.9
[rules.model_is_accurate]
min_accuracy = 0.0
why = "An example."
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A settings file that names a profile of its own, beside it."""
    folder = tmp_path_factory.mktemp("shapes")
    file = write_shapes(folder / "data", pictures=5)
    (file.parent / "mine.toml").write_text(LIMITS)
    file.write_text(file.read_text() + '\n[judge]\nprofile = "mine.toml"\n')
    return file


@pytest.fixture(scope="module")
def result(settings: Path) -> Result:
    return run(settings, settings.parent / "out")


@pytest.mark.slow
def test_the_profile_that_the_settings_name_is_registered_and_judges(result: Result) -> None:
    assert list(result.verdicts) == ["model_is_accurate"]
    with Record.open(result.folder / "audit.sqlite") as record:
        assert record.meta("profile")["description"] == "One rule."
    assert isinstance(result.outcome, Outcome)
    assert result.sentence


@pytest.mark.slow
def test_the_folder_holds_the_evidence(result: Result) -> None:
    assert result.report.stat().st_size > 10_000
    written = json.loads((result.folder / "audit.json").read_text())
    assert written["judgement"]["outcome"] == result.outcome
    assert (result.folder / "SHA256SUMS").exists()


@pytest.mark.slow
def test_samples_are_a_table(result: Result) -> None:
    table = result.samples
    assert table.n == 5
    assert table["image"].tolist() == [f"{number:03}.png" for number in range(5)]
    assert table["probability"].shape == (5,)
    assert "SampleTable of 5 samples: sample, image" in repr(table)
    assert all(len(column) == 5 for column in table.values())


@pytest.mark.slow
def test_samples_become_a_frame(result: Result) -> None:
    frame = result.samples.to_pandas()
    assert frame.loc[2, "image"] == "002.png"


@pytest.mark.slow
def test_maps_are_those_that_were_measured(result: Result) -> None:
    row = result.audit.samples[3]
    x0, y0, x1, y1 = map(int, row.boxes[0])
    by_name = result.maps("003.png")
    assert len(by_name) > 1
    for method, relevance in result.maps(3).items():
        assert relevance.max() == 1
        assert (relevance == by_name[method]).all()
        assert relevance[y0:y1, x0:x1].sum() / relevance.sum() == pytest.approx(row.scores[method].mass, rel=1e-5)


@pytest.mark.slow
def test_a_picture_with_its_map_can_be_shown(result: Result, tmp_path: Path) -> None:
    shown = result.show("003.png")
    assert shown._repr_png_().startswith(b"\x89PNG")
    assert shown.target.name == "light"
    shown.save(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as written:
        assert written.width > 100
    with pytest.raises(AuditError, match="no method 'gradients' in this run; did you mean 'gradient'"):
        result.show(3, "gradients")
    with pytest.raises(AuditError, match=r"no measured sample '03.png'; did you mean '003.png'"):
        result.show("03.png")


def test_a_notebook_shows_result_verdict_and_record(result: Result) -> None:
    assert f">{result.outcome}<" in result._repr_html_()
    assert repr(result) == f"Result({result.outcome}, 1 rule, folder={str(result.folder)!r})"
    verdict = result.verdicts["model_is_accurate"]
    assert verdict.question in verdict._repr_html_()
    with Record.open(result.folder / "audit.sqlite") as record:
        assert "<th>settings_sha256</th>" in record._repr_html_()


@pytest.mark.slow
def test_settings_may_be_given_as_a_file_its_content_or_settings(
    settings: Path, result: Result, tmp_path: Path
) -> None:
    content: dict[str, Any] = tomllib.loads(settings.read_text())
    content["data"] |= {
        "annotations": str(settings.parent / "boxes.csv"),
        "images": str(settings.parent / "images"),
    }
    content["judge"] = {"profile": str(settings.parent / "mine.toml")}
    every: tuple[Any, ...] = (str(settings), content, load_settings(settings))
    for number, given in enumerate(every):
        again = run(given, tmp_path / str(number))
        assert again.samples["probability"].tolist() == result.samples["probability"].tolist()


def in_memory(pictures: int = 4) -> list[tuple[np.ndarray, str, list[tuple[int, int, int, int]]]]:
    rng = np.random.default_rng(0)
    return [
        (rng.integers(0, 255, (24, 24, 3), dtype=np.uint8), CLASSES[number % 2], [(4, 4, 12, 12)])
        for number in range(pictures)
    ]


QUICK: Mapping[str, Any] = {"preprocessing": {"resize": [24, 24]}, "judge": {"profile": "quick"}}


@pytest.mark.slow
@pytest.mark.tor("TOR-053")
def test_resuming_a_finished_run_writes_nothing(result: Result, settings: Path) -> None:
    """Nor would it on a read-only disk: no file is touched, and none is made and removed again."""
    folder = result.folder
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
    changed = folder.stat().st_mtime_ns
    again = run(settings, folder, resume=True)
    assert again.outcome == result.outcome
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()} == before
    assert folder.stat().st_mtime_ns == changed


@pytest.mark.slow
@pytest.mark.tor("TOR-110")
def test_a_ledger_is_kept_and_the_next_run_says_so(settings: Path, tmp_path: Path) -> None:
    given = tomllib.loads(settings.read_text())
    ledger = tmp_path / "ledger.jsonl"
    given["judge"] = {**given.get("judge", {}), "ledger": str(ledger)}
    loaded = parse_settings(given, settings.parent)
    first = run(loaded, tmp_path / "one")
    assert first.audit.earlier_runs is not None
    assert first.audit.earlier_runs.listed == 0
    (line,) = read_ledger(ledger)
    assert (line["outcome"], line["audit"]) == (str(first.outcome), file_hash(tmp_path / "one" / "audit.json"))
    run(loaded, tmp_path / "one", resume=True)
    assert len(read_ledger(ledger)) == 1, "the same run, not another"
    second = run(loaded, tmp_path / "two")
    assert second.audit.earlier_runs is not None
    assert (second.audit.earlier_runs.same, second.audit.earlier_runs.other_limits) == (1, 0)
    assert len(read_ledger(ledger)) == 2
    assert verify(tmp_path / "two") == ()


@pytest.mark.slow
@pytest.mark.tor("TOR-049")
def test_a_finished_record_that_was_altered_is_not_resumed(result: Result, settings: Path, tmp_path: Path) -> None:
    """Else the run would state the rest as what it wrote."""
    shutil.copy(result.folder / "audit.sqlite", tmp_path)
    altered(tmp_path / "audit.sqlite", "DELETE FROM score WHERE sample = 1")
    with pytest.raises(AuditError, match=r"was altered since the run ended \(table score\); need the record as"):
        run(settings, tmp_path, resume=True)
    assert run(settings, tmp_path, reuse=True).outcome == result.outcome


@pytest.mark.slow
def test_network_and_pictures_may_be_in_memory(tmp_path: Path) -> None:
    module = network().train()
    result = run(QUICK, tmp_path / "out", model=module, classes=CLASSES, samples=in_memory())
    assert result.samples["class"].tolist() == ["dark", "light", "dark", "light"]
    assert module.training, "the caller's network stays as it is"
    assert len(list((tmp_path / "out-data" / "images").iterdir())) == 4
    named = run(QUICK, tmp_path / "two", model=Model(module, None, None), classes=CLASSES, samples=in_memory())
    assert named.samples["probability"].tolist() == result.samples["probability"].tolist()


def test_what_does_not_go_together_is_said(settings: Path, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="samples: came with settings that name data"):
        run(settings, tmp_path, samples=in_memory())
    with pytest.raises(AuditError, match="model: the network has no class names; need them in index order"):
        run(QUICK, tmp_path, model=nn.Flatten(), samples=in_memory())


def test_a_profile_that_cannot_be_read_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    wrong = {**QUICK, "judge": {"profile": "quik"}}
    with pytest.raises(AuditError, match="quick"):
        run(wrong, tmp_path / "out", model=network(), classes=CLASSES, samples=in_memory())
    assert not (tmp_path / "out" / "audit.sqlite").exists()


def test_a_notebook_completes_the_public_names() -> None:
    assert {"run", "measure", "explain", "Result"} <= set(dir(audit))
    for name in audit.__all__:
        assert getattr(audit, name)
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = audit.runn


@pytest.mark.tor("TOR-010")
def test_settings_names_files_and_profile_are_checked_at_once(tmp_path: Path) -> None:
    table: dict[str, Any] = {
        "model": {"kind": "factry", "classes": str(tmp_path / "none.txt")},
        "data": {"format": "cvs", "annotations": str(tmp_path / "boxes.csv"), "images": str(tmp_path / "images")},
        "saliency": {"methods": ["gradiant", {"name": "smoothgrad", "sample": 2}], "null_maps": ["unifrm"]},
        "experiments": {"interventions": ["noise2"], "controls": ["planted_clue"], "searches": []},
        "judge": {"profile": "defualt"},
    }
    named = [
        "no profile 'defualt'",
        "no saliency method 'gradiant'",
        "no option 'sample'",
        "no null map 'unifrm'",
        "no intervention 'noise2'",
        "no control 'planted_clue'",
        "no dataset format 'cvs'",
        "no such file or folder",
        "no model kind 'factry'",
        f"data.images = {str(tmp_path / 'images')!r} is not a folder",
        "no such file or folder",
    ]
    with pytest.raises(AuditError) as caught:
        run(table, tmp_path / "out")
    assert [problem.seen for problem in caught.value.parts] == named
    with pytest.raises(AuditError) as caught:
        run({**table, "run": {"batch_size": 0}, "titel": ""}, tmp_path / "out")
    first = ["run.batch_size = 0: Input should be greater than 0", "no key 'titel'"]
    assert [problem.seen for problem in caught.value.parts] == [*first, *named]
    assert not (tmp_path / "out").exists()
