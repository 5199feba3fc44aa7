"""Nothing that is lost improves a verdict: rows deleted from any table, and measured cells set to NULL."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.record.schema import SCHEMA
from audit.record.seal import TABLES
from checks import judge
from checks.table import integrity
from checks.verdict import Judgement, Outcome, worst
from fixtures.records import Kind, altered, sealed, write_record

KINDS: tuple[Kind, ...] = ("honest", "cheating", "centred")
WORSE = [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL, Outcome.INVALID]
MEASURED = {
    "picture": ("probability", "label_rank", "predicted", "confidence"),
    "score": ("mass", "lift", "rank", "pointing", "auc"),
    "answer": ("probability", "log_odds", "predicted"),
    "note": ("value",),
    "cascade": ("similarity",),
    "cue": ("x0",),
}
"""Columns that may be NULL."""
PROMISED = ("sample", "exclusion", "picture", "score", "note", "answer", "cue", "cascade")
"""Tables whose rows a verdict rests on, so that a loss is seen although the record's statement was made anew."""
SOME = {
    "one": "rowid = (SELECT min(rowid) FROM {table})",
    "a few": "abs(random()) % 50 = 0",
    "a tenth": "abs(random()) % 10 = 0",
    "most": "abs(random()) % 10 > 0",
    "all": "1",
}


@pytest.fixture(scope="module", params=KINDS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    path = write_record(tmp_path_factory.mktemp(request.param) / "audit.sqlite", kind=request.param)
    return path, judge(path).outcome
