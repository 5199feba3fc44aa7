"""The network is asked again: noise, memory and whatever looks at more than the pixels make the audit INVALID."""

import random
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from audit.datasets.labels import ClassName
from audit.engine.measure import measure
from audit.experiments.altered_batch import answers
from audit.experiments.repeats import apart, deviation, map_deviation, repeated_batches
from audit.models.model import Model
from audit.record.experiment_readers import read_map_repeats, read_repeats
from audit.record.record import Record
from audit.record.repeat_rows import AGAIN, OTHERWISE, REPEATED
from audit.saliency.batch import Attribution, Batch
from audit.saliency.sources import Source
from audit.settings import Settings, load_settings
from checks import judge
from checks.profile import load_profile
from checks.table import integrity
from checks.verdict import Outcome, Verdict
from fixtures.experiments import SWAPS
from fixtures.shapes import LABELS, network, write_shapes

PICTURES = 24


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(write_shapes(tmp_path_factory.mktemp("shapes") / "data", PICTURES))


class Audited(nn.Module):
    """The network of the drawn shapes, and what a test adds to its answers (N, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.inner(x)
        return logits + self.added(x)[:, None] * torch.tensor([1.0, 0.0])

    def added(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(x))


class Noisy(Audited):
    """Adds a little noise to the answers for one picture in ten, whatever is done to the others."""

    def added(self, x: Tensor) -> Tensor:
        content = (x.detach().double().sum(dim=(1, 2, 3)).abs() * 1e4).long() % 10
        return torch.tensor([1e-3 * random.random() if one == 0 else 0.0 for one in content.tolist()])


class Positional(Audited):
    """Answers otherwise for the first picture of a batch."""

    def added(self, x: Tensor) -> Tensor:
        return 3.0 * (torch.arange(len(x)) == 0)


class InBatches(Audited):
    """Answers otherwise in batches of the audit's own size."""

    def added(self, x: Tensor) -> Tensor:
        return x.new_full((len(x),), 3.0 * (len(x) == 4))


class Watching(Audited):
    """Answers otherwise while a gradient is recorded."""

    def added(self, x: Tensor) -> Tensor:
        return x.new_full((len(x),), 3.0 * x.requires_grad)


class Undecided(Audited):
    """Never sure, so that the log-odds hardly move, and names another class while a gradient is recorded."""

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.inner(x)
        return 0.01 * torch.tanh(logits - logits.mean(dim=1, keepdim=True)) * (-1 if x.requires_grad else 1)


class NoisyDerivative(Audited):
    """Answers alike, and adds noise to the derivative at one picture in ten."""

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.inner(x)
        content = (x.detach().double().sum(dim=(1, 2, 3)).abs() * 1e4).long() % 10
        noise = torch.tensor([1e-3 * random.random() if one == 0 else 0.0 for one in content.tolist()])
        return logits + noise[:, None] * (logits - logits.detach())


class WatchedDerivative(Audited):
    """Answers alike, and has another derivative at the first picture of a batch."""

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.inner(x)
        first = 1.0 * (torch.arange(len(x)) == 0)
        tilted = x.flatten(1).sum(dim=1) * torch.linspace(0, 1, len(x[0].flatten())).sum()
        return logits + (first * (tilted - tilted.detach()))[:, None] * torch.tensor([1.0, -1.0])


