"""Pixels held as a file holds them: nothing but content tells altered pictures apart."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from audit.datasets.coding import PLAIN, Coding, Jpeg, coding_of, recoded
from audit.datasets.colour_grid import ColourGrid
from audit.datasets.loader import Loaded, Loader
from audit.datasets.picture_files import Opened, open_picture
from audit.datasets.preprocessing import Preprocessing, normalised
from audit.datasets.sample import Sample
from audit.saliency.batch import Batch

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NOISE = np.random.default_rng(0).integers(60, 190, (48, 64, 3), dtype=np.uint8)


def written(
    folder: Path,
    name: str,
    pixels: NDArray[np.uint8] = NOISE,
    mode: str = "RGB",
    quality: int = 75,
    subsampling: int = 0,
) -> Opened:
    Image.fromarray(pixels).convert(mode).save(folder / name, quality=quality, subsampling=subsampling)
    return open_picture(folder / name, folder)


def loaded(folder: Path, name: str, preprocessing: Preprocessing) -> Loaded:
    sample = Sample(name, "x", ((20.0, 20.0, 30.0, 30.0),))
    return Loader(folder, [sample], preprocessing, 0.9, 0.5, 0, workers=1, ahead=0).load(0)


def batch_of(pixels: Tensor, codings: tuple[Coding, ...] = (), layout: torch.memory_format | None = None) -> Batch:
    preprocessing = Preprocessing(mean=MEAN, std=STD)
    x = preprocessing.normalise(pixels).contiguous(memory_format=layout or torch.contiguous_format)
    target = torch.zeros(len(x), dtype=torch.int64)
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    return Batch(torch.nn.Identity(), x, target, mean, std, tuple(range(len(x))), codings=codings)


def test_what_a_file_says_of_its_pixels(tmp_path: Path) -> None:
    for name, mode in (("a.png", "RGB"), ("b.png", "L"), ("c.bmp", "RGB"), ("g.jpg", "CMYK")):
        assert written(tmp_path, name, mode=mode).jpeg is None
    fine = written(tmp_path, "d.jpg", quality=90, subsampling=0).jpeg
    coarse = written(tmp_path, "e.jpg", quality=30, subsampling=2).jpeg
    assert fine is not None
    assert coarse is not None
    assert (fine.subsampling, coarse.subsampling) == (0, 2)
    assert all(a <= b for a, b in zip(fine.tables[0], coarse.tables[0], strict=True))
    grey = written(tmp_path, "f.jpg", mode="L").jpeg
    assert grey is not None
    assert len(grey.tables) == 1


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("kept_as", ["L", "RGB"])
def test_a_picture_without_colour_is_grey_however_it_is_kept(kept_as: str, suffix: str, tmp_path: Path) -> None:
    grey = np.repeat(NOISE[..., :1], 3, axis=2)
    written(tmp_path, f"a.{suffix}", grey, kept_as)
    written(tmp_path, f"b.{suffix}")
    for preprocessing in (Preprocessing(), Preprocessing(resize=30), Preprocessing(letterbox=(80, 80))):
        coding = loaded(tmp_path, f"a.{suffix}", preprocessing).coding
        assert coding.colours.grey
        assert coding.around.grey
        assert not loaded(tmp_path, f"b.{suffix}", preprocessing).coding.colours.grey


@settings(max_examples=30, deadline=None)
@given(
    pixels=st.integers(0, 2**32 - 1),
    by_pixel=st.booleans(),
)
def test_the_way_of_altered_pictures_changes_no_bit_of_others(pixels: int, by_pixel: bool) -> None:
    drawn = torch.randint(0, 256, (2, 3, 5, 7), generator=torch.Generator().manual_seed(pixels), dtype=torch.uint8)
    batch = batch_of(drawn, layout=torch.channels_last if by_pixel else None)
    for same in (batch.retraced(), batch.shown(batch.x), batch.shown(batch.x + 1e-4)):
        assert torch.equal(same, batch.x)
        assert same.stride() == batch.x.stride()


@pytest.mark.tor("TOR-079")
def test_every_value_of_every_colour_comes_back() -> None:
    every = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    batch = batch_of(every.contiguous())
    assert torch.equal(batch.retraced(), batch.x)


@pytest.mark.tor("TOR-079")
def test_altered_pixels_come_to_lie_on_the_grid_and_nan_stays() -> None:
    batch = batch_of(torch.zeros(2, 3, 4, 4, dtype=torch.uint8))
    altered = torch.randn(2, 3, 4, 4)
    altered[1, 0, 0, 0], altered[0, 1, 2, 3], altered[0, 2, 3, 3] = torch.nan, 99.0, torch.inf
    shown = batch.shown(altered)
    assert shown.isnan().nonzero().tolist() == [[0, 2, 3, 3], [1, 0, 0, 0]]
    pixels = 255 * (shown * batch.std.view(-1, 1, 1) + batch.mean.view(-1, 1, 1))
    assert (pixels - pixels.round()).nan_to_num().abs().max() < 1e-3
    assert pixels[0, 1, 2, 3] == pytest.approx(255)
    near = (shown - altered).abs() <= 0.5001 / 255 / batch.std.view(-1, 1, 1)
    assert near.sum() >= 60


@pytest.mark.tor("TOR-079")
def test_grey_pictures_stay_grey() -> None:
    drawn = torch.from_numpy(NOISE).permute(2, 0, 1).unsqueeze(0)
    after = recoded(drawn.repeat(2, 1, 1, 1), [Coding(ColourGrid(grey=True), ColourGrid(grey=True)), PLAIN])
    assert torch.equal(after[0, 0], after[0, 1])
    assert torch.equal(after[0, 0], torch.from_numpy(np.array(Image.fromarray(NOISE).convert("L"))))
    assert torch.equal(after[1], drawn[0])


@pytest.mark.tor("TOR-079")
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("crop", [None, (90, 101), (77, 112), (96, 112), (130, 120)])
def test_a_jpeg_loses_next_to_nothing_when_it_is_saved_as_its_file_was(
    crop: tuple[int, int] | None, subsampling: int, tmp_path: Path
) -> None:
    """Its blocks stay where they were, whatever is cropped away or padded; another place would change every pixel."""
    smooth = np.asarray(Image.fromarray(NOISE[::4, ::4]).resize((112, 96), Image.Resampling.BICUBIC))
    written(tmp_path, "a.jpg", smooth, quality=50, subsampling=subsampling)
    preprocessing = Preprocessing(crop=crop)
    picture = loaded(tmp_path, "a.jpg", preprocessing)
    assert picture.coding.jpeg is not None
    before = preprocessing.frame(open_picture(tmp_path / "a.jpg", tmp_path).picture, ()).pixels
    apart = (picture.framed.pixels.int() - before.int()).abs().float()
    (top, left), (height, width) = picture.coding.origin, picture.coding.size
    inner = apart[:, max(top, 0) + 16 : top + height - 16, max(left, 0) + 16 : left + width - 16]
    assert inner.mean() < (0.2 if subsampling == 0 else 1.0)
    beside = Coding(jpeg=picture.coding.jpeg, origin=(top - 3, left - 5), size=(height + 3, width + 5))
    moved = recoded(before.unsqueeze(0), [beside])[0]
    assert (moved.int() - before.int()).abs().float().mean() > 2 * apart.mean()
    if crop == (130, 120):
        assert apart[:, :top].max() == 0, "what is padded is no part of the file"


@pytest.mark.parametrize("size", [(1, 1), (17, 3), (40, 56)])
@pytest.mark.parametrize("tables", [1, 2, 3, 4])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_jpeg_can_be_saved_as_its_file_was(size: tuple[int, int], tables: int, mode: str, tmp_path: Path) -> None:
    steps = [[1 + place * (number + 1) % 255 for place in range(64)] for number in range(tables)]
    pixels = Image.fromarray(NOISE[:40, :56]).resize((size[1], size[0])).convert(mode)
    for subsampling in (0, 1, 2):
        pixels.save(tmp_path / "x.jpg", qtables=steps, subsampling=subsampling)
        opened = open_picture(tmp_path / "x.jpg", tmp_path)
        assert opened.jpeg is not None
        before = torch.from_numpy(np.array(opened.picture)).permute(2, 0, 1).unsqueeze(0)
        coding = coding_of(before[0], opened.jpeg, (0, 0), size)
        assert recoded(before, [coding]).shape == before.shape


def test_scaled_and_turned_pictures_have_no_blocks(tmp_path: Path) -> None:
    written(tmp_path, "a.jpg", quality=50)
    for preprocessing in (
        Preprocessing(resize=40),
        Preprocessing(resize=(64, 48)),
        Preprocessing(letterbox=(32, 32)),
    ):
        assert loaded(tmp_path, "a.jpg", preprocessing).coding.jpeg is None
    for preprocessing in (
        Preprocessing(resize=48),
        Preprocessing(resize=(48, 64)),
        Preprocessing(letterbox=(64, 64)),
    ):
        assert loaded(tmp_path, "a.jpg", preprocessing).coding.jpeg is not None


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    letterbox=st.none() | st.tuples(st.integers(1, 14), st.integers(1, 14)),
    crop=st.none() | st.tuples(st.integers(1, 14), st.integers(1, 14)),
)
def test_the_origin_is_where_the_first_pixel_comes_to_lie(
    height: int, width: int, letterbox: tuple[int, int] | None, crop: tuple[int, int] | None
) -> None:
    """Pixels that say where they are, held against what the preprocessing makes of them."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint8)
    told = Image.fromarray(np.stack([y, x, np.full_like(y, 200)], axis=-1))
    preprocessing = Preprocessing(letterbox=letterbox, crop=crop, fill=0, interpolation="nearest")
    origin = preprocessing.origin((height, width))
    if origin is None:
        assert letterbox is not None
        return
    pixels = preprocessing.frame(told, ()).pixels
    seen = (pixels[2] == 200).nonzero()
    for down, across in seen.tolist():
        assert (down - origin[0], across - origin[1]) == (pixels[0, down, across], pixels[1, down, across])


