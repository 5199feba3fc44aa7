"""The cases: which samples they are, and that what the record keeps of them is what the network was asked about."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from audit.engine import cases
from audit.engine.cases import Swapped, choose_cases, swapped, worst_variants
from audit.engine.measure import measure
from audit.experiments import runner
from audit.experiments.altered_batch import Trial
from audit.hashing import picture_seed
from audit.record.altered_layers import Alteration, read_layer
from audit.record.experiment_readers import read_answers
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import read_pictures, read_samples
from audit.settings import Settings, load_settings
from fixtures.shapes import write_shapes

Asked = dict[tuple[int, str], Tensor]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Eleven pictures, all interventions, no control."""
    whole = load_settings(write_shapes(tmp_path_factory.mktemp("cases") / "d", experiments=True))
    bare = whole.experiments.model_copy(update={"controls": (), "searches": ()})
    return whole.model_copy(update={"experiments": bare})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Every altered picture that the network is asked about, by the picture's seed and what altered it."""
    seen: Asked = {}
    ask = runner.ask

    def watched(trial: Trial, altered: Tensor, who: str = "", classes: Tensor | None = None) -> Any:
        for place, seed in enumerate(trial.batch.seeds):
            seen[seed, who] = (255 * trial.batch.pixels(altered)[place]).round().to(torch.uint8)
        return ask(trial, altered, who, classes)

    monkeypatch.setattr(runner, "ask", watched)
    yield seen


@pytest.mark.slow
@pytest.mark.tor("TOR-115")
def test_the_kept_pictures_are_those_that_the_network_was_asked_about(
    settings: Settings, asked: Asked, tmp_path: Path
) -> None:
    with Record.open(measure(settings, tmp_path / "out")) as record:
        kept, samples, chosen = read_thumbnails(record), read_samples(record), record.meta(cases.CASES)
    names = list(zip(samples.image.tolist(), samples.label.tolist(), strict=True))
    altered = {
        (number, of): png
        for number, layers in kept.items()
        for layer, png in layers.items()
        if (of := read_layer(layer))
    }
    assert {number for number, _ in altered} == {number for group in chosen.values() for number in group}
    assert {"object_removed", "background_replaced"} <= {of.intervention for _, of in altered}
    for (number, of), encoded in altered.items():
        pixels = asked[picture_seed(settings.run.seed, *names[number]), ", ".join(of)]
        expected = np.asarray(pixels.permute(1, 2, 0).expand(-1, -1, 3).numpy())
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(expected)).save(buffer, "JPEG", quality=92, subsampling=0)
        assert buffer.getvalue() == encoded, of


@pytest.mark.slow
@pytest.mark.tor("TOR-115")
def test_a_run_that_was_broken_off_at_the_cases_keeps_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Record.open(measure(settings, tmp_path / "out")) as record:
        expected, chosen = read_thumbnails(record), record.meta(cases.CASES)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(cases, "worst_variants", interrupted)
        measure(settings, tmp_path / "cut")
    with Record.open(measure(settings, tmp_path / "cut", resume=True)) as record:
        assert read_thumbnails(record) == expected
        assert record.meta(cases.CASES) == chosen


@pytest.mark.slow
def test_the_numbers_are_those_counted_one_by_one(settings: Settings, tmp_path: Path) -> None:
    with Record.open(measure(settings, tmp_path / "out")) as record:
        answers, pictures = read_answers(record), read_pictures(record)
    found = swapped(answers, pictures)
    rows = list(
        zip(
            answers.sample.tolist(),
            answers.intervention,
            answers.variant,
            answers.log_odds.tolist(),
            answers.predicted.tolist(),
            strict=True,
        )
    )
    for place, number in enumerate(pictures.number.tolist()):
        label = int(pictures.class_index[place])
        lost, least = [0.0], []
        for intervention in {row[1] for row in rows}:
            own, other = (
                [row for row in rows if row[:2] == (number, intervention) and row[2].startswith(kind)]
                for kind in ("same ", "other ")
            )
            if other:
                least += [row[3] for row in other]
            if own and other:
                shares = [sum(row[4] == label for row in group) / len(group) for group in (own, other)]
                lost.append(shares[0] - shares[1])
        assert found.lost[place] == pytest.approx(max(lost))
        assert found.least[place] == pytest.approx(min(least))
        variants = worst_variants(answers, number, ["object_removed", "background_replaced"])
        removed = {row[2]: row[3] for row in rows if row[:2] == (number, "object_removed") and "else" not in row[2]}
        assert variants[0] == Alteration("object_removed", max(removed, key=lambda name: removed[name]))


class Taken:
    """Of pictures, what the choice looks at."""

    def __init__(self, right: list[bool]) -> None:
        self.number, self.right = np.arange(len(right)), np.array(right)


def test_the_worst_lose_most_and_the_borderline_lose_nothing() -> None:
    lost = [0.0, 1.0, 0.5, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.0, 1.0]
    least = [3.0, -2.0, -1.0, 0.5, 0.1, -3.0, -1.5, 4.0, 0.2, 0.3, np.nan]
    pictures: Any = Taken([True] * 8 + [False] + [True] * 2)
    chosen = choose_cases(pictures, Swapped(np.array(lost), np.array(least)), {n: -n for n in range(11)})
    assert chosen.worst == [5, 1, 6, 2], "10 was asked nothing that is a number"
    assert chosen.borderline == [4, 9, 3, 0], "8 is predicted wrong"
    assert chosen.random == [10, 8, 7], "of the others, by their random numbers"


def test_without_answers_there_is_no_case(tmp_path: Path) -> None:
    plain = load_settings(write_shapes(tmp_path / "d"))
    with Record.open(measure(plain, tmp_path / "out")) as record:
        assert not record.has(cases.CASES)
        assert not any(read_layer(layer) for layers in read_thumbnails(record).values() for layer in layers)


def test_layers_name_what_was_done() -> None:
    for of in (Alteration("cue 1", "hidden"), Alteration("own, module:swap", "other 2")):
        assert read_layer(of.layer) == of
    assert read_layer("picture") is None
    assert read_layer("gradient, squared") is None
