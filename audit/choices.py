"""The words that settings and command line choose from."""

from typing import Literal

Score = Literal["log_probability", "probability", "logit"]
Reduction = Literal["abs_max", "abs_sum", "sum", "l2", "positive"]
Interpolation = Literal["nearest", "bilinear", "bicubic"]
