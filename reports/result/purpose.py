"""What the network is for, as its owner states it in the settings: an audit cannot know."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from reports.result.schema import Identity


class Stated(NamedTuple):
    """One thing that only the owner can say."""

    key: str
    """Key in the settings' table [report]."""
    title: str
    asks: str
    text: str
    """'' where the settings say nothing."""


_ASKED = {
    "intended_use": ("Intended use", "what the network decides, and what follows from its answer"),
    "operational_domain": ("Operational domain", "where, when and under which conditions it is to work"),
    "audience": ("Audience", "who reads this report, and what they decide with it"),
}


def purpose(what: Identity) -> tuple[Stated, ...]:
    """The three in the order of the page."""
    table: Any = what.settings.get("report")
    given: Mapping[str, Any] = table if isinstance(table, Mapping) else {}
    return tuple(Stated(key, title, asks, str(given.get(key) or "").strip()) for key, (title, asks) in _ASKED.items())
