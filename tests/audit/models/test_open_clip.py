"""CLIP models as zero-shot classifiers: open_clip's own logits, from local files alone."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from audit.errors import AuditError
from audit.models.kinds.open_clip import open_clip
from audit.models.model import check_model, rehearse, state_hash
from audit.models.randomised import parameters_of, randomised
from audit.saliency.batch import Batch
from fixtures import clip_files
from fixtures.clip_files import NAME, PROMPTS
from fixtures.opened_models import check_run
from fixtures.shapes import write_shapes

if not importlib.util.find_spec("open_clip"):
    pytest.skip("the extra 'open_clip' is not installed", allow_module_level=True)

X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def expected(clip: Any, prompts: Any = PROMPTS) -> torch.Tensor:
    """Class by class and prompt by prompt, after Radford et al.: Learning Transferable Visual Models, 2021."""
    tokenizer = sys.modules["open_clip"].get_tokenizer(NAME)
    columns = []
    with torch.no_grad():
        pictures = clip.encode_image(X)
        pictures = pictures / pictures.norm(dim=1, keepdim=True)
        for texts in prompts.values():
            each = [clip.encode_text(tokenizer([text]))[0] for text in texts]
            mean = torch.stack([one / one.norm() for one in each]).mean(dim=0)
            columns.append(pictures @ (mean / mean.norm()))
        logits: torch.Tensor = torch.stack(columns, dim=1) * clip.logit_scale.exp()
    return logits


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize("file", ["own.safetensors", "own.pt"])
def test_the_logits_are_those_of_zero_shot_classification(file: str, tmp_path: Path) -> None:
    path, clip = clip_files.write(tmp_path, file)
    model = open_clip(name=NAME, weights=path, prompts=PROMPTS)
    check_model(model, X)
    torch.testing.assert_close(rehearse(model.module, X, 4), expected(clip), rtol=1e-4, atol=1e-5)
    assert model.classes is not None
    assert [entry.name for entry in model.classes] == ["dog", "cat", "tree", "house"]
    assert model.description["prompts.dog"] == "a photo of a dog. | a drawing of a dog."
    assert len(model.description["text_sha256"]) == 64
    names = set(parameters_of(model.module))
    assert names
    assert all(name.startswith("visual.") for name in names), "the text encoder is gone"


def test_a_bias_counts(tmp_path: Path) -> None:
    path, clip = clip_files.write(tmp_path, name=f"{NAME}-biased", init_logit_bias=-3.0)
    model = open_clip(name=f"{NAME}-biased", weights=path, prompts=PROMPTS)
    torch.testing.assert_close(model.module(X), expected(clip) - 3, rtol=1e-4, atol=1e-4)


@pytest.mark.tor("TOR-097")
def test_other_words_are_another_model(tmp_path: Path) -> None:
    path, _ = clip_files.write(tmp_path)
    one = open_clip(name=NAME, weights=path, prompts=PROMPTS)
    other = open_clip(name=NAME, weights=path, prompts={**PROMPTS, "tree": ("a bush",)})
    assert state_hash(one.module) != state_hash(other.module)
    assert one.description["text_sha256"] != other.description["text_sha256"]
    again = open_clip(name=NAME, weights=path, prompts=PROMPTS)
    assert state_hash(one.module) == state_hash(again.module)


@pytest.mark.tor("TOR-032")
def test_the_random_copy_keeps_the_words_and_nothing_else(tmp_path: Path) -> None:
    path, _ = clip_files.write(tmp_path)
    module = open_clip(name=NAME, weights=path, prompts=PROMPTS).module
    copied = randomised(module, 0, [X])
    assert torch.isfinite(copied(X)).all()
    assert not torch.allclose(copied(X), module(X))
    assert torch.equal(copied.get_buffer("text"), module.get_buffer("text"))
    batch = Batch(copied, X, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))
    assert batch.plain.gradient.abs().sum() > 0


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize(
    ("name", "changes"), [("a", {}), ("b", {"vision_cfg": {**clip_files.VISION, "image_size": 48}})]
)
def test_the_preprocessing_is_open_clips_own(name: str, changes: dict[str, Any], tmp_path: Path) -> None:
    path, clip = clip_files.write(tmp_path, name=f"{NAME}-{name}", **changes)
    model = open_clip(name=f"{NAME}-{name}", weights=path, prompts=PROMPTS)
    preprocessing = model.preprocessing
    assert preprocessing is not None
    library = sys.modules["open_clip"]
    config = library.get_model_preprocess_cfg(clip)
    transform = library.image_transform(
        config["size"],
        is_train=False,
        **{key: config[key] for key in ("mean", "std", "interpolation", "resize_mode", "fill_color")},
    )
    pixels = np.random.default_rng(3).integers(0, 256, (11, 7, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((330, 470), Image.Resampling.BICUBIC)
    torch.testing.assert_close(
        preprocessing.normalise(preprocessing.frame(picture, ()).pixels[None])[0], transform(picture)
    )


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize(
    "config",
    [
        {"size": (64, 64), "resize_mode": "longest", "interpolation": "bicubic"},
        {"size": (64, 32), "resize_mode": "shortest", "interpolation": "bicubic"},
        {"size": 64, "resize_mode": "squash", "interpolation": "random"},
    ],
)
def test_preprocessing_without_a_counterpart_must_be_stated(config: dict[str, Any]) -> None:
    of = importlib.import_module("audit.models.kinds.open_clip")._preprocessing
    preprocessing, words = of({**config, "mean": (0.5,) * 3, "std": (0.5,) * 3})
    assert preprocessing is None
    assert "has no counterpart here (resize mode" in words


@pytest.mark.tor("TOR-097")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "ViT-B-33"}, "model: open_clip has no model 'ViT-B-33'; did you mean 'ViT-B-32'"),
        ({"name": "hf-hub:somebody/clip"}, "open_clip has no model 'hf-hub:somebody/clip'"),
        ({"name": "ViT-B-16-SigLIP"}, "taken apart by a tokenizer that lies on a hub; need a model with open_clip's"),
        ({"name": "roberta-ViT-B-32"}, "taken apart by a tokenizer that lies on a hub"),
        ({"weights": Path("gone.safetensors")}, r"gone\.safetensors: no such file"),
        ({"name": "ViT-B-32"}, r"own\.safetensors: does not fit CLIP"),
        ({"prompts": {"dog": ("a dog",)}}, "prompts names 1 classes; need two or more"),
        ({"prompts": {"dog": ("a dog",), "cat": ()}}, r"prompts\.cat = \[\]; need one prompt or more for each class"),
        ({"prompts": {"dog": (" ",), "cat": ("a cat",)}}, r"prompts\.dog = \[' '\]"),
    ],
)
def test_what_cannot_be_opened_says_why(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    path, _ = clip_files.write(tmp_path)
    with pytest.raises(AuditError, match=message):
        open_clip(**{"name": NAME, "weights": path, "prompts": PROMPTS, **changes})


@pytest.mark.tor("TOR-097")
def test_a_pickle_is_refused(tmp_path: Path) -> None:
    clip_files.write(tmp_path)
    torch.save({"x": sys.exit}, tmp_path / "code.pt")
    with pytest.raises(AuditError, match="would run code when it is read"):
        open_clip(name=NAME, weights=tmp_path / "code.pt", prompts=PROMPTS)


def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    message = r"the kind 'open_clip' takes packages .*pip install 'saliency-audit\[open_clip\]'"
    with pytest.raises(AuditError, match=message):
        open_clip(name=NAME, weights=tmp_path / "own.pt", prompts=PROMPTS)


@pytest.mark.slow
@pytest.mark.tor("TOR-097")
def test_an_audit_runs_to_its_verdict(tmp_path: Path) -> None:
    model = (
        f'kind = "open_clip"\nname = "{NAME}"\nweights = "own.safetensors"\n'
        'prompts = {dark = ["a dark square"], light = ["a light square", "a white square"]}\n'
    )
    settings = write_shapes(tmp_path / "data", 24, experiments=True, model=model, methods=False)
    text = settings.read_text().replace('classes = ["dark", "light"]\n', "")
    settings.write_text(text.replace("[preprocessing]", "[preprocessing]\nresize = [64, 64]"))
    clip_files.write(tmp_path / "data")
    check_run(settings, tmp_path / "out", "open_clip")
