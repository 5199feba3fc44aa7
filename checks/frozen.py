"""The base of every value that judging yields."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Unchangeable, without unknown fields, and without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
