"""Whether a file that claims to be a record has the tables that a run makes, and nothing that acts by itself.

SQLite does what a file tells it to: a trigger changes the rows that a resumed run writes, a view makes up what is read,
and a journal that names another one has that other file deleted.
"""

import os
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from audit.errors import AuditError
from audit.files import is_regular
from audit.record.tables import SCHEMA

SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""What a rollback journal ends with where its last record is the name of another journal (SQLite's file format, 4.1).

Only a transaction over several files has one, which no run makes. SQLite deletes the file of that name.
"""


def check_journals(path: Path) -> None:
    """Raises AuditError for a journal that SQLite could not use, or should not.

    It opens what lies beside the file that a link leads to; for a pipe it would wait for ever.
    """
    for ending in ("-journal", "-wal"):
        journal = Path(f"{os.path.realpath(path)}{ending}")
        if not os.path.lexists(journal):
            continue
        if not is_regular(journal):
            raise AuditError(journal, "is no regular file", "need a record without it", "Remove it.")
        if _names_another(journal):
            raise AuditError(
                journal,
                "names another file, which SQLite would delete",
                "need a record without it",
                "Remove it, and trust nothing that came with it.",
            )


def _names_another(journal: Path) -> bool:
    with journal.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(SUPER_JOURNAL)))
        return file.read() == SUPER_JOURNAL


def foreign_part(connection: sqlite3.Connection, named: str | None = None, schema: str = SCHEMA) -> str | None:
    """The first part of the file, or of those of one name, that no run makes, as 'trigger lie'; None for none.

    A table that is gone is none: reading says so. schema: what a run makes.
    """
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"):
        if named in (None, name) and (kind, name, sql) not in _own_parts(schema):
            return f"{kind} {name}"
    return None


@cache
def _own_parts(schema: str) -> frozenset[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        return frozenset(connection.execute("SELECT type, name, sql FROM sqlite_master"))
