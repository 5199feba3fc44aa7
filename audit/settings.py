"""The settings of an audit: one TOML file, validated as a whole, echoed into the record."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, get_args

import torch
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from audit import registry
from audit.choices import Interpolation, Reduction, Score
from audit.datasets.preprocessing import Preprocessing
from audit.errors import AuditError, closest, did_you_mean
from audit.files import check_values, read_toml

Side = Annotated[int, Field(gt=0, le=10_000)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Stated = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OpenTable(BaseModel):
    """A table whose further keys are the options of the function that it names."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    @property
    def keys(self) -> Collection[str]:
        """Those of the table itself, beside the options."""
        return type(self).model_fields.keys()


class ModelTable(OpenTable):
    kind: str
    classes: Path | tuple[str, ...] | None = None
    """File with the class names in index order, or the names; default: those that the model file holds."""


class DataTable(OpenTable):
    format: str
    annotations: Path
    images: Path
    """The folder below which every picture lies."""
    labels: dict[str, StrictStr | StrictInt] = Field(default_factory=dict)
    """Dataset label -> class name or index, where the names differ."""
    ignore: tuple[str, ...] = ()
    """Labels that the model does not know and that are left out, counted."""
    max_box_share: float = Field(default=0.9, gt=0, le=1)
    """A box that covers more of the frame cannot tell inside from outside; the sample is excluded."""
    min_visible: float = Field(default=0.25, ge=0, le=1)
    """Share of the object's area that the preprocessing must leave."""
    cluster: StrictStr | None = Field(default=None, min_length=1)
    """Column of the metadata, as a flight or a patient, whose pictures are not independent of each other."""


class PreprocessingTable(Table):
    """In pixels of the network's input; a single number is a square, or for `resize` the shorter side."""

    resize: Side | tuple[Side, Side] | None = None
    letterbox: Side | tuple[Side, Side] | None = None
    crop: Side | tuple[Side, Side] | None = None
    fill: int = Field(default=114, ge=0, le=255)
    interpolation: Interpolation = "bilinear"
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = (0.485, 0.456, 0.406)
    std: tuple[Deviation, Deviation, Deviation] = (0.229, 0.224, 0.225)

    def built(self) -> Preprocessing:
        square = {
            name: (size, size) if isinstance(size, int) else size
            for name, size in (("letterbox", self.letterbox), ("crop", self.crop))
        }
        return Preprocessing(**{**self.model_dump(), **square})


class NamedTable(OpenTable):
    name: str


class MethodTable(NamedTable):
    label: str = ""
    """What it is called in the report; default: its name. Two uses of one method need two labels."""
    reduction: Reduction | None = None
    score: Score | None = None


def _a_name_is_a_table(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [{"name": entry} if isinstance(entry, str) else entry for entry in value]
    return value


class SaliencyTable(Table):
    methods: tuple[MethodTable, ...] = Field(
        default=(
            MethodTable(name="gradient"),
            MethodTable(name="integrated_gradients", reduction="sum", **{"steps": 16, "baseline": "mean"}),
        ),
        min_length=1,
        validate_default=True,
    )
    null_maps: tuple[MethodTable, ...] = Field(
        default=tuple(MethodTable(name=name) for name in ("uniform", "centre", "edges", "random_model")),
        validate_default=True,
    )
    reduction: Reduction = "abs_max"
    score: Score = "log_probability"
    pointing_tolerance: float = Field(default=15.0, ge=0, allow_inf_nan=False)
    """Pixels of the network's input (Zhang et al. 2018 use 15)."""

    _tables = field_validator("methods", "null_maps", mode="before")(_a_name_is_a_table)

    @field_validator("methods", "null_maps")
    @classmethod
    def _labelled_once(cls, value: tuple[MethodTable, ...]) -> tuple[MethodTable, ...]:
        labelled = tuple(entry.model_copy(update={"label": entry.label or entry.name}) for entry in value)
        labels = [entry.label for entry in labelled]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"{twice[0]!r} appears twice; give each its own label")
        return labelled


