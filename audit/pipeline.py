"""The whole job: settings, the profile registered, measured, judged, the evidence folder. Everybody calls `run`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from audit.datasets.in_memory import InMemory, write_dataset
from audit.datasets.labels import ClassName
from audit.engine.measure import measure
from audit.engine.progress import Progress
from audit.errors import AuditError
from audit.models.model import Model
from audit.record.record import Record
from audit.result import Measured, Result
from audit.settings import Settings, load_settings, parse_settings, profile_of
from checks.measure_table import measured_by
from checks.profile import load_profile, register
from reports.evidence_folder import write_evidence
from reports.result.assessment import assess
from reports.result.crosswalk import standard_files

Printer = Callable[[Path, Path], None]
"""Makes report.pdf (its second argument) of the page (its first)."""


def run(
    settings: Settings | Mapping[str, Any] | Path | str,
    out: Path | str,
    *,
    model: Model | nn.Module | None = None,
    classes: Sequence[str] | None = None,
    samples: Iterable[InMemory] | None = None,
    profile: str | Path | None = None,
    resume: bool = False,
    reuse: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
    printer: Printer | None = None,
) -> Result:
    """Audit a model: measure, judge by the limits that were fixed beforehand, and write the evidence folder `out`.

    settings: a settings file, its content as a dictionary, or `Settings`. model: a network from Python instead of the
    settings'; a copy of it is audited. classes: its class names in index order. samples: (picture, label, boxes) in
    memory instead of the settings' data; they are written to the folder OUT-data, so that the run can be repeated.
    profile: other limits than those that the settings name. resume: continue the run that was broken off in `out`.
    reuse: take the record in `out` where everything that went into it is as it was. printer: also make report.pdf.
    Raises AuditError where the audit cannot be made; a verdict other than PASS raises nothing.
    """
    folder = Path(out)
    asked = _settings(settings, samples, folder)
    limits = load_profile(profile_of(asked.judge.profile, asked.folder) if profile is None else profile)
    standard_files(asked.report.standards or ())
    complete, network = measured_by(asked, limits), _model(model, classes)
    record = measure(
        complete,
        folder,
        model=network,
        resume=resume,
        reuse=reuse,
        device=device,
        registered=register(limits),
        progress=progress,
    )
    return conclude(record, folder, printer=printer, measured=Measured(complete, network, device))


def conclude(
    record: Path,
    folder: Path,
    *,
    profile: str | Path | None = None,
    printer: Printer | None = None,
    measured: Measured | None = None,
) -> Result:
    """Judge a record by the limits that were registered in it, or by others, and write its evidence folder.

    Raises AuditError where the record or the profile cannot be read, or the folder cannot be written.
    """
    with Record.open(record) as opened:
        assessment = assess(opened, profile)
        write_evidence(assessment, folder, printer)
    return Result(folder, assessment.judgement, assessment.audit, measured)


def _settings(
    given: Settings | Mapping[str, Any] | Path | str, samples: Iterable[InMemory] | None, out: Path
) -> Settings:
    if samples is None:
        if isinstance(given, Settings):
            return given
        return parse_settings(dict(given)) if isinstance(given, Mapping) else load_settings(given)
    if not isinstance(given, Mapping) or "data" in given:
        raise AuditError("samples", "came with settings that name data", "need settings as a dictionary without [data]")
    folder = out.with_name(f"{out.name}-data").absolute()
    return parse_settings({**given, "data": write_dataset(samples, folder)})


def _model(model: Model | nn.Module | None, classes: Sequence[str] | None) -> Model | None:
    names = None if classes is None else tuple(map(ClassName, classes))
    if isinstance(model, nn.Module):
        if names is None:
            raise AuditError("model", "a network without class names", "need them in index order", "Pass classes=[...].")
        return Model(model, names, None)
    if model is None or names is None:
        return model
    return Model(model.module, names, model.preprocessing, model.description)