def test_a_batch_keeps_the_grid_of_each_picture() -> None:
    jpeg = Jpeg(((1,) * 64, (1,) * 64), 0)
    codings = (PLAIN, Coding(ColourGrid(grey=True)), Coding(jpeg=jpeg, size=(4, 4)))
    batch = batch_of(torch.zeros(3, 3, 4, 4, dtype=torch.uint8), codings)
    assert batch.some([2, 0]).codings == (codings[2], codings[0])
    assert batch_of(torch.zeros(3, 3, 4, 4, dtype=torch.uint8)).some([1]).codings == ()


def test_normalising_is_one_for_all() -> None:
    drawn = torch.from_numpy(NOISE).permute(2, 0, 1).unsqueeze(0)
    one = Preprocessing(mean=MEAN, std=STD).normalise(drawn)
    assert torch.equal(one, normalised(drawn, torch.tensor(MEAN), torch.tensor(STD)))


@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_network_for_grey_pictures_is_shown_a_jpeg_as_its_luminance(subsampling: int, tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(NOISE[::4, ::4]).resize((64, 48), Image.Resampling.BICUBIC))
    opened = written(tmp_path, "a.jpg", smooth, quality=50, subsampling=subsampling)
    luminance = torch.from_numpy(np.array(opened.picture.convert("L")))
    picture = loaded(tmp_path, "a.jpg", Preprocessing(mean=(0.5,), std=(0.25,)))
    assert picture.framed.pixels.shape == (1, 48, 64)
    assert picture.coding.jpeg is not None
    assert (picture.framed.pixels[0].int() - luminance.int()).abs().float().mean() < 1.5
    again = recoded(picture.framed.pixels.unsqueeze(0), [picture.coding])
    assert (again.int() - picture.framed.pixels.int()).abs().float().mean() < 0.5


