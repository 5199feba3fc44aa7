"""Rules that a value from a program's JSON must keep: each returns the value that passed, and refuses anything else."""

import keyword
import re
from collections.abc import Callable
from reprlib import repr as short
from typing import Any

Rule = Callable[[Any], Any]

MOST = 2**63
"""What a size or a number in a graph is below: torch's own integers have no more."""


class NotAllowed(Exception):  # noqa: N818 a finding, not a failure
    """A value, a key or a name that is none of the known."""

    def __init__(self, seen: object) -> None:
        self.seen = seen if isinstance(seen, str) else short(seen)
        super().__init__(self.seen)


class Incomplete(Exception):  # noqa: N818 as above
    """A key that a program needs is missing: the file is damaged, or of another release."""


def record(needed: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    """A table with the needed keys, of the others any, and no further key."""
    known = {**needed, **(optional or {})}

    def rule(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise NotAllowed(value)
        if missing := needed.keys() - value.keys():
            raise Incomplete(f"without {min(missing)!r}")
        if unknown := value.keys() - known.keys():
            raise NotAllowed(min(unknown))
        return {key: known[key](entry) for key, entry in value.items()}

    return rule


def one_of(kinds: dict[str, Rule]) -> Rule:
    """A table with exactly one key, which says what its value is."""

    def rule(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) != 1:
            raise NotAllowed(value)
        [(kind, entry)] = value.items()
        if kind not in kinds:
            raise NotAllowed(kind)
        return {kind: kinds[kind](entry)}

    return rule


def list_of(entry: Rule) -> Rule:
    def rule(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise NotAllowed(value)
        return [entry(part) for part in value]

    return rule


def table_of(key: Rule, entry: Rule) -> Rule:
    def rule(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise NotAllowed(value)
        return {key(name): entry(part) for name, part in value.items()}

    return rule


def maybe(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


def constant(*allowed: Any) -> Rule:
    def rule(value: Any) -> Any:
        if not any(value == known and type(value) is type(known) for known in allowed):
            raise NotAllowed(value)
        return value

    return rule


def matching(pattern: str) -> Rule:
    """Text of which the whole matches; `\\d` and `\\w` mean ASCII."""
    compiled = re.compile(pattern, re.ASCII)

    def rule(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise NotAllowed(value)
        return value

    return rule


def dropped(instead: Any) -> Rule:
    """Whatever stands there is not looked at and never handed on; `instead` is."""
    return lambda _: instead


def identifier(value: Any) -> str:
    """A name that torch may write into the Python source of a graph."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_]\w{0,199}", value, re.ASCII):
        raise NotAllowed(value)
    if keyword.iskeyword(value) or value.startswith("__"):
        raise NotAllowed(value)
    return value


def state_name(value: Any) -> str:
    """The dotted name of a parameter or a buffer, no part of which is one of Python's own."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w-]+(\.[\w-]+)*", value, re.ASCII) or len(value) > 1000:
        raise NotAllowed(value)
    if any(part.startswith("__") or keyword.iskeyword(part) for part in value.split(".")):
        raise NotAllowed(value)
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotAllowed(value)
    return value


def integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -MOST <= value < MOST:
        raise NotAllowed(value)
    return value


def natural(value: Any) -> int:
    if integer(value) < 0:
        raise NotAllowed(value)
    return int(value)


def number(value: Any) -> float | int | str:
    """A number, or the word by which torch writes one that JSON lacks."""
    if value in ("Infinity", "-Infinity", "NaN"):
        return str(value)
    if isinstance(value, float):
        return value
    return integer(value)


def text(value: Any) -> str:
    """Text that torch hands to an operator as text: a mode, a message."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > 10_000:
        raise NotAllowed(value)
    return value
