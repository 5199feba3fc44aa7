"""One audit for many tests: measured once, whoever asks, and judged by limits that were fixed before."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock

from audit.errors import AuditError
from audit.files import write_text
from audit.pytest_plugin.result import Against, GateError, Result
from audit.record.record import Record
from audit.record.sample_readers import read_samples
from audit.record.schema import FILE_NAME
from checks import judge, measured_by, register
from reports.outputs import FILES, write_outputs

if TYPE_CHECKING:
    from audit.engine.progress import Progress
    from audit.models.model import Model
    from audit.settings import Settings

MARKER = "session.json"
COMPARISON = "compare.html"
ERROR = "error"


class Place(NamedTuple):
    """Where an audit's files lie, and how they come about."""

    folder: Path
    session: str
    """The same for all processes of one test session."""
    reuse: bool
    """A record of the very same inputs in the folder will do."""
    device: str
    progress: "Progress"


class Asked(NamedTuple):
    """What is audited, and by what."""

    load: "Callable[[], Settings]"
    model: "Model | None" = None
    """Instead of the settings'."""
    profile: str | Path | None = None
    """Instead of the settings'."""
    baseline: Path | None = None
    """Instead of the settings'."""


def audited(asked: Asked, place: Place) -> Result:
    """Measure and judge, or take what another process of this session made of it.

    Raises GateError where the audit cannot be made; every process of the session is told the same.
    """
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GateError(f"{place.folder}: cannot be made ({error.strerror}); need a folder for the audit.") from error
    marker = place.folder / MARKER
    with FileLock(place.folder / f".{MARKER}.lock"):
        told = _told(marker, place.session)
        if told is None:
            told = {"session": place.session, **_attempt(lambda: _conduct(asked, place))}
            write_text(marker, json.dumps(told))
    if ERROR in told:
        raise GateError(told[ERROR])
    return Result.model_validate(told["result"])


def _told(marker: Path, session: str) -> dict[str, Any] | None:
    """What a process of this session left; None where none did."""
    try:
        told: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if told.get("session") == session else None


def _attempt(conduct: Callable[[], Result]) -> dict[str, Any]:
    try:
        return {"result": conduct().model_dump(mode="json")}
    except AuditError as error:
        return {ERROR: str(error)}
    except (Exception, SystemExit):  # noqa: BLE001 the settings may name any code, and no other test shall run it again
        return {ERROR: f"{traceback.format_exc()}\nNothing was judged."}


def _conduct(asked: Asked, place: Place) -> Result:
    from audit.engine.measure import measure
    from audit.settings import profile_of

    settings = asked.load()
    limits = asked.profile or profile_of(settings.judge.profile, settings.folder)
    told_before = [place.folder / name for name in (*FILES, COMPARISON)]
    for file in told_before if place.reuse else (*told_before, *place.folder.glob(f"{FILE_NAME}*")):
        file.unlink(missing_ok=True)
    record = measure(
        measured_by(settings, limits),
        place.folder,
        model=asked.model,
        device=place.device,
        registered=register(limits),
        progress=place.progress,
        reuse=place.reuse,
    )
    named = settings.judge.baseline
    return _judged(record, asked.baseline or (settings.path(named) if named else None))


def _judged(path: Path, baseline: Path | None) -> Result:
    with Record.open(path) as record:
        judgement = judge(record)
        report = write_outputs(record, judgement, path.parent)
        against = None if baseline is None else _against(baseline, record)
        samples = read_samples(record)
    result = Result(judgement=judgement, report=report, pictures={}, against=against)
    told = {number for verdict in result.verdicts for finding in verdict.findings for number in finding.worst}
    rows = zip(samples.number.tolist(), samples.image, samples.label, strict=True)
    return result.model_copy(update={"pictures": {i: f"{image} ({label})" for i, image, label in rows if i in told}})


def _against(baseline: Path, record: Record) -> Against:
    from checks.baseline.compare import gate
    from reports.page.compare import render_comparison

    compared = gate(baseline, record)
    page = render_comparison(compared, record, None, record.path.parent / COMPARISON)
    return Against(baseline=baseline, compared=compared, report=page)
