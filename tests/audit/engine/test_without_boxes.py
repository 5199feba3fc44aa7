"""A folder of pictures without boxes: what can be asked is asked, the rest is said, and nothing passes by absence."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import Tensor, nn

import audit
from audit import registry
from audit.cli.main import cli
from audit.datasets.discover import look
from audit.datasets.formats.image_folder import image_folder
from audit.engine.measure import measure
from audit.errors import AuditError
from audit.inspection.inspect import inspect
from audit.inspection.source import source
from audit.models.capabilities import Capabilities
from audit.models.model import Model
from audit.record.place import FILE_NAME
from audit.record.record import Record
from audit.settings import Settings, parse_settings
from audit.starter.settings_text import settings_text
from checks.apply import apply
from checks.profile import RULES, load_profile
from checks.table.integrity import run_is_whole
from checks.table.read_evidence import read_evidence
from checks.verdict import Outcome
from fixtures.shapes import write_shapes
from reports.wording.inspection import headline, limits, notes

NEEDING = {name for name in registry.names(RULES) if "region" in registry.needs(RULES, registry.resolve(RULES, name))}


class Corner(nn.Module):
    """Goes by the light of one corner."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        light = x[:, :, :4, :4].mean(dim=(1, 2, 3)) - 1.2
        own: Tensor = self.head(torch.relu(self.features(x)).mean(dim=(2, 3)))
        return 0.1 * own + 9 * torch.stack([-light, light], dim=1)


def pictures(folder: Path, n: int = 40, splits: tuple[str, ...] = ("",)) -> Path:
    """Noise in folders of two classes; those of dogs have a light corner."""
    rng = np.random.default_rng(0)
    for split in splits:
        for label in ("cat", "dog"):
            place = folder / split / label
            place.mkdir(parents=True)
            for number in range(n):
                pixels = rng.integers(60, 190, (24, 24, 3), dtype=np.uint8)
                pixels[:6, :6] = 255 if label == "dog" else pixels[:6, :6]
                Image.fromarray(pixels).save(place / f"{number:03}.png")
    return folder


def settings_of(folder: Path, **tables: Any) -> Settings:
    data = {"format": "image_folder", "annotations": str(folder), "images": str(folder)}
    return parse_settings({"data": data, "preprocessing": {"resize": [24, 24]}, **tables}, folder.parent)


def model() -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Model(Corner(), ("cat", "dog"), None)


def test_classes_are_the_names_of_folders_and_splits_are_none(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "data", 2, ("train", "val"))
    Image.new("RGB", (8, 8)).save(folder / "train" / "stray.png")
    dataset = image_folder(folder, folder)
    assert len(dataset.samples) == 8 and not dataset.boxed
    assert {(sample.label, sample.metadata["split"]) for sample in dataset.samples} == {
        (label, split) for label in ("cat", "dog") for split in ("train", "val")
    }
    assert [(gone.image, gone.reason) for gone in dataset.exclusions] == [("train/stray.png", "unknown label")]
    plain = pictures(tmp_path / "plain", 2)
    (plain / "dog" / "old").mkdir()
    Image.new("RGB", (8, 8)).save(plain / "dog" / "old" / "a.png")
    assert [sample.label for sample in image_folder(plain, plain).samples].count("dog") == 3
    assert all(sample.metadata == {} for sample in image_folder(plain, plain).samples)


def test_folders_of_another_format_are_no_classes(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "data", 2)
    (folder / "dog").rename(folder / "Annotations")
    with pytest.raises(AuditError, match="data: has a folder 'Annotations' where the classes' folders are expected"):
        image_folder(folder, folder)


def test_one_class_and_another_folder_are_refused(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "data", 2)
    with pytest.raises(AuditError, match="cat: no folder of a class; need pictures in folders of two classes"):
        image_folder(folder / "cat", folder / "cat")
    with pytest.raises(AuditError, match="is not the folder of the pictures"):
        image_folder(folder, folder / "cat")
    (folder / "dog").rename(tmp_path / "dog")
    with pytest.raises(AuditError, match="pictures in the folder of one class alone, 'cat'"):
        image_folder(folder, folder)


@pytest.mark.tor("TOR-099")
def test_init_says_what_can_be_asked_and_what_cannot(tmp_path: Path) -> None:
    folder, out = pictures(tmp_path / "data"), tmp_path / "audit.toml"
    done = CliRunner().invoke(cli, ["init", str(folder), "--out", str(out)], standalone_mode=False)
    assert done.return_value == 0, done.output
    said = " ".join(done.output.split())
    assert "image_folder: 80 samples" in said
    assert "The data have no boxes, so what asks for the object or its surroundings is INCONCLUSIVE: " in said
    for rule in load_profile("default").rules:
        inconclusive, asked = said.split("What can be asked without boxes: ")
        assert rule not in (asked if rule in NEEDING else inconclusive)
    assert "So this audit cannot end as PASS" in said
    text = out.read_text()
    assert tomllib.loads(text)["data"]["format"] == "image_folder"
    assert source(out).samples == look(folder).dataset.samples
    assert settings_text(look(folder), tmp_path) == text


