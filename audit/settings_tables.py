"""The tables of the settings: every key, its type, its default and its limits."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from audit import bounds
from audit.choices import Interpolation, Reduction, Score
from audit.datasets.preprocessing import Preprocessing
from audit.remote.url import Url
from audit.settings_sample import SampleTable

Side = Annotated[int, Field(gt=0, le=bounds.MOST_SIDE)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Place = Path | Url
"""A path, or a URL, of which a Path would not keep the slashes."""
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
    """The network. Further keys are the options of its kind."""

    kind: str
    """What opens the model."""
    classes: Place | tuple[str, ...] | None = Field(default=None, examples=["classes.txt"])
    """File with the class names in index order, or the names; default: those that the model file holds."""


class DataTable(OpenTable):
    """The labelled pictures with their boxes. Further keys are the options of the format."""

    format: str
    """What reads the annotations."""
    annotations: Place
    """File or folder of the annotations, as the format wants it; or the URL of a file."""
    images: Place
    """The folder below which every picture lies, or its URL."""
    labels: dict[str, StrictStr | StrictInt] = Field(default_factory=dict, examples=[{"dog": "golden retriever"}])
    """Dataset label -> class name or index, where the names differ."""
    ignore: tuple[str, ...] = Field(default=(), examples=[["person"]])
    """Labels that the model does not know: their samples lie outside the scope, and are counted."""
    masks: StrictBool = True
    """Where annotations draw polygons or masks, these are the objects; false: the boxes around them.

    A broken mask excludes its sample either way.
    """
    max_box_share: float = Field(default=0.9, gt=0, le=1)
    """A box or mask that covers more of the frame cannot tell inside from outside; the sample is outside the scope."""
    min_visible: float = Field(default=0.25, ge=0, le=1)
    """Share of the object's area that the preprocessing must leave."""
    cluster: StrictStr | None = Field(default=None, min_length=1, examples=["flight"])
    """Column of the metadata, as a flight or a patient, whose pictures are not independent of each other."""
    training: Place | None = Field(default=None, examples=["training.csv"])
    """List of hashes of the pictures that the network was trained on, as `saliency-audit hashes` makes it."""
    sample: SampleTable | None = Field(default=None, examples=[{"precision": "2 points", "by": ["label"]}])
    """Some of the samples, for which alone the interventions are made; maps and predictions are made of all."""


def _listed(value: Any) -> Any:
    value = [value] if isinstance(value, int | float) else value
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r}; need a number, or a list of them")
    return [_no_boolean(number) for number in value]


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()}; need a number")
    return value


class PreprocessingTable(Table):
    """How a picture becomes the network's input: resize or letterbox, then crop, then scale to [0, 1] and normalise.

    Sizes are height and width in pixels; a single number is a square, or for `resize` the shorter side.
    """

    resize: Side | tuple[Side, Side] | None = Field(default=None, examples=[[64, 64]])
    """A single number brings the shorter side to it; two squash the picture."""
    letterbox: Side | tuple[Side, Side] | None = Field(default=None, examples=[640])
    """The whole picture is fitted into this frame and padded."""
    crop: Side | tuple[Side, Side] | None = Field(default=None, examples=[224])
    """The centre of the picture that is kept."""
    fill: int = Field(default=114, ge=0, le=255)
    """The grey value with which `letterbox` pads."""
    interpolation: Interpolation = "bilinear"
    """How pixels are resampled."""
    channels: Annotated[Literal[1, 3], BeforeValidator(_no_boolean)] = 3
    """Of the network's input: 3 for colours, 1 for grey, which is made of colours by their luminance."""
    mean: Annotated[tuple[FiniteFloat, ...], BeforeValidator(_listed)] = (0.485, 0.456, 0.406)
    """Of the pixels, in [0, 1]: of each channel, or one number for all. For one channel there is no default."""
    std: Annotated[tuple[Deviation, ...], BeforeValidator(_listed)] = (0.229, 0.224, 0.225)
    """As `mean`."""

    @model_validator(mode="after")
    def _one_for_each_channel(self) -> "PreprocessingTable":
        for name in ("mean", "std"):
            numbers = len(getattr(self, name))
            if numbers not in (1, self.channels):
                given = f"{numbers} numbers in {name}" if name in self.model_fields_set else f"no {name}"
                raise ValueError(f"{given} for channels = {self.channels}; need one, or one for each channel")
        return self

    def built(self) -> Preprocessing:
        square = {
            name: (size, size) if isinstance(size, int) else size
            for name, size in (("letterbox", self.letterbox), ("crop", self.crop))
        }
        colours = {
            name: value if len(value) == self.channels else value * self.channels
            for name, value in (("mean", self.mean), ("std", self.std))
        }
        return Preprocessing(**{**self.model_dump(exclude={"channels"}), **square, **colours})


