"""The baseline: a small file for version control, with what a later run is compared with, and who accepted it and why.

It holds no pictures. `checks.baseline.accept` alone writes it; what was changed by hand is refused.
"""

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field, JsonValue, ValidationError

from audit.errors import AuditError
from audit.files import MOST_WRITTEN, read_regular
from audit.hashing import sha256_of
from audit.validation import first_problem
from checks.frozen import Frozen
from checks.table.mean_difference import ROUNDING
from checks.verdict import Outcome, Profile

SCHEMA_VERSION = 1
FILE_NAME = "baseline.json"
ACCEPT = "saliency-audit accept RUN --reason '…'"
RESTORE = f"Restore it from version control; only '{ACCEPT}' may change it."


UpToOne = Annotated[float, Field(ge=-ROUNDING, le=1 + ROUNDING)]
LogOdds = Annotated[float, Field(ge=-1e9, le=1e9)]


class Scored(NamedTuple):
    """One sample: what a comparison needs of it. None: not judged, or no number."""

    image: str
    label: str
    picture: str
    """The beginning of the file's SHA-256."""
    right: bool
    miss: bool | None
    """A miss by experiment."""
    lead: LogOdds | None
    """The object's lead over its surroundings, in log-odds."""
    probability: UpToOne | None
    """The probability of the label."""
    mass: tuple[UpToOne | None, ...]
    """Relevance mass in the boxes, by method."""
    auc: tuple[UpToOne | None, ...]
    """Localisation AUC, by method."""

    @property
    def key(self) -> tuple[str, str]:
        return self.image, self.label


class Move(Frozen):
    """One acceptance."""

    by: str
    reason: str
    on: str = Field(description="date, as 2026-01-31")
    outcome: Outcome = Field(description="of the accepted run, by its own limits")
    pictures: int
    right: int
    judged: int = Field(description="by the experiment")
    misses: int
    model_sha256: str
    pictures_sha256: str
    settings_sha256: str
    profile_sha256: str
    content_sha256: str = Field(description="of the baseline without its history")
    previous_sha256: str | None = Field(description="of the move before; null for the first")


class Baseline(Frozen):
    """What a run is compared with, from a baseline file or from a record."""

    schema_version: int
    tool: dict[str, JsonValue]
    versions: dict[str, JsonValue]
    model: dict[str, JsonValue]
    dataset: dict[str, JsonValue] = Field(description="hashes of the annotations, labels, number of samples")
    settings: dict[str, JsonValue] = Field(description="what decides how the pictures are measured")
    profile: Profile = Field(description="the limits that misses are counted by")
    pictures_sha256: str
    outcome: Outcome
    methods: tuple[str, ...]
    history: tuple[Move, ...] = Field((), description="oldest first; empty where it comes from a record")
    samples: tuple[Scored, ...]

    @property
    def content_sha256(self) -> str:
        return sha256_of(self.model_dump(mode="json", exclude={"history"}))


def load_baseline(path: Path) -> Baseline:
    """A baseline file.

    Raises AuditError where it is missing or unreadable, of another schema, or not as `accept` wrote it.
    """
    raw = _content(path)
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION:
        raise AuditError(
            path,
            f"has baseline schema {version!r}" if version is not None else "is not a baseline (it states no schema)",
            f"need schema {SCHEMA_VERSION}",
            f"Move it to a file of its own and accept a run again: {ACCEPT}.",
        )
    try:
        baseline = Baseline.model_validate(raw)
    except ValidationError as error:
        raise AuditError(
            path, f"is broken ({first_problem(error)})", "need the file of an accepted run", RESTORE
        ) from error
    if fault := _impossible(baseline) or _fault(baseline):
        raise AuditError(path, fault, "need the file as it was accepted", RESTORE)
    return baseline


def _content(path: Path) -> Any:
    need = "need the file of an accepted run"
    try:
        return json.loads(read_regular(path, MOST_WRITTEN).decode("utf-8"))
    except FileNotFoundError as error:
        raise AuditError(path, "no such baseline", need, f"Make one: {ACCEPT}.") from error
    except OSError as error:
        raise AuditError(path, f"is not a baseline ({error.strerror})", need, RESTORE) from error
    except (ValueError, RecursionError) as error:
        raise AuditError(path, f"is not a baseline ({error})", need, RESTORE) from error


def baseline_text(baseline: Baseline) -> str:
    """The file: one line a sample, so that version control shows which samples a move changed."""
    content: dict[str, Any] = baseline.model_dump(mode="json")
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in content.pop("samples"))
    head = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return f'{head.removesuffix("}").rstrip()},\n "samples": [\n{rows}\n ]\n}}\n'


def move_sha256(move: Move) -> str:
    return sha256_of(move.model_dump(mode="json"))


def counted(baseline: Baseline) -> dict[str, Any]:
    """What its verdict and its samples come to."""
    return {
        "outcome": baseline.outcome,
        "pictures": len(baseline.samples),
        "right": sum(sample.right for sample in baseline.samples),
        "judged": sum(sample.miss is not None for sample in baseline.samples),
        "misses": sum(sample.miss is True for sample in baseline.samples),
    }


def summary(baseline: Baseline) -> dict[str, Any]:
    """What a move says of the baseline that it accepts, as it follows from the baseline."""
    return {
        **counted(baseline),
        "model_sha256": str(baseline.model.get("state_sha256") or sha256_of(baseline.model)),
        "pictures_sha256": baseline.pictures_sha256,
        "settings_sha256": sha256_of(baseline.settings),
        "profile_sha256": baseline.profile.sha256,
        "content_sha256": baseline.content_sha256,
    }


def _impossible(baseline: Baseline) -> str:
    """What no run can leave, whoever made the hashes; '' where there is nothing."""
    if any(not len(sample.mass) == len(sample.auc) == len(baseline.methods) for sample in baseline.samples):
        return "has samples whose maps are not those of its methods"
    if len({sample.key for sample in baseline.samples}) < len(baseline.samples):
        return "holds a sample twice"
    return ""


def _fault(baseline: Baseline) -> str:
    """What was changed since it was accepted; '' where nothing was."""
    if not baseline.history:
        return "holds no history of acceptances"
    before: str | None = None
    for number, move in enumerate(baseline.history, 1):
        if move.previous_sha256 != before:
            return f"has a history that was changed before its move {number}"
        before = move_sha256(move)
    if baseline.history[-1].content_sha256 != baseline.content_sha256:
        return "was changed since it was accepted: its content does not have the hash of its last move"
    for name, follows in summary(baseline).items():
        if (stated := getattr(baseline.history[-1], name)) != follows:
            return f"was changed since it was accepted: its last move says {name} = {stated}, its content {follows}"
    return ""
