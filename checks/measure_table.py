"""What a profile asks a run to measure, where the settings file is silent."""

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from audit.errors import Problems
from audit.validation import problems
from checks.profile import load_profile
from checks.verdict import Profile

Settings = TypeVar("Settings", bound=BaseModel)
"""`audit.settings.Settings`; nothing of it is imported, since it comes with torch."""


def measured_by(settings: Settings, profile: str | Path | Profile) -> Settings:
    """The settings, completed by the profile's `[measure]`: what the settings file states stays as it is.

    What the profile adds does not count as stated (`model_fields_set`).

    Call it before `audit.measure`, with the profile that is registered. Raises AuditError where the profile asks for
    what no settings know.
    """
    limits = profile if isinstance(profile, Profile) else load_profile(profile)
    completed, wrong = {}, Problems(f"profile {limits.name}")
    for name, asked in limits.measure.items():
        table = getattr(settings, name)
        silent = {key: value for key, value in asked.items() if key not in table.model_fields_set}
        given = {**table.model_dump(exclude_unset=True), **silent}
        try:
            completed[name] = type(table).model_validate(given)
            completed[name].model_fields_set.intersection_update(table.model_fields_set)
        except ValidationError as error:
            where, keys = f"profile {limits.name} [measure.{name}]", frozenset(type(table).model_fields)
            wrong.add(*problems(where, error, given, partial(_keys, keys)))
    wrong.settle()
    return settings.model_copy(update=completed)


def _keys(keys: Collection[str], parents: Sequence[str]) -> Collection[str]:
    """Those of the table itself; of the tables inside it nothing is known here."""
    return () if parents else keys
