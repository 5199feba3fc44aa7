"""What a profile asks a run to measure, where the settings file is silent."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from audit import registry
from audit.errors import AuditError
from checks.profile import load_profile
from checks.verdict import Profile

Settings = TypeVar("Settings", bound=BaseModel)
"""`audit.settings.Settings`; nothing of it is imported, since it comes with torch."""


def measured_by(settings: Settings, profile: str | Path | Profile) -> Settings:
    """The settings, completed by the profile's `[measure]`: what the settings file states stays as it is.

    Call it before `audit.measure`, with the profile that is registered. Raises AuditError where the profile asks for
    what no settings know.
    """
    limits = profile if isinstance(profile, Profile) else load_profile(profile)
    completed = {}
    for name, asked in limits.measure.items():
        table = getattr(settings, name)
        silent = {key: value for key, value in asked.items() if key not in table.model_fields_set}
        try:
            completed[name] = type(table).model_validate({**table.model_dump(exclude_unset=True), **silent})
        except ValidationError as error:
            raise AuditError(f"profile {limits.name} [measure.{name}]", registry.first_problem(error)) from error
    return settings.model_copy(update=completed)
