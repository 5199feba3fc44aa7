"""The compression of files, swapped in a run: against a plain loop, whatever the batch and the threads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from audit.datasets import file_pixels
from audit.datasets.coding import OTHER_JPEG
from audit.datasets.picture_files import open_picture
from audit.datasets.preprocessing import Preprocessing
from audit.engine.plan import Plan, plan
from audit.errors import AuditError
from audit.experiments.altered_batch import Altered, Trial
from audit.experiments.donors import Kind, chosen
from audit.experiments.interventions.compression_swapped import compression_swapped
from audit.experiments.recompression import FileTrace, recompressed, wave_power, without_blocks
from audit.models.model import Model
from audit.settings import load_settings
from fixtures.shapes import LABELS, network, write_shapes

QUALITIES = (10, 90)
NAME = "compression_swapped"
PICTURES = 10


def written(folder: Path, qualities: tuple[int | None, ...] = QUALITIES) -> Path:
    """Pictures of two classes in turn, each class with files of its own quality; None: PNG."""
    settings = write_shapes(folder, PICTURES)
    boxes = folder / "boxes.csv"
    for number, file in enumerate(sorted((folder / "images").glob("*.png"))):
        quality = qualities[number % len(qualities)]
        if quality is not None:
            with Image.open(file) as opened:
                opened.save(file.with_suffix(".jpg"), quality=quality)
            boxes.write_text(boxes.read_text().replace(file.name, file.with_suffix(".jpg").name))
            file.unlink()
    return settings


def planned(settings: Path, preprocessing: Preprocessing | None = None, intervention: str = NAME) -> Plan:
    loaded = load_settings(settings)
    table = type(loaded.experiments).model_validate(
        {"interventions": [intervention], "controls": [], "searches": [], "donors": 8}
    )
    model = None if preprocessing is None else Model(network(), LABELS, preprocessing)
    changed = loaded.model_copy(update={"experiments": table, **({"preprocessing": None} if model else {})})
    return plan(changed, model, "cpu")


def asked(run: Plan, numbers: range = range(PICTURES)) -> Trial:
    pictures = next(run.factory.loader.batches([numbers])).pictures
    return run.trial(pictures, run.factory.batch(pictures), {})


def altered(run: Plan, trial: Trial) -> Altered:
    """As the network is shown it."""
    (experiment,) = run.interventions
    return experiment.alter(trial)


def by_plain_loop(run: Plan, trial: Trial, variant: str) -> Tensor:
    """Each file opened, recompressed as its donor's file and prepared, one after the other."""
    kind: Kind = "other" if variant.startswith("other") else "same"
    folder, samples = run.factory.loader.folder, run.factory.loader.samples
    places = chosen(trial, kind, int(variant[-1]))[:, -1].tolist()
    frames = []
    for picture, seed, place in zip(trial.files.pictures, trial.batch.seeds, places, strict=True):
        own, lender = (
            open_picture(samples[number].image, folder) for number in (picture.number, int(trial.donors.samples[place]))
        )
        plain = without_blocks(np.asarray(own.picture), own.jpeg)
        trace = FileTrace(lender.jpeg, wave_power(np.asarray(lender.picture)))
        again = recompressed(plain, own.jpeg, wave_power(plain), trace, seed)
        frames.append(run.inputs.preprocessing.frame_pixels(again))
    return run.inputs.preprocessing.normalise(torch.stack(frames))


