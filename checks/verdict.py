"""What judging yields: findings, verdicts, one judgement. Fields alone: `reports.wording` makes the sentences."""

import math
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field, JsonValue, PrivateAttr, model_validator

from checks.domain import Parameter
from checks.frozen import Frozen

if TYPE_CHECKING:
    Details = dict[str, Any]
else:
    Details = dict[str, JsonValue]
"""Names and numbers as JSON holds them; whoever documents a name knows its type."""


class Outcome(StrEnum):
    """INVALID: the audit itself cannot be trusted. INCONCLUSIVE: too little to say."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """INVALID before FAIL before INCONCLUSIVE before PASS. Nothing at all is INVALID: no PASS by absence."""
    present = set(outcomes)
    for outcome in (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE):
        if outcome in present:
            return outcome
    return Outcome.PASS if present == {Outcome.PASS} else Outcome.INVALID


class Unit(StrEnum):
    """What the numbers of a finding are, so that whoever shows them need not guess."""

    SHARE = "share"
    """A share of pictures or of relevance, or a probability: 0 to 1, shown in per cent."""
    DIFFERENCE = "difference"
    """A difference of two shares: -1 to 1, shown in points."""
    COUNT = "count"
    CORRELATION = "correlation"
    """Spearman's: -1 to 1."""
    AUC = "auc"
    """Localisation AUC, or a difference of two."""


class Direction(StrEnum):
    """What is better for the network."""

    HIGHER = "higher"
    LOWER = "lower"


class Tolerance(Frozen):
    """The tail beside a mean: what most pictures keep, whatever the values' distribution."""

    coverage: float = Field(description="share of the pictures that the bound speaks of")
    lower: float | None = Field(
        description="with the profile's confidence, that share of the pictures has at least this value; null where too"
        " few were seen"
    )
    needed: int | None = Field(description="pictures, or clusters of one size, that it takes; null where it is there")


class Finding(Frozen):
    """One comparison of a value with a limit."""

    key: str = Field(description="names the finding within its verdict, as 'object_removed' or 'gradient/centre'")
    outcome: Outcome
    quantity: str = Field(description="what was measured, by a name that is the same in every audit")
    unit: Unit
    better: Direction
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
    confidence: float | None = Field(
        None, description="of each bound by itself, which is more than the profile's where several are held together"
    )
    exact: bool = Field(False, description="the value is a count of these very pictures, so that no bound applies")
    tolerance: Tolerance | None = Field(None, description="of a mean; null elsewhere")
    further: int | None = Field(
        None,
        description="further pictures, or clusters where they count, needed at the observed rate, where INCONCLUSIVE",
    )
    reason: str = Field("", description="why it is no PASS, by a name that the rule documents; '' for a PASS")
    details: Details = Field({}, description="further numbers and names that the rule documents")
    worst: tuple[int, ...] = Field((), description="numbers of the samples that speak most against it, worst first")
    advisory: bool = Field(False, description="shown, but its outcome does not enter that of the rule")
    slice: str | None = Field(None, description="the kind of pictures, as 'light: night'; null where it is about all")

    @property
    def at_limit(self) -> float | None:
        """What a PASS holds against the limit: the bound that is worse for the network, or an exact value itself."""
        if self.exact:
            return self.value
        return self.lower if self.better is Direction.HIGHER else self.upper

    @property
    def room(self) -> tuple[float, float]:
        """How far it lies on the good side of its limit; negative beyond it.

        As a share of the larger of the two, so that units do not matter, and then as it is. Without a bound the value
        counts. Minus infinity where nothing was measured; infinity where none is allowed and there is none.
        """
        at = self.value if self.at_limit is None else self.at_limit
        if at is None or self.limit is None:
            return -math.inf, -math.inf
        gap = at - self.limit if self.better is Direction.HIGHER else self.limit - at
        larger = max(abs(at), abs(self.limit))
        return gap / larger if larger else math.inf, gap

    @property
    def founded(self) -> bool:
        """It has an estimate, a limit, and a bound within the limit or an exact count that is: what a PASS needs."""
        return self.value is not None and self.limit is not None and self.at_limit is not None and self.room[0] >= 0


def weakest(findings: Iterable[Finding]) -> Finding:
    """Of the findings with the worst outcome the one that is nearest its limit, or farthest beyond it; the first of
    several. What does not enter is left out, where something does. Needs one finding at least.
    """
    given = list(findings)
    entering = [finding for finding in given if not finding.advisory] or given
    outcome = worst(finding.outcome for finding in entering)
    return min((finding for finding in entering if finding.outcome is outcome), key=lambda finding: finding.room)


