"""CLIP models of open_clip as zero-shot classifiers, with weights of one's own."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError, did_you_mean
from audit.models.extras import modules_of
from audit.models.model import Model, freeze
from audit.models.weights import load_weights, read_state
from audit.models.zero_shot import ZeroShot, check_prompts, text_matrix

ON_A_HUB = ("hf_model_name", "hf_tokenizer_name")
INTERPOLATIONS = ("bilinear", "bicubic")
DESCRIBES_ITSELF = True


def open_clip(*, name: str, weights: Path, prompts: dict[str, tuple[str, ...]]) -> Model:
    """A CLIP model by name with a local state dict; its classes are prompts, and nothing is downloaded.

        [model]
        kind = "open_clip"
        name = "ViT-B-32"               # as open_clip.list_models() has it
        weights = "clip.safetensors"    # or .pth, .pt, .bin, .ckpt, .tar
        prompts = { dog = ["a photo of a dog.", "a drawing of a dog."], cat = ["a photo of a cat."] }

    The prompts are encoded once, when the model is opened; what is audited is the image encoder, whose logits are the
    cosines with the classes times CLIP's scale. The text matrix is part of the model's state and so of its hash, and
    random copies keep it. The classes are the names of `prompts`, in their order. The preprocessing is that of
    open_clip for the name; `description` says so, and the settings may overrule both.

    Raises AuditError where open_clip is missing, for an unknown model or one whose text encoder lies on a hub, and for
    a file that cannot be read as data or does not fit.
    """
    (library,) = modules_of("open_clip", "open_clip", "open_clip")
    check_prompts(prompts)
    _check_name(library, name)
    state = read_state(weights)
    with _silent():
        clip = library.create_model(name, pretrained=None, load_weights=False, pretrained_text=False)
        load_weights(clip, state, weights.name)
        text = text_matrix(clip.eval(), library.get_tokenizer(name), prompts.values())
    scale = clip.logit_scale.exp()
    bias = clip.logit_bias if getattr(clip, "logit_bias", None) is not None else torch.zeros(())
    preprocessing, words = _preprocessing(library.get_model_preprocess_cfg(clip))
    return Model(
        module=freeze(ZeroShot(clip.visual, text, scale, bias)),
        classes=tuple(map(ClassName, prompts)),
        preprocessing=preprocessing,
        description={
            "kind": "open_clip",
            "name": name,
            "weights": weights.name,
            "text_sha256": hashlib.sha256(text.numpy().tobytes()).hexdigest(),
            "preprocessing": words,
            "classes": "those of the prompts",
            "library": f"open_clip {library.__version__}",
            **{f"prompts.{key}": " | ".join(texts) for key, texts in prompts.items()},
        },
    )


def _check_name(library: Any, name: str) -> None:
    if name not in library.list_models():
        raise AuditError("model", f"open_clip has no model {name!r}", did_you_mean(name, library.list_models()))
    config = library.get_model_config(name).get("text_cfg", {})
    if any(config.get(key) for key in ON_A_HUB) or "siglip" in name.lower():
        seen = f"the words of {name!r} are taken apart by a tokenizer that lies on a hub"
        raise AuditError("model", seen, "need a model with open_clip's own", "Open it by a factory of yours.")


@contextmanager
def _silent() -> Iterator[None]:
    """Within, nothing is logged: that no weights were downloaded is as it should be."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _preprocessing(config: dict[str, Any]) -> tuple[Preprocessing | None, str]:
    """The preprocessing that open_clip states, and a word on it; None where it has no counterpart here."""
    size, mode, method = config["size"], config.get("resize_mode", "shortest"), config.get("interpolation", "bicubic")
    frame = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    squashed = mode == "squash"
    if method not in INTERPOLATIONS or not (squashed or (mode == "shortest" and frame[0] == frame[1])):
        return (
            None,
            f"that of open_clip has no counterpart here (resize mode {mode}, {frame[0]} x {frame[1]}, {method})",
        )
    return Preprocessing(
        resize=frame if squashed else frame[0],
        crop=frame,
        interpolation=method,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    ), "that of open_clip for the name"
