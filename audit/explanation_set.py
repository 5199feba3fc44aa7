"""What `explain` returns: the classes of one picture, and the maps of one method or of several."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from audit.errors import AuditError, did_you_mean


@dataclass(frozen=True)
class ClassProbability:
    """One class and what the network gives it."""

    index: int
    name: str
    probability: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a network says of one picture, and where its derivative lies. A notebook shows picture, map and blend."""

    method: str
    top: tuple[ClassProbability, ...]
    """The five most probable classes."""
    target: ClassProbability
    """The class that is explained."""
    picture: NDArray[np.uint8]
    """(H, W, 3), in the frame of the network's input."""
    relevance: NDArray[np.float64]
    """(H, W), divided by its maximum."""

    @property
    def title(self) -> str:
        return f"{self.method}: evidence for {self.target.name} ({self.target.probability:.1%})"

    def save(self, out: Path | str, *, vmin: float = 0.0, vmax: float | None = None) -> float:
        """Write picture, map and blend side by side as a PNG, and return the upper end of the window.

        vmin, vmax: the map's values that become the darkest and the brightest colour, in shares of its maximum; vmax
        None: the 99.5th percentile, or the maximum where that is 0. Raises AuditError where the file cannot be written.
        """
        return self._draw(Path(out), (vmin, vmax))

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self._draw(buffer, (0.0, None))
        return buffer.getvalue()

    def _draw(self, out: Path | IO[bytes], window: tuple[float, float | None]) -> float:
        from audit.explanation_figure import draw  # noqa: PLC0415 who only asks for the map does not wait for Matplotlib

        return draw(self.picture, self.relevance, out, self.title, window)


@dataclass(frozen=True, eq=False)
class Explanations:
    """What several methods say of one picture and one class. A notebook shows all maps in one figure."""

    explanations: tuple[Explanation, ...]

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self.explanations)

    def __len__(self) -> int:
        return len(self.explanations)

    def __getitem__(self, method: str) -> Explanation:
        """The explanation of a method, by its name or label. Raises AuditError where there is none."""
        by_name = {explanation.method: explanation for explanation in self}
        if method not in by_name:
            raise AuditError("methods", f"no map of {method!r}", did_you_mean(method, by_name))
        return by_name[method]

    @property
    def target(self) -> ClassProbability:
        """The class that is explained."""
        return self.explanations[0].target

    @property
    def title(self) -> str:
        return f"evidence for {self.target.name} ({self.target.probability:.1%})"

    def save(self, out: Path | str, *, vmin: float = 0.0, vmax: float | None = None) -> None:
        """Write the picture, and map and blend of each method, as one PNG.

        vmin, vmax: as of `Explanation.save`, of each map by itself. Raises AuditError where the file cannot be written.
        """
        self._draw(Path(out), (vmin, vmax))

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self._draw(buffer, (0.0, None))
        return buffer.getvalue()

    def _draw(self, out: Path | IO[bytes], window: tuple[float, float | None]) -> None:
        from audit.explanation_figure import draw_several  # noqa: PLC0415 as above

        maps = {explanation.method: explanation.relevance for explanation in self}
        draw_several(self.explanations[0].picture, maps, out, self.title, window)
