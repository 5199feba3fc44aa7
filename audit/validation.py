"""What pydantic finds wrong, as problems that a user can act on: all of them, each once."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from audit.errors import AuditError, closest, did_you_mean

MOST_PROBLEMS = 1000
"""Of one file: for each, the nearest key is sought."""
Location = tuple[str | int, ...]
Keys = Callable[[Sequence[str]], Collection[str]]
"""The keys that a table may have, by its place."""


def problems(where: str, error: ValidationError, raw: Any, keys: Keys = lambda parents: ()) -> list[AuditError]:
    """One for each value of `raw` in which pydantic found something wrong.

    Of a value that may have one of several types, pydantic says of each why it is not of that type; what it says of the
    deepest place is taken.
    """
    found: dict[Location, Mapping[str, Any]] = {}
    for problem in error.errors():
        location = problem["loc"]
        place = location if problem["type"] == "missing" else _within(raw, location)
        if place not in found or len(location) > len(found[place]["loc"]):
            found[place] = dict(problem)
    for place in [place for place, problem in found.items() if problem["type"] == "too_short"]:
        if any(len(other) > len(place) and other[: len(place)] == place for other in found):
            del found[place]  # pydantic does not count the entries in which it found something wrong
    return [AuditError(where, *_said(place, problem, keys)) for place, problem in list(found.items())[:MOST_PROBLEMS]]


def first_problem(error: ValidationError) -> str:
    """The first of pydantic's findings as one phrase: 'steps = 0: Input should be greater than 0'."""
    problem = error.errors()[0]
    return _phrase(problem["loc"], dict(problem))


def unknown_options(where: str, given: Collection[str], known: Collection[str]) -> list[AuditError]:
    return [AuditError(where, f"no option {key!r}", did_you_mean(key, known)) for key in given]


def _within(raw: Any, location: Location) -> Location:
    """As much of the location as leads through the value that was given: what follows are names of types."""
    inside: Any = raw
    for depth, part in enumerate(location):
        try:
            inside = inside[part]
        except (KeyError, IndexError, TypeError):
            return location[:depth]
    return location


def _said(place: Location, problem: Mapping[str, Any], keys: Keys) -> tuple[str, str]:
    """What was seen and, where a key is misspelt, the right one."""
    *parents, key = [str(part) for part in place if isinstance(part, str)] or [""]
    if problem["type"] == "extra_forbidden":
        return f"no key {'.'.join([*parents, key])!r}", did_you_mean(key, keys(parents))
    if problem["type"] == "missing" and isinstance(problem["input"], dict):
        given = closest(key, problem["input"].keys() - {*keys(parents)})
        return _phrase(place, problem), f"there is {given!r}: did you mean {key!r}?" if given else ""
    return _phrase(place, problem), ""


def _phrase(place: Location, problem: Mapping[str, Any]) -> str:
    name = ".".join(map(str, place))
    if problem["type"] == "missing":
        return f"{name} is missing"
    if problem["type"] == "value_error":  # one of our own, which says what was seen
        return f"{name}: {problem['ctx']['error']}" if name else str(problem["ctx"]["error"])
    needed = re.sub(r"dictionary or instance of \w+", "table", problem["msg"]).replace("valid tuple", "valid list")
    return f"{name} = {problem['input']!r}: {needed}"
