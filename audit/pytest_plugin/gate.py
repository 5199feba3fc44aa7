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
from audit.record.place import FILE_NAME
from reports.evidence_folder import REPORT, remove_evidence
from reports.result.assessment import Assessment

if TYPE_CHECKING:
    from audit.engine.progress import Progress
    from audit.models.model import Model
    from audit.preflight import Notice
    from audit.settings import Settings

ERROR = "error"


class Place(NamedTuple):
    """Where an audit's files lie, and how they come about."""

    folder: Path
    """The evidence alone: the plugin's other files lie beside this folder, so that `saliency-audit verify` fits."""
    session: str
    """The same for all processes of one test session."""
    reuse: bool
    """A record of the very same inputs in the folder will do."""
    device: str
    progress: "Progress"
    notice: "Notice"

    @property
    def marker(self) -> Path:
        """What a process of this session left for the others."""
        return self._beside("session.json")

    @property
    def comparison(self) -> Path:
        """The page of the comparison with a baseline."""
        return self._beside("compare.html")

    def _beside(self, ending: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{ending}")


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
    """Measure and judge, or take what another process of this session left.

    Raises GateError where the audit cannot be made; in every process of the session alike.
    """
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GateError(f"{place.folder}: cannot be made ({error.strerror}); need a folder for the audit.") from error
    with FileLock(place.marker.with_name(f".{place.marker.name}.lock")):
        left = _left(place)
        if left is None:
            left = {"session": place.session, **_attempt(lambda: _conduct(asked, place))}
            write_text(place.marker, json.dumps(left))
    if ERROR in left:
        raise GateError(left[ERROR])
    return Result.model_validate(left["result"])


def _left(place: Place) -> dict[str, Any] | None:
    """What a process of this session left; None where none did."""
    try:
        left: dict[str, Any] = json.loads(place.marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return left if left.get("session") == place.session else None


def _attempt(conduct: Callable[[], Result]) -> dict[str, Any]:
    try:
        return {"result": conduct().model_dump(mode="json")}
    except AuditError as error:
        return {ERROR: str(error)}
    except (Exception, SystemExit):  # noqa: BLE001 the settings may name any code, and no other test shall run it again
        return {ERROR: f"{traceback.format_exc()}\nNothing was judged."}


def _conduct(asked: Asked, place: Place) -> Result:
    from audit.pipeline import assessed

    settings = asked.load()
    if asked.profile is not None:
        judged_by = settings.judge.model_copy(update={"profile": str(asked.profile)})
        settings = settings.model_copy(update={"judge": judged_by})
    remove_evidence(place.folder)
    for file in (place.comparison, *([] if place.reuse else place.folder.glob(f"{FILE_NAME}*"))):
        file.unlink(missing_ok=True)
    named = settings.judge.baseline
    how = {"device": place.device, "progress": place.progress, "reuse": place.reuse, "notice": place.notice}
    with assessed(settings, place.folder, asked.model, how) as assessment:
        return _result(assessment, place, asked.baseline or (settings.path(named) if named else None))


def _result(assessment: Assessment, place: Place, baseline: Path | None) -> Result:
    against = None if baseline is None else _against(baseline, assessment, place.comparison)
    result = Result(judgement=assessment.judgement, report=place.folder / REPORT, pictures={}, against=against)
    worst = {number for verdict in result.verdicts for finding in verdict.findings for number in finding.worst}
    pictures = {row.sample: f"{row.image} ({row.label})" for row in assessment.audit.samples if row.sample in worst}
    return result.model_copy(update={"pictures": pictures})


def _against(baseline: Path, assessment: Assessment, page: Path) -> Against:
    from checks.baseline.compare import gate
    from reports.page.comparison_page import render_comparison
    from reports.wording.comparison import worded_comparison
    from reports.wording.words import about

    comparison = worded_comparison(gate(baseline, assessment), about(assessment.table))
    return Against(
        baseline=baseline, comparison=comparison, report=render_comparison(comparison, assessment.record, None, page)
    )
