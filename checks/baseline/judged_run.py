"""A run whose record was read and judged once, so that nobody needs to read it again."""

from pathlib import Path
from typing import NamedTuple, Protocol

from audit.record.record import Record, readable
from checks.judge import judge_evidence, limits_of
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.verdict import Judgement, Profile


class JudgedRun(Protocol):
    """What a comparison needs of a run."""

    @property
    def record(self) -> Record: ...

    @property
    def table(self) -> Evidence: ...

    @property
    def judgement(self) -> Judgement: ...


class _JudgedRun(NamedTuple):
    record: Record
    table: Evidence
    judgement: Judgement


def judged_run(record: Record, profile: str | Path | Profile | None = None) -> JudgedRun:
    """A record, judged by its own profile or by another. Raises AuditError where either cannot be read."""
    with readable(record):
        table = read_evidence(record, limits_of(record, profile))
        return _JudgedRun(record, table, judge_evidence(table, record))
