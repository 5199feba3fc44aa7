"""`traceability.csv`: requirement, property, limit, estimate, bound, verdict, evidence, for tools that manage these.

A spreadsheet opens it: what begins like a formula is written as text, with an apostrophe before it.
"""

import csv
import io

from checks.conclude import WHOLE
from reports.formats import Digests
from reports.result.assessment import Assessment
from reports.result.traceability import Trace
from reports.wording.numbers import clean

FILE = "traceability.csv"
COLUMNS = (
    "requirement",
    "hazard",
    "rationale",
    "rule",
    "property",
    "subject",
    "unit",
    "sense",
    "limit",
    "estimate",
    "lower bound",
    "upper bound",
    "confidence of each bound",
    "n",
    "verdict",
    "evidence",
    "sha256 of the model",
    "sha256 of the limits",
    "remark on the run",
)
SENSES = {None: "", "higher": "at least", "lower": "at most"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def traceability(assessment: Assessment, digests: Digests) -> str:
    """CSV (RFC 4180): a line of names, then one for each rule that decides."""
    del digests
    audit, lines = assessment.audit, io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(COLUMNS)
    hashes = [_text(audit.identity.model.get("state_sha256") or ""), audit.judgement.limits_sha256]
    whole = assessment.judgement.verdict(WHOLE)
    for trace in audit.traceability:
        writer.writerow([*_row(trace), *hashes, whole.sentence if whole else ""])
    return lines.getvalue()


def _row(trace: Trace) -> list[str]:
    texts = (trace.requirement, trace.hazard, trace.rationale, trace.rule, trace.quantity or "", trace.subject or "")
    numbers = (trace.limit, trace.estimate, trace.lower, trace.upper, trace.confidence, trace.n)
    sense = SENSES[trace.better if trace.limit is not None else None]
    shown = ("" if number is None else repr(number) for number in numbers)
    bounds = ["exact" if trace.exact and at in (2, 3) else number for at, number in enumerate(shown)]
    return [*map(_text, texts), trace.unit or "", sense, *bounds, trace.outcome, trace.evidence]


def _text(text: object) -> str:
    shown = clean(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
