"""model_card.md: metadata that Hugging Face reads, and what a reader of the card must know."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.assessments import DIGESTS, assessed
from reports.formats.model_card import model_card
from reports.result.schema import Audit


@pytest.fixture
def card(tmp_path: Path) -> tuple[str, Audit]:
    with assessed(tmp_path, "honest") as assessment:
        return model_card(assessment, DIGESTS), assessment.audit


def results(text: str) -> Any:
    (model,) = yaml.safe_load(text.split("---\n")[1])["model-index"]
    (result,) = model["results"]
    return result


def test_its_numbers_are_those_of_the_audit(card: tuple[str, Audit]) -> None:
    text, audit = card
    assert text.startswith("---\nmodel-index:\n")
    result = results(text)
    assert result["task"] == {"type": "image-classification"}
    metrics = {metric["type"]: metric for metric in result["metrics"]}
    assert metrics["accuracy"]["value"] == audit.counts.accuracy
    stated = {trace.rule: trace.estimate for trace in audit.traceability if trace.estimate is not None}
    assert len(stated) > 3
    assert {rule: metrics[rule]["value"] for rule in stated} == stated


def test_it_says_verdict_use_limits_and_evidence(card: tuple[str, Audit]) -> None:
    text, _ = card
    assert "## Saliency audit: ✅ PASS" in text
    assert "- Intended use: not stated" in text
    assert "A check that holds supports a claim; it does not establish one" in text
    assert f"`{DIGESTS['audit.json']}`" in text


def test_hugging_face_reads_it(card: tuple[str, Audit]) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="the extra 'transformers' is not installed")
    found = hub.ModelCard(card[0]).data.eval_results
    assert {entry.task_type for entry in found} == {"image-classification"}
    assert found[0].metric_type == "accuracy"
