"""Which samples an audit speaks of: settings that are fixed before the run, and hashed with the limits."""

from typing import Any

from audit.hashing import sha256_of
from audit.record.record import Record
from checks.verdict import Profile

CRITERIA = ("ignore", "max_box_share", "min_visible")
"""Keys of [data]."""


def scope_of(record: Record) -> dict[str, Any]:
    """The criteria that a record's settings state."""
    stated = (record.identity().get("settings") or {}).get("data") or {}
    return {key: stated[key] for key in CRITERIA if key in stated}


def limits_sha256(profile: Profile, scope: dict[str, Any]) -> str:
    """Of limits and scope together: another where either changes."""
    return sha256_of({"profile": profile.sha256, "scope": scope})
