"""Objects in other colours: against plain loops, and by what must not change."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from audit.experiments.altered_batch import Trial
from audit.experiments.colour_moments import FAINT, colours_of, moments
from audit.experiments.fills import blurred
from audit.experiments.interventions.object_colour_swapped import object_colour_swapped
from audit.experiments.object_colours import RIM, boxed, coloured, recoloured, softened, standing_out, well_inside
from fixtures.trials import OBJECT, SIDE, Reader, lenders, trial

HEIGHT, WIDTH = 18, 22
BOXES = ((3, 4, 15, 14), (0, 2, 9, 12), (14, 0, 22, 18), (5, 5, 6, 6))
RED, BLUE = torch.tensor([0.8, 0.3, 0.3]), torch.tensor([0.3, 0.3, 0.8])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def masked(boxes: tuple[tuple[int, int, int, int], ...], height: int = HEIGHT, width: int = WIDTH) -> Tensor:
    inside = torch.zeros(len(boxes), 1, height, width, dtype=torch.bool)
    for mask, (x0, y0, x1, y1) in zip(inside, boxes, strict=True):
        mask[:, y0:y1, x0:x1] = True
    return inside


def ramp(place: int, low: int, high: int, side: int) -> float:
    """Of a pixel between the edges of a box, along one axis of the frame."""
    edges = [abs(place + 0.5 - edge) for edge, frame in ((low, 0), (high, side)) if edge != frame]
    share = min([1.0, *(edge / (RIM * (high - low)) for edge in edges)])
    return share**2 * (3 - 2 * share)


def test_colours_set_in_from_the_edge_of_the_box_as_in_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with a rim that is wide enough to be seen in boxes as small as these."""
    for rim in (RIM, 0.3):
        monkeypatch.setattr("audit.experiments.object_colours.RIM", rim)
        monkeypatch.setitem(ramp.__globals__, "RIM", rim)
        for weight, (x0, y0, x1, y1) in zip(well_inside(masked(BOXES))[:, 0], BOXES, strict=True):
            for row in range(HEIGHT):
                for column in range(WIDTH):
                    there = x0 <= column < x1 and y0 <= row < y1
                    wanted = ramp(row, y0, y1, HEIGHT) * ramp(column, x0, x1, WIDTH) if there else 0.0
                    assert weight[row, column] == pytest.approx(wanted, abs=1e-5)


def test_boxes_side_by_side_have_a_rim_each() -> None:
    both = masked(((2, 4, 10, 14),)) | masked(((12, 4, 20, 14),))
    weight = well_inside(both)
    torch.testing.assert_close(weight[..., :11], well_inside(masked(((2, 4, 10, 14),)))[..., :11])
    torch.testing.assert_close(weight[..., 11:], well_inside(masked(((12, 4, 20, 14),)))[..., 11:])


def standing_out_of_a_plain_loop(
    colours: np.ndarray, behind: np.ndarray, soft: np.ndarray, inside: np.ndarray
) -> Tensor:
    """One picture: colours, behind and soft (C, H, W), inside (H, W)."""
    apart, unrest = {}, []
    for row, column in np.ndindex(*inside.shape):
        if inside[row, column]:
            apart[row, column] = float(np.sqrt(((colours - behind)[:, row, column] ** 2).sum()))
        else:
            unrest.append(((colours - soft)[:, row, column] ** 2).sum())
    objects = sum(d**3 for d in apart.values()) / sum(d**2 for d in apart.values())
    noise = min(np.sqrt(np.mean(unrest) + len(colours) * FAINT**2), objects / 2)
    wanted = torch.zeros(inside.shape)
    for (row, column), distance in apart.items():
        wanted[row, column] = min(1.0, max(0.0, float((distance - noise) / (objects - noise))))
    return wanted


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("busy", [0.02, 1.0])
def test_what_stands_out_is_that_of_a_plain_loop(channels: int, busy: float) -> None:
    inside = masked(BOXES[:3])
    behind = busy * random(3, channels, HEIGHT, WIDTH)
    colours = behind + inside * 3 * random(3, channels, HEIGHT, WIDTH, seed=1) ** 2
    found = standing_out(colours, behind, inside)
    soft = blurred(colours, inside)
    for i in range(3):
        seen, filled, slow, there = (part[i].numpy() for part in (colours, behind, soft, inside))
        torch.testing.assert_close(found[i, 0], standing_out_of_a_plain_loop(seen, filled, slow, there[0]))
    assert 0 < found[inside].mean() < 1


def mean_nearby(weight: np.ndarray) -> np.ndarray:
    """Of the pixels beside each and itself, in a plain loop over (H, W)."""
    mean = np.empty_like(weight)
    for row, column in np.ndindex(*weight.shape):
        mean[row, column] = weight[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].mean()
    return mean


