"""Weights & Biases: the evidence as an artefact of a run, its numbers as the run's summary."""

from contextlib import nullcontext
from pathlib import Path

import wandb

from reports.trackers.numbers import logged

KIND = "safety-audit"


def log_audit(folder: Path) -> str:
    """Log the evidence folder of a run in the active run of Weights & Biases, or in a new one; return the run's number.

    Raises AuditError where the folder holds no evidence.
    """
    told = logged(Path(folder))
    artefact = wandb.Artifact(f"audit-{told.tags['saliency_audit.model_sha256'][:12]}", KIND, metadata=dict(told.tags))
    for file in told.files:
        artefact.add_file(str(file))
    active = wandb.run
    with nullcontext(active) if active else wandb.init(job_type=KIND, name=f"audit of {told.name}") as run:
        run.log_artifact(artefact)
        run.summary.update({**told.metrics, **told.tags})
        return str(run.id)
