"""CLIP as a plain classifier: the picture's embedding against those of the classes' prompts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from audit.errors import AuditError


class ZeroShot(nn.Module):
    """Logits (N, K): the cosine between each picture and each class, times the scale, plus the bias."""

    text: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, visual: nn.Module, text: Tensor, scale: Tensor, bias: Tensor) -> None:
        """text: (D, K), a column of length 1 a class."""
        super().__init__()
        self.visual = visual
        for name, value in {"text": text, "scale": scale, "bias": bias}.items():
            self.register_buffer(name, value.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        features = self.visual(x)
        if not isinstance(features, Tensor):
            seen = f"has an image encoder that returns a {type(features).__name__}"
            raise AuditError("model", seen, "need one embedding a picture")
        return self.scale * F.normalize(features, dim=-1) @ self.text + self.bias


def text_matrix(clip: Any, tokenizer: Any, prompts: Iterable[Sequence[str]]) -> Tensor:
    """(D, K): of each class the mean direction of its prompts' embeddings."""
    with torch.no_grad():
        means = [clip.encode_text(tokenizer(list(texts)), normalize=True).mean(dim=0) for texts in prompts]
        return F.normalize(torch.stack(means), dim=-1).T.contiguous()


def check_prompts(prompts: Mapping[str, Sequence[str]]) -> None:
    """Raises AuditError where there are fewer than two classes, or one without words."""
    if len(prompts) < 2:
        raise AuditError("model", f"prompts names {len(prompts)} classes", "need two or more")
    for name, texts in prompts.items():
        if not texts or not all(text.strip() for text in texts):
            raise AuditError("model", f"prompts.{name} = {list(texts)!r}", "need one prompt or more for each class")
