"""Output formats: what an audit is written as, besides its page and its `audit.json`.

`x.py` defines `x(assessment: Assessment, digests: Digests) -> str`, the file's text, and `FILE`, its name in the
evidence folder. No clock, no host: equal audits are equal files. What a format says it takes from `assessment.audit`.
"""

from collections.abc import Mapping

NOUN = "output format"
Digests = Mapping[str, str]
"""SHA-256 of `audit.json`, `report.html`, the record (`audit.sqlite`, wherever it lies) and, where they were made,
`report.pdf` and `report-summary.pdf`, by the file's name."""
