"""Does an evidence folder fit together, and is it what its record says?

Hashes show what was altered since the folder was written; whoever can write the folder can write the hashes too. So the
record is judged again, and what follows from it is written again and compared: text exactly, the page's pictures as
they look. What a browser printed (`not_compared`) is held by its hash alone. Only a signature shows who wrote it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from audit.errors import AuditError
from audit.files import MOST_WRITTEN, read_regular
from audit.hashing import file_hash
from audit.record.place import FILE_NAME
from audit.record.record import UNREADABLE, Record
from checks.profile import fingerprint, load_profile
from checks.verdict import Profile
from reports import checksums
from reports.evidence_folder import AUDIT, REPORT, WHOLE, format_files, format_texts
from reports.formats import Digests
from reports.formats.in_toto import FILE as STATEMENT
from reports.formats.in_toto import subjects
from reports.json_diff import json_difference
from reports.page import pdf
from reports.page.render import page
from reports.page_diff import same_page
from reports.result.assessment import Assessment, assess
from reports.result.json_text import audit_json
from reports.wording.numbers import short

JOURNALS = ("-journal", "-wal", "-shm")
LINK = "it is a link: what it points to is not part of the folder"


class Problem(NamedTuple):
    """One thing that does not fit."""

    kind: str
    """'altered', 'missing', 'added' or 'late limits'."""
    file: str
    reason: str


def verify(folder: Path, record: Path | None = None, profile: str | Path | None = None) -> tuple[Problem, ...]:
    """What does not fit; empty where everything does.

    record: where it lies, if it is not in the folder. profile: the file of the limits that `audit.json` states, which
    alone may bring rules of the user's own: what the folder names is never imported. Raises AuditError where `folder`
    is no folder, or the profile cannot be read.
    """
    named = None if profile is None else load_profile(profile)
    if not folder.is_dir():
        raise AuditError(folder, "no such folder", "need an evidence folder", "Make one: saliency-audit report RECORD.")
    listed = _listed(folder)
    problems = list(_sums(folder, listed))
    if record is None and any(problem.file.startswith(FILE_NAME) for problem in problems):
        return tuple(problems)  # no ground to judge on; and SQLite would act on a journal that somebody left
    path = record or folder / FILE_NAME
    if beside := list(_beside(path)):
        return (*problems, *(problem for problem in beside if problem.file not in {other.file for other in problems}))
    if not path.is_file():
        reason = "without the record nothing can be judged again; if it lies elsewhere, name it with --record"
        return (*problems, Problem("missing", path.name, reason))
    try:
        with Record.open(path) as opened:
            problems += _again(folder, (opened, named), listed, {problem.file for problem in problems})
    except (AuditError, *UNREADABLE) as error:
        problems.append(Problem("altered", path.name, f"cannot be judged again ({error})"))
    return tuple(problems)


def not_compared(folder: Path) -> tuple[str, ...]:
    """Files of the evidence whose content is not held against the record, only their hash."""
    return tuple(name for name in pdf.FILES if (folder / name).is_file())


def _beside(record: Path) -> Iterator[Problem]:
    """What SQLite would take for a part of the record: it looks beside the file that a link leads to."""
    for ending in JOURNALS:
        journal = f"{os.path.realpath(record)}{ending}"
        if os.path.lexists(journal):
            yield Problem(
                "added", short(Path(journal).name, 200), "SQLite would apply it, and a complete record has none"
            )


def _listed(folder: Path) -> dict[str, str] | str:
    """What SHA256SUMS lists, or why it lists nothing."""
    try:
        return checksums.read_sums(read_regular(folder / checksums.FILE, MOST_WRITTEN).decode("ascii"))
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    except ValueError as error:
        return str(error)


def _sums(folder: Path, listed: dict[str, str] | str) -> Iterator[Problem]:
    """SHA256SUMS against the files, and the files against SHA256SUMS."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_entry(path)}
    if (folder / checksums.FILE).is_symlink():
        yield Problem("altered", checksums.FILE, LINK)
    if isinstance(listed, str):
        reason = listed or "without it, it is unknown what the files were"
        yield Problem("altered" if listed else "missing", checksums.FILE, reason)
        listed = {}
    else:
        for name in sorted(there - listed.keys() - {checksums.FILE}):
            yield Problem("added", short(name, 200), f"{checksums.FILE} does not list it")
    for name, digest in sorted(listed.items()):
        if name not in there:
            yield Problem("missing", name, f"{checksums.FILE} lists it")
        elif (folder / name).is_symlink():
            yield Problem("altered", name, LINK)
        elif not (folder / name).is_file() or file_hash(folder / name) != digest:
            yield Problem("altered", name, f"it is not the file that {checksums.FILE} lists")
    expected = {AUDIT, REPORT, *format_files().values()}
    for name in sorted(expected - listed.keys() - there):
        yield Problem("missing", name, "every evidence folder has it")
    for name in sorted(listed.keys() & there - expected - {*WHOLE, FILE_NAME}):
        yield Problem("added", name, f"{checksums.FILE} lists it, but it is not part of the evidence")