class ExperimentsTable(Table):
    """What is done to the pixels, and what tests the audit itself."""

    interventions: tuple[NamedTable, ...] = tuple(
        NamedTable(name=name) for name in ("object_removed", "background_replaced", "noise")
    )
    """On every picture, or on a draw."""
    controls: tuple[NamedTable, ...] = tuple(NamedTable(name=name) for name in ("randomisation", "planted_cue"))
    """On the run as a whole, after its pictures: what tests the audit itself."""
    searches: tuple[NamedTable, ...] = (NamedTable(name="shared_cues"),)
    """On the run as a whole, after the controls: what looks for cues."""
    margin: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Pixels of the network's input by which the boxes grow, where a tight box cuts what belongs to the object."""
    donors: int = Field(default=128, gt=0)
    """Pictures that lend their backgrounds."""

    _tables = field_validator("interventions", "controls", "searches", mode="before")(_a_name_is_a_table)

    @field_validator("interventions", "controls", "searches")
    @classmethod
    def _named_once(cls, value: tuple[NamedTable, ...]) -> tuple[NamedTable, ...]:
        names = [entry.name for entry in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} appears twice")
        return value


MOST_WORKERS = 8
"""Default when the settings name none. Decoding holds the interpreter's lock for about a seventh of its time."""


class RunTable(Table):
    batch_size: int = Field(default=16, gt=0)
    workers: int = Field(default_factory=lambda: min(torch.get_num_threads(), MOST_WORKERS), gt=0)
    seed: int = Field(default=0, ge=0, lt=2**31)


class JudgeTable(Table):
    profile: str = "default"
    """The name of a profile that ships, or the path of a TOML file."""
    baseline: Path | None = None
    """The file of an accepted run, for tests of this file; None: the limits alone decide."""


class ReportTable(Table):
    standards: tuple[str, ...] | None = None
    """Those that the report shows, by the names of their files, in this order; None: all there are."""
    intended_use: Stated = ""
    """What the network is to be used for; '' is told as not stated."""
    operational_domain: Stated = ""
    """Where and when: the conditions under which it is to work."""
    audience: Stated = ""
    """Whom the report is for, and what they are to decide with it."""


class Settings(Table):
    """Everything that decides what an audit measures."""

    title: str = "Saliency audit"
    model: ModelTable | None = None
    """None only where the network is passed in from Python."""
    data: DataTable
    preprocessing: PreprocessingTable | None = None
    """None: the model file's own."""
    saliency: SaliencyTable = Field(default_factory=SaliencyTable)
    experiments: ExperimentsTable = Field(default_factory=ExperimentsTable)
    run: RunTable = Field(default_factory=RunTable)
    judge: JudgeTable = Field(default_factory=JudgeTable)
    report: ReportTable = Field(default_factory=ReportTable)
    folder: Path = Field(default=Path(), exclude=True)
    """Relative paths start here: where the settings file lies."""

    def path(self, path: Path | str) -> Path:
        return self.folder / path

    def recorded(self) -> dict[str, Any]:
        """What the record keeps: all but what cannot change a number, and of absolute paths only the name."""
        kept: dict[str, Any] = _portable(self.model_dump(mode="json", exclude={"run": {"workers"}}))
        return kept


def _portable(value: Any) -> Any:
    match value:
        case dict():
            return {key: _portable(entry) for key, entry in value.items()}
        case list():
            return [_portable(entry) for entry in value]
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
    try:
        return Settings(**{**raw, "folder": Path(folder)})
    except ValidationError as error:
        for problem in error.errors():
            if problem["type"] == "extra_forbidden":
                *parents, key = [str(part) for part in problem["loc"]]
                raise AuditError(
                    where, f"no key {'.'.join([*parents, key])!r}", did_you_mean(key, _keys(parents))
                ) from error
        raise AuditError(where, registry.first_problem(error), _misspelt(error)) from error


def _misspelt(error: ValidationError) -> str:
    """The key that stands where the first problem misses one, where the two are spelt nearly alike; else ''."""
    problem = error.errors()[0]
    *parents, key = [part for part in problem["loc"] if isinstance(part, str)]
    if problem["type"] != "missing" or not isinstance(problem["input"], dict):
        return ""
    given = closest(key, problem["input"].keys() - {*_keys(parents)})
    return f"there is {given!r}: did you mean {key!r}?" if given else ""


def _keys(parents: list[str]) -> list[str]:
    table: type[BaseModel] = Settings
    for name in parents:
        inner = table.model_fields[name].annotation
        table = next(part for part in (inner, *get_args(inner)) if isinstance(part, type) and part is not type(None))
    return [name for name in table.model_fields if name != "folder"]
