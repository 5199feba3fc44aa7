"""The operational design domain as data: parameters, each with the values or ranges that it may take."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, FiniteFloat, StringConstraints, ValidationError, model_validator

from audit.errors import AuditError, Problems
from audit.validation import problems
from checks.frozen import Frozen

MOST_PARAMETERS = 20
MOST_CELLS = 50
"""Of one parameter. One with more names pictures rather than kinds of pictures."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Range = tuple[FiniteFloat, FiniteFloat]


class Parameter(Frozen):
    """One parameter of the domain, and the column of the metadata that holds it."""

    name: Line
    column: Line = Field(description="of the metadata, or one like 'box size'")
    values: tuple[Line, ...] = Field((), max_length=MOST_CELLS, description="as the column writes them")
    ranges: tuple[Range, ...] = Field(
        (), max_length=MOST_CELLS, description="from and below, rising; the last one holds its end too"
    )
    unit: str = Field("", max_length=40)
    source: str = Field("", max_length=400, description="where the owner defines it")

    @model_validator(mode="after")
    def _either(self) -> "Parameter":
        if bool(self.values) is bool(self.ranges):
            raise ValueError("states values and ranges, or neither; need one of them")
        if len(set(self.values)) < len(self.values):
            raise ValueError("names a value twice; need each once")
        if any(not low < high for low, high in self.ranges):
            raise ValueError("a range is empty; need [from, to] with from < to")
        if any(before[1] > after[0] for before, after in pairwise(self.ranges)):
            raise ValueError("ranges overlap, or do not rise; need each to begin where the one before ends, or later")
        return self

    @property
    def cells(self) -> tuple[str, ...]:
        """What its cells are called: '0.08 to 1 NM'."""
        unit = f" {self.unit}" if self.unit else ""
        return self.values or tuple(f"{low:g} to {high:g}{unit}" for low, high in self.ranges)


def read_domain(file: str, tables: Any) -> tuple[Parameter, ...]:
    """The parameters of a profile's `[domain]`, in its order. Raises AuditError that says all that is wrong."""
    where = f"{file} [domain]"
    if not isinstance(tables, Mapping) or len(tables) > MOST_PARAMETERS:
        needed = f"need one table for each of at most {MOST_PARAMETERS} parameters, such as [domain.weather]"
        raise AuditError(where, "is no table" if not isinstance(tables, Mapping) else f"has {len(tables)}", needed)
    wrong, parameters = Problems(where), []
    for name, table in tables.items():
        given = {"column": name, **table, "name": name} if isinstance(table, Mapping) else table
        try:
            parameters.append(Parameter.model_validate(given))
        except ValidationError as error:
            wrong.add(*problems(f"{file} [domain.{name}]", error, given, lambda parents: Parameter.model_fields))
    wrong.settle()
    return tuple(parameters)
