"""A detector of one's own, made by a function that the settings name."""

from pathlib import Path
from typing import Any

from audit.bounds import Asked
from audit.models.capabilities import DETECTS
from audit.models.detector import Detector, FirstLabel, Threshold, labels_from
from audit.models.model import Model, freeze
from audit.models.named_function import network_of, origin


def detector(
    *,
    function: str,
    labels: Asked,
    first_label: FirstLabel = 1,
    threshold: Threshold = 0.5,
    weights: Path | None = None,
    arguments: dict[str, Any] | None = None,
) -> Model:
    """The detector that `package.module:function` returns: it takes and returns what torchvision's detectors do.

        [model]
        kind = "detector"
        function = "nets:runways"           # def runways(...) in nets.py beside the settings file
        labels = 2                          # how many kinds of object it detects
        first_label = 1                     # the number of the first; 0 where it counts no background
        threshold = 0.5                     # the score from which on you work with a detection
        weights = "runways.safetensors"     # or .pth, .pt, .bin, .ckpt, .tar; may be left out
        arguments = { width = 64 }          # may be left out

    Let it return detections far below the threshold too (a score of 0.001): what an intervention does to a score is
    seen only where there is one. See `audit.models.detector` for what counts as detected.

    Raises AuditError as the kind `factory` does, and later where the network returns anything but detections.
    """
    network = network_of(function, arguments, weights)
    detects = Detector(function, network, labels_from(first_label, labels), threshold)
    return Model(
        module=freeze(detects),
        classes=None,
        preprocessing=None,
        description={"kind": "detector", **origin(function, arguments, weights), "threshold": f"{threshold:g}"},
        capabilities=DETECTS,
        check=detects.refuse_shares,
    )
