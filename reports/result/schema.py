"""The result of an audit as values: the schema of `audit.json`."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from checks.verdict import Frozen, Judgement, Outcome
from reports.result.boxes import Labels
from reports.result.clauses import Crosswalk
from reports.result.controls import Agreement, Cascade, Detection, PlantedStrength
from reports.result.cost import Passes
from reports.result.cues import CueSummary
from reports.result.experiments import Answer, Experiments
from reports.result.forbidden_pixels import ForbiddenPixels
from reports.result.slices import Slices
from reports.result.summary import ClassSummary, Counts, SourceSummary

SCHEMA_VERSION = 2


class Identity(BaseModel):
    """What went into the audit, as the run recorded it. A later version may add entries."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    tool: dict[str, JsonValue] = Field(description="name and version of the program that made the record")
    model: dict[str, JsonValue] = Field(description="kind, name, weights, and state_sha256 over all weights")
    classes: tuple[str, ...] = Field(description="class names in the order of the model's outputs")
    dataset: dict[str, JsonValue] = Field(description="format, SHA-256 of each annotation file, counts")
    settings: dict[str, JsonValue] = Field(description="the settings as validated")
    preprocessing: dict[str, JsonValue] = Field(default={}, description="how a picture becomes the network's input")
    frame: tuple[int, int] | None = Field(None, description="height and width of the network's input")
    profile: dict[str, JsonValue] = Field(default={}, description="the limits that were hashed into the record")
    versions: dict[str, JsonValue] = Field(default={}, description="versions of the packages that the numbers rest on")
    device: str | None = Field(None, description="kind of device that the network ran on")
    per_run: dict[str, JsonValue] = Field(default={}, description="what methods chose, as the layer of Grad-CAM")
    experiments: dict[str, JsonValue] = Field(
        default={}, description="options of each intervention, control and search, by its name"
    )
    described: dict[str, str] = Field(
        default={}, description="each method, null map and experiment in one line, by its name"
    )
    finished: dict[str, JsonValue] | None = Field(None, description="set at the end of a run; null where it broke off")

    @field_validator("frame", mode="before")
    @classmethod
    def _no_picture_no_frame(cls, value: object) -> object:
        return value or None


class Sources(Frozen):
    """Where the maps come from."""

    methods: tuple[str, ...] = Field(description="labels of the saliency methods, in the settings' order")
    null_maps: tuple[str, ...] = Field(description="labels of the null maps, which know nothing of the model")


class Scores(Frozen):
    """One map against the boxes. Every score is null where the map is dead."""

    dead: bool
    mass: float | None
    lift: float | None
    rank: float | None
    pointing: float | None
    auc: float | None


class OnForbidden(Frozen):
    """What of one picture is forbidden, and what of its maps lies on it."""

    area_share: float
    mass: dict[str, float | None] = Field(description="by source; null where its map is dead")


class Prediction(Frozen):
    """What the model answered. Null where it yielded no number."""

    class_index: int | None
    class_name: str | None
    confidence: float | None = Field(description="probability of the predicted class")
    label_probability: float | None
    label_rank: int | None = Field(description="1 where the label is the prediction")
    right: bool


class Row(Frozen):
    """One measured sample: a picture and one of its labels."""

    sample: int
    image: str = Field(description="path below the picture folder")
    label: str = Field(description="the data set's own word")
    class_index: int
    class_name: str
    picture_sha256: str
    boxes: tuple[tuple[float, float, float, float], ...] = Field(
        description="x0, y0, x1, y1 in the network's frame, half-open"
    )
    picture_size: tuple[int, int] = Field(description="width and height of the picture, in its own pixels")
    picture_boxes: tuple[tuple[float, float, float, float], ...] = Field(
        description="x0, y0, x1, y1 in pixels of the picture, half-open"
    )
    area_share: float | None = Field(description="share of the frame that the boxes cover")
    prediction: Prediction
    scores: dict[str, Scores] = Field(description="by source; a source that made no map here is left out")
    forbidden: OnForbidden | None = Field(description="null where the picture has no forbidden pixels")
    wrong_reason: tuple[str, ...] = Field(
        description="'experiment', and the methods, under which it is right for the wrong reason"
    )
    answers: dict[str, dict[str, Answer]] = Field(
        description="of the audited network to altered pictures, by intervention and variant; under 'cue N', for the"
        " class of that candidate, else for the label"
    )
    lead: float | None = Field(
        description="log-odds of the label for the object alone less those for its surroundings alone, by the"
        " fill that favours the object most; null where not judged"
    )
    metadata: dict[str, str] = Field(description="what the annotations say besides label and box, as a scenario")
    notes: dict[str, dict[str, float | None]] = Field(description="further numbers of a method, by source")


class Excluded(Frozen):
    """A sample that left the audit."""

    image: str
    label: str
    reason: str
    detail: str


class Summary(Frozen):
    """Means, so that nobody has to add up the samples."""

    sources: tuple[SourceSummary, ...]
    classes: tuple[ClassSummary, ...] = Field(description="by the first method of the settings")


class Controls(Frozen):
    """The audit's tests of itself."""

    detection: Detection
    planted: tuple[PlantedStrength, ...] = Field(description="one for each copy that relies on a planted mark")
    cascades: tuple[Cascade, ...] = Field(description="cascading randomisation, one for each method")
    agreements: tuple[Agreement, ...] = Field(description="one for each pair of methods")


class Audit(Frozen):
    """The result of one audit: what went in, what was measured, what it means."""

    schema_version: int = Field(description="of this file's form")
    outcome: Outcome
    sentence: str = Field(description="the verdict in one plain sentence")
    judgement: Judgement
    identity: Identity
    sources: Sources
    counts: Counts
    summary: Summary
    crosswalk: Crosswalk
    experiments: Experiments
    forbidden: ForbiddenPixels | None = Field(description="null where no picture has forbidden pixels")
    cues: tuple[CueSummary, ...]
    controls: Controls
    slices: Slices
    labels: Labels | None = Field(description="the audit of the boxes; null where none was measured")
    passes: tuple[Passes, ...]
    samples: tuple[Row, ...]
    exclusions: tuple[Excluded, ...]
