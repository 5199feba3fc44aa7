"""The slider of the demo: frames that show what they say, and answers that the networks give."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from audit.datasets.preprocessing import Preprocessing
from audit.demo.network import network
from audit.demo.tag_slider import NETWORKS, OTHER, PICTURE, PLACES, TAG, slider_frames
from audit.models.model import freeze
from fixtures.demo import DEMO
from fixtures.demo_scene import CLASSES, TAG_BOX


def pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture)


@pytest.mark.tor("TOR-118")
def test_both_are_right_and_the_tag_turns_the_cheating_one_alone() -> None:
    frames = slider_frames()
    assert len(frames) == len(PLACES)
    assert all(frames[0].answers[name].right for name in NETWORKS)
    assert all(frame.answers["honest"].right for frame in frames)
    assert frames[-1].answers["cheating"].name == OTHER
    assert not frames[-1].answers["cheating"].right


def test_frames_are_the_picture_and_a_tag_that_moves() -> None:
    assert TAG == TAG_BOX
    original = np.asarray(Image.open(DEMO / "scene" / PICTURE).convert("RGB"))
    frames = slider_frames()
    assert (pixels(frames[0].png) == original).all()
    for frame, left in zip(frames, PLACES, strict=True):
        differs = np.flatnonzero((pixels(frame.png) != original).any(axis=(0, 2)))
        assert all(left <= column < left + TAG[2] - TAG[0] for column in differs.tolist())
        rows = np.flatnonzero((pixels(frame.png) != original).any(axis=(1, 2)))
        assert all(TAG[1] <= row < TAG[3] for row in rows.tolist())


def test_the_answers_are_those_of_the_frames() -> None:
    for name in NETWORKS:
        module = network()
        module.load_state_dict(load_file(DEMO / f"{name}.safetensors"))
        for frame in slider_frames():
            x = torch.from_numpy(pixels(frame.png).copy()).permute(2, 0, 1)[None]
            with torch.no_grad():
                probability = freeze(module)(Preprocessing().normalise(x)).softmax(dim=1)[0]
            answer = frame.answers[name]
            assert CLASSES[int(probability.argmax())] == answer.name
            assert answer.probability == pytest.approx(float(probability.max()), abs=1e-4)