class NamedTable(OpenTable):
    """One experiment by its name; a name alone stands for a table without options."""

    name: str
    """As `saliency-audit list` shows it, or `package.module:function`."""


class MethodTable(NamedTable):
    """One method or null map; a name alone stands for a table without options."""

    label: str = ""
    """What it is called in the report; default: its name. Two uses of one method need two labels."""
    reduction: Reduction | None = None
    """Default: that of the table [saliency]."""
    score: Score | None = None
    """Default: that of the table [saliency]."""


def _a_name_is_a_table(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [{"name": entry} if isinstance(entry, str) else entry for entry in value]
    return value


class SaliencyTable(Table):
    """The maps, and how they are scored."""

    methods: tuple[MethodTable, ...] = Field(
        default=(
            MethodTable(name="gradient"),
            MethodTable(
                name="integrated_gradients", reduction="sum", **{"steps": 16, "baseline": "mean", "pictures": 100}
            ),
        ),
        min_length=1,
        max_length=bounds.MOST_MAPS,
        validate_default=True,
    )
    """The saliency methods, at least one."""
    null_maps: tuple[MethodTable, ...] = Field(
        default=tuple(MethodTable(name=name) for name in ("uniform", "centre", "edges", "random_model")),
        max_length=bounds.MOST_MAPS,
        validate_default=True,
    )
    """Maps that know nothing of the network's evidence, for comparison."""
    reduction: Reduction = "abs_max"
    """How a signed map of all channels becomes one of non-negative relevance."""
    score: Score = "log_probability"
    """What is differentiated."""
    pointing_tolerance: float = Field(default=0.04, ge=0, le=0.5, allow_inf_nan=False)
    """How far beside a box a map's maximum may lie, as a share of the shorter side of the network's input.

    Zhang et al. 2018 allow 15 pixels in pictures of VOC 2007, most of which are 500 by 375: 0.04 of the shorter side.
    """

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
        NamedTable(name=name)
        for name in (
            "object_removed",
            "background_replaced",
            "placement_swapped",
            "scale_swapped",
            "object_shape_swapped",
            "object_colour_swapped",
            "colour_swapped",
            "background_colour_swapped",
            "sharpness_swapped",
            "compression_swapped",
            "noise",
        )
    )
    """On every picture, or on a draw."""
    controls: tuple[NamedTable, ...] = tuple(NamedTable(name=name) for name in ("randomisation", "planted_cue"))
    """On the run as a whole, after its pictures: what tests the audit itself."""
    searches: tuple[NamedTable, ...] = tuple(
        NamedTable(name=name) for name in ("shared_cues", "telling_regions", "telling_object_regions")
    )
    """On the run as a whole, after the controls: what looks for cues."""
    margin: float = Field(default=0.0, ge=0, le=bounds.MOST_SIDE, allow_inf_nan=False)
    """Pixels of the network's input by which the boxes grow, where a tight box cuts what belongs to the object."""
    donors: int = Field(default=128, gt=0, le=bounds.MOST_DONORS)
    """Pictures that lend to others, as their backgrounds."""

    _tables = field_validator("interventions", "controls", "searches", mode="before")(_a_name_is_a_table)

    @field_validator("interventions", "controls", "searches")
    @classmethod
    def _named_once(cls, value: tuple[NamedTable, ...]) -> tuple[NamedTable, ...]:
        names = [entry.name for entry in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} appears twice")
        return value


class ReportTable(Table):
    """What a reader of the report looks for first."""

    standards: tuple[str, ...] | None = Field(default=None, examples=[["easa_concept_paper"]])
    """Those that the report shows, by the names of their files, in this order; default: all there are."""
    intended_use: Stated = Field(default="", examples=["Names what lies ahead, for a pilot who looks out too."])
    """What the network is to be used for. Where it is left out, the report says so."""
    operational_domain: Stated = Field(default="", examples=["Daylight, within three nautical miles."])
    """Where and when: the conditions under which it is to work."""
    audience: Stated = Field(default="", examples=["Certification engineers."])
    """Whom the report is for, and what they are to decide with it."""
