"""Another device gives the same verdict, and numbers within the stated tolerance."""

from pathlib import Path

import numpy as np
import pytest
import torch

from audit import Record, load_settings, measure
from checks import judge
from fixtures.shapes import write_shapes


@pytest.mark.tor("TOR-056")
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_agrees_with_the_cpu(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data", pictures=64, experiments=True))
    records = {device: measure(settings, tmp_path / device, device=device) for device in ("cpu", "cuda")}
    outcomes = {device: [v.outcome for v in judge(record, "default").verdicts] for device, record in records.items()}
    assert outcomes["cpu"] == outcomes["cuda"]
    found = {}
    for device, record in records.items():
        with Record.open(record) as opened:
            found[device] = opened.columns("SELECT mass, auc, rank FROM score ORDER BY sample, source")
    for measured in ("mass", "auc", "rank"):
        np.testing.assert_allclose(found["cpu"][measured], found["cuda"][measured], atol=1e-3)
