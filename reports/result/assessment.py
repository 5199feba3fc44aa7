"""One audit, ready to be shown: the record's table is read once, judged, worded and summed up."""

from dataclasses import dataclass
from pathlib import Path

from audit.record.record import Record, readable
from checks.judge import judge_evidence, limits_of
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.verdict import Profile
from reports.result.build import build
from reports.result.schema import Audit
from reports.wording.whole import worded_judgement
from reports.wording.worded import WordedJudgement
from reports.wording.words import about


@dataclass(frozen=True, eq=False)
class Assessment:
    """What page, formats and command line show. The record stays open as long as something reads its pictures."""

    record: Record
    table: Evidence
    judgement: WordedJudgement
    audit: Audit


def assess(record: Record, profile: str | Path | Profile | None = None) -> Assessment:
    """Judge a record by the profile that was hashed into it before the run, or by another, and sum it up.

    Raises AuditError where the record or the profile cannot be read.
    """
    with readable(record):
        table, judgement = _judged(record, profile)
        return Assessment(record, table, judgement, build(record, table, judgement))


def judge_in_words(record: Record, profile: str | Path | Profile | None = None) -> WordedJudgement:
    """The judgement alone, with its sentences. Raises AuditError as `assess` does."""
    with readable(record):
        return _judged(record, profile)[1]


def _judged(record: Record, profile: str | Path | Profile | None) -> tuple[Evidence, WordedJudgement]:
    table = read_evidence(record, limits_of(record, profile))
    return table, worded_judgement(judge_evidence(table, record), about(table))
