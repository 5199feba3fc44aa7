"""Charts that the pages of several tests show alike are drawn once: drawing them is most of the work of a page."""

import pickle
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from reports.charts import box_shapes, halves, relevance_mass
from reports.page import figures

DRAWING = (
    (relevance_mass, "by_source"),
    (relevance_mass, "against_area"),
    (relevance_mass, "by_class"),
    (halves, "object_against_surroundings"),
    (box_shapes, "box_charts"),
    (figures, "cascade"),
    (figures, "detection"),
)
"""Where each chart is looked up by the page."""
_DRAWN: dict[bytes, Any] = {}


@pytest.fixture
def drawn_anew() -> None:
    """For what asks whether a chart is drawn right, or alike each time."""


@pytest.fixture(autouse=True)
def _drawn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn_anew" in request.fixturenames:
        return
    for module, name in DRAWING:
        monkeypatch.setattr(module, name, _remembered(getattr(module, name)))


def _remembered(draw: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(draw)
    def drawn(*values: Any) -> Any:
        key = pickle.dumps((draw.__name__, values))
        if key not in _DRAWN:
            _DRAWN[key] = draw(*values)
        return _DRAWN[key]

    return drawn