def _is_entry(path: Path) -> bool:
    """Whatever is no folder; a folder only where it is empty, since otherwise what it holds is listed."""
    return path.is_symlink() or not path.is_dir() or not any(path.iterdir())


def _again(
    folder: Path, by: tuple[Record, Profile | None], listed: dict[str, str] | str, suspect: set[str]
) -> Iterator[Problem]:
    """Judge the record by the limits that `audit.json` states, and hold every file against what follows.

    by: the record, and the profile that the user named.
    """
    record, named = by
    stated = _json(folder / AUDIT)
    limits = _profile(stated)
    if named and limits and fingerprint(named) == fingerprint(limits):
        limits = named.model_copy(update={"name": limits.name})
    assessment = assess(record, limits)
    judgement = assessment.judgement
    if not judgement.fixed_beforehand:
        seen = f"judged by limits that were not fixed before the run (profile {short(judgement.profile.name)})"
        yield Problem("late limits", AUDIT, seen)
    text = audit_json(assessment.audit)
    if AUDIT not in suspect and _text(folder / AUDIT) != text:
        yield Problem("altered", AUDIT, f"it is not what the record says: {json_difference(stated, json.loads(text))}")
    if REPORT not in suspect and not same_page(_text(folder / REPORT), page(assessment)):
        yield Problem("altered", REPORT, "it does not show what the record says")
    digests = {**_digests(folder, listed), FILE_NAME: file_hash(record.path)}
    statement = _subjects(folder / STATEMENT)
    if STATEMENT not in suspect:
        yield from _statement(statement, assessment, digests)
    claimed = {name: statement.get(name, digest) for name, digest in digests.items()}
    yield from _formats(folder, assessment, claimed, suspect)


def _digests(folder: Path, listed: dict[str, str] | str) -> dict[str, str]:
    """Digests of the files that formats refer to: as SHA256SUMS lists them, else as they are."""
    known = listed if isinstance(listed, dict) else {}
    there = [name for name in WHOLE if name in known or (folder / name).is_file()]
    return {name: known.get(name) or file_hash(folder / name) for name in there}


def _statement(stated: Mapping[str, str], assessment: Assessment, digests: Digests) -> Iterator[Problem]:
    """The statement's subjects against the files and the record."""
    right = dict(subjects(assessment, digests))
    for name, digest in right.items():
        if name not in stated:
            yield Problem("altered", STATEMENT, f"it names no subject {short(name)!r}")
        elif stated[name] != digest:
            blamed = name if name in digests else STATEMENT
            yield Problem("altered", blamed, f"{STATEMENT} names another hash of {short(name)!r}")
    for name in sorted(stated.keys() - right.keys()):
        yield Problem("altered", STATEMENT, f"its subject {short(name)!r} is not there")


def _formats(folder: Path, assessment: Assessment, digests: Digests, suspect: set[str]) -> Iterator[Problem]:
    """What every format makes of the record and the hashes that the statement names."""
    if not {AUDIT, REPORT} <= digests.keys():
        return
    for name, text in format_texts(assessment, digests).items():
        if name not in suspect and _text(folder / name) != text:
            yield Problem("altered", name, "it is not what the record and the other files say")


def _subjects(path: Path) -> dict[str, str]:
    """SHA-256 by name; what is none is left out."""
    statement = _json(path)
    entries = statement.get("subject") if isinstance(statement, dict) else None
    named = {}
    for entry in entries if isinstance(entries, list) else []:
        match entry:
            case {"name": str(name), "digest": {"sha256": str(digest)}}:
                named[name] = digest
    return named


def _profile(stated: Any) -> Profile | None:
    """The limits that `audit.json` states, if it does; then those of the record."""
    try:
        return Profile.model_validate(stated["judgement"]["profile"])
    except (ValidationError, LookupError, TypeError):
        return None


def _json(path: Path) -> Any:
    try:
        return json.loads(read_regular(path, MOST_WRITTEN))
    except (OSError, ValueError, RecursionError):
        return None


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="backslashreplace") if path.is_file() else ""
