"""What judging yields: findings, verdicts of rules, one judgement."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Outcome(StrEnum):
    """INVALID: the audit itself cannot be trusted. INCONCLUSIVE: too little to say."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """INVALID before FAIL before INCONCLUSIVE before PASS. Nothing at all is INVALID: no PASS by absence."""
    found = set(outcomes)
    for outcome in (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE):
        if outcome in found:
            return outcome
    return Outcome.PASS if found == {Outcome.PASS} else Outcome.INVALID


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Tolerance(Frozen):
    """The tail beside a mean: what most pictures keep, whatever the values' distribution."""

    coverage: float = Field(description="share of the pictures that the bound speaks of")
    lower: float | None = Field(
        description="at least this is, with the profile's confidence, the value of that share of the pictures; null"
        " where too few were seen"
    )
    needed: int | None = Field(description="pictures, or clusters of one size, that it takes; null where it is there")


class Finding(Frozen):
    """One comparison of a value with a limit."""

    subject: str = Field(description="what was judged, as 'gradient' or 'gradient against centre'")
    outcome: Outcome
    quantity: str = Field(description="what the value is, in words with its unit")
    value: float | None = Field(description="the estimate; null where nothing could be measured")
    limit: float | None = None
    chance: float | None = Field(None, description="what a map that knows nothing would score")
    n: int = Field(description="pictures that the value rests on")
    clusters: int | None = Field(
        None, description="of which these pictures come, as flights; null where the settings name none"
    )
    independent: float | None = Field(
        None, description="how many independent pictures they are worth at worst, where all of a cluster are alike"
    )
    lower: float | None = Field(None, description="one-sided lower confidence bound")
    upper: float | None = Field(None, description="one-sided upper confidence bound")
    tolerance: Tolerance | None = Field(None, description="of a mean; null elsewhere")
    further: int | None = Field(
        None,
        description="further pictures, or clusters where they count, needed at the observed rate, where INCONCLUSIVE",
    )
    worst: tuple[int, ...] = Field((), description="numbers of the samples that speak most against it, worst first")
    sentence: str = Field(description="the finding in one plain sentence")
    advisory: bool = Field(False, description="shown, but its outcome does not enter that of the rule")
    slice: str | None = Field(None, description="the kind of pictures, as 'light: night'; null where it is about all")


class Verdict(Frozen):
    """What one rule says."""

    rule: str
    question: str = Field(description="what the rule asks, in words")
    outcome: Outcome
    sentence: str
    next_step: str = Field("", description="what to do about it, where not PASS")
    why: str = Field("", description="the profile's justification of the limit")
    advisory: bool = Field(False, description="shown, but its outcome does not enter that of the whole")
    findings: tuple[Finding, ...] = ()


class WrongReason(Frozen):
    """Right for the wrong reason: predicted right, and a miss."""

    source: str = Field(description="what decides: 'experiment', or the saliency method whose maps do")
    count: int
    right: int = Field(
        description="pictures that were predicted right and can be judged: the experiment was made on them, or the map"
        " is not dead and the boxes are short of the frame"
    )
    share: float | None
    upper: float | None = Field(description="one-sided exact upper confidence bound of the share")
    lower: float | None = Field(None, description="one-sided exact lower confidence bound of the share")


class Cell(Frozen):
    """Pictures that are alike in prediction and evidence."""

    right: bool = Field(description="the label is predicted")
    on_object: bool = Field(description="the evidence lies on the object, by the experiment")
    count: int
    samples: tuple[int, ...] = Field(description="numbers of the most telling samples, by the object's lead")


class Cells(Frozen):
    """Prediction right or wrong, evidence on the object or not, by the experiment."""

    fills: tuple[str, ...] = Field(description="of which the one that favours the object most counts")
    min_lead: float = Field(description="log-odds that the object alone must be ahead of its surroundings alone")
    judged: int = Field(description="pictures on which the experiment was made")
    unjudged: int
    cells: tuple[Cell, ...] = Field(description="four: right on, right off, wrong on, wrong off the object")


class NonInferiority(Frozen):
    """How much worse than a baseline a candidate may be."""

    margin: float = Field(gt=0, lt=1, strict=True, description="as a share: of pictures, or of the relevance mass")
    why: str


class RequiredSlices(Frozen):
    """Kinds of pictures in each of which rules must hold."""

    by: tuple[str, ...] = Field(min_length=1, description="columns of the metadata, or 'box size' and the like")
    rules: tuple[str, ...] = Field(min_length=1)
    why: str


class Profile(Frozen):
    """The limits, fixed before the run."""

    name: str
    description: str
    confidence: float = Field(gt=0.5, lt=1)
    rules: dict[str, dict[str, float | int | str | bool | list[str]]]
    measure: dict[str, dict[str, JsonValue]] = Field(
        {}, description="settings that a run by this profile takes where its settings file is silent"
    )
    non_inferiority: NonInferiority | None = Field(None, description="null: no comparison with a baseline can pass")
    slices: RequiredSlices | None = Field(None, description="null: slices are shown, and decide nothing")
    sha256: str = Field(description="of the profile's canonical form")

    @property
    def sliced(self) -> tuple[str, ...]:
        """Names of the verdicts on required slices, each of one rule and one column: 'depends_on_object[light]'."""
        required = self.slices
        return tuple(f"{rule}[{column}]" for rule in required.rules for column in required.by) if required else ()


class Judgement(Frozen):
    """The whole answer."""

    outcome: Outcome
    sentence: str
    next_step: str
    profile: Profile
    registered: str | None = Field(description="name of the profile that the record holds; null where it holds none")
    fixed_beforehand: bool = Field(description="the profile is the one that was hashed into the record")
    verdicts: tuple[Verdict, ...]
    right_for_the_wrong_reason: tuple[WrongReason, ...] = Field(
        description="by the experiment first, where it was made; then by each method, in the settings' order"
    )
    cells: Cells | None = Field(None, description="null where the experiment was not made")
