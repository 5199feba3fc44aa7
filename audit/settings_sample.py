"""The setting `data.sample`: the interventions are made for some of the samples."""

import re

from pydantic import BaseModel, ConfigDict, Field, StrictStr, field_validator, model_validator

from audit import bounds

POINTS = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,3})?) points?")


class SampleTable(BaseModel):
    """How many samples, and by what they are spread: `{ precision = "2 points", by = ["label", "weather"] }`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int | None = Field(default=None, gt=0, le=bounds.MOST_PICTURES)
    """How many samples."""
    precision: StrictStr | None = None
    """Instead: as many as bound a share of one half to within so many points, as "2 points", at 95 % confidence."""
    by: tuple[StrictStr, ...] = Field(default=(), max_length=bounds.MOST_STRATA)
    """Columns of the metadata, or "label". Each combination of them has its share of the sample."""

    @field_validator("precision")
    @classmethod
    def _points(cls, value: str | None) -> str | None:
        if value is not None and not (POINTS.fullmatch(value) and float(value.split()[0]) >= bounds.FINEST_POINTS):
            raise ValueError(f'{value!r}; need points from {bounds.FINEST_POINTS} on, as "2 points"')
        return value

    @model_validator(mode="after")
    def _one_of_them(self) -> "SampleTable":
        if (self.n is None) == (self.precision is None):
            raise ValueError("need either n or precision")
        return self
