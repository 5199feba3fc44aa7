"""Output formats: what an audit is written as, besides its page and its `audit.json`.

`x.py` defines `x(told: Told) -> str`, the file's text, and `FILE`, its name in the evidence folder. No clock, no host:
equal audits are equal files.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.record.record import Record
from checks.verdict import Judgement
from reports.result.schema import Audit

NOUN = "output format"


@dataclass(frozen=True)
class Told:
    """What a format may draw on."""

    record: Record
    judgement: Judgement
    audit: Audit
    hashes: Mapping[str, str]
    """SHA-256 of `audit.json`, `report.html`, the record (`audit.sqlite`, wherever it lies) and, where it was made,
    `report.pdf`, by the file's name."""