@pytest.mark.tor("TOR-085")
@pytest.mark.parametrize("preprocessing", [None, Preprocessing(resize=20), Preprocessing(letterbox=(32, 32))])
def test_it_is_that_of_a_plain_loop(tmp_path: Path, preprocessing: Preprocessing | None) -> None:
    """What the network is shown is not compressed once more as its own file is, also where nothing was scaled."""
    run = planned(written(tmp_path / "data"), preprocessing)
    trial = asked(run)
    swap = altered(run, trial)
    assert list(swap.altered) == ["other 1", "same 1"]
    for variant, pictures in swap.altered.items():
        torch.testing.assert_close(pictures, by_plain_loop(run, trial, variant))
    assert swap.notes[NAME, "donor class 1"].tolist() == [1, 0] * (PICTURES // 2)
    assert not torch.equal(swap.altered["other 1"], swap.altered["same 1"])


@pytest.mark.tor("TOR-085", "TOR-052")
def test_neither_the_batch_nor_the_threads_matter(tmp_path: Path) -> None:
    run = planned(written(tmp_path / "data"))
    trial, threads = asked(run), torch.get_num_threads()
    together = altered(run, trial).altered
    try:
        torch.set_num_threads(4)
        by_many = altered(run, trial).altered
    finally:
        torch.set_num_threads(threads)
    for variant, pictures in together.items():
        assert torch.equal(pictures, by_many[variant])
        for number in (0, 3):
            assert torch.equal(altered(run, trial.some([number])).altered[variant][0], pictures[number])
            by_itself = altered(run, asked(run, range(number, number + 1))).altered[variant]
            assert torch.equal(by_itself[0], pictures[number])


@pytest.mark.tor("TOR-085")
@pytest.mark.parametrize("qualities", [(None,), (60,)])
def test_where_all_files_are_alike_pictures_stay_and_no_file_is_opened(
    tmp_path: Path, qualities: tuple[int | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = planned(written(tmp_path / "data", qualities))
    trial = asked(run)
    monkeypatch.setattr(file_pixels, "open_picture", lambda *_: pytest.fail("a file is opened again"))
    for pictures in altered(run, trial).altered.values():
        assert torch.equal(pictures, trial.batch.x)


def test_files_that_are_no_jpeg_lend_no_compression(tmp_path: Path) -> None:
    run = planned(written(tmp_path / "data", (20, None)))
    trial = asked(run)
    swap = altered(run, trial).altered
    png = trial.batch.target == 1
    torch.testing.assert_close(swap["same 1"][png], trial.batch.x[png])
    assert (swap["other 1"][png] != trial.batch.x[png]).any()
    assert {trace.jpeg is None for trace in trial.donors.files} == {True, False}


def test_a_jpeg_that_cannot_be_written_alike_lends_nothing(tmp_path: Path) -> None:
    settings = written(tmp_path / "data", (20, 80))
    for file in sorted((tmp_path / "data" / "images").glob("*.jpg"))[1::2]:
        with Image.open(file) as opened:
            cmyk = opened.convert("CMYK")
        cmyk.save(file, quality=80)
    run = planned(settings)
    swap = altered(run, asked(run)).altered
    unmade = {name: pictures.isnan().flatten(1).all(dim=1).tolist() for name, pictures in swap.items()}
    assert unmade == {"other 1": [True, False] * 5, "same 1": [False, True] * 5}
    assert run.factory.loader.load(1).compression is OTHER_JPEG
    assert run.factory.loader.load(0).compression not in (OTHER_JPEG, None)


def test_a_file_that_changes_or_goes_ends_the_run(tmp_path: Path) -> None:
    run = planned(written(tmp_path / "data"))
    trial = asked(run)
    file = tmp_path / "data" / "images" / "000.jpg"
    file.write_bytes((tmp_path / "data" / "images" / "001.jpg").read_bytes())
    for _ in range(2):
        with pytest.raises(AuditError, match=r"000\.jpg: changed during the audit; need files that stay\. Start again"):
            compression_swapped(trial)
        file.unlink(missing_ok=True)


def test_who_does_not_declare_files_gets_none(tmp_path: Path) -> None:
    run = planned(written(tmp_path / "data"), intervention="sharpness_swapped")
    assert run.donors is not None
    assert run.donors.files == ()
    with pytest.raises(AuditError, match="intervention: asks for files; need 'files' in NEEDS of its module"):
        _ = asked(run).limited_to({"donors"}).files
    assert replace(asked(run), file_pixels=None).some([1]).file_pixels is None
