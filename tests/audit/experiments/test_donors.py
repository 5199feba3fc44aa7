"""Donors: who lends a background to whom."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.engine.inputs import Inputs
from audit.engine.plan import Plan, plan
from audit.experiments.altered_batch import Donors
from audit.experiments.donor_pool import gather
from audit.experiments.donors import chosen
from audit.experiments.swaps import lenders as lent
from audit.models.model import Model
from audit.settings import load_settings, parse_settings
from fixtures.scene import LABELS, OBJECTS, SIZES, write_scene
from fixtures.shapes import SIDE, write_shapes
from fixtures.trials import Reader, lenders, trial

MANY = "below/many.png"
READER = Reader((slice(0, 1), slice(0, 1)))


def shapes(folder: Path, pictures: int = 11, **experiments: Any) -> Plan:
    settings = load_settings(write_shapes(folder, pictures, experiments=True))
    asked = settings.experiments.model_copy(update={"controls": (), "searches": (), **experiments})
    return plan(settings.model_copy(update={"experiments": asked}), None, "cpu")


def given(run: Plan) -> Donors:
    assert run.donors is not None
    return run.donors


def with_run_table(inputs: Inputs, **changes: int) -> Inputs:
    table = inputs.settings.run.model_copy(update=changes)
    return replace(inputs, settings=inputs.settings.model_copy(update={"run": table}))


@pytest.mark.slow
def test_donors_are_drawn_over_the_classes_in_turns(tmp_path: Path) -> None:
    donors = given(shapes(tmp_path / "a", pictures=30, donors=9))
    assert donors.x.shape == (9, 3, 24, 24)
    assert sorted(donors.target.tolist()) in ([0] * 4 + [1] * 5, [0] * 5 + [1] * 4)
    assert len(set(donors.pictures)) == 9
    assert torch.equal(donors.held, torch.nn.functional.one_hot(donors.target, 2).bool())


def test_fewer_pictures_than_asked_for_are_all_donors(tmp_path: Path) -> None:
    assert len(given(shapes(tmp_path / "a")).pictures) == 11


@pytest.mark.tor("TOR-025")
def test_a_donor_is_its_picture_without_its_object(tmp_path: Path) -> None:
    run = shapes(tmp_path / "a")
    donors = given(run)
    for batch in run.factory.loader.batches([range(11)]):
        x, inside = run.factory.batch(batch.pictures).x, run.factory.inside(batch.pictures)
        for i, picture in enumerate(batch.pictures):
            lent = donors.x[donors.pictures.index(picture.content)]
            assert torch.equal(lent[:, ~inside[i, 0]], x[i][:, ~inside[i, 0]])
            # dark is -2 and light is 2; the noise around it lies between
            assert bool((lent[:, inside[i, 0]].abs() < 1.5).all())


@pytest.mark.slow
def test_the_margin_goes_with_the_donors_objects(tmp_path: Path) -> None:
    small, large = shapes(tmp_path / "a"), shapes(tmp_path / "b", margin=2.0)
    assert bool((given(small).x != given(large).x).any())
    pictures = next(small.factory.loader.batches([range(2)])).pictures
    tight, grown = small.factory.inside(pictures), large.factory.inside(pictures)
    assert bool((tight <= grown).all())
    assert grown.sum() > tight.sum()


@pytest.mark.slow
def test_gathering_is_the_same_every_time_and_depends_on_the_seed(tmp_path: Path) -> None:
    run = shapes(tmp_path / "a", pictures=30, donors=6)
    again = gather(run.inputs, run.factory)
    assert again.pictures == given(run).pictures
    assert torch.equal(again.x, given(run).x)
    assert gather(with_run_table(run.inputs, seed=1), run.factory).pictures != given(run).pictures
    torch.testing.assert_close(gather(with_run_table(run.inputs, batch_size=7), run.factory).x, given(run).x)


def test_broken_pictures_and_copies_lend_nothing(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "a", 8, experiments=True))
    images = tmp_path / "a" / "images"
    (images / "006.png").write_bytes(b"")
    (images / "004.png").write_bytes((images / "002.png").read_bytes())
    assert len(given(plan(settings, None, "cpu")).pictures) == 6


@pytest.mark.tor("TOR-025")
def test_a_copy_in_another_file_lends_nothing_and_is_lent_nothing(tmp_path: Path) -> None:
    """The same pixels with a comment, and a mirrored copy in another format."""
    settings = load_settings(write_shapes(tmp_path / "a", 8, experiments=True))
    images = tmp_path / "a" / "images"
    with Image.open(images / "002.png") as original:
        comment = PngInfo()
        comment.add_text("Comment", "another file")
        original.save(images / "004.png", pnginfo=comment)
        ImageOps.mirror(original).save(images / "006.png")
    boxes = tmp_path / "a" / "boxes.csv"
    rows = [line.split(",") for line in boxes.read_text().splitlines()]
    x0, y0, x1, y1 = map(int, rows[3][2:6])
    rows[5][2:6], rows[7][2:6] = rows[3][2:6], map(str, (SIDE - x1, y0, SIDE - x0, y1))
    boxes.write_text("\n".join(map(",".join, rows)) + "\n")
    run = plan(settings, None, "cpu")
    donors = given(run)
    assert len(donors.pictures) == 7, "one of the two files with the same pixels"
    (batch,) = run.factory.loader.batches([range(8)])
    asked = run.trial(batch.pictures, run.factory.batch(batch.pictures), {})
    lenders_of = chosen(asked, "same", 8).tolist()
    for number in (2, 4, 6):
        lenders = {int(donors.samples[place]) for place in lenders_of[number] if place >= 0}
        assert lenders == {0}, "the one other picture of the class"


def test_no_usable_picture_is_no_donor(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "a", 4, experiments=True))
    run = plan(settings, None, "cpu")
    none = gather(run.inputs, replace(run.factory, loader=replace(run.factory.loader, max_box_share=0.1)))
    assert none.x.shape == (0, 3, 24, 24)
    assert none.pictures == ()
    some = trial(READER, donors=none)
    assert chosen(some, "other", 2).tolist() == [[-1, -1]] * 6
    (nothing,) = lent(some, "other", 1)
    assert all(bool(v.isnan().all()) for v in (nothing.x, nothing.hulls, nothing.class_index, nothing.sample))


@pytest.mark.tor("TOR-025")
def test_objects_of_all_labels_are_filled_and_known(tmp_path: Path) -> None:
    scene = write_scene(tmp_path)
    settings = parse_settings(
        {
            "data": {"format": "csv", "annotations": str(scene.annotations["csv"]), "images": str(scene.images)},
            "experiments": {"controls": [], "searches": []},
        }
    )
    classes = tuple(ClassName(name) for name in LABELS)
    torch.manual_seed(0)
    colours = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 3))
    run = plan(settings, Model(colours, classes, Preprocessing(letterbox=(32, 32))), "cpu")
    donors = given(run)
    assert len(donors.pictures) == len(SIZES)  # each file once
    assert sorted(donors.held.int().tolist()) == [[0, 0, 1], [0, 1, 1], [1, 0, 0], [1, 1, 1]]
    assert bool(donors.held.gather(1, donors.target.unsqueeze(1)).all())
    many = donors.x[int(donors.held.all(dim=1).nonzero())]
    assert run.inputs.samples[0][0].image == MANY
    (picture,) = next(run.factory.loader.batches([[0]])).pictures
    there = run.factory.batch([picture]).x[0]
    for image, _, box in OBJECTS:
        if image == MANY:  # 256 x 128 pixels, fitted into 32 x 32
            x0, y0, x1, y1 = (round(value / 8) for value in box)
            place = (slice(None), slice(y0 + 9, y1 + 7), slice(x0 + 1, x1 - 1))
            assert (many - there)[place].abs().mean() > 0.5


@pytest.mark.tor("TOR-025")
def test_no_donor_holds_the_class_or_is_the_picture_itself() -> None:
    asked = trial(READER)
    donors = lenders([0, 1, 0, 1, 0])
    held = donors.held.clone()
    held[2] = True  # holds both classes, so it is nobody's other
    donors = replace(donors, held=held, pictures=(*asked.pictures[:2], *donors.pictures[2:]))
    asked = replace(asked, donor_pool=donors)
    other, same = chosen(asked, "other", 3), chosen(asked, "same", 3)
    for i in range(6):
        ours, theirs = ({0, 2, 4}, {1, 3}) if i % 2 == 0 else ({1, 2, 3}, {0, 4})
        assert set(other[i].tolist()) - {-1} == theirs - {2}
        assert set(same[i].tolist()) - {-1} == ours - ({i} if i < 2 else set())
        assert sorted(other[i].tolist()).count(-1) == 1


@pytest.mark.tor("TOR-025")
def test_a_draw_depends_on_the_picture_alone() -> None:
    asked = trial(READER, pictures=40, donors=lenders([0, 1] * 10))
    for kind in ("other", "same"):
        together = chosen(asked, kind, 3)
        assert all(len(set(row)) == 3 for row in together.tolist())
        assert len({tuple(row) for row in together.tolist()}) > 20
        some = [30, 3, 8]
        assert torch.equal(chosen(asked.some(some), kind, 3), together[some])
        assert torch.equal(chosen(asked, kind, 1), together[:, :1])


def test_backgrounds_are_the_chosen_donors() -> None:
    asked = trial(READER)
    for number, one in enumerate(lent(asked, "other", 6)):
        place = chosen(asked, "other", 6)[:, number]
        if number < 4:
            assert torch.equal(one.x, asked.donors.x[place])
            assert torch.equal(one.hulls, asked.donors.hulls[place])
            assert one.class_index.tolist() == [1, 0] * 3
            assert one.sample.tolist() == (100 + place).tolist()
        else:
            assert all(bool(v.isnan().all()) for v in (one.x, one.hulls, one.class_index, one.sample))
