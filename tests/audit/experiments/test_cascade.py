"""Cascading randomisation against a slow oracle, and the study of what maps survive it."""

import copy
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import spearmanr
from torch import Tensor, nn

from audit.engine.measure import measure
from audit.errors import AuditError
from audit.experiments.cascade import MOST_STAGES, cascade, stages
from audit.models.model import state_hash
from audit.models.randomised import fresh, randomised
from audit.record.record import Record
from audit.saliency.batch import Batch
from audit.settings import load_settings, parse_settings
from fixtures import networks
from fixtures.shapes import network as shapes_network
from fixtures.shapes import write_shapes


def pictures(count: int = 6, seed: int = 3) -> Tensor:
    return torch.randn(count, 3, 12, 12, generator=torch.Generator().manual_seed(seed))


def as_module(network: nn.Module) -> nn.Module:
    return network


def exported(network: nn.Module) -> nn.Module:
    file = io.BytesIO()
    torch.export.save(networks.program(network, pictures(2)), file)
    file.seek(0)
    return torch.export.load(file).module()


def scripted(network: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(network)


def names(network: nn.Module) -> list[list[str]]:
    return [[name for part in stage for name in part.parameters] for stage in stages(network)]


def test_the_output_comes_first_and_alone() -> None:
    assert names(networks.ready(networks.in_place())) == [
        ["8.weight", "8.bias"],
        ["4.weight", "4.bias"],
        ["3.weight", "3.bias"],
        ["1.weight", "1.bias"],
        ["0.weight", "0.bias"],
    ]


@pytest.mark.slow
@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_stages_hold_every_parameter_once_and_about_equally_many(biases: list[bool]) -> None:
    network = nn.Sequential(*(nn.Linear(2, 2, bias=bias) for bias in biases))
    found = names(network)
    assert [name for stage in found for name in stage] == [
        f"{i}.{leaf}" for i in reversed(range(len(biases))) for leaf in ("weight", "bias")[: 1 + biases[i]]
    ]
    assert len(found) == min(len(biases), MOST_STAGES) or len(biases) < 2 * MOST_STAGES
    assert {name.split(".")[0] for name in found[0]} == {str(len(biases) - 1)}
    sizes = [len(stage) for stage in found[1:]]
    assert not sizes or max(sizes) - min(sizes) <= 3


def test_a_vision_transformer_ends_at_its_tokens() -> None:
    found = names(networks.ready(networks.vit()))
    assert len(found) == MOST_STAGES
    assert found[0] == ["heads.head.weight", "heads.head.bias"]
    assert "class_token" in found[-1]


@pytest.mark.slow
@pytest.mark.parametrize("convert", [as_module, exported, scripted])
def test_the_last_stage_is_the_random_copy_and_the_original_is_as_it_was(
    convert: Callable[[nn.Module], nn.Module],
) -> None:
    network = convert(networks.ready(networks.in_place()))
    before, calibration = state_hash(network), [pictures(), pictures(seed=4)]
    last = [(layers, copied) for layers, copied in cascade(network, 5, calibration)][-1]
    assert last[0] == "0"
    assert state_hash(last[1]) == state_hash(randomised(network, 5, calibration))
    assert state_hash(network) == before


def test_every_stage_is_what_the_slow_way_makes() -> None:
    """One layer after the other by hand; the statistics of a random batch norm are the batches' mean."""
    network = networks.ready(networks.in_place())
    assert isinstance(network, nn.Sequential)
    calibration = [pictures(5), pictures(5, seed=4)]
    slow = copy.deepcopy(network)
    random: set[int] = set()
    for place, (layers, copied) in zip((8, 4, 3, 1, 0), cascade(network, 5, calibration), strict=True):
        assert layers == str(place)
        random.add(place)
        for name, value in slow[place].named_parameters():
            value.copy_(fresh(f"{place}.{name}", value.shape, 5))
        waves = calibration
        for i, part in enumerate(slow):
            if isinstance(part, nn.BatchNorm2d) and i in random:
                part.running_mean = torch.stack([x.mean(dim=(0, 2, 3)) for x in waves]).mean(dim=0)
                part.running_var = torch.stack([x.var(dim=(0, 2, 3), correction=0) for x in waves]).mean(dim=0)
                weight, bias = (value.view(1, -1, 1, 1) for value in (part.weight, part.bias))
                waves = [
                    (x - x.mean(dim=(0, 2, 3), keepdim=True))
                    / (x.var(dim=(0, 2, 3), keepdim=True, correction=0) + part.eps).sqrt()
                    * weight
                    + bias
                    for x in waves
                ]
            else:
                waves = [part(x.clone()) for x in waves]
        assert torch.allclose(copied(pictures()), slow(pictures()), atol=1e-4)
        for (name, mine), theirs in zip(copied.state_dict().items(), slow.state_dict().values(), strict=True):
            assert torch.allclose(mine, theirs, atol=1e-5), name


OWN = '''
from audit.errors import AuditError


def edges(batch):
    """What is in the picture, whatever the network."""
    return batch.x


def picky(batch):
    """Refuses copies that are random."""
    if not batch.module[5].bias.any():
        raise AuditError("picky", "has seen enough")
    return batch.plain.gradient
'''


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cascade")
    settings = load_settings(write_shapes(folder / "data"))
    (folder / "data" / "own_cascade.py").write_text(OWN)
    tables = settings.model_dump(exclude={"folder"}) | {
        "saliency": {
            "methods": [
                "gradient",
                {"name": "own_cascade:edges", "label": "edges"},
                {"name": "own_cascade:picky", "label": "picky"},
            ],
            "null_maps": [],
        },
        "experiments": {"interventions": [], "controls": [{"name": "randomisation", "pictures": 6}], "searches": []},
    }
    return measure(parse_settings(tables, settings.folder), folder / "out")


@pytest.mark.slow
@pytest.mark.tor("TOR-033")
def test_the_study_compares_maps_of_the_network_with_those_of_its_copies(record: Path) -> None:
    with Record.open(record) as opened:
        rows = opened.columns("SELECT * FROM cascade WHERE method = 'gradient' ORDER BY stage, sample")
        labels = opened.columns("SELECT id, class FROM sample ORDER BY id")["class"]
    assert rows["layers"].tolist() == ["5"] * 6 + ["1"] * 6 + ["0"] * 6
    drawn = sorted(set(rows["sample"].tolist()))
    x = torch.stack([_picture(record.parent.parent / "data", number) for number in drawn])
    target = torch.tensor([int(labels[number]) for number in drawn])
    network = shapes_network().eval()
    original = _gradient(network, x, target)
    # the study's batches of 4 are the calibration, too
    for stage, (_, copied) in enumerate(cascade(network, 0, [x[:4], x[4:]]), 1):
        expected = [
            spearmanr(a.flatten(), b.flatten()).statistic
            for a, b in zip(original, _gradient(copied, x, target), strict=True)
        ]
        assert rows["similarity"][rows["stage"] == stage].tolist() == pytest.approx(expected, abs=0.01)


def _picture(data: Path, number: int) -> Tensor:
    pixels = np.asarray(Image.open(data / "images" / f"{number:03}.png")) / 255
    return torch.from_numpy((pixels - 0.5) / 0.25).permute(2, 0, 1).float()


def _gradient(network: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    batch = Batch(network, x, target, torch.full((3,), 0.5), torch.full((3,), 0.25), tuple(range(len(x))))
    return batch.plain.gradient.abs().amax(dim=1)


@pytest.mark.slow
def test_a_map_of_the_picture_alone_survives_and_a_refusal_is_told(record: Path) -> None:
    with Record.open(record) as opened:
        rows = opened.columns("SELECT method, similarity FROM cascade")
        told = opened.meta("randomisation")
    similarity = rows["similarity"].astype(float)
    assert similarity[rows["method"] == "edges"] == pytest.approx(np.ones(18))
    assert np.isnan(similarity[rows["method"] == "picky"]).all()
    assert told == {"pictures": 6, "refused": {"picky": "picky: has seen enough."}}


def test_a_network_that_cannot_be_randomised_is_said(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    with pytest.raises(AuditError, match="no parameters that could be randomised"):
        next(cascade(nn.Flatten(), 0, []))
    (tmp_path / "data" / "own_rigid.py").write_text(
        "import torch\n\n\nclass Rigid(torch.nn.Module):\n    def forward(self, x):\n"
        "        mean = x.square().mean(dim=(1, 2, 3))\n        return torch.stack([mean, -mean], dim=1)\n\n\n"
        "def network():\n    return Rigid()\n"
    )
    tables = settings.model_dump(exclude={"folder"}) | {
        "model": {"kind": "factory", "function": "own_rigid:network", "classes": ["dark", "light"]},
        "saliency": {"methods": ["gradient"], "null_maps": []},
        "experiments": {"interventions": [], "controls": ["randomisation"], "searches": []},
    }
    with Record.open(measure(parse_settings(tables, settings.folder), tmp_path / "out")) as opened:
        assert len(opened.columns("SELECT * FROM cascade")["method"]) == 0
        assert "no parameters that could be randomised" in opened.meta("randomisation")["refused"]["gradient"]
