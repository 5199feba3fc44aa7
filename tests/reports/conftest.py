"""Charts that the pages of several tests show alike are drawn once: drawing them is most of the work of a page."""

import pickle
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from reports.charts import boxes as label_charts
from reports.charts import scores as charts

_DRAWN: dict[bytes, Any] = {}


@pytest.fixture
def drawn_anew() -> None:
    """For what asks whether a chart is drawn right, or alike each time."""


@pytest.fixture(autouse=True)
def _drawn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn_anew" in request.fixturenames:
        return
    for draw in (charts.spreads, charts.against_area, charts.plane, charts.classes):
        monkeypatch.setattr(charts, draw.__name__, _remembered(draw))
    monkeypatch.setattr(label_charts, "drawn", _remembered(label_charts.drawn))


def _remembered(draw: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(draw)
    def drawn(*values: Any) -> Any:
        key = pickle.dumps((draw.__name__, values))
        if key not in _DRAWN:
            _DRAWN[key] = draw(*values)
        return _DRAWN[key]

    return drawn
