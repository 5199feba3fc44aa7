"""Windows of pictures, for hiding and pasting: cells of the spots' grid as pixels of the frame, a batch at a time."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audit.experiments.grid import GRID

Ints = NDArray[np.int64]
Size = tuple[int, int]
"""(width, height) in pixels."""


def size_of(windows: Ints, frame: tuple[int, int]) -> Size:
    """The one size of all windows (m, 4), in cells; never more pixels than the cells hold. frame: (H, W)."""
    across, down = (windows[0, 2:] - windows[0, :2]).tolist()
    return max(1, across * frame[1] // GRID), max(1, down * frame[0] // GRID)


def corners_of(windows: Ints, frame: tuple[int, int]) -> Ints:
    """(m, 2) x, y in pixels of the top left corners; with `size_of`, no pixel's centre leaves the window's cells."""
    return np.asarray(np.rint(windows[:, :2] * np.array([frame[1], frame[0]]) / GRID), dtype=np.int64)


def mask_of(x: Tensor, corners: Ints, size: Size) -> Tensor:
    """(N, 1, H, W) bool: the windows of the pictures (N, C, H, W)."""
    mask = torch.zeros(x.shape[0], *x.shape[2:], dtype=torch.bool, device=x.device)
    mask[_pixels(x, corners, size)] = True
    return mask.unsqueeze(1)


def cut(x: Tensor, corners: Ints, size: Size) -> Tensor:
    """(N, height, width, C): what lies in the windows."""
    return x.permute(0, 2, 3, 1)[_pixels(x, corners, size)]


def paste(x: Tensor, corners: Ints, crops: Tensor) -> Tensor:
    """A copy of the pictures with the crops (N, height, width, C) laid over them."""
    altered = x.clone()
    altered.permute(0, 2, 3, 1)[_pixels(x, corners, (crops.shape[2], crops.shape[1]))] = crops
    return altered


def _pixels(x: Tensor, corners: Ints, size: Size) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the windows' pixels in (N, H, W, C), each broadcasting to (N, height, width)."""
    corner = torch.from_numpy(corners).to(x.device)
    rows = corner[:, 1, None, None] + torch.arange(size[1], device=x.device)[:, None]
    columns = corner[:, 0, None, None] + torch.arange(size[0], device=x.device)
    return torch.arange(len(x), device=x.device)[:, None, None], rows, columns
