"""The samples of a run with the network at hand: the run's own maps, and answers to pictures altered by hand."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from audit.cli.explore_live import ask, look, opened
from audit.engine.live_samples import FILLS, Fill, LiveSamples, live_samples
from audit.engine.measure import measure
from audit.errors import AuditError
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.settings import load_settings
from fixtures.records import altered
from fixtures.shapes import write_shapes

BOX = (3, 5, 11, 20)


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("live") / "data", pictures=50)


@pytest.fixture(scope="module")
def record_file(settings_file: Path) -> Path:
    return measure(settings_file, settings_file.parent / "out")


@pytest.fixture(scope="module")
def live(settings_file: Path, record_file: Path) -> LiveSamples:
    with Record.open(record_file) as record:
        return opened(settings_file, record, "cpu")


def pixels_of(encoded: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(np.int64)


@pytest.mark.slow
@pytest.mark.tor("TOR-105")
def test_a_map_on_demand_is_that_of_the_run(live: LiveSamples, record_file: Path) -> None:
    with Record.open(record_file) as record:
        kept = read_thumbnails(record)
    assert 20 < len(kept) < 50
    for number, layers in kept.items():
        looked = live.looked(number)
        assert {"picture": looked.picture, **looked.maps} == layers
    bare = next(number for number in range(50) if number not in kept)
    assert set(look(live, bare)["maps"]) == {"gradient", "smoothgrad", "integrated_gradients"}


@pytest.mark.slow
@pytest.mark.tor("TOR-105")
@pytest.mark.parametrize("fill", FILLS)
def test_answers_are_those_of_the_network_to_the_picture_that_is_shown(
    live: LiveSamples, record_file: Path, fill: Fill
) -> None:
    with Record.open(record_file) as record:
        pictures = read_pictures(record)
    asked = live.asked(4, BOX, fill)
    assert asked.label[0] == pytest.approx(pictures.probability[4], abs=1e-6)
    x0, y0, x1, y1 = BOX
    batch = live.plan.factory.batch([live.plan.factory.loader.load(4)])
    inside = np.zeros(batch.x.shape[2:], bool)
    inside[y0:y1, x0:x1] = True
    before = live.plan.factory.loader.load(4).framed.pixels.permute(1, 2, 0).numpy().astype(np.int64)
    shown = pixels_of(asked.picture)
    assert (shown == before)[~inside].all()
    assert np.abs(shown - before)[inside].mean() > 10
    expected = {
        "mean": torch.zeros_like(batch.x),
        "donor": live.plan.factory.batch([live.plan.factory.loader.load(asked.donor or 0)]).x,
    }
    if fill in expected:
        filled = torch.where(torch.from_numpy(inside), expected[fill], batch.x)
        with torch.no_grad():
            again = live.plan.factory.module(filled).double().softmax(dim=1)[0]
        assert asked.label[1] == pytest.approx(again[int(batch.target[0])].item(), abs=5e-3)
        assert [index for index, _ in asked.after] == again.argsort(descending=True).tolist()
    assert (asked.donor is not None) is (fill == "donor")
    assert sum(share for _, share in asked.after) == pytest.approx(1)


@pytest.mark.slow
def test_a_donor_is_of_another_class(live: LiveSamples) -> None:
    assert live.asked(4, BOX, "donor").donor == 5
    assert live.asked(49, BOX, "donor").donor == 0
    assert live.asked(4, BOX, "donor", 9).donor == 9
    with pytest.raises(AuditError, match="sample 6 is no measured one of another class"):
        live.asked(4, BOX, "donor", 6)


@pytest.mark.slow
@pytest.mark.parametrize("box", [(3, 3, 3, 9), (0, 0, 24, 24), (-1, 0, 5, 5), (0, 0, 25, 5), (5, 9, 2, 3)])
def test_what_is_no_rectangle_is_refused(live: LiveSamples, box: tuple[int, int, int, int]) -> None:
    with pytest.raises(AuditError, match="need one within 24 x 24 pixels"):
        live.asked(4, box, "mean")


@pytest.mark.slow
@pytest.mark.parametrize(
    "question",
    [
        {"sample": "4", "rectangle": BOX, "fill": "mean", "donor": None},
        {"sample": 4, "rectangle": BOX, "fill": "exec", "donor": None},
        {"sample": 4, "rectangle": [1, 2, 3], "fill": "mean", "donor": None},
        {"sample": 4, "rectangle": [1.5, 2, 3, 4], "fill": "mean", "donor": None},
        {"sample": True, "rectangle": BOX, "fill": "mean", "donor": None},
        {"sample": 4, "rectangle": BOX, "fill": "mean"},
        [],
        None,
    ],
)
def test_what_is_no_question_is_none(live: LiveSamples, question: object) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        ask(live, question)


@pytest.mark.slow
@pytest.mark.tor("TOR-105")
def test_another_picture_network_or_data_is_refused(settings_file: Path, record_file: Path, tmp_path: Path) -> None:
    settings = load_settings(settings_file)

    def refused(statement: str, seen: str) -> None:
        copy = tmp_path / "audit.sqlite"
        copy.write_bytes(record_file.read_bytes())
        with Record.open(altered(copy, statement)) as record, pytest.raises(AuditError, match=seen):
            live_samples(settings, record).looked(3)

    refused("UPDATE picture SET sha256 = 'x' WHERE sample = 3", r"003\.png: is no longer the file that was measured")
    refused("UPDATE sample SET label = 'bright' WHERE id = 3", "lead to other samples than the record's")
    refused(
        "UPDATE meta SET value = json_set(value, '$.state_sha256', 'x') WHERE key = 'model'",
        "lead to another model than the record's",
    )
    refused("DELETE FROM picture WHERE sample = 3", "no measured sample 3")


@pytest.mark.slow
def test_a_look_is_opened_with_its_own_samples(settings_file: Path, tmp_path: Path) -> None:
    settings = load_settings(settings_file)
    limited = settings.model_copy(update={"run": settings.run.model_copy(update={"limit": 6})})
    with Record.open(measure(limited, tmp_path / "look")) as record:
        assert len(live_samples(settings, record).plan.inputs.samples) == 6
