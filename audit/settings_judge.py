"""The table [judge] of the settings: by which limits, and for which requirements."""

from pathlib import Path

from pydantic import Field

from audit import bounds
from audit.settings_tables import Stated, Table


class RequirementTable(Table):
    """What a rule verifies for the owner: its id in their requirements, the hazard, and why the one meets the other."""

    requirement: Stated = ""
    """The requirement's id."""
    hazard: Stated = ""
    """What goes wrong where the rule does not hold."""
    rationale: Stated = ""
    """Why the requirement, with its limit, meets the hazard."""


class JudgeTable(Table):
    """The limits that are fixed before the run."""

    profile: str = "default"
    """The name of a profile that ships, or the path of a TOML file."""
    baseline: Path | None = Field(default=None, examples=["baseline.json"])
    """The file of an accepted run, which the tests of this file compare with; without it, the limits alone decide."""
    ledger: Path | None = Field(default=None, examples=["ledger.jsonl"])
    """A file that each run is appended to, to be kept under version control: reports then say how many came before."""
    requirements: dict[str, RequirementTable] = Field(
        default_factory=dict,
        max_length=bounds.MOST_REQUIREMENTS,
        examples=[{"depends_on_object": {"requirement": "SYS-12", "hazard": "H-3: a road is taken for the runway"}}],
    )
    """By rule, or by rule and column as `"depends_on_object[weather]"`: what it verifies, beside the profile."""
