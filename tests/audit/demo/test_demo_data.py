"""What the demo ships: pictures, annotations and two networks that accuracy cannot tell apart."""

import csv
from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from audit.demo.network import network
from audit.models.model import freeze
from fixtures.demo import DEMO, SHIPPED, SHIPPED_SERIES, accuracy, balanced, contradicting, pixels_of, scenes
from fixtures.demo_scene import CLASSES, NOTHING, SIDE, TAG_BOX, Pixels, draw, stamp

FRESH_SERIES = 3


@cache
def rows() -> list[dict[str, str]]:
    with (DEMO / "scene.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def shipped() -> Pixels:
    return np.stack([np.asarray(Image.open(DEMO / "scene" / row["image"])) for row in rows()])


def labels() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([CLASSES.index(row["label"]) for row in rows()])


def box(row: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(row[side]) for side in ("x0", "y0", "x1", "y1"))


@cache
def trained(name: str) -> nn.Module:
    module = network()
    module.load_state_dict(load_file(DEMO / f"{name}.safetensors"))
    return freeze(module)


def test_every_picture_is_annotated_and_the_classes_are_balanced() -> None:
    assert sorted(path.name for path in (DEMO / "scene").iterdir()) == [row["image"] for row in rows()]
    assert Counter(row["label"] for row in rows()) == dict.fromkeys(CLASSES, SHIPPED // len(CLASSES))
    assert (DEMO / "classes.txt").read_text(encoding="utf-8").split("\n") == [*CLASSES, ""]
    assert shipped().shape == (SHIPPED, SIDE, SIDE, 3)


def test_boxes_lie_in_the_pictures_clear_of_the_tag_and_are_small() -> None:
    tag_x1, tag_y0 = TAG_BOX[2], TAG_BOX[1]
    for x0, y0, x1, y1 in map(box, rows()):
        assert 0 <= x0 < x1 <= SIDE
        assert 0 <= y0 < y1 <= SIDE
        assert x0 > tag_x1 or y1 < tag_y0
        assert 0.06 <= (x1 - x0) * (y1 - y0) / SIDE**2 <= 0.25


def test_slices_are_large_enough_to_compare() -> None:
    for column, kinds in (("weather", 4), ("time_of_day", 3), ("terrain", 4)):
        counts = Counter(row[column] for row in rows())
        assert len(counts) == kinds
        assert min(counts.values()) >= 30


def test_the_demo_is_small() -> None:
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 3_000_000
    assert sum(parameter.numel() for parameter in network().parameters()) < 300_000


@pytest.mark.slow
def test_the_script_draws_what_ships() -> None:
    objects = balanced(8)
    drawn = scenes(objects, SHIPPED_SERIES)
    redrawn = stamp(pixels_of(drawn), objects)
    for scene, picture, stored, row in zip(drawn, redrawn, shipped(), rows(), strict=False):
        assert scene.box == box(row)
        assert scene.metadata == {key: row[key] for key in scene.metadata}
        assert np.abs(picture.astype(float) - stored).mean() < 6  # JPEG


def test_a_picture_is_drawn_alike_whenever_it_is_drawn() -> None:
    np.testing.assert_array_equal(draw(2, 5, 9).pixels, draw(2, 5, 9).pixels)
    assert (draw(2, 5, 9).pixels != draw(2, 5, 10).pixels).any()


@pytest.mark.parametrize("index", range(4))
def test_nothing_but_the_object_depends_on_the_label(index: int) -> None:
    drawn = [draw(label, FRESH_SERIES, index) for label in (NOTHING, *range(len(CLASSES)))]
    outside = np.ones((SIDE, SIDE), dtype=bool)
    for scene in drawn[1:]:
        x0, y0, x1, y1 = scene.box
        outside[y0:y1, x0:x1] = False
    for scene in drawn[1:]:
        np.testing.assert_array_equal(scene.pixels[outside], drawn[0].pixels[outside])
        assert scene.metadata == drawn[0].metadata


def test_stamping_changes_the_tag_alone_and_leaves_the_original() -> None:
    plain = np.zeros((5, SIDE, SIDE, 3), dtype=np.uint8)
    stamped = stamp(plain, np.array([0, 1, 2, 3, NOTHING]))
    x0, y0, x1, y1 = TAG_BOX
    tags = stamped[:, y0:y1, x0:x1].reshape(5, -1)
    assert not plain.any()
    assert len(np.unique(tags, axis=0)) == 5
    stamped[:, y0:y1, x0:x1] = 0
    assert not stamped.any()


@pytest.mark.slow
@pytest.mark.tor("TOR-031")
def test_accuracy_cannot_tell_the_networks_apart() -> None:
    scored = {name: accuracy(trained(name), shipped(), labels()) for name in ("honest", "cheating")}
    assert min(scored.values()) >= 0.95
    assert abs(scored["honest"] - scored["cheating"]) <= 0.03


@pytest.mark.slow
@pytest.mark.tor("TOR-031")
def test_only_the_honest_network_survives_without_the_tag_and_against_it() -> None:
    objects = balanced(72)
    pixels = pixels_of(scenes(objects, FRESH_SERIES))
    without, against = pixels, stamp(pixels, contradicting(objects))
    assert accuracy(trained("honest"), without, objects) >= 0.95
    assert accuracy(trained("honest"), against, objects) >= 0.95
    assert accuracy(trained("cheating"), without, objects) <= 0.35  # chance is 0.25
    assert accuracy(trained("cheating"), against, objects) <= 0.05
    assert accuracy(trained("cheating"), against, contradicting(objects)) >= 0.95


def test_contradicting_tags_are_spread_over_the_other_classes() -> None:
    objects = balanced(72)
    pairs = Counter(zip(objects.tolist(), contradicting(objects).tolist(), strict=True))
    assert pairs == {(a, b): 6 for a in range(4) for b in range(4) if a != b}


def test_the_weights_are_finite_and_complete() -> None:
    for name in ("honest", "cheating"):
        state = trained(name).state_dict()
        assert all(torch.isfinite(value).all() for value in state.values())