@pytest.mark.tor("TOR-079")
@pytest.mark.parametrize("preprocessing", [Preprocessing(letterbox=(64, 64)), Preprocessing(crop=(40, 80))])
def test_what_is_padded_gives_the_picture_no_colours(preprocessing: Preprocessing, tmp_path: Path) -> None:
    """Altered pixels of the picture may not take the padding's colour, which its file has not; those beside it may."""
    written(tmp_path, "a.png", np.where(NOISE < 125, 100, 120).astype(np.uint8))
    picture = loaded(tmp_path, "a.png", preprocessing)
    altered = torch.full_like(picture.framed.pixels, preprocessing.fill if preprocessing.letterbox else 0)
    shown = recoded(altered.unsqueeze(0), [picture.coding])[0].permute(1, 2, 0).numpy()
    inside = picture.coding.inside(shown)
    around = np.ones(shown.shape[:2], bool)
    around[inside] = False
    assert around.sum() == shown[..., 0].size - min(48, shown.shape[0]) * 64
    assert set(shown[inside].ravel().tolist()) <= {100, 120}
    assert set(shown[around].ravel().tolist()) == {int(altered[0, 0, 0])}


@pytest.mark.tor("TOR-079")
@pytest.mark.parametrize("preprocessing", [Preprocessing(resize=96, interpolation="nearest"), Preprocessing(resize=30)])
def test_pictures_that_were_scaled_have_the_colours_that_are_left(preprocessing: Preprocessing, tmp_path: Path) -> None:
    written(tmp_path, "a.png", np.where(NOISE < 125, 100, 120).astype(np.uint8))
    picture = loaded(tmp_path, "a.png", preprocessing)
    assert bool(picture.coding.colours.palette) == (preprocessing.interpolation == "nearest")
    again = recoded(picture.framed.pixels.unsqueeze(0), [picture.coding])[0]
    assert torch.equal(again, picture.framed.pixels)


@pytest.mark.tor("TOR-079")
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    values=st.sampled_from([1, 2, 5, 86, 256]),
    channels=st.sampled_from([1, 3]),
    grey=st.booleans(),
    padded=st.integers(0, 3),
)
def test_a_picture_lies_on_its_own_grid(seed: int, values: int, channels: int, grey: bool, padded: int) -> None:
    """Which is why the loader does not move pixels that nobody altered."""
    rng = np.random.default_rng(seed)
    levels = np.sort(rng.choice(256, values, replace=False)).astype(np.uint8)
    drawn = rng.choice(levels, (1 if grey else channels, 24, 20))
    pixels = torch.from_numpy(
        np.pad(np.broadcast_to(drawn, (channels, 24, 20)), [(0, 0), (padded,) * 2, (padded,) * 2])
    )
    coding = coding_of(pixels, None, (padded, padded), (24, 20))
    assert torch.equal(recoded(pixels.unsqueeze(0), [coding])[0], pixels)
