"""What a comparison with a baseline yields."""

from typing import Literal

from pydantic import Field, JsonValue

from checks.baseline.file import Move
from checks.frozen import Frozen
from checks.verdict import Judgement, Outcome, Profile, Verdict

Kind = Literal["right to wrong", "wrong to right", "hit to miss", "miss to hit"]
WORSE: tuple[Kind, ...] = ("hit to miss", "right to wrong")
BETTER: tuple[Kind, ...] = ("miss to hit", "wrong to right")
What = Literal["evidence", "prediction"]


class Side(Frozen):
    """One of the two."""

    model: dict[str, JsonValue]
    outcome: Outcome = Field(description="of the run by itself")
    pictures: int
    right: int = Field(description="pictures predicted right")
    wrong_reason: int = Field(description="of them, misses by experiment")
    judged: int = Field(description="pictures on which the experiment was made")
    misses: int


class Change(Frozen):
    """Something that differs, and may."""

    what: str
    before: str
    after: str


class Flip(Frozen):
    """A picture on which candidate and baseline differ."""

    kind: Kind
    sample: int = Field(description="number in the candidate's record")
    image: str
    label: str
    before: float | None = Field(description="the object's lead in log-odds, or the label's probability")
    after: float | None


class SliceChange(Frozen):
    """One quantity on the pictures that share a class or an entry of the metadata."""

    column: str
    value: str
    what: What
    n: int
    clusters: int | None = Field(None, description="of which they come; null where the settings name none")
    independent: float | None = Field(None, description="how many independent pictures they are worth at worst")
    worse: int = Field(description="pictures that are missed, or wrong, by the candidate alone")
    better: int = Field(description="by the baseline alone")
    loss: float = Field(description="share of the pictures by which the candidate is worse")
    lower: float
    upper: float
    p: float = Field(description="that as many turn worse where nothing regressed, adjusted for all slices (Holm)")
    regressed: bool = Field(description="p is within one less the confidence")
    outcome: Outcome = Field(description="FAIL where it regressed by more than the margin, PASS where that is excluded")


class Comparison(Frozen):
    """The whole answer. The absolute limits are part of it."""

    outcome: Outcome
    decided_by: str = Field(description="the rule that speaks for the whole: the first with its outcome")
    profile: Profile
    fixed_beforehand: bool = Field(
        description="margin and limits are those that were hashed into the candidate's record"
    )
    verdicts: tuple[Verdict, ...]
    judgement: Judgement = Field(description="of the candidate by itself")
    baseline: Side | None = Field(description="null where there is none to compare with, as is the candidate then")
    candidate: Side | None
    changed: tuple[Change, ...] = ()
    flips: tuple[Flip, ...] = Field((), description="the greatest change first")
    slices: tuple[SliceChange, ...] = Field((), description="regressed first, then by loss")
    columns_left_out: tuple[str, ...] = Field((), description="of the metadata: too many values for slices")
    columns_repeated: dict[str, str] = Field(
        {}, description="of the metadata: no slices, since they say again what the class or the named column says"
    )
    history: tuple[Move, ...] = Field((), description="of the baseline file, oldest first")