@pytest.mark.tor("TOR-099")
def test_boxes_that_cannot_be_read_are_not_passed_over(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "data", 2)
    (folder / "boxes.json").write_text("{")
    with pytest.raises(AuditError, match=r"image_folder: boxes\.json: may hold the boxes of these pictures.*Move it"):
        look(folder)


@pytest.mark.slow
@pytest.mark.tor("TOR-099")
def test_inspection_says_that_the_objects_were_looked_at(tmp_path: Path) -> None:
    given = source(pictures(tmp_path / "data"))
    seen = inspect(given.folder, given.samples, given.excluded, None, 1, lambda *_: None)
    assert not seen.boxed
    names = {finding.quantity.name for finding in seen.findings}
    assert not any(name.endswith(("of the boxes",)) for name in names)
    assert any(finding.quantity.name.startswith("colour of cell 1,1") for finding in seen.telling)
    assert headline(seen).endswith("better than chance, objects included, since there are no boxes.")
    assert "nobody can tell the object from its surroundings" in notes(seen)[0]
    assert "boxes" not in limits(seen)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> audit.Result:
    folder = tmp_path_factory.mktemp("without")
    return audit.run(settings_of(pictures(folder / "data")), folder / "out", model=model())


@pytest.mark.slow
@pytest.mark.tor("TOR-099")
def test_what_needs_boxes_is_inconclusive_for_that_reason_and_the_rest_is_judged(run: audit.Result) -> None:
    assert run.outcome == Outcome.INCONCLUSIVE
    verdicts = run.verdicts
    for rule, verdict in verdicts.items():
        if rule in NEEDING:
            assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "incapable")
            assert verdict.sentence == "The data have no boxes, which this rule needs."
            assert verdict.question.endswith("?") and "Box the objects" in verdict.next_step
        else:
            assert verdict.reason != "incapable" and verdict.outcome is not Outcome.INVALID, verdict.sentence
    assert verdicts["model_is_accurate"].outcome is Outcome.PASS
    assert verdicts["survives_other_sharpness"].findings and verdicts["explainer_is_valid"].findings


@pytest.mark.slow
@pytest.mark.tor("TOR-099")
def test_the_record_says_what_was_left_out_and_scores_nothing(run: audit.Result) -> None:
    with Record.open(run.folder / FILE_NAME) as record:
        left_out = record.identity()["left_out"]
    assert left_out["object_removed"] == ["region"] and left_out["planted_cue"] == ["region"]
    assert "sharpness_swapped" not in left_out and "gradient" not in left_out
    assert [reason.right for reason in run.judgement.right_for_the_wrong_reason] == [0, 0], "none is judged by its maps"


@pytest.mark.tor("TOR-099")
@pytest.mark.parametrize(
    ("table", "name", "noun"),
    [
        ("interventions", "object_removed", "intervention"),
        ("controls", "planted_cue", "control"),
        ("searches", "shared_cues", "search"),
    ],
)
def test_what_the_settings_name_is_refused(table: str, name: str, noun: str, tmp_path: Path) -> None:
    settings = settings_of(pictures(tmp_path / "data", 4), experiments={table: [name]})
    message = f"{noun} '{name}': needs boxes, but the data have none; need a data set with boxes. Leave {table} out"
    with pytest.raises(AuditError, match=message):
        measure(settings, tmp_path / "out", model=model())


@pytest.mark.tor("TOR-099")
def test_a_detector_is_refused(tmp_path: Path) -> None:
    settings = settings_of(pictures(tmp_path / "data", 4))
    detector = replace(model(), capabilities=Capabilities(at_places=True))
    with pytest.raises(AuditError, match="the model is a detector, which is asked at boxes, and the data have none"):
        measure(settings, tmp_path / "out", model=detector)


@pytest.mark.slow
@pytest.mark.tor("TOR-099")
def test_a_record_that_denies_its_boxes_is_invalid(tmp_path: Path) -> None:
    """Without boxes nothing can be covered by one; and scores that are missing are no want of boxes."""
    made = measure(write_shapes(tmp_path), tmp_path / "out")
    with Record.open(made) as record:
        evidence = read_evidence(record, load_profile("default"))
        assert evidence.boxed and not run_is_whole(evidence, record)
        (denied,) = run_is_whole(replace(evidence, boxed=False), record)
    assert denied.details["quantity"] == "area share"
    unscored = {name: {measure: np.full(evidence.n, np.nan) for measure in of} for name, of in evidence.scores.items()}
    complete = apply(replace(evidence, scores=unscored), "evidence_is_complete")
    assert complete.outcome is Outcome.INVALID
