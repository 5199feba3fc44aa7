"""A network of the grid: a frozen backbone, whose features are remembered, and a linear head."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

MEMO: dict[bytes, Tensor] = {}
"""Features (D,) by a digest of the backbone's weights and of the picture.

Outside of any network, so that copies share it and none has a state of its own.
"""


def recall(file: Path) -> None:
    """Remember what is in a file, if there is one, and nothing else."""
    MEMO.clear()
    if file.is_file():
        with np.load(file) as kept:
            MEMO.update(zip(map(bytes, kept["keys"]), torch.from_numpy(kept["features"]), strict=True))


def keep(file: Path) -> None:
    """Write all that is remembered to a file: every picture under its own contents, so that nothing in it ages."""
    file.parent.mkdir(parents=True, exist_ok=True)
    keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in MEMO])
    draft = file.with_suffix(".part.npz")
    np.savez(draft, keys=keys, features=torch.stack([*MEMO.values()]).numpy())
    draft.replace(file)


class Headed(nn.Module):
    """Pictures (N, C, H, W) to logits (N, K); the backbone sees each content once, whatever head is asked.

    Where a derivative is wanted nothing is remembered. A copy with other weights has features of its own.
    """

    def __init__(self, backbone: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        differentiated = torch.is_grad_enabled() and x.requires_grad
        features = self.backbone(x) if differentiated else remembered(self.backbone, x)
        logits: Tensor = self.head(features)
        return logits


def remembered(backbone: nn.Module, x: Tensor) -> Tensor:
    """The features (N, D) of pictures (N, C, H, W), computed for those alone that were never seen."""
    network = _digest(*backbone.state_dict().values())
    keys = [network + _digest(picture) for picture in x]
    new = {key: place for place, key in enumerate(keys) if key not in MEMO}
    if new:
        features = backbone(x[list(new.values())] if len(new) < len(x) else x)
        MEMO.update(zip(new, features.detach().clone(), strict=True))
    return torch.stack([MEMO[key] for key in keys])


def _digest(*tensors: Tensor) -> bytes:
    digest = hashlib.sha256()  # faster than any other where the processor knows it
    for value in tensors:
        digest.update(f"{value.dtype}|{tuple(value.shape)}|".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.digest()
