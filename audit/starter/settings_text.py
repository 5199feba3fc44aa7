"""The text of a settings file: every key with one line of explanation; what stays at its default is commented out."""

import inspect
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from audit import registry
from audit.datasets.discover import Found
from audit.phrases import count, listed
from audit.settings import Settings
from audit.starter.class_order import class_order
from audit.starter.keys import Key, keys_of, table_of, toml
from audit.starter.model_start import ModelStart, example_start

WIDTH, LONGEST_LABEL, MOST_LABELS = 118, 40, 8
KINDS, FORMATS = "audit.models.kinds", "audit.datasets.formats"
MOST_CLASSES = 60
"""Written one after the other; where there are more, a file of them is shorter."""
LEAD = (
    "Settings of a saliency audit. Run it: saliency-audit run THIS_FILE",
    "Every key there is stands here. What is commented out is the default, or an example where there is none.",
    "Paths are relative to this file.",
)
UNPREPARED = (
    "How you prepared pictures in training: the model file does not say. Take the # from [preprocessing] and from the",
    "keys that you need; without this table the run stops.",
)
PREPARED = ("How pictures are prepared, as the model states it.",)
NOTES: Mapping[str, tuple[str, ...]] = {
    "saliency": ("A key that is stated here is what the profile does not change.",),
}


def settings_text(reading: Found, folder: Path, model: ModelStart | None = None) -> str:
    """A settings file for `reading` that is to lie in `folder`. model: None where the user named none."""
    start = model or example_start()
    return "\n".join(_lines(reading, folder, start)) + "\n"


def _lines(reading: Found, folder: Path, start: ModelStart) -> Iterator[str]:
    yield from _comment(LEAD)
    tables = {name: table for name, field in Settings.model_fields.items() if (table := table_of(field))}
    for key in keys_of(Settings):
        if key.name not in tables:
            yield from _key(key, {"title": key.default})
    live = {"model": _model(reading, start), "data": _data(reading, folder), "preprocessing": start.preprocessing or {}}
    notes = {
        "model": (*_kinds(), *start.note.splitlines()),
        "data": tuple(_seen(reading)),
        "preprocessing": PREPARED if start.preprocessing else UNPREPARED,
        **NOTES,
    }
    for name, table in tables.items():
        yield ""
        yield from _comment(notes.get(name, ()))
        yield f"[{name}]" if name != "preprocessing" or start.preprocessing else f"# [{name}]"
        keys = [*keys_of(table), *_options(name, reading)]
        stated = live.get(name, {})
        known = {key.name for key in keys}
        for key in keys[:1]:
            yield from _key(key, stated)
        yield from (f"{key} = {toml(value)}" for key, value in stated.items() if key not in known)
        for key in keys[1:]:
            note = _order(reading) if (name, key.name) == ("model", "classes") and not start.names_classes else ""
            yield from _key(key, stated, note)


def _model(reading: Found, start: ModelStart) -> dict[str, Any]:
    classes, _ = class_order(reading)
    return {**start.keys, **({} if start.names_classes or _too_much(classes) else {"classes": classes})}


def _too_much(classes: Collection[str]) -> bool:
    """For a list that somebody is to read, and to put in order."""
    return len(classes) > MOST_CLASSES or any(in_a_comment(name) != name for name in classes)


def _data(reading: Found, folder: Path) -> dict[str, Any]:
    where = {"annotations": reading.annotations, "images": reading.images}
    paths = {key: _relative(path, folder) for key, path in where.items()}
    return {"format": reading.format, **paths, **reading.options}


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _kinds() -> Iterable[str]:
    return (f"A model kind, as `saliency-audit list` shows it: {listed(registry.names(KINDS))}.",)


def _order(reading: Found) -> str:
    classes, order = class_order(reading)
    if _too_much(classes):
        return f"{count(len(classes), 'class')}: write their names to a file, one a line, in the order of the outputs."
    return f"Filled in {order.removeprefix('in ')}. It must be that of the network's outputs: check it."


def _seen(reading: Found) -> Iterator[str]:
    samples = reading.dataset.samples
    labels = Counter(sample.label for sample in samples)
    pictures = len({sample.image for sample in samples})
    yield (
        f"Found here: {count(len(samples), 'sample')} (a picture and one of its labels) in"
        f" {count(pictures, 'picture')}; {len(reading.dataset.exclusions):,} excluded."
    )
    shown = ", ".join(f"{in_a_comment(label)} ({number})" for label, number in labels.most_common(MOST_LABELS))
    more = f", and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    yield f"Labels: {shown}{more}."


def _options(table: str, reading: Found) -> Iterator[Key]:
    """The options of the format are keys of [data] too."""
    if table == "data":
        read = registry.resolve(FORMATS, reading.format)
        for parameter in inspect.signature(read).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                text = f"An option of the format {reading.format}; `saliency-audit list` says more."
                nothing = parameter.default in (None, "", ())
                yield Key(parameter.name, text, parameter.default, "…" if nothing else parameter.default)


def _key(key: Key, stated: Mapping[str, Any], note: str = "") -> Iterator[str]:
    """What it is for, and then its line: live where it is stated."""
    yield from _comment([key.explanation, note] if note else [key.explanation])
    live = key.name in stated
    value = stated[key.name] if live else key.example
    yield from (line if live else f"# {line}" for line in _value(key.name, value))


def _value(name: str, value: Any) -> Iterator[str]:
    """One line, or one for each entry of a long list."""
    line = f"{name} = {toml(value)}"
    if len(line) < WIDTH or not isinstance(value, list | tuple):
        yield line
        return
    yield f"{name} = ["
    yield from (f"    {toml(entry)}," for entry in value)
    yield "]"


def _comment(texts: Collection[str]) -> Iterator[str]:
    for text in texts:
        indent = " " * (len(text) - len(text.lstrip()))
        yield from (f"# {indent}{line}" for line in wrap(text.strip(), WIDTH - len(indent), break_on_hyphens=False))


def in_a_comment(label: str) -> str:
    """A name of the data must not end the comment, and become settings."""
    return "".join(letter if letter.isprintable() else "?" for letter in label)[:LONGEST_LABEL]
