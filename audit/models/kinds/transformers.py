"""Image classifiers of Hugging Face's transformers, from a folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError, first_line
from audit.hashing import file_hash, sha256_of
from audit.models.extras import modules_of
from audit.models.huggingface_folder import (
    CONFIG,
    PROCESSOR,
    agrees,
    check_folder,
    classes_of,
    preprocessing_of,
    read_json,
    refuse_reach,
)
from audit.models.model import Model, freeze

DESCRIBES_ITSELF = True


def transformers(*, path: Path) -> Model:
    """An image classifier as `save_pretrained` wrote it, from its folder alone; nothing is downloaded.

        [model]
        kind = "transformers"
        path = "classifier"         # the folder with config.json and model.safetensors

    The weights are read as data, from safetensors; no code of the folder is run. The classes are those of `id2label`.
    The preprocessing is that of preprocessor_config.json, where the library makes of a picture what is made here (but
    rounds the place of a crop otherwise, by one pixel at most); `description` says so, and the settings may overrule
    both.

    Raises AuditError where transformers is missing, where the folder is damaged, holds a pickle, code of its own or a
    model of another purpose, and where weights are missing or left over.
    """
    (library,) = modules_of("transformers", "transformers", "transformers")
    check_folder(path)
    config = read_json(path / CONFIG)
    refuse_reach(path, config)
    _refuse_labels(path.name, config)
    with _opening(path.name, library):
        module, report = library.AutoModelForImageClassification.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    _refuse_misfits(path.name, report)
    classes = classes_of(module.config.id2label)
    preprocessing, words = _preprocessing(path, library)
    files = sorted(path.glob("*.safetensors"))
    return Model(
        module=freeze(Logits(module)),
        classes=classes,
        preprocessing=preprocessing,
        description={
            "kind": "transformers",
            "name": type(module).__name__,
            "weights": path.name,
            "file_sha256": sha256_of([[file.name, file_hash(file)] for file in (path / CONFIG, *files)]),
            "preprocessing": words,
            "classes": f"those of {CONFIG}" if classes else f"{module.config.num_labels}, unnamed",
            "library": f"transformers {library.__version__}",
        },
    )


class Logits(nn.Module):
    """The logits alone of what the library returns."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network(pixel_values=x).logits
        return logits


def _refuse_labels(where: str, config: dict[str, Any]) -> None:
    if config.get("problem_type") == "multi_label_classification":
        raise AuditError(where, "gives a picture several labels", "need a classifier whose classes exclude others")


def _refuse_misfits(where: str, report: dict[str, Any]) -> None:
    """The library itself draws what is missing at random, and goes on."""
    faults = {fault: sorted(map(str, report.get(f"{fault}_keys") or ())) for fault in ("missing", "unexpected")}
    faults["mismatched"] = sorted(str(key) for key in report.get("mismatched_keys") or ())
    if any(faults.values()):
        seen = ", ".join(f"{len(names)} {fault} ({', '.join(names[:3])})" for fault, names in faults.items() if names)
        step = "Check that it was trained as an image classifier, and saved with its head."
        raise AuditError(where, f"has weights that do not fit: {seen}", "need those of exactly this network", step)


@contextmanager
def _opening(where: str, library: Any) -> Iterator[None]:
    """Within, the library reads the folder, without a word; what it raises becomes an AuditError."""
    tools = library.utils.logging
    level, bars = tools.get_verbosity(), tools.is_progress_bar_enabled()
    tools.set_verbosity(logging.CRITICAL)
    tools.disable_progress_bar()
    try:
        yield
    except Exception as error:  # an unknown kind of network, a damaged file, a package that it needs
        said = first_line(error)[:160]
        raise AuditError(
            where,
            f"cannot be opened as an image classifier ({type(error).__name__}: {said})",
            "need what save_pretrained wrote of one",
            "Copy or save it again.",
        ) from error
    finally:
        tools.set_verbosity(level)
        if bars:
            tools.enable_progress_bar()


def _preprocessing(path: Path, library: Any) -> tuple[Preprocessing | None, str]:
    """The preprocessing that the folder's processor does, and a word on it; None where it has no counterpart here."""
    if not (path / PROCESSOR).is_file():
        return None, f"not stated: there is no {PROCESSOR}"
    proposed = preprocessing_of(read_json(path / PROCESSOR))
    if proposed is not None:
        with _opening(path.name, library):
            theirs = library.AutoImageProcessor.from_pretrained(path, local_files_only=True, trust_remote_code=False)
            if agrees(proposed, theirs):
                return proposed, f"that of {PROCESSOR}" + (", its crop within one pixel" if proposed.crop else "")
    return None, f"that of {PROCESSOR} has no counterpart here"
