"""torchvision's detection networks."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError, did_you_mean
from audit.models.capabilities import DETECTS
from audit.models.detector import LEAST, Detector, Threshold, labels_from
from audit.models.head import head_size
from audit.models.model import Model, freeze
from audit.models.torchvision_weights import downloaded, published_weights, weights_named
from audit.models.weights import SUFFIXES, load_weights, read_state, without_prefix

NO_CLASS = ("__background__", "N/A")
PREPARED = Preprocessing(letterbox=(640, 640), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
FILE_SUFFIXES = SUFFIXES
"""What `weights` ends in where it is a file; else it may be a name."""
DESCRIBES_ITSELF = True


def torchvision_detector(*, name: str, weights: Path = Path("DEFAULT"), threshold: Threshold = 0.5) -> Model:
    """A torchvision detection network by name, with weights from torchvision or from a local state dict.

        [model]
        kind = "torchvision_detector"
        name = "fasterrcnn_resnet50_fpn"
        weights = "runways.pth"     # a state dict of your own, or a name: "COCO_V1"; left out: "DEFAULT"
        threshold = 0.5             # the score from which on you work with a detection

    name: as in `torchvision.models.list_models(torchvision.models.detection)`. A local file may know any number of
    kinds of object: its head says how many, the background among them, as torchvision counts; 91 are assumed to be
    COCO's. The network is made to return detections down to a score of 0.0001, so that what an intervention does to a
    weak one is seen. Pictures come to it as they are, in 0 to 1, letterboxed to 640 x 640 unless the settings say
    otherwise. See `audit.models.detector` for what counts as detected.

    Raises AuditError as the kind `torchvision` does.
    """
    entry = _entry(name, weights)
    source = entry or published_weights(name)[0]
    categories: list[str] = source.meta["categories"]
    if entry is None:
        module, known_to_it = _local(name, weights)
    else:
        module, known_to_it = downloaded(name, entry), len(categories)
    named = known_to_it == len(categories)
    class_of = _numbered(categories) if named else labels_from(1, known_to_it - 1)
    detects = Detector(name, _with_weak_detections(module), class_of, threshold)
    return Model(
        module=freeze(detects),
        classes=tuple(ClassName(word) for word in categories if word not in NO_CLASS) if named else None,
        preprocessing=PREPARED,
        description={
            "kind": "torchvision_detector",
            "name": name,
            "weights": weights.name if entry is None else str(entry),
            "preprocessing": "assumed: pixels from 0 to 1, letterboxed to 640 x 640",
            "classes": f"those of {source}" if named else f"{max(class_of) + 1}, unnamed",
            "threshold": f"{threshold:g}",
        },
        capabilities=DETECTS,
        check=detects.refuse_shares,
    )


def published(*, name: str, weights: Path, threshold: Threshold) -> Preprocessing | None:
    """How the pictures of published weights are prepared, without a download; None where `weights` is a file."""
    return None if _entry(name, weights) is None else PREPARED


def _entry(name: str, weights: Path) -> Any:
    """The published weights; None where `weights` is a file. Raises AuditError for an unknown network or weights."""
    known = models.list_models(module=models.detection)
    if name not in known:
        raise AuditError("model", f"torchvision has no detection network {name!r}", did_you_mean(name, known))
    is_file = weights.suffix.lower() in SUFFIXES or weights.exists()
    return None if is_file else weights_named(name, weights.name, published_weights(name))


def _local(name: str, weights: Path) -> tuple[nn.Module, int]:
    """The network, and how many classes it knows, the background among them."""
    two, three = _outline(name, 2), _outline(name, 3)
    state = without_prefix(read_state(weights), two)
    classes = head_size(state, two, three, (name, weights.name))
    module = _build(name, classes)
    load_weights(module, state, weights.name)
    return module, classes


def _build(name: str, classes: int) -> nn.Module:
    module: nn.Module = models.get_model(name, weights=None, weights_backbone=None, num_classes=classes)
    return module


def _outline(name: str, classes: int) -> dict[str, Tensor]:
    """Names and shapes of the network's state."""
    with torch.device("meta"):
        return _build(name, classes).state_dict()


def _numbered(categories: list[str]) -> list[int]:
    """The class index of each label: COCO's numbers have gaps."""
    index = iter(range(len(categories)))
    return [-1 if word in NO_CLASS else next(index) for word in categories]


def _with_weak_detections(module: Any) -> nn.Module:
    """The network returning what scores little too; what scores more stays as it was."""
    part = getattr(module, "roi_heads", module)
    part.score_thresh = LEAST
    return module  # type: ignore[no-any-return]
