"""What classes are called, and which class of the network each label of a dataset means."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from reprlib import repr as short
from typing import Any

from audit.datasets.sample import LONGEST_NAME, Sample
from audit.errors import AuditError, Problems, did_you_mean
from audit.files import MIB, read_regular

MOST_BYTES = 16 * MIB
LONGEST_WORD = 80
"""For which near names are sought: the time grows with the square."""
Table = dict[str, list[int]]


@dataclass(frozen=True)
class ClassName:
    """One class: the name that is shown, and other words that a dataset may use for it."""

    name: str
    synonyms: tuple[str, ...] = ()


def class_names(names: Iterable[str | ClassName]) -> tuple[ClassName, ...]:
    """Class names as Python code states them, in the order of the network's outputs: strings will do.

    Raises AuditError for a single string, an empty list, and for what is no name.
    """
    needed = "need a list of class names in index order"
    entries = [names] if isinstance(names, str) else list(names)
    if isinstance(names, str) or not entries:
        raise AuditError("classes", f"is {short(names)}", needed)
    for index, entry in enumerate(entries):
        if not isinstance(entry, str | ClassName) or not str(getattr(entry, "name", entry)).strip():
            raise AuditError("classes", f"class {index} is {short(entry)}", needed)
    return _of_bounded_length(
        "classes", tuple(entry if isinstance(entry, ClassName) else ClassName(str(entry)) for entry in entries)
    )


def _of_bounded_length(where: str, classes: tuple[ClassName, ...]) -> tuple[ClassName, ...]:
    for index, entry in enumerate(classes):
        if len(entry.name) > LONGEST_NAME:
            seen = f"class {index} has a name of {len(entry.name):,} characters"
            raise AuditError(where, seen, f"need at most {LONGEST_NAME:,}")
    return classes


def read_classes(path: Path) -> tuple[ClassName, ...]:
    """The class names in a file, in the order of the network's outputs.

    A text file has one name on each line. A JSON file is a list of names; a list of objects with `name` and, where
    they have them, `index`, `synonyms` or `words` (a list, or one string with commas) and `wnid`; or an object from
    index to name or to [wnid, name], as Keras writes it.

    Raises AuditError where the file is missing, is not UTF-8, or leaves a class without a name or an index.
    """
    text = _read(path)
    if path.suffix.lower() != ".json":
        return _of_bounded_length(path.name, _from_lines(path.name, text))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AuditError(path.name, f"is not JSON ({error})", "need a list or an object of class names") from error
    if isinstance(content, dict) and content:
        entries = [(_index(path.name, key), value) for key, value in content.items()]
    elif isinstance(content, list) and content:
        entries = [(_own_index(path.name, at, entry, content[0]), entry) for at, entry in enumerate(content)]
    else:
        raise AuditError(path.name, "names no classes", "need a list or an object of class names")
    entries.sort(key=lambda pair: pair[0])
    indices = [index for index, _ in entries]
    for expected, index in enumerate(indices):
        if index != expected:
            what = f"index {index} twice" if index < expected else f"no class with index {expected}"
            raise AuditError(path.name, what, f"need each index from 0 to {len(indices) - 1} once")
    return _of_bounded_length(path.name, tuple(_class(path.name, index, entry) for index, entry in entries))


def _read(path: Path) -> str:
    try:
        return read_regular(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AuditError(path.name, f"byte {error.start} is not UTF-8", "need UTF-8 text") from error
    except OSError as error:
        raise AuditError(path.name, error.strerror or "cannot be read", "need a file of class names") from error


def _from_lines(where: str, text: str) -> tuple[ClassName, ...]:
    names = [line.strip() for line in text.rstrip().splitlines()]
    if not names:
        raise AuditError(where, "is empty", "need one class name on each line")
    if "" in names:
        raise AuditError(f"{where} line {names.index('') + 1}", "is blank", "need one class name on each line")
    return tuple(map(ClassName, names))


def _index(where: str, key: Any) -> int:
    if isinstance(key, int) and not isinstance(key, bool) and key >= 0:
        return key
    if isinstance(key, str) and key.isdecimal() and len(key) < 10:
        return int(key)
    raise AuditError(where, f"index {short(key)}", "need whole numbers from 0")


def _own_index(where: str, position: int, entry: Any, first: Any) -> int:
    """The index that an entry states, where the first one states its own; else its place in the list."""
    if not (isinstance(first, dict) and "index" in first):
        return position
    if not isinstance(entry, dict) or "index" not in entry:
        raise AuditError(where, f"entry {position} has no index", "need an index in every entry, or in none")
    return _index(where, entry["index"])


def _class(where: str, index: int, entry: Any) -> ClassName:
    match entry:
        case str(name):
            others: list[str] = []
        case [*ids, str(name)] if ids and all(isinstance(part, str) for part in ids):
            others = list(ids)
        case {"name": str(name)}:
            others = [word for key in ("synonyms", "words", "wnid") for word in _words(where, index, entry.get(key))]
        case _:
            raise AuditError(
                where, f"class {index} is {short(entry)}", "need a name, [wnid, name], or an object with a name"
            )
    if not name.strip():
        raise AuditError(where, f"class {index} has no name", "need a name for every class")
    return ClassName(name.strip(), tuple(dict.fromkeys(word for word in others if word != name.strip())))


def _words(where: str, index: int, words: Any) -> list[str]:
    synonyms = [] if words is None else words.split(",") if isinstance(words, str) else words
    if not isinstance(synonyms, list) or not all(isinstance(word, str) for word in synonyms):
        raise AuditError(
            where,
            f"class {index} has the synonyms {short(words)}",
            "need a list of words, or words separated by commas",
        )
    return [word.strip() for word in synonyms if word.strip()]


def map_labels(
    labels: Iterable[str],
    classes: Sequence[ClassName],
    mapping: Mapping[str, str | int],
    ignored: Collection[str] = (),
    excluded: Collection[str] = (),
) -> dict[str, int]:
    """The class index of each label of the dataset, sorted by label; those in `ignored` are left out.

    A label is looked up in the explicit `mapping` (to a class name or an index), then among the names as they are
    written, then among the names whatever their case, hyphens and underscores, and at last among the synonyms. The
    first of these that knows it decides; where it knows several classes of that name, that is an error.

    `excluded` are labels that the dataset has but no sample to audit for: they need no class, but may be mentioned.
    Several labels may mean the same class, as where a dataset is finer than the network: see `merge_synonyms`.

    Raises AuditError for labels without a class (all of them, with the nearest names), for ambiguous ones, for a
    target that does not exist, and for an entry of `mapping` or `ignored` that is not a label of the dataset.
    """
    known = sorted(set(labels))
    wrong, tables = Problems("data"), _tables(classes)
    with wrong.noting():
        check_mentioned(known, mapping, ignored, excluded)
    wanted = [label for label in known if label not in ignored]
    targets, lost = dict[str, int](), []
    for label in wanted:
        with wrong.noting():
            if label in mapping:
                targets[label] = _target(label, mapping[label], tables, classes)
            elif candidates := _candidates(label, tables):
                targets[label] = _only(label, candidates, classes, "data")
            else:
                lost.append(label)
    with wrong.noting():
        _check_lost(lost, len(wanted), tables)
    wrong.settle()
    return {label: targets[label] for label in wanted}


def _check_lost(lost: Sequence[str], among: int, tables: tuple[Table, Table, Table]) -> None:
    """Raises AuditError where labels have no class: all of them, with the nearest names."""
    if lost:
        shown = "; ".join(f"{label!r} ({_nearest(label, tables)})" for label in lost)
        raise AuditError(
            "data",
            f"{len(lost)} of {among} labels name no class of the model: {shown}",
            "need a class for every label",
            f'Map them under [data.labels], as {json.dumps(lost[0], ensure_ascii=False)} = "class name" or an index, '
            "or list them in data.ignore.",
        )


def check_mentioned(
    labels: Collection[str], mapping: Collection[str], ignored: Collection[str], excluded: Collection[str]
) -> None:
    """Raises AuditError where the settings map or ignore labels that the dataset does not have."""
    wrong = Problems("settings")
    for place, given in (("data.labels", mapping), ("data.ignore", ignored)):
        for label in given:
            if label not in labels and label not in excluded:
                seen = f"{label!r} is not a label of the dataset"
                wrong.add(AuditError(place, seen, did_you_mean(label, labels)))
    wrong.settle()


def merge_synonyms(samples: Iterable[Sample], indices: Mapping[str, int]) -> tuple[Sample, ...]:
    """One sample for each picture and class: those of one picture whose labels mean the same class become one.

    Otherwise the second label's boxes would count as background for the first, though the network rightly looks at
    them. The merged sample has the boxes of all, and label and metadata of the first. `indices` is from `map_labels`.
    """
    grouped: dict[tuple[str, int], list[Sample]] = {}
    for sample in samples:
        grouped.setdefault((sample.image, indices[sample.label]), []).append(sample)
    return tuple(group[0] if len(group) == 1 else _merged(group) for group in grouped.values())


def _merged(group: list[Sample]) -> Sample:
    own = dict.fromkeys(entry for sample in group for entry in sample.objects)
    return group[0].with_objects(own, (entry for entry in group[0].other_objects if entry not in own))


def _tables(classes: Sequence[ClassName]) -> tuple[Table, Table, Table]:
    """From word to class indices: names as written, names normalised, synonyms normalised."""
    exact, loose, synonyms = Table(), Table(), Table()
    for index, entry in enumerate(classes):
        exact.setdefault(entry.name, []).append(index)
        loose.setdefault(_plain(entry.name), []).append(index)
        for word in {_plain(word) for word in entry.synonyms}:
            synonyms.setdefault(word, []).append(index)
    return exact, loose, synonyms


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", word).casefold()).strip()


def _candidates(word: str, tables: tuple[Table, Table, Table]) -> list[int]:
    exact, loose, synonyms = tables
    return exact.get(word) or loose.get(_plain(word)) or synonyms.get(_plain(word)) or []


def _only(word: str, candidates: list[int], classes: Sequence[ClassName], where: str) -> int:
    if len(candidates) == 1:
        return candidates[0]
    shown = ", ".join(f"{index} ({', '.join((classes[index].name, *classes[index].synonyms))})" for index in candidates)
    raise AuditError(
        where,
        f"{word!r} names {len(candidates)} classes: {shown}",
        "need one",
        f"Map it to an index under [data.labels], as {json.dumps(word, ensure_ascii=False)} = {candidates[0]}.",
    )


def _target(label: str, target: str | int, tables: tuple[Table, Table, Table], classes: Sequence[ClassName]) -> int:
    where = f"data.labels.{label}"
    if isinstance(target, int):
        if not 0 <= target < len(classes):
            raise AuditError(where, f"index {target}", f"need 0 to {len(classes) - 1}")
        return target
    candidates = _candidates(target, tables)
    if not candidates:
        raise AuditError(
            where, f"the model has no class {target!r}", f"need a class name or an index, {_nearest(target, tables)}"
        )
    return _only(target, candidates, classes, where)


def _nearest(word: str, tables: tuple[Table, Table, Table]) -> str:
    names = {_plain(name): name for name in tables[0]}
    close = get_close_matches(_plain(word[:LONGEST_WORD]), names, n=3, cutoff=0.6)
    return f"nearest: {', '.join(repr(names[name]) for name in close)}" if close else "nothing near"
