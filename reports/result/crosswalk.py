"""The crosswalk to standards: `reports/standards/*.toml`, one file a standard, and what this audit says to each clause.

The file is the registration: a standard is in the report because its file is in the folder. A status is computed, never
written down, and none of them says that a standard is met.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from audit.errors import AuditError, did_you_mean
from audit.files import read_toml
from audit.validation import first_problem
from checks.table.evidence import Evidence
from checks.verdict import Judgement, Outcome
from reports.result.bearings import Case, bearing, vocabulary
from reports.result.clauses import Checked, Clause, Crosswalk, Standard, Status
from reports.result.earlier_runs import EarlierRuns
from reports.result.schema import Identity

FOLDER = Path(__file__).parents[1] / "standards"


def _one_line(text: str) -> str:
    return " ".join(text.split())


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_one_line)]


class ClauseFile(BaseModel):
    """A clause as its standard's file has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: Line
    gist: Line
    checked: Checked | None = None
    """None: as the file as a whole."""
    bears: tuple[str, ...] = ()
    not_addressed: Line | None = None
    """Why nothing in an audit bears on it."""
    note: Line | None = None


class StandardFile(BaseModel):
    """A standard's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=1, strict=True)
    """Version of the file: raise it with every change."""
    title: Line
    edition: Line
    publisher: Line
    checked: Checked
    note: Line | None = None
    entries: tuple[ClauseFile, ...] = Field(min_length=1)


def status(outcomes: Sequence[Outcome | None], audit: Outcome) -> Status:
    """From the outcomes of what bears on a clause (None: not there) and that of the whole audit.

    Supports: all are PASS, and the audit is not INVALID. Contradicts: one is FAIL. Not addressed: nothing bears.
    """
    if not outcomes:
        return Status.NOT_ADDRESSED
    if Outcome.FAIL in outcomes:
        return Status.CONTRADICTS
    trusted = audit is not Outcome.INVALID
    return Status.SUPPORTS if trusted and set(outcomes) == {Outcome.PASS} else Status.INSUFFICIENT


def of_look(computed: Status) -> Status:
    """A look at some of the samples decides nothing, so it neither supports nor contradicts."""
    return Status.INSUFFICIENT if computed in (Status.SUPPORTS, Status.CONTRADICTS) else computed


def crosswalk(
    judgement: Judgement, what: Identity, evidence: Evidence, earlier: EarlierRuns | None = None
) -> Crosswalk:
    """The standards that the settings choose (`[report] standards`), in their order; without a choice all, by name.

    A name that this version has no file for is listed as unknown, since the record of a run cannot be changed any more;
    `standard_files` refuses it beforehand. earlier: the runs that a ledger lists. Raises AuditError for a broken file.
    """
    table = what.settings.get("report")
    chosen = table.get("standards") if isinstance(table, dict) else None
    known = standard_names()
    asked = [str(name) for name in chosen] if isinstance(chosen, list) else known
    case = Case(judgement, what, evidence, earlier)
    files = standard_files([name for name in asked if name in known])
    return Crosswalk(
        standards=tuple(_standard(name, file, case) for name, file in files.items()),
        unknown=tuple(name for name in asked if name not in known),
    )


def standard_names() -> list[str]:
    """The standards there are, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def standard_files(names: Iterable[str]) -> dict[str, StandardFile]:
    """The files of these standards, validated, in this order.

    Raises AuditError for an unknown name or a broken file.
    """
    known = standard_names()
    for name in names:
        if name not in known:
            raise AuditError("settings", f"no standard {name!r}", did_you_mean(name, known))
    files = {name: FOLDER / f"{name}.toml" for name in names}
    return {name: _read(path, path.stat().st_mtime_ns) for name, path in files.items()}


@cache
def _read(path: Path, _changed: int) -> StandardFile:
    """Cached until it changes: every judgement of a session asks for the same files."""
    try:
        file = StandardFile.model_validate(_parsed(path))
    except ValidationError as error:
        raise AuditError(
            path.name, first_problem(error), "need a standard like reports/standards/amlas.toml"
        ) from error
    keys = vocabulary()
    clauses = [entry.clause for entry in file.entries]
    for entry in file.entries:
        where = f"{path.name}, {entry.clause}"
        if clauses.count(entry.clause) > 1:
            raise AuditError(where, "the clause appears twice", "need each once")
        if bool(entry.bears) is bool(entry.not_addressed):
            seen = "has both 'bears' and 'not_addressed'" if entry.bears else "has neither 'bears' nor 'not_addressed'"
            raise AuditError(where, seen, "need what bears on it, or why nothing does")
        for key in entry.bears:
            if key not in keys:
                raise AuditError(where, f"nothing in an audit is called {key!r}", did_you_mean(key, keys))
            if entry.bears.count(key) > 1:
                raise AuditError(where, f"{key!r} bears on it twice", "need each once")
    return file


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except (OSError, ValueError) as error:  # ValueError: broken TOML, or not UTF-8
        raise AuditError(path.name, f"cannot be read ({error})", "need a TOML file") from error


def _standard(name: str, file: StandardFile, case: Case) -> Standard:
    return Standard(
        name=name,
        **file.model_dump(exclude={"entries"}),
        clauses=tuple(_clause(entry, file.checked, case) for entry in file.entries),
    )


def _clause(entry: ClauseFile, checked: Checked, case: Case) -> Clause:
    bears = tuple(bearing(key, case) for key in entry.bears)
    computed = status([one.outcome for one in bears], case.judgement.outcome)
    return Clause(
        clause=entry.clause,
        gist=entry.gist,
        checked=entry.checked or checked,
        status=of_look(computed) if case.what.look else computed,
        bears=bears,
        not_addressed=entry.not_addressed,
        note=entry.note,
    )
