"""Detectors in ONNX files: asked as they are deployed."""

from pathlib import Path

import pytest
import torch

from audit.errors import AuditError
from audit.models.detector import Detector, labels_from
from audit.models.kinds.onnx_detector import onnx_detector
from audit.models.model import check_model, rehearse
from fixtures import lard_detectors, onnx_files

for _package in ("onnx", "onnxruntime", "onnxscript"):
    pytest.importorskip(_package, reason="the extra 'onnx' or onnxscript is not installed")


@pytest.mark.tor("TOR-100")
def test_a_file_detects_what_its_network_detects(tmp_path: Path) -> None:
    path = lard_detectors.write_onnx(tmp_path / "own.onnx", 60, 64)
    model = onnx_detector(path=path, labels=2, first_label=1)
    theirs = Detector("theirs", lard_detectors.honest(), labels_from(1, 2), 0.5)
    x = 2 * torch.randn(4, 3, 60, 64, generator=torch.Generator().manual_seed(1))
    check_model(model, x)
    torch.testing.assert_close(rehearse(model.module, x), theirs(x).detach())
    assert not model.capabilities.gradient
    assert model.capabilities.at_places
    assert model.description["input"] == "3 x 60 x 64"


def test_a_file_without_detections_is_refused_with_the_names_it_has(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "classifier.onnx")
    with pytest.raises(AuditError, match=r"classifier.onnx: has no output 'boxes' \(it has "):
        onnx_detector(path=path, labels=2)
