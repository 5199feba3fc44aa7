"""The settings as TOML text again, as a user would write them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def dumps(table: Mapping[str, Any]) -> str:
    """`table` (what JSON can hold) as TOML. TOML has no null, so such keys are left out."""
    return "\n".join(_lines(table, ())).strip() + "\n"


def _lines(table: Mapping[str, Any], parents: tuple[str, ...]) -> Iterator[str]:
    nested = {k: v for k, v in table.items() if isinstance(v, Mapping) or _is_tables(v)}
    for key, value in table.items():
        if key not in nested and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in nested.items():
        path = (*parents, key)
        title = ".".join(map(_key, path))
        for entry in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{title}]]" if isinstance(value, list) else f"[{title}]"
            yield from _lines(entry, path)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _key(key: str) -> str:
    return key if key and set(key) <= _BARE else _text(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_value(entry) for entry in value if entry is not None)}]"
        case Mapping():
            inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
            return f"{{{inner}}}"
    return repr(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