class Verdict(Frozen):
    """What one rule says."""

    rule: str
    outcome: Outcome
    decided_by: str | None = Field(None, description="key of the finding that decides; null where there is none")
    reason: str = Field("", description="why there is no finding that decides; '' where there is one")
    details: Details = Field({}, description="what the reason refers to")
    why: str = Field("", description="the profile's justification of the limit")
    requirement: str = Field("", description="id of the owner's requirement that this rule verifies; '' where none")
    hazard: str = Field("", description="what goes wrong where it does not hold, as the owner names it")
    rationale: str = Field("", description="why the requirement meets the hazard, as the owner states it")
    advisory: bool = Field(False, description="shown, but its outcome does not enter that of the whole")
    column: str | None = Field(
        None, description="by whose values the pictures are sliced, a finding for each; null where it is about all"
    )
    findings: tuple[Finding, ...] = ()

    @model_validator(mode="after")
    def _decided_by_a_finding(self) -> "Verdict":
        keys = [finding.key for finding in self.findings]
        if len(set(keys)) < len(keys):
            raise ValueError(f"two findings of {self.rule} have one key")
        if self.decided_by is not None and self.decided_by not in keys:
            raise ValueError(f"{self.rule} is decided by {self.decided_by!r}, which is none of its findings")
        return self

    @property
    def judged_rule(self) -> str:
        """The rule itself: 'depends_on_object' of 'depends_on_object[light]'."""
        return self.rule if self.column is None else self.rule.removesuffix(f"[{self.column}]")

    def finding(self, key: str) -> Finding | None:
        """The finding of that key; None where there is none."""
        return next((finding for finding in self.findings if finding.key == key), None)

    @property
    def deciding(self) -> Finding | None:
        """The finding that decides; None where there is none."""
        return None if self.decided_by is None else self.finding(self.decided_by)


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
    requirement: str = Field("", description="id of the owner's requirement that these verify; '' where none")
    hazard: str = Field("", description="what goes wrong where one does not hold")
    rationale: str = Field("", description="why the requirement meets the hazard")


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
    domain: tuple[Parameter, ...] = Field((), description="of the operational design domain; empty: none is stated")
    sha256: str = Field(description="of the profile's canonical form")
    _own_rules: Mapping[str, Callable[..., Any]] = PrivateAttr(default_factory=dict)

    def with_own_rules(self, functions: Mapping[str, Callable[..., Any]]) -> "Profile":
        """The same with the functions of the user's own rules, by name: a profile read from data has none."""
        profile = self.model_copy()
        profile._own_rules = functions
        return profile

    def own_rule(self, name: str) -> Callable[..., Any] | None:
        """The function of one of the user's own rules; None where nobody named the profile's file."""
        return self._own_rules.get(name)

    @property
    def sliced(self) -> tuple[str, ...]:
        """Names of the verdicts on required slices, each of one rule and one column: 'depends_on_object[light]'."""
        required = self.slices
        return tuple(f"{rule}[{column}]" for rule in required.rules for column in required.by) if required else ()


class Judgement(Frozen):
    """The whole answer."""

    outcome: Outcome
    decided_by: str | None = Field(description="the rule that speaks for the whole; null where no rule decides")
    pictures: int = Field(description="measured, on which the rules were applied")
    maps_disagree: tuple[str, str] | None = Field(
        None,
        description="where every experiment passes and a rule on maps fails a method: that rule and its finding's key",
    )
    profile: Profile
    scope: dict[str, JsonValue] = Field(
        description="the settings that decide which samples the audit speaks of, as they stood before the run"
    )
    limits_sha256: str = Field(description="of the profile and the scope together: changes where either does")
    registered: str | None = Field(description="name of the profile that the record holds; null where it holds none")
    fixed_beforehand: bool = Field(description="the profile is the one that was hashed into the record")
    verdicts: tuple[Verdict, ...]
    right_for_the_wrong_reason: tuple[WrongReason, ...] = Field(
        description="by the experiment first, where it was made; then by each method whose maps are evidence, in the"
        " settings' order"
    )
    cells: Cells | None = Field(None, description="null where the experiment was not made")

    def verdict(self, rule: str) -> Verdict | None:
        """What a rule says; None where the profile does not name it."""
        return next((verdict for verdict in self.verdicts if verdict.rule == rule), None)