def test_a_weight_is_averaged_as_far_as_it_is_undecided() -> None:
    """Against plain loops; one that is 0 or 1 stays as it is."""
    clear = masked(BOXES).float()
    assert torch.equal(softened(clear), clear)
    evenly = random(1, 1, HEIGHT, WIDTH)
    mostly = torch.where(random(1, 1, HEIGHT, WIDTH, seed=1) < 0.35, evenly, (evenly > 0.5).float())
    for weight, least, most in ((evenly, 1.0, 1.0), (mostly, 0.1, 0.9)):
        values = weight[0, 0].double().numpy()
        undecided = (values * (1 - values)).mean() / values.mean() * 3
        share = min(1.0, max(0.0, 4 * undecided - 1))
        assert least <= share <= most
        wanted = (1 - share) * values + share * mean_nearby(mean_nearby(values))
        np.testing.assert_allclose(softened(weight)[0, 0].numpy(), wanted, atol=1e-5)


def test_weighted_moments_are_those_of_numpy() -> None:
    colours, weight = random(2, 3, 5, 6), random(2, 1, 5, 6, seed=1)
    found = moments(colours, weight)
    for i in range(2):
        values, weights = colours[i].flatten(1).double().numpy(), weight[i].flatten().double().numpy()
        np.testing.assert_allclose(found.mean[i], np.average(values, axis=1, weights=weights), rtol=1e-5)
        np.testing.assert_allclose(found.covariance[i], np.cov(values, aweights=weights, ddof=0), rtol=1e-4)
    nothing = moments(colours, torch.zeros_like(weight))
    assert not nothing.mean.any()
    assert not nothing.covariance.any()


def test_a_hull_covers_the_pixels_that_it_touches() -> None:
    hulls = torch.tensor([[2.0, 3.0, 5.0, 4.0], [2.5, 3.9, 2.6, 4.1], [torch.nan] * 4])
    found = boxed(hulls, masked(BOXES[:3]))
    assert torch.equal(found[:2], masked(((2, 3, 5, 4), (2, 3, 3, 5))))
    assert not found[2].any()


def scene(background: float, colour: Tensor, disc: bool = True) -> tuple[Tensor, Tensor]:
    """A disc of one colour on grey in a box that it does not fill, and the grey alone. (1, 3, SIDE, SIDE) each."""
    filled = torch.full((1, 3, SIDE, SIDE), background)
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    on = (x - 14).square() + (y - 13).square() < 9
    return torch.where(on, colour.view(1, 3, 1, 1), filled) if disc else filled, filled


def test_the_object_takes_the_others_hue_and_what_is_behind_it_stays() -> None:
    """Its light differs from its background as the other's does: on the same background it becomes the other."""
    inside = masked(((10, 8, 18, 18),), SIDE, SIDE)
    (red, grey), (blue, _) = scene(0.5, RED), scene(0.5, BLUE)
    these, other = coloured(red, grey, inside), coloured(blue, grey, inside)
    torch.testing.assert_close(recoloured(these, other), blue, atol=0.01, rtol=0)
    torch.testing.assert_close(recoloured(these, these), red, atol=1e-4, rtol=0)


def test_light_is_that_against_the_surroundings() -> None:
    """From a dark scene, a brighter object becomes a brighter one: what is as light as its background would vanish."""
    inside = masked(((10, 8, 18, 18),), SIDE, SIDE)
    (bright, light), (dim, dark) = scene(0.6, torch.full((3,), 0.8)), scene(0.3, torch.full((3,), 0.6))
    after = recoloured(coloured(bright, light, inside), coloured(dim, dark, inside))[0, :, 13, 14]
    logit = [float(colours_of(torch.tensor(value))) for value in (0.6, 0.3)]
    torch.testing.assert_close(colours_of(after), torch.full((3,), logit[0] + logit[0] - logit[1]), atol=0.02, rtol=0)
    assert (after > 0.8).all()


def shown(asked: Trial, pictures: Tensor, lent: Tensor, filled: Tensor) -> Trial:
    """The trial with these pictures, and one donor for all, on the scale from 0 to 1."""
    many = len(asked.donors.samples)
    whole, x = (asked.batch.seen(part).expand(many, -1, -1, -1) for part in (lent, filled))
    hulls = torch.tensor([10.0, 8.0, 18.0, 18.0]).expand(many, 4)
    pool = replace(asked.donors, whole=whole, x=x, hulls=hulls)
    return replace(asked, batch=replace(asked.batch, x=asked.batch.seen(pictures)), donor_pool=pool)


@pytest.mark.tor("TOR-086")
def test_what_is_outside_the_box_keeps_every_bit() -> None:
    asked = shown(trial(Reader(OBJECT)), random(6, 3, SIDE, SIDE), *scene(0.5, BLUE))
    for picture in object_colour_swapped(asked).altered.values():
        outside = ~asked.inside.expand_as(picture)
        assert torch.equal(picture[outside], asked.batch.x[outside])
        assert not torch.equal(picture, asked.batch.x)


def test_without_donors_of_its_kind_a_picture_leaves_nothing() -> None:
    swap = object_colour_swapped(trial(Reader(OBJECT), donors=lenders([1, 1])))
    assert list(swap.altered) == ["other 1", "same 1"]
    assert swap.altered["other 1"].isnan().flatten(1).all(dim=1).tolist() == [False, True] * 3
    assert swap.altered["same 1"].isnan().flatten(1).any(dim=1).tolist() == [True, False] * 3
