"""A folder of runs, one after the other: each one's verdict, and the points of every property."""

import re
from pathlib import Path

from pydantic import Field, ValidationError

from audit.errors import AuditError
from audit.files import MOST_WRITTEN, is_regular, read_regular
from checks.frozen import Frozen
from checks.verdict import Direction, Outcome, Unit
from reports.result.schema import Audit
from reports.wording.swapped_properties import swapped_properties

AUDIT = "audit.json"


class Point(Frozen):
    """What one run says of one property: the loss in points that decides its rule, as a share."""

    outcome: Outcome
    value: float | None
    lower: float | None
    upper: float | None
    limit: float | None


class Run(Frozen):
    """One run."""

    name: str = Field(description="of its folder")
    title: str
    outcome: Outcome
    sentence: str
    model: str = Field(description="SHA-256 of the network's state; '' where there is none")
    data: str = Field(description="SHA-256 of the pictures; '' where there is none")
    limits: str = Field(description="SHA-256 of the profile and the scope")
    pictures: int
    accuracy: float | None
    points: dict[str, Point] = Field(description="by rule")


class History(Frozen):
    """All runs of a folder, by the names of their folders, in which numbers count as such."""

    runs: tuple[Run, ...]
    properties: dict[str, str] = Field(description="what each rule measures or asks, in words, by rule")
    alike: bool = Field(description="every run is on the same pictures, by the same limits")


def read_history(folder: Path) -> History:
    """The runs in the folders of `folder`. Raises AuditError where there is none, or one cannot be read."""
    found = sorted((path for path in folder.glob(f"*/{AUDIT}") if is_regular(path)), key=_order)
    if not found:
        raise AuditError(folder, "holds no runs", f"need folders with {AUDIT} in them", "Name the folder of your runs.")
    audits = [(path.parent.name, _audit(path)) for path in found]
    runs = tuple(_run(name, audit) for name, audit in audits)
    properties: dict[str, str] = {}
    for _, audit in audits:
        for verdict in audit.judgement.verdicts:
            if verdict.findings and verdict.findings[0].unit is Unit.DIFFERENCE:
                swapped = swapped_properties().get(verdict.rule)
                properties.setdefault(verdict.rule, swapped.subject if swapped else verdict.question)
    properties = {rule: words for rule, words in properties.items() if any(rule in run.points for run in runs)}
    return History(runs=runs, properties=properties, alike=len({(run.data, run.limits) for run in runs}) == 1)


def _order(path: Path) -> tuple[tuple[int, int | str], ...]:
    """'audit-2' comes before 'audit-10'."""
    parts = re.split(r"(\d+)", path.parent.name)
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


def _audit(path: Path) -> Audit:
    try:
        return Audit.model_validate_json(read_regular(path, MOST_WRITTEN))
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise AuditError(
            path,
            f"cannot be read ({reason})",
            "need the file as a run wrote it",
            "Write it again: saliency-audit report.",
        ) from error


def _run(name: str, audit: Audit) -> Run:
    points = {}
    for verdict in audit.judgement.verdicts:
        finding = verdict.deciding
        if finding is None or finding.unit is not Unit.DIFFERENCE or finding.better is not Direction.LOWER:
            continue
        points[verdict.rule] = Point(
            outcome=verdict.outcome,
            value=finding.value,
            lower=finding.lower,
            upper=finding.upper,
            limit=finding.limit,
        )
    return Run(
        name=name,
        title=str(audit.identity.settings.get("title") or ""),
        outcome=audit.outcome,
        sentence=audit.sentence,
        model=str(audit.identity.model.get("state_sha256") or ""),
        data=audit.pictures_sha256,
        limits=audit.judgement.limits_sha256,
        pictures=audit.counts.measured,
        accuracy=audit.counts.accuracy,
        points=points,
    )
