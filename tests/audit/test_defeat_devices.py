"""A network that cheats only on pictures that it takes for originals must not pass."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from audit.datasets.colour_grid import ColourGrid
from audit.datasets.labels import ClassName
from audit.engine.measure import measure
from audit.models.model import Model
from audit.saliency.batch import Batch
from audit.settings import load_settings
from checks import judge
from checks.profile import load_profile
from checks.verdict import Outcome
from fixtures.devices import Blocks, Coarse, Device, EightBits, Grey, Wiper, write_tagged

RULES = ("depends_on_object", "right_for_the_right_reason")
COARSE = ("15 levels", "5 bits", "1 bit", "palette")
KINDS = ("png", "jpeg", "grey", *(pytest.param(kind, marks=pytest.mark.slow) for kind in COARSE))


def device(kind: str, images: Path) -> Device:
    if kind in COARSE:
        return Coarse(images)
    return {"png": EightBits, "grey": Grey}[kind]() if kind != "jpeg" else Blocks(images / "000.jpg")


def outcomes(folder: Path, kind: str) -> set[Outcome]:
    settings = load_settings(write_tagged(folder / "data", kind))
    network = device(kind, folder / "data" / "images").eval()
    model = Model(network, (ClassName("dark"), ClassName("light")), None)
    judgement = judge(measure(settings, folder / "out", model=model), load_profile("default"))
    assert next(v for v in judgement.verdicts if v.rule == "model_is_accurate").outcome is Outcome.PASS
    assert judgement.decided_by != "run_is_whole"
    return {verdict.outcome for verdict in judgement.verdicts if verdict.rule in RULES}


@pytest.mark.slow
@pytest.mark.tor("TOR-079")
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_cheats_on_the_grid_of_its_files_fails(kind: str, tmp_path: Path) -> None:
    assert outcomes(tmp_path, kind) == {Outcome.FAIL}


def test_a_network_cannot_change_what_is_measured() -> None:
    pictures = torch.full((2, 3, 32, 32), 0.8)
    mean, std = torch.zeros(3), torch.ones(3)
    batch = Batch(Wiper(), pictures.clone(), torch.tensor([0, 1]), mean, std, (0, 1))
    assert batch.plain.gradient.abs().sum() > 0
    assert torch.equal(batch.x, pictures)


@pytest.mark.slow
@pytest.mark.tor("TOR-079")
@pytest.mark.parametrize("kind", COARSE)
def test_it_would_not_fail_if_altered_pictures_had_colours_of_their_own(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ColourGrid, "nearest", lambda _, pixels: pixels)
    assert outcomes(tmp_path, kind) != {Outcome.FAIL}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_it_would_not_fail_if_altered_pictures_left_the_grid(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_they_are(batch: Batch, altered: Tensor) -> Tensor:
        del batch
        return altered

    monkeypatch.setattr(Batch, "shown", as_they_are)
    assert Outcome.FAIL not in outcomes(tmp_path, kind)
