"""The result of an audit as values: the schema of `audit.json`."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from checks.frozen import Frozen
from checks.verdict import Outcome
from reports.result.boxes import Labels
from reports.result.clauses import Crosswalk
from reports.result.controls import Agreement, Cascade, Detection, PlantedStrength
from reports.result.cost import Passes
from reports.result.cues import CueSummary
from reports.result.domain import Domain
from reports.result.earlier_runs import EarlierRuns
from reports.result.experiments import Experiments
from reports.result.forbidden_pixels import ForbiddenPixels
from reports.result.rows import Row
from reports.result.slices import Slices
from reports.result.summary import ClassSummary, Counts, SourceSummary
from reports.result.traceability import Trace
from reports.wording.worded import WordedJudgement

SCHEMA_VERSION = 5


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
    capabilities: dict[str, JsonValue] = Field(
        default={}, description="what the model can do: gradient, layers, deterministic (to the last bit)"
    )
    left_out: dict[str, JsonValue] = Field(
        default={}, description="what was not asked, by its name, with the capabilities that the model lacks for it"
    )
    per_run: dict[str, JsonValue] = Field(default={}, description="what methods chose, as the layer of Grad-CAM")
    experiments: dict[str, JsonValue] = Field(
        default={}, description="options of each intervention, control and search, by its name"
    )
    described: dict[str, str] = Field(
        default={}, description="each method, null map and experiment in one line, by its name"
    )
    look: dict[str, int] | None = Field(
        None, description="samples audited, and of how many, where the run was a look at some; null for a whole run"
    )
    sample: dict[str, JsonValue] | None = Field(
        None,
        description="the sample that interventions were made for: n, of how many, by which columns, its strata (values,"
        " samples, drawn), and the hash of its numbers; null where they were made for all",
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


class Excluded(Frozen):
    """A sample that left the audit."""

    image: str
    label: str
    reason: str
    detail: str
    outside_scope: bool = Field(description="by the settings, which state it beforehand, and not for a defect")


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
    judgement: WordedJudgement
    earlier_runs: EarlierRuns | None = Field(description="that the ledger lists; null where none is kept")
    traceability: tuple[Trace, ...] = Field(description="one for each rule that decides: from requirement to evidence")
    identity: Identity
    pictures_sha256: str = Field(description="over the names and hashes of all measured pictures")
    sources: Sources
    counts: Counts
    summary: Summary
    crosswalk: Crosswalk
    experiments: Experiments
    forbidden: ForbiddenPixels | None = Field(description="null where no picture has forbidden pixels")
    cues: tuple[CueSummary, ...]
    controls: Controls
    slices: Slices
    domain: Domain | None = Field(description="coverage of the operational design domain; null where none is stated")
    labels: Labels | None = Field(description="the audit of the boxes; null where none was measured")
    passes: tuple[Passes, ...]
    samples: tuple[Row, ...]
    exclusions: tuple[Excluded, ...]
