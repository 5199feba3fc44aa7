"""What napari is given: plain arrays, as the record keeps them."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from audit.errors import AuditError
from audit.record.map_readers import read_thumbnails
from audit.record.place import FILE_NAME
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.viewer.layers import LIMITS, Shown, kept_samples, layers_of, pixels_of
from fixtures.assessments import assessed
from saliency_audit import napari_plugin


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("viewer") / "run"
    with assessed(folder, n=30):
        return folder


@pytest.fixture
def kept(run: Path) -> list[Shown]:
    with Record.open(run / FILE_NAME) as record:
        return kept_samples(record)


def test_pictures_and_maps_are_those_of_the_record(run: Path, kept: list[Shown]) -> None:
    with Record.open(run / FILE_NAME) as record:
        thumbnails, pictures = read_thumbnails(record), read_pictures(record)
    assert [sample.number for sample in kept] == sorted(thumbnails)
    for sample in kept:
        stored = thumbnails[sample.number]
        assert np.array_equal(sample.picture, np.asarray(Image.open(io.BytesIO(stored["picture"])).convert("RGB")))
        assert sample.maps.keys() == stored.keys() & {"gradient", "gradcam"}
        for name, relevance in sample.maps.items():
            assert np.allclose(255 * relevance, np.asarray(Image.open(io.BytesIO(stored[name])), np.float32))
        row = pictures.number.tolist().index(sample.number)
        assert sample.probability == pictures.probability[row]
        assert sample.boxes == pictures.frame_boxes[row]


def test_one_sample_is_flat_and_several_lie_behind_each_other(kept: list[Shown]) -> None:
    height, width, _ = kept[0].picture.shape
    for samples, lead in ((kept[:1], ()), (kept, (len(kept),))):
        layers = {look["name"]: (data, look, kind) for data, look, kind in layers_of(samples)}
        picture, look, kind = layers["picture"]
        assert (picture.shape, kind, look["rgb"]) == ((*lead, height, width, 3), "image", True)
        methods = [name for name in layers if name not in ("picture", "boxes")]
        assert methods
        for number, name in enumerate(methods):
            relevance, look, _ = layers[name]
            assert relevance.shape == (*lead, height, width)
            assert look["contrast_limits"] == LIMITS
            assert 0 <= relevance.min() <= relevance.max() <= 1
            assert look["visible"] is (number == 0)
        corners, look, kind = layers["boxes"]
        assert kind == "shapes" and len(corners) == sum(len(sample.boxes) for sample in samples)
        assert look["ndim"] == 2 + len(lead)


def test_a_box_lies_around_its_pixels(kept: list[Shown]) -> None:
    """napari centres pixel (0, 0) on the origin: the half-open box from 2 to 5 reaches from 1.5 to 4.5."""
    sample = replace(kept[0], boxes=((2.0, 3.0, 5.0, 7.0),))
    (corners,), look, _ = layers_of([sample])[-1]
    assert corners.tolist() == [[2.5, 1.5], [2.5, 4.5], [6.5, 4.5], [6.5, 1.5]]
    (first, second), look, _ = layers_of([sample, sample])[-1]
    assert (set(first[:, 0]), set(second[:, 0])) == ({0.0}, {1.0})
    assert look["features"]["image"] == [sample.image] * 2
    assert look["features"]["label"] == [sample.label] * 2


def test_altered_pictures_are_layers_that_wait(kept: list[Shown]) -> None:
    dark = np.zeros_like(kept[0].picture)
    layers = layers_of([replace(kept[0], altered={"object blurred: 0.90 → 0.10": dark}), kept[1]])
    ((data, look, _),) = [layer for layer in layers if layer[1]["name"].startswith("object")]
    assert look["visible"] is False
    assert not data[0].any() and np.array_equal(data[1], kept[1].picture)


def test_a_sample_is_named_by_number_or_picture(run: Path, kept: list[Shown]) -> None:
    with Record.open(run / FILE_NAME) as record:
        for named in (str(kept[1].number), kept[1].image):
            (one,) = kept_samples(record, named)
            assert one.image == kept[1].image
        with pytest.raises(AuditError, match="no measured sample 'nothing'"):
            kept_samples(record, "nothing")
        with pytest.raises(AuditError, match="holds a picture that is none"):
            pixels_of(b"no picture", record)
        other = io.BytesIO()
        Image.new("RGB", (1, 1)).save(other, "PNG")
        with pytest.raises(AuditError, match="1x1 pixels"):
            pixels_of(other.getvalue(), record)


@pytest.mark.tor("TOR-123")
def test_the_plugin_reads_records_alone(run: Path, tmp_path: Path) -> None:
    for place in (run, run / FILE_NAME):
        read = napari_plugin.reader(str(place))
        assert read is napari_plugin.layers
        assert [kind for _, _, kind in read(str(place))][-1] == "shapes"
    (tmp_path / "x.png").touch()
    for other in (str(tmp_path), str(tmp_path / "x.png"), [str(run), str(run)], str(tmp_path / "none")):
        assert napari_plugin.reader(other) is None


def test_the_manifest_names_what_is_there() -> None:
    manifest = yaml.safe_load((Path(napari_plugin.__file__).with_name("napari.yaml")).read_text(encoding="utf-8"))
    contributions = manifest["contributions"]
    (command,) = contributions["commands"]
    module, _, name = command["python_name"].partition(":")
    assert module == napari_plugin.__name__ and hasattr(napari_plugin, name)
    assert [reader["command"] for reader in contributions["readers"]] == [command["id"]]
    assert contributions["readers"][0]["accepts_directories"] is True
