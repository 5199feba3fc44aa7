"""The numbers and words of an audit that a tracker keeps, from its `audit.json`."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from audit.errors import AuditError
from audit.files import MOST_WRITTEN, read_regular
from reports import checksums
from reports.evidence_folder import AUDIT, WHOLE, format_files

OUTCOMES = {"PASS": 1.0, "INCONCLUSIVE": 0.0, "FAIL": -1.0, "INVALID": -2.0}
"""A number for what cannot be drawn else: the better the higher."""


class Logged(NamedTuple):
    """What is told to a tracker."""

    name: str
    """Of the audited model."""
    metrics: Mapping[str, float]
    """By rule, quantity and subject: estimates and bounds; the outcome by `OUTCOMES`."""
    tags: Mapping[str, str]
    files: tuple[Path, ...]
    """The evidence, without the record."""


def logged(folder: Path) -> Logged:
    """Raises AuditError where the folder holds no evidence that can be read."""
    path = folder / AUDIT
    try:
        audit = json.loads(read_regular(path, MOST_WRITTEN))
        judgement, identity = audit["judgement"], audit["identity"]
        metrics = {"audit/outcome": OUTCOMES[judgement["outcome"]]}
        metrics |= {f"audit/{name}": number for name, number in _numbers(judgement) if math.isfinite(number)}
        tags = {
            "saliency_audit.outcome": judgement["outcome"],
            "saliency_audit.sentence": judgement["sentence"],
            "saliency_audit.profile": judgement["profile"]["name"],
            "saliency_audit.limits_sha256": judgement["limits_sha256"],
            "saliency_audit.model_sha256": str(identity["model"].get("state_sha256")),
            "saliency_audit.pictures_sha256": str(audit["pictures_sha256"]),
        }
        name = str(identity["model"].get("name") or "model")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        seen = f"cannot be read ({type(error).__name__}: {error})"
        raise AuditError(path, seen, "need the evidence of a run", "Run: saliency-audit report RUN.") from error
    there = (folder / name for name in (*WHOLE, *format_files().values(), checksums.FILE))
    return Logged(name, metrics, tags, tuple(sorted(file for file in there if file.is_file())))


def _numbers(judgement: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for verdict in judgement["verdicts"]:
        yield f"{verdict['rule']}/outcome", OUTCOMES[verdict["outcome"]]
        for finding in verdict["findings"]:
            subject = f"/{finding['subject']}" if finding["subject"] else ""
            for kind in ("value", "lower", "upper"):
                if finding[kind] is not None:
                    yield f"{verdict['rule']}/{finding['quantity']}{subject}/{kind}", float(finding[kind])
