"""The small network of the demo; its two sets of weights lie in `audit/demo/`."""

from torch import Tensor, nn

CLASSES = 4


class DemoNetwork(nn.Module):
    """Five convolutions, averaged instead of strided, and the maximum over all places: (N, 3, H, W) -> (N, 4).

    Averages keep the gradient free of the checkerboard that strides leave in it (Odena et al. 2016).
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(3, 12),
            nn.AvgPool2d(2),
            *_block(12, 24),
            nn.AvgPool2d(2),
            *_block(24, 48),
            nn.AvgPool2d(2),
            *_block(48, 64),
            *_block(64, 64),
        )
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.head = nn.Linear(64, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of runway, taxiway, helipad, closed runway."""
        logits: Tensor = self.head(self.pool(self.features(x)).flatten(1))
        return logits


def _block(before: int, after: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(after), nn.ReLU()


def network() -> nn.Module:
    """The demo's network with fresh weights."""
    return DemoNetwork()
