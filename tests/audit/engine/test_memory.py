"""A device with little memory: the same results from smaller batches. Here a network stands in for the device."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from audit import AuditError, Model, Preprocessing, Record, Settings, load_settings, measure
from audit.engine.memory import ON_GPU, enough_memory, in_parts, sized_for
from audit.models.model import freeze
from fixtures.shapes import network, write_shapes


def short() -> torch.OutOfMemoryError:
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


class Small(nn.Module):
    """The shapes' network on a device that holds so many pictures at once."""

    sizes: ClassVar[list[int]] = []
    """Of the batches that it and its copies were asked about with a derivative."""

    def __init__(self, holds: int) -> None:
        super().__init__()
        self.network, self.holds = network(), holds

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled():  # else nothing is kept for the way back
            self.sizes.append(len(x))
        if torch.is_grad_enabled() and len(x) > self.holds:
            raise short()
        answer: Tensor = self.network(x)
        return answer


def sized(settings: Settings, batch_size: int | None = None) -> Settings:
    stated = {} if batch_size is None else {"batch_size": batch_size}
    return settings.model_copy(update={"run": type(settings.run).model_validate(stated)})


def measured(settings: Settings, out: Path, holds: int) -> tuple[dict[str, Any], list[int]]:
    Small.sizes.clear()
    model = Model(freeze(Small(holds)), ("dark", "light"), Preprocessing(mean=(0.5,) * 3, std=(0.25,) * 3))
    with Record.open(measure(settings, out, model=model)) as record:
        tables = {"picture": "1", "score": "1, 2", "answer": "1, 2, 3, 4", "thumbnail": "1, 2"}
        found = {table: record.columns(f"SELECT * FROM {table} ORDER BY {key}") for table, key in tables.items()}
    return found, list(Small.sizes)


def test_half_as_many_go_on_where_memory_is_short() -> None:
    def ask(part: range) -> list[int]:
        if len(part) > 3:
            raise short()
        return list(part)

    answers, most = in_parts(11, 8, ask)
    assert answers == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]
    assert most == 2
    assert in_parts(0, 8, ask) == ([], 8)


def test_too_little_for_one_picture_is_an_error_that_says_what_to_do() -> None:
    def ask(part: range) -> None:
        raise short()

    with pytest.raises(AuditError, match=r"--device: has too little memory for one picture; .* Choose --device cpu"):
        in_parts(5, 4, ask)
    with (
        pytest.raises(AuditError, match=r"memory for 8 at once; .* Set run\.batch_size below 8"),
        enough_memory(8),
    ):
        raise short()


def test_a_gpu_takes_more_at_once_where_the_settings_do_not_say(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    assert "batch_size" in settings.run.model_fields_set
    silent = sized(settings)
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    sizes = [sized_for(on, given).run.batch_size for on in (cpu, gpu) for given in (settings, silent)]
    assert sizes == [settings.run.batch_size, silent.run.batch_size, settings.run.batch_size, ON_GPU]


@pytest.mark.slow
@pytest.mark.tor("TOR-055")
def test_a_run_on_a_small_device_records_what_a_large_one_does(tmp_path: Path) -> None:
    settings = sized(load_settings(write_shapes(tmp_path / "data", experiments=True)), 12)
    large, _ = measured(settings, tmp_path / "large", holds=100)
    small, sizes = measured(settings, tmp_path / "small", holds=2)
    assert max(sizes) > 2
    assert sizes.count(max(sizes)) == 1, "what did not fit once is not tried again"
    for table, columns in large.items():
        for name, values in columns.items():
            if values.dtype == np.float64:
                np.testing.assert_allclose(small[table][name], values, atol=2e-4, err_msg=f"{table}.{name}")
            elif name not in ("logits", "encoded"):
                assert small[table][name].tolist() == values.tolist(), f"{table}.{name}"
