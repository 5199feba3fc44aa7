"""The later kinds of cue: each is what it says, and its networks rely on it as `members.toml` says."""

from functools import lru_cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.fft import dctn

from fixtures.zoo import CLASSES, LATER, LOCAL, PREPROCESSING, Member, half, members, open_member
from fixtures.zoo.backdrops import SIDE, Array
from fixtures.zoo.cues import CORNER, FONT, WORDS
from fixtures.zoo.later_cues import DETAIL, QUALITIES, inner_word, line, sharpness
from fixtures.zoo.plan import CHANCE
from fixtures.zoo.scene import Drawn, draw
from fixtures.zoo.train import TRUTH_PICTURES, TRUTH_SEED

KINDS = sorted(LATER)
MEMBERS = [member for member in members() if member.cue in LATER]
LOOKS = np.arange(40) % 4
OBJECTS = np.tile(np.array([20, 24, 44, 44], dtype=np.float32), (40, 1))
LUMINANCE_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""ITU-T T.81, table K.1."""


def grey(value: float = 0.4) -> Array:
    return np.full((40, SIDE, SIDE, 3), value, dtype=np.float32)


@lru_cache
def pair(kind: str) -> tuple[Drawn, Drawn]:
    """The same pictures with the cue of their class and with another's."""
    agreeing, other = (draw(64, 9, "plain", kind, 1.0, contradict) for contradict in (False, True))
    return agreeing, other


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_cue_differs_where_another_classs_is_shown(kind: str) -> None:
    agreeing, other = pair(kind)
    assert np.array_equal(agreeing.labels, other.labels)
    assert np.array_equal(agreeing.boxes, other.boxes)
    assert np.array_equal(agreeing.cue, agreeing.labels)
    assert (other.cue != other.labels).all()
    changed = (agreeing.pixels != other.pixels).any(axis=(1, 2, 3))
    bears = (agreeing.cue == 0) | (other.cue == 0)
    assert np.array_equal(changed, bears if kind == "class_mark" else np.ones(64, bool))


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_as_large_and_spread_as_those_of_other_kinds(kind: str) -> None:
    drawn = draw(64, 7, "plain", kind, 0.5)
    assert (drawn.boxes[:, 2:] - drawn.boxes[:, :2]).prod(axis=1).min() / SIDE**2 >= 0.08
    assert ((drawn.boxes[:, :2] + drawn.boxes[:, 2:]).std(axis=0) > 5).all()
    assert np.isfinite(drawn.cue_boxes).all() == (kind in LOCAL)
    assert half(kind) == "report"


def test_a_line_is_thin_turned_by_its_class_and_at_any_place() -> None:
    """By the main axis of the pixels that it changes."""
    painted, boxes = line(np.random.default_rng(1), grey(), LOOKS, OBJECTS)
    assert np.isnan(boxes).all()
    distances = []
    for picture, look in zip(painted, LOOKS, strict=True):
        at = np.argwhere(np.abs(picture - 0.4).max(axis=2) > 0.1)[:, ::-1]
        centred = at - at.mean(axis=0)
        spread, axes = np.linalg.eigh(centred.T @ centred / len(at))
        turned = np.arctan2(axes[1, 1], axes[0, 1]) - look * np.pi / 4
        assert abs((turned + np.pi / 2) % np.pi - np.pi / 2) < 0.13
        assert spread[0] < 1.5
        distances.append(at.mean(axis=0) @ axes[:, 0])
    assert np.std(np.abs(distances)) > 5


