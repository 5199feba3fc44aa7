"""MLflow: the evidence as artefacts of a run, its numbers as metrics, its verdict as tags."""

import re
from contextlib import nullcontext
from pathlib import Path

import mlflow

from reports.trackers.numbers import logged

UNWELCOME = re.compile(r"[^\w\-. /:]")
"""What MLflow takes in no name of a metric."""
LONGEST = 250


def log_audit(folder: Path) -> str:
    """Log the evidence folder of a run in the active run of MLflow, or in a new one. Returns the run's number.

    Raises AuditError where the folder holds no evidence.
    """
    told = logged(Path(folder))
    active = mlflow.active_run()
    with nullcontext(active) if active else mlflow.start_run(run_name=f"audit of {told.name}") as run:
        mlflow.log_metrics({UNWELCOME.sub("_", name)[:LONGEST]: value for name, value in told.metrics.items()})
        mlflow.set_tags(dict(told.tags))
        for file in told.files:
            mlflow.log_artifact(str(file), "saliency-audit")
    return str(run.info.run_id)
