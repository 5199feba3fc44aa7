"""The settings of an audit: one TOML file, validated as a whole, echoed into the record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from audit import validation
from audit.datasets.picture_root import Images
from audit.errors import AuditError, Problems, did_you_mean
from audit.files import check_values, read_toml
from audit.remote.copies import Copies
from audit.remote.url import is_url, shown
from audit.settings_judge import JudgeTable
from audit.settings_run import RunTable
from audit.settings_tables import (
    DataTable,
    ExperimentsTable,
    ModelTable,
    PreprocessingTable,
    ReportTable,
    SaliencyTable,
    Table,
)


class Settings(Table):
    """Everything that decides what an audit measures."""

    title: str = "Saliency audit"
    """The heading of the report."""
    model: ModelTable | None = None
    """Left out only where the network is passed in from Python."""
    data: DataTable
    preprocessing: PreprocessingTable | None = None
    """Left out: the model file's own."""
    saliency: SaliencyTable = Field(default_factory=SaliencyTable)
    experiments: ExperimentsTable = Field(default_factory=ExperimentsTable)
    run: RunTable = Field(default_factory=RunTable)
    judge: JudgeTable = Field(default_factory=JudgeTable)
    report: ReportTable = Field(default_factory=ReportTable)
    folder: Path = Field(default=Path(), exclude=True)
    """Relative paths start here: where the settings file lies."""

    _copies: Copies = PrivateAttr(default_factory=Copies)

    def path(self, place: Path | str) -> Path:
        """The path of a file or folder; of what lies at a URL, that of a copy, which is fetched once.

        Raises AuditError where it cannot be fetched.
        """
        return self._copies.file(str(place), self.cache) if is_url(place) else self.folder / place

    def place(self, place: Path | str) -> Images:
        """The same of a folder that is not fetched, but read from."""
        return self._copies.folder(str(place), self.cache) if is_url(place) else self.folder / place

    @property
    def images(self) -> Images:
        """Where the pictures lie."""
        return self.place(self.data.images)

    @property
    def cache(self) -> Path | None:
        """The folder for copies, if they are to be kept."""
        return self.folder / self.run.cache if self.run.cache else None

    def recorded(self) -> dict[str, Any]:
        """What the record keeps: all but what cannot change a number, of absolute paths only the name, and no secret.

        URLs are without user, password and query.
        """
        left_out = {"run": {"workers", "processes", "threads", "cache"}}
        kept: dict[str, Any] = _portable(self.model_dump(mode="json", exclude=left_out))
        return kept


def _portable(value: Any) -> Any:
    match value:
        case dict():
            return {key: _portable(entry) for key, entry in value.items()}
        case list():
            return [_portable(entry) for entry in value]
        case str() if is_url(value):
            return shown(value)
        case str() if Path(value).is_absolute():
            return Path(value).name
    return value


def profile_of(named: str, folder: Path) -> str | Path:
    """What a settings file in `folder` means by its `judge.profile`: the name of one that ships, or a file's path."""
    return folder / named if named.endswith(".toml") else named


def load_settings(path: Path | str) -> Settings:
    """Read and validate a settings file.

    Raises AuditError where it is missing, is no TOML, or holds an unknown key or a value that cannot be.
    """
    path = Path(path)
    try:
        raw = read_toml(path)
    except FileNotFoundError as error:
        raise AuditError(path, "no such file", "need a settings file", "Write one: saliency-audit init.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AuditError(path, f"cannot be read ({reason})", "need a TOML file") from error
    if "folder" in raw:
        raise AuditError(path, "no key 'folder'", did_you_mean("folder", Settings.model_fields.keys() - {"folder"}))
    return parse_settings(raw, path.parent, path.name)


def parse_settings(raw: dict[str, Any], folder: Path | str = ".", where: str = "settings") -> Settings:
    """Settings from a dictionary with the structure of the TOML file; relative paths start at `folder`."""
    try:
        check_values(raw)
    except ValueError as error:
        raise AuditError(where, str(error), "need settings as the reference lists them") from error
    problems = Problems(where)
    try:
        return Settings.model_validate({**raw, "folder": Path(folder)})
    except ValidationError as error:
        problems.add(*validation.problems(where, error, raw, _keys))
        problems.settle()
        raise


def intact_settings(raw: Mapping[str, Any], folder: Path | str = ".") -> Settings | None:
    """As much of settings that cannot be read as can: what is wrong is left out, so that the rest can be looked at.

    None where too little is left of what must be stated.
    """
    left = {name: dict(table) if isinstance(table, dict) else table for name, table in raw.items()}
    for _ in range(3):  # a key that is wrong, and then a table that still is
        try:
            return Settings.model_validate({**left, "folder": Path(folder)})
        except ValidationError as error:
            for name, *inside in (problem["loc"] for problem in error.errors()):
                if inside and isinstance(left.get(str(name)), dict) and inside[0] in left[str(name)]:
                    del left[str(name)][inside[0]]
                elif name != "data":
                    left.pop(str(name), None)
    return None


def _keys(parents: Sequence[str]) -> list[str]:
    table: type[BaseModel] = Settings
    for name in parents:
        field = table.model_fields.get(name)
        if field is None:
            continue  # a key of the owner's choice, as a rule's name
        parts = (field.annotation, *get_args(field.annotation))
        table = next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), table)
    return [name for name in table.model_fields if name != "folder"]
