"""The main job on real photographs with a real network."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit import Record, measure, parse_settings
from reports import render
from reports.result.assessment import assess
from reports.result.json_text import audit_json

pytestmark = [pytest.mark.real]


def real_settings(real: Path, **changes: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "model": {
            "kind": "torchvision",
            "name": "squeezenet1_0",
            "weights": "squeezenet1_0.safetensors",
            "classes": "imagenet_classes.json",
        },
        "data": {"format": "coco", "annotations": "annotations.json", "images": "images", "max_box_share": 1.0},
        "saliency": {"methods": ["gradient"]},
        "experiments": {"interventions": [], "controls": [{"name": "randomisation", "pictures": 12}], "searches": []},
    }
    return settings | {name: {**settings.get(name, {}), **table} for name, table in changes.items()}


def audit_json_of(record: Path) -> str:
    with Record.open(record) as opened:
        return audit_json(assess(opened, "default").audit)


def test_top_1_and_top_5_are_those_of_the_network(real: Path, tmp_path: Path) -> None:
    record = measure(parse_settings(real_settings(real, data={"min_visible": 0}), real), tmp_path)
    with Record.open(record) as opened:
        assessment = assess(opened, "default")
        accurate, beats = map(assessment.judgement.verdict, ("model_is_accurate", "relevance_beats_null_maps"))
        assert accurate is not None
        assert accurate.deciding is not None
        assert accurate.deciding.value == pytest.approx(0.674, abs=0.0005)
        assert accurate.deciding.details["in_first_five"] == pytest.approx(0.917, abs=0.0005)
        assert "67.4 %" in accurate.sentence
        centre = beats.finding("gradient/centre") if beats else None
        assert centre is not None
        assert centre.outcome == "INCONCLUSIVE"  # pets sit in the middle
        assert render(assessment, tmp_path).stat().st_size < 5_000_000


@pytest.mark.slow
@pytest.mark.timeout(1800)  # 132 photographs, twice, with seven methods: minutes, more of them on a busy machine
def test_coco_and_voc_measure_alike_with_every_method(real: Path, tmp_path: Path) -> None:
    methods = [
        "gradient",
        "input_x_gradient",
        "guided_backprop",
        {"name": "smoothgrad", "samples": 2},
        {"name": "smoothgrad_squared", "samples": 2},
        {"name": "integrated_gradients", "steps": 2},
        "gradcam",
    ]
    squash: dict[str, Any] = {
        "preprocessing": {"resize": [224, 224]},
        "saliency": {"methods": methods},
        "experiments": {"controls": [], "searches": []},
    }
    found = {}
    for name, annotations in (("coco", "annotations.json"), ("voc", "voc")):
        settings = parse_settings(
            real_settings(real, data={"format": name, "annotations": annotations}, **squash), real
        )
        record = measure(settings, tmp_path / name)
        found[name] = {f"{r['image']}": r for r in json.loads(audit_json_of(record))["samples"]}
    assert found["coco"].keys() == found["voc"].keys()
    for image, coco in found["coco"].items():
        voc = found["voc"][image]
        assert coco["prediction"] == voc["prediction"]
        for method, scores in coco["scores"].items():
            assert not scores["dead"], (image, method)
            assert scores["mass"] == pytest.approx(voc["scores"][method]["mass"], abs=0.02), (image, method)
