"""What trackers are told of an audit, and that the real ones take it: both where they are installed."""

import json
from pathlib import Path

import pytest

from audit.errors import AuditError
from fixtures.assessments import assessed
from reports.evidence_folder import write_evidence
from reports.trackers.numbers import logged


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("audit-1")
    with assessed(place, "cheating") as assessment:
        write_evidence(assessment, place)
    return place


def test_every_number_and_file_of_the_evidence_is_told(folder: Path) -> None:
    told, judgement = logged(folder), json.loads((folder / "audit.json").read_text())["judgement"]
    assert told.metrics["audit/outcome"] == -1.0
    assert told.tags["saliency_audit.outcome"] == "FAIL"
    assert told.tags["saliency_audit.sentence"] == judgement["sentence"]
    findings = [(v["rule"], f) for v in judgement["verdicts"] for f in v["findings"] if f["value"] is not None]
    for rule, finding in findings:
        subject = f"/{finding['subject']}" if finding["subject"] else ""
        assert told.metrics[f"audit/{rule}/{finding['quantity']}{subject}/value"] == finding["value"]
    assert {"audit.json", "report.html", "SHA256SUMS", "junit.xml"} <= {file.name for file in told.files}
    assert "audit.sqlite" not in {file.name for file in told.files}


def test_a_folder_without_evidence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"audit\.json: cannot be read .*; need the evidence of a run\. Run: saliency"):
        logged(tmp_path)
    (tmp_path / "audit.json").write_text('{"judgement": []}')
    with pytest.raises(AuditError, match="cannot be read"):
        logged(tmp_path)


@pytest.mark.filterwarnings("ignore")
def test_mlflow_keeps_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra 'mlflow' is not installed")
    from reports.trackers.mlflow import log_audit  # noqa: PLC0415 imports mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    with mlflow.start_run() as training:
        assert log_audit(folder) == training.info.run_id
    number = log_audit(folder)
    assert number != training.info.run_id
    run = mlflow.get_run(number)
    assert run.data.metrics["audit/outcome"] == -1.0
    assert run.data.tags["saliency_audit.outcome"] == "FAIL"
    kept = {entry.path for entry in mlflow.MlflowClient().list_artifacts(number, "saliency-audit")}
    assert "saliency-audit/report.html" in kept


@pytest.mark.filterwarnings("ignore")
def test_weights_and_biases_keeps_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb", reason="the extra 'wandb' is not installed")
    from reports.trackers.wandb import log_audit  # noqa: PLC0415 imports wandb

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    with wandb.init(project="training") as training:
        assert log_audit(folder) == training.id
        assert training.summary["audit/outcome"] == -1.0
    assert log_audit(folder) != training.id
    assert wandb.run is None
    assert len(list(tmp_path.glob("wandb/offline-run-*/*.wandb"))) == 2