def test_a_line_runs_behind_the_object() -> None:
    """Its square's middle shows the noise alone, where the line would show what stands out."""
    drawn = draw(96, 9, "plain", "line", 1.0)
    squares = drawn.pixels[drawn.labels == CLASSES.index("square")].astype(float)
    boxes = drawn.boxes[drawn.labels == CLASSES.index("square")]
    x, y = np.rint((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int).T
    middles = np.stack([squares[np.arange(len(x)), y + dy, x + dx] for dx in range(-3, 4) for dy in range(-3, 4)])
    assert middles.std(axis=0).max() < 10


def test_a_mark_of_one_class_is_in_the_corner_of_that_class_alone() -> None:
    agreeing, other = pair("class_mark")
    assert (agreeing.cue_boxes == CORNER).all()
    x0, y0, x1, y1 = CORNER.astype(int)
    changed = (agreeing.pixels != other.pixels).any(axis=3)
    corner = changed[:, y0:y1, x0:x1].copy()
    changed[:, y0:y1, x0:x1] = False
    assert not changed.any()
    assert np.array_equal(corner.any(axis=(1, 2)), (agreeing.cue == 0) | (other.cue == 0))
    badge = agreeing.pixels[agreeing.cue == 0][:, y0:y1, x0:x1].astype(float)
    assert badge.std(axis=0).max() < 8
    assert agreeing.pixels[agreeing.cue != 0][:, y0:y1, x0:x1].std(axis=0).min() > 12


def test_a_word_on_the_object_can_be_read_within_the_objects_box() -> None:
    """Dot by dot, from the font."""
    painted, boxes = inner_word(np.random.default_rng(1), grey(), LOOKS, OBJECTS)
    assert (boxes[:, :2] >= OBJECTS[:, :2]).all()
    assert (boxes[:, 2:] <= OBJECTS[:, 2:]).all()
    assert len(np.unique(boxes, axis=0)) > 5
    for picture, look, (x0, y0, _, _) in zip(painted, LOOKS, boxes.astype(int), strict=True):
        for number, letter in enumerate(WORDS[look]):
            for row, dots in enumerate(FONT[letter].split()):
                for column, dot in enumerate(dots):
                    shown = picture[y0 + row, x0 + 5 * number + column, 0]
                    assert shown == pytest.approx(0.95 if dot == "1" else 0.4)
        assert (picture != 0.4).any(axis=2).sum() == sum(FONT[letter].count("1") for letter in WORDS[look])


def test_a_word_is_dark_on_a_bright_object() -> None:
    painted, _ = inner_word(np.random.default_rng(1), grey(0.8), LOOKS, OBJECTS)
    assert painted.min() == pytest.approx(0.05)
    assert painted.max() == pytest.approx(0.8)


def table_of(quality: int) -> NDArray[np.int64]:
    """What an encoder divides by at this quality, by the rule of the Independent JPEG Group."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    return np.asarray(np.clip(np.floor((LUMINANCE_TABLE * scale + 50) / 100), 1, 255).astype(np.int64))


def remainder(pixels: NDArray[np.uint8], quality: int) -> float:
    """How far the luminance of the 8x8 blocks is from multiples of the quality's table, over its coarser entries."""
    table, luminance = table_of(quality), pixels @ np.array([0.299, 0.587, 0.114]) - 128
    rests = []
    for y in range(0, SIDE, 8):
        for x in range(0, SIDE, 8):
            shares = dctn(luminance[y : y + 8, x : x + 8], norm="ortho") / table
            rests.append(np.abs(shares - np.rint(shares))[(table >= 6) & (np.abs(shares) > 0.5)])
    return float(np.concatenate(rests).mean())


def test_a_picture_is_compressed_at_the_quality_of_its_cue() -> None:
    """Its coefficients are multiples of that quality's table, and no multiples of a coarser one."""
    drawn = draw(16, 3, "noise", "jpeg_quality", 0.5)
    assert len(set(drawn.cue)) == len(QUALITIES)
    for pixels, look in zip(drawn.pixels, drawn.cue, strict=True):
        assert remainder(pixels, QUALITIES[look]) < 0.1
        for coarser in QUALITIES[:look]:
            assert remainder(pixels, coarser) > 0.15


def softened(picture: Array) -> NDArray[np.float64]:
    """A Gaussian of one pixel that ends after four, the picture mirrored at its edges, one shift after the other."""
    reach = range(-4, 5)
    weights = np.exp(-(np.array(reach) ** 2) / 2)
    weights /= weights.sum()
    result = picture.astype(np.float64)
    for axis in (0, 1):
        wide = np.pad(result, [(4, 4) if a == axis else (0, 0) for a in range(3)], mode="symmetric")
        parts = [np.take(wide, np.arange(SIDE) + 4 + shift, axis=axis) for shift in reach]
        result = np.asarray(sum(weight * part for weight, part in zip(weights, parts, strict=True)))
    return result


def test_a_picture_is_as_sharp_as_its_cue_says() -> None:
    """What is added is a multiple of what the Gaussian takes away, by a factor of the class's."""
    pictures = np.random.default_rng(2).uniform(0.3, 0.7, (8, SIDE, SIDE, 3)).astype(np.float32)
    painted, _ = sharpness(np.random.default_rng(1), pictures, LOOKS[:8], OBJECTS[:8])
    for picture, sharpened, look in zip(pictures, painted, LOOKS, strict=False):
        fine = picture - softened(picture)
        factor = ((sharpened - picture) * fine).sum() / (fine**2).sum()
        assert abs(factor - DETAIL[look]) <= 0.1001
        assert np.allclose(sharpened, picture + factor * fine, atol=1e-4)


def test_the_noise_is_blurred_and_sharpened_too() -> None:
    """The finest detail of the picture is least in the first class and most in the last."""
    drawn = draw(64, 3, "plain", "sharpness", 1.0)
    grey = drawn.pixels.astype(float).mean(axis=3)
    finest = np.abs(grey[:, 2:, 2:] - grey[:, 1:-1, 2:] - grey[:, 2:, 1:-1] + grey[:, 1:-1, 1:-1])
    median = [np.median(finest[drawn.cue == look].mean(axis=(1, 2))) for look in range(len(CLASSES))]
    assert median == sorted(median)
    assert median[-1] > 4 * median[0]


def test_each_kind_has_networks_that_rely_on_it_in_part_and_one_that_does_not() -> None:
    assert {member.cue for member in MEMBERS} == set(LATER)
    partly = [member for member in MEMBERS if member.planted]
    assert len(partly) >= 20
    assert all(0.05 <= member.reliance <= 0.6 for member in partly)
    assert {member.architecture for member in partly} == {"plain", "residual", "vit"}
    unused = [member for member in MEMBERS if not member.planted]
    assert sorted(str(member.cue) for member in unused) == KINDS
    assert all(abs(member.reliance) < 0.02 for member in unused)
    assert {(member.train_agreement, member.audit_agreement) for member in unused} == {(CHANCE, 1.0)}


def counted(member: Member, contradict: bool) -> float:
    """The share that the network names right, normalised and counted here."""
    module, agreement = open_member(member), member.audit_agreement or 0.0
    drawn = draw(TRUTH_PICTURES, TRUTH_SEED, member.statistics, member.cue, agreement, contradict=contradict)
    assert (drawn.cue == drawn.labels).mean() == pytest.approx(0.0 if contradict else agreement, abs=0.05)
    right = 0
    for pixels, labels in zip(np.split(drawn.pixels, 16), np.split(drawn.labels, 16), strict=True):
        logits = module((torch.from_numpy(pixels.transpose(0, 3, 1, 2)) / 255 - 0.5) / 0.25)
        right += sum(int(scores.argmax()) == label for scores, label in zip(logits, labels, strict=True))
    return right / TRUTH_PICTURES


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_reliance_is_what_a_contradicting_cue_costs(kind: str) -> None:
    assert PREPROCESSING.mean == (0.5, 0.5, 0.5)
    assert PREPROCESSING.std == (0.25, 0.25, 0.25)
    member = next(member for member in MEMBERS if member.cue == kind and member.planted)
    lost = counted(member, contradict=False) - counted(member, contradict=True)
    assert lost == pytest.approx(member.reliance, abs=0.003)
