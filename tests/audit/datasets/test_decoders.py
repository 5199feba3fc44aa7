"""Pictures that other processes decode are those that threads decode, and what goes wrong there is said here."""

import os
import signal
import time
from contextlib import closing
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image

from audit.datasets.decoders import Decoders
from audit.datasets.loader import LoadedBatch, Loader
from audit.datasets.preprocessing import Preprocessing
from audit.datasets.sample import Sample
from audit.errors import AuditError


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    """Five pictures and one that is missing."""
    samples = [Sample(f"{number}.png", "x", ((2, 3, 20 + number, 25),)) for number in range(6)]
    for number, sample in enumerate(samples[:5]):
        Image.effect_noise((48, 32 + number), 60).convert("RGB").save(tmp_path / sample.image)
    return Loader(tmp_path, samples, Preprocessing(resize=(32, 32)), 0.9, 0.25, 0, workers=2, ahead=1)


def batches(loader: Loader) -> list[LoadedBatch]:
    with closing(loader.batches([range(4), range(4, 6)], many=True)) as upcoming:
        return list(upcoming)


def test_processes_decode_what_threads_decode(loader: Loader) -> None:
    ours, theirs = batches(loader), batches(replace(loader, processes=2))
    assert [[p.number for p in batch.pictures] for batch in theirs] == [[0, 1, 2, 3], [4]]
    assert [batch.exclusions for batch in theirs] == [batch.exclusions for batch in ours]
    assert theirs[1].exclusions[0][1].detail.startswith("5.png: no such file")
    for one, other in zip(ours, theirs, strict=True):
        for mine, yours in zip(one.pictures, other.pictures, strict=True):
            assert torch.equal(mine.framed.pixels, yours.framed.pixels)
            assert mine.framed.pixels.stride() == yours.framed.pixels.stride()
            assert torch.equal(mine.framed.boxes, yours.framed.boxes)
            same = [field.name for field in fields(mine) if field.name != "framed"]
            assert [getattr(mine, name) for name in same] == [getattr(yours, name) for name in same]


def test_a_process_that_is_gone_ends_the_run() -> None:
    with closing(Decoders()) as decoders:
        process = decoders.answer(os.getpid)
        assert process != os.getpid()
        os.kill(process, signal.SIGKILL)
        with pytest.raises(AuditError, match=r"pictures: a process that decodes them ended .* set run\.processes = 0"):
            decoders.answer(os.getpid)


def test_an_error_arrives_as_it_is_raised() -> None:
    error = AuditError("here", "seen", "needed", "Do this.")
    with closing(Decoders()) as decoders:
        with pytest.raises(AuditError, match=r"^here: seen; needed\. Do this\.$") as raised:
            decoders.answer(partial(_raise, error))
        assert raised.value.where == "here"
        assert decoders.answer(os.getpid) != os.getpid()  # the process goes on


def test_none_is_left_behind() -> None:
    with closing(Decoders()) as decoders:
        process = decoders.answer(os.getpid)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_it_outlives_an_interruption_that_is_the_runs() -> None:
    with closing(Decoders()) as decoders:
        os.kill(decoders.answer(os.getpid), signal.SIGINT)
        time.sleep(0.1)
        assert decoders.answer(partial(max, 1, 2)) == 2


def _raise(error: Exception) -> None:
    raise error
