"""The whole job: settings, the profile registered, measured, judged, the evidence folder. Everybody calls `run`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from audit.datasets.in_memory import InMemory, write_dataset
from audit.datasets.labels import class_names
from audit.engine.inputs import Inputs
from audit.engine.measure import measure
from audit.engine.measured_batch import Engine
from audit.engine.merged_shards import merged
from audit.engine.named_things import name_problems
from audit.engine.pictures import here
from audit.engine.progress import Progress
from audit.engine.resume import LEDGER
from audit.engine.shards import measure_shard
from audit.errors import AuditError, Problems
from audit.files import read_toml
from audit.frame_size import frame_problems
from audit.hashing import file_hash
from audit.input_problems import input_problems, silent_kind_problems
from audit.ledger import append_run, read_ledger
from audit.models.model import Model
from audit.preflight import Notice, checked
from audit.record.shard_file import Shard
from audit.result import Measured, Result
from audit.settings import Settings, intact_settings, load_settings, parse_settings, profile_of
from checks.measure_table import measured_by
from checks.profile import load_profile, register
from checks.requirements import unknown_rules
from checks.verdict import Profile
from reports.evidence_folder import AUDIT, Printer, concluded
from reports.result.assessment import Assessment
from reports.result.crosswalk import standard_files
from reports.result.ledger_entry import ledger_entry
from reports.wording.preflight import WordedPreflight


def run(  # noqa: PLR0913 keywords of one job, all but two of them optional
    settings: Settings | Mapping[str, Any] | Path | str,
    out: Path | str,
    *,
    model: Model | nn.Module | None = None,
    classes: Sequence[str] | None = None,
    samples: Iterable[InMemory] | None = None,
    resume: bool = False,
    reuse: bool = False,
    shards: Sequence[Path | str] | None = None,
    engine: Engine = here,
    device: str = "cpu",
    progress: Progress | None = None,
    notice: Notice | None = None,
    printer: Printer | None = None,
) -> Result:
    """Audit a model: measure, judge by the limits that were fixed beforehand, and write the evidence folder `out`.

    settings: a settings file, its content as a dictionary, or `Settings`; the profile that they name is registered and
    judges. model: a network from Python instead of the settings'; a copy of it is audited. classes: its class names in
    index order. samples: (picture, label, boxes or mask) in memory instead of the settings' data; they are written to
    the folder OUT-data, so that the run can be repeated. resume: continue the run that was broken off in `out`. reuse:
    take the record in `out` where everything that went into it is as it was. shards: take what was measured of the
    pictures from these, all that `run_shard` left, and make the rest. engine: what measures the pictures otherwise.
    notice: called before the first picture is loaded, with what this data can answer at best. printer: also
    make report.pdf.
    Raises AuditError where the audit cannot be made, or where the data can answer nothing that decides; a verdict other
    than PASS raises nothing.
    """
    folder = Path(out)
    given, network = _settings(settings, samples, folder), _model(model, classes)
    if network is not None and engine is not here:
        raise AuditError("engine", "the model came from Python", "need one that the settings name and others can open")
    notices: list[WordedPreflight] = []

    def noticed(preflight: WordedPreflight) -> None:
        notices.append(preflight)
        if notice is not None:
            notice(preflight)

    if shards is not None:
        engine = partial(merged, [Path(shard) for shard in shards])
    how = {"resume": resume, "reuse": reuse, "device": device, "progress": progress, "notice": noticed}
    with assessed(given, folder, network, {**how, "engine": engine}, printer) as assessment:
        measured = Measured(given, network, device)
        return Result(folder, assessment.judgement, assessment.audit, measured, notices[-1])


@contextmanager
def assessed(
    settings: Settings, folder: Path, model: Model | None, how: Mapping[str, Any], printer: Printer | None = None
) -> Iterator[Assessment]:
    """The same, while the record is open. how: further arguments of `measure`, and the `notice`."""
    notice, how = how.get("notice"), {key: value for key, value in how.items() if key != "notice"}
    completed, limits = _agreed(settings, model)
    with _every_problem(completed, model, limits, notice) as fixed:
        record = measure(completed, folder, model=model, **fixed, **how)
    with concluded(record, folder, profile=limits, printer=printer) as assessment:
        if ledger := _ledger(completed):
            append_run(ledger, ledger_entry(assessment.audit, file_hash(folder / AUDIT)))
        yield assessment


def run_shard(
    settings: Settings | Mapping[str, Any] | Path | str,
    out: Path | str,
    shard: Shard,
    *,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> Path:
    """Measure one shard of a run, and return its file. It decides nothing: `run` with `shards` judges them all.

    The rest as `run`. Raises AuditError where the audit cannot be made.
    """
    completed, limits = _agreed(_settings(settings, None, Path(out)), None)
    with _every_problem(completed, None, limits, notice) as fixed:
        return measure_shard(completed, Path(out), shard, resume=resume, device=device, progress=progress, **fixed)


@contextmanager
def _every_problem(
    settings: Settings, model: Model | None, limits: Profile, notice: Notice | None
) -> Iterator[dict[str, Any]]:
    """What is registered in the record before the first picture is looked at, and what gives notice then.

    An AuditError that is raised inside before the inputs are read comes with all else that is wrong with them.
    """
    ledger, before = _ledger(settings), _Reached(checked(limits, notice))
    registered = {**register(limits), **({LEDGER: read_ledger(ledger)} if ledger else {})}
    try:
        yield {"registered": registered, "before": before}
    except AuditError as error:
        if not before.reached:
            input_problems(settings, model, first=error).settle()
        raise


def _ledger(settings: Settings) -> Path | None:
    return settings.path(settings.judge.ledger) if settings.judge.ledger else None


def read_settings(given: Mapping[str, Any] | Path | str) -> Settings:
    """A settings file or its content. What is wrong is said at once: with the file, with what it names, in its profile.

    Raises AuditError.
    """
    try:
        return parse_settings(dict(given)) if isinstance(given, Mapping) else load_settings(given)
    except AuditError as error:
        wrong = Problems(error.where)
        wrong.add(error)
        folder = Path() if isinstance(given, Mapping) else Path(given).parent
        with suppress(OSError, ValueError):
            intact = intact_settings(dict(given) if isinstance(given, Mapping) else read_toml(Path(given)), folder)
            wrong.add(*_problems(intact)[0] if intact else ())
            wrong.add(*input_problems(intact, None).collected if intact else ())
        wrong.settle()
        raise


class _Reached:
    """What is called once the inputs are read, and whether it was."""

    def __init__(self, check: Callable[[Inputs], None]) -> None:
        self.reached = False
        self._check = check

    def __call__(self, inputs: Inputs) -> None:
        self.reached = True
        self._check(inputs)


def _agreed(settings: Settings, model: Model | None) -> tuple[Settings, Profile]:
    """The settings, completed by their profile, and the profile. Raises AuditError that says all that is wrong."""
    problems, completed, limits = _problems(settings)
    wrong = Problems("settings")
    wrong.add(*problems)
    if problems:
        wrong.add(*input_problems(completed, model).collected)
    wrong.settle()
    assert limits is not None
    return completed, limits


def _problems(settings: Settings) -> tuple[tuple[AuditError, ...], Settings, Profile | None]:
    """What is wrong with what the settings name, and with their profile; these as far as they can be read."""
    wrong, completed, limits = Problems("settings"), settings, None
    with wrong.noting():
        limits = load_profile(profile_of(settings.judge.profile, settings.folder))
        completed = measured_by(settings, limits)
        wrong.add(*unknown_rules(settings.judge.requirements, limits))
    with wrong.noting():
        standard_files(settings.report.standards or ())
    wrong.add(*name_problems(completed), *silent_kind_problems(completed), *frame_problems(completed))
    return tuple(wrong.collected), completed, limits


def _settings(
    given: Settings | Mapping[str, Any] | Path | str, samples: Iterable[InMemory] | None, out: Path
) -> Settings:
    if samples is None:
        if isinstance(given, Settings):
            return given
        return read_settings(given)
    if not isinstance(given, Mapping) or "data" in given:
        raise AuditError("samples", "came with settings that name data", "need settings as a dictionary without [data]")
    folder = out.with_name(f"{out.name}-data").absolute()
    return parse_settings({**given, "data": write_dataset(samples, folder)})


def _model(model: Model | nn.Module | None, classes: Sequence[str] | None) -> Model | None:
    names = None if classes is None else class_names(classes)
    if isinstance(model, nn.Module):
        if names is None:
            raise AuditError(
                "model", "the network has no class names", "need them in index order", "Pass classes=[...]."
            )
        return Model(model, names, None)
    if model is None or names is None:
        return model
    return replace(model, classes=names)