def whole(settings: Settings, out: Path, module: nn.Module) -> Verdict | None:
    """The verdict on the record as a whole; None where nothing is wrong with it."""
    path = measure(settings, out, model=Model(module.eval(), tuple(map(ClassName, LABELS)), None))
    judgement = judge(path, load_profile("quick"))
    verdict = next((v for v in judgement.verdicts if v.rule == integrity.RULE), None)
    assert verdict is None or (judgement.outcome, judgement.decided_by) == (Outcome.INVALID, integrity.RULE)
    return verdict


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
def test_a_network_with_noise_on_a_tenth_of_its_pictures_is_invalid(settings: Settings, tmp_path: Path) -> None:
    random.seed(0)
    verdict = whole(settings, tmp_path, Noisy())
    assert verdict is not None
    assert (verdict.reason, verdict.details["way"], verdict.details["of"]) == (
        integrity.ANSWERS_DIFFER,
        AGAIN,
        PICTURES,
    )
    assert 1 <= verdict.details["pictures"] <= 6
    assert 0 < verdict.details["apart"] <= 1e-3


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
@pytest.mark.parametrize("kind", [Positional, InBatches, Watching])
def test_a_network_that_looks_at_more_than_the_pixels_is_invalid(
    kind: type[Audited], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.engine.batch_factory.rehearse", lambda *_, **__: torch.zeros(2, len(LABELS)))
    verdict = whole(settings, tmp_path, kind())
    assert verdict is not None
    assert (verdict.reason, verdict.details["way"]) == (integrity.ANSWERS_DIFFER, OTHERWISE)


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
def test_a_network_that_is_never_sure_hides_nothing_so(settings: Settings, tmp_path: Path) -> None:
    verdict = whole(settings, tmp_path, Undecided())
    assert verdict is not None
    assert (verdict.reason, verdict.details["pictures"]) == (integrity.CLASSES_DIFFER, PICTURES)


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
@pytest.mark.parametrize(("kind", "way"), [(NoisyDerivative, AGAIN), (WatchedDerivative, OTHERWISE)])
def test_a_network_whose_derivative_alone_varies_is_invalid(
    kind: type[Audited], way: str, settings: Settings, tmp_path: Path
) -> None:
    random.seed(0)
    verdict = whole(settings, tmp_path, kind())
    assert verdict is not None
    assert (verdict.reason, verdict.details["source"], verdict.details["way"], verdict.details["of"]) == (
        integrity.MAPS_DIFFER,
        "gradient",
        way,
        PICTURES,
    )
    with Record.open(tmp_path / "audit.sqlite") as record:
        repeats = read_repeats(record)
    assert repeats.deviation[repeats.way == AGAIN].max() == 0, "its answers are alike"


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
def test_a_method_that_draws_for_itself_is_invalid(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Source.ask

    def drawing(source: Source, batch: Batch) -> tuple[Tensor, Attribution]:
        relevance, attribution = ask(source, batch)
        return relevance + 1e-6 * random.random() * (source.name == "integrated_gradients"), attribution

    monkeypatch.setattr(Source, "ask", drawing)
    random.seed(0)
    verdict = whole(settings, tmp_path, Audited())
    assert verdict is not None
    assert (verdict.reason, verdict.details["source"]) == (integrity.MAPS_DIFFER, "integrated_gradients")


@pytest.mark.slow
def test_a_plain_network_gives_the_same_answers(settings: Settings, tmp_path: Path) -> None:
    assert whole(settings, tmp_path, Audited()) is None
    with Record.open(tmp_path / "audit.sqlite") as record:
        repeats = read_repeats(record)
    assert len(repeats.sample) == 2 * PICTURES
    assert repeats.deviation[repeats.way == AGAIN].max() == 0
    assert repeats.deviation.max() < 1e-4
    with Record.open(tmp_path / "audit.sqlite") as record:
        maps = read_map_repeats(record)
    assert set(maps.source.tolist()) >= {"gradient", "smoothgrad", "integrated_gradients"}
    assert maps.deviation[maps.way == AGAIN].max() == 0
    assert maps.deviation.max() < 1e-3
    assert (maps.source == "gradient").sum() == 2 * PICTURES


@pytest.mark.slow
def test_altered_pictures_are_asked_again_too(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data", 8, experiments=True))
    with Record.open(measure(settings, tmp_path / "out")) as record:
        repeats = read_repeats(record)
        columns = record.columns("SELECT DISTINCT intervention, variant FROM repeat WHERE intervention <> ''")
    swaps = {"background_replaced", *SWAPS}
    assert set(columns["intervention"].tolist()) == {"object_removed", *swaps, "noise"}
    assert len(columns["variant"]) == 9 + 2 * 6, "from batch to batch another variant"
    assert set(repeats.way[repeats.altered].tolist()) == {AGAIN}
    assert repeats.deviation[repeats.altered].max() == 0


@pytest.mark.parametrize(("pictures", "size"), [(0, 16), (7, 16), (95, 16), (96, 16), (97, 96), (960, 7), (3000, 16)])
def test_the_batches_that_are_asked_again_hold_pictures_enough(pictures: int, size: int) -> None:
    ranges = [range(start, min(start + size, pictures)) for start in range(0, pictures, size)]
    drawn = repeated_batches(ranges, seed=5)
    held = sum(len(ranges[place]) for place in drawn)
    assert drawn == sorted(set(drawn))
    assert min(pictures, REPEATED) <= held < REPEATED + size
    assert repeated_batches(ranges, seed=5) == drawn
    if len(drawn) < len(ranges):
        assert len({tuple(repeated_batches(ranges, seed)) for seed in range(9)}) > 1


def test_noise_on_a_tenth_is_caught_with_the_stated_probability() -> None:
    assert 1 - 0.9**REPEATED > 0.9999


def test_maps_are_apart_by_a_share_of_the_larger() -> None:
    then = torch.tensor([[[1.0, 3.0]], [[0.0, 0.0]], [[0.0, 0.0]], [[torch.nan, 1.0]], [[torch.nan, 1.0]]])
    now = torch.tensor([[[2.0, 3.0]], [[0.0, 0.0]], [[0.0, 2.0]], [[torch.nan, 1.0]], [[1.0, 1.0]]])
    assert map_deviation(now, then)[:4].tolist() == [0.2, 0, 1, 0]
    assert map_deviation(now, then)[4].isnan()


def test_what_is_no_number_differs_from_what_is_one() -> None:
    now, then = torch.tensor([1.0, torch.nan, torch.nan, torch.inf]), torch.tensor([1.5, torch.nan, 1.0, torch.inf])
    assert deviation(now, then)[:2].tolist() == [0.5, 0]
    assert deviation(now, then)[2].isnan()
    assert deviation(now, then)[3] == 0


@pytest.mark.tor("TOR-051")
def test_another_class_is_told_however_close_the_answers_are() -> None:
    then = torch.tensor([[0.1, 0.0, -9.0], [0.1, 0.0, -9.0], [0.0, 0.0, -9.0], [0.1, 0.0, torch.nan]])
    now = torch.tensor([[0.0, 0.1, -9.0], [0.2, 0.0, -9.0], [0.0, -9.0, 9.0], [0.1, 0.0, torch.nan]])
    target = torch.tensor([0, 0, 1, 0])
    first, second, third, last = apart(answers(now, target), answers(then, target)).tolist()
    assert (first, second) == (pytest.approx(-0.2, abs=1e-3), pytest.approx(0.1, abs=1e-3))
    assert third < 0 and last == 0
    assert apart(answers(then, target), answers(then, target)).tolist() == [0, 0, 0, 0]
    elsewhere = torch.tensor([2])  # the label is neither of the two that change places
    swapped = apart(answers(then[:1, [1, 0, 2]], elsewhere), answers(then[:1], elsewhere))
    assert -1e-200 < swapped[0] < 0
