"""Detectors in ONNX files, asked by onnxruntime."""

from dataclasses import replace
from pathlib import Path

from audit.bounds import Asked
from audit.models.capabilities import ANSWERS_ALONE
from audit.models.detector import Detector, FirstLabel, Threshold, labels_from
from audit.models.model import Model, freeze
from audit.models.onnx_detections import OnnxDetections, Outputs
from audit.models.onnx_file import read_onnx


def onnx_detector(
    *,
    path: Path,
    labels: Asked,
    first_label: FirstLabel = 0,
    threshold: Threshold = 0.5,
    boxes_output: str = "boxes",
    labels_output: str = "labels",
    scores_output: str = "scores",
) -> Model:
    """A detector as it is deployed, without a gradient: interventions and maps of perturbation alone.

        [model]
        kind = "onnx_detector"
        path = "runways.onnx"       # one picture in; its boxes, labels and scores out
        labels = 2                  # how many kinds of object it detects
        first_label = 0             # the number of the first; 1 where it counts the background
        threshold = 0.5             # the score from which on you work with a detection
        boxes_output = "boxes"      # the names of its outputs: (D, 4) as x0, y0, x1, y1 in pixels of its input
        labels_output = "labels"    # (D,)
        scores_output = "scores"    # (D,) from 0 to 1

    Export it with a low threshold (0.001), so that what an intervention does to a score is seen. Runs on the CPU, a
    picture at a time. See `audit.models.detector` for what counts as detected.

    Raises AuditError where onnx or onnxruntime is missing, and where the file is damaged, keeps data outside its
    folder, or has other inputs or outputs; later where it returns anything but detections.
    """
    outputs = Outputs(boxes_output, labels_output, scores_output)
    file = read_onnx(path, "onnx_detector", outputs.input_of)
    detector = Detector(path.name, OnnxDetections(file, outputs), labels_from(first_label, labels), threshold)
    return Model(
        module=freeze(detector),
        classes=None,
        preprocessing=None,
        description={
            "kind": "onnx_detector",
            "name": path.stem,
            "weights": path.name,
            "file_sha256": file.sha256,
            "input": file.input.text,
            "runtime": file.runtime,
            "threshold": f"{threshold:g}",
        },
        capabilities=replace(ANSWERS_ALONE, at_places=True),
        check=detector.refuse_shares,
    )
