"""One head audited by the product, and what is kept of it: one line of the grid's file."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from audit import Model, measure, parse_settings
from audit.models.model import freeze
from benchmarks.real_grid.backbones import Backbone
from benchmarks.real_grid.heads import Head, Ints, reliance
from benchmarks.real_grid.network import Headed
from benchmarks.real_grid.photographs import CLASSES, SIDE
from checks import judge, measured_by, register
from checks.verdict import Judgement

KEPT = ("key", "outcome", "quantity", "unit", "value", "lower", "upper", "limit", "n", "reason", "details")
"""Of each finding."""
NO_MAP = "benchmarks.real_grid.no_map:no_map"
Line = dict[str, Any]


def examine(head: Head, backbone: Backbone, settings: Mapping[str, Any], profile: str) -> Line:
    """Audit a head on a backbone by a profile. settings: as a settings file holds them, without a [model]."""
    network = freeze(Headed(backbone.module, head.layer()))
    start, busy = time.perf_counter(), time.process_time()
    judgement = audited(network, settings, profile)
    took = {
        "seconds": round(time.perf_counter() - start, 1),
        "processor_seconds": round(time.process_time() - busy, 1),
    }
    return {"outcome": judgement.outcome, **took, **judged(judgement)}


def audited(network: nn.Module, settings: Mapping[str, Any], profile: str) -> Judgement:
    """What the product says of a network, with no report written."""
    completed = measured_by(parse_settings(dict(settings)), profile)
    with tempfile.TemporaryDirectory() as folder:
        model = Model(network, CLASSES, None)
        return judge(measure(completed, Path(folder) / "out", model=model, registered=register(profile)))


def judged(judgement: Judgement) -> Line:
    """The outcome of every rule, and every finding with its numbers."""
    findings = [
        {"rule": verdict.rule, **finding.model_dump(mode="json", include=set(KEPT))}
        for verdict in judgement.verdicts
        for finding in verdict.findings
    ]
    rules = {verdict.rule: {"outcome": verdict.outcome, "reason": verdict.reason} for verdict in judgement.verdicts}
    return {"rules": rules, "findings": findings}


def truth(head: Head, cued: NDArray[np.float32], labels: Ints, of_class: tuple[int, ...]) -> Line:
    """What is true of a head, in points; the arguments are those of `reliance`."""
    lost = reliance(head, cued, labels, of_class)
    return {
        "reliance": round(100 * lost.lost, 2),
        "error": round(100 * lost.error, 2),
        "contradicted": round(100 * lost.contradicted, 2),
        "by_class": [round(100 * each, 1) for each in lost.by_class],
        "accuracy": round(100 * lost.accuracy, 2),
    }


def settings_of(
    data: Mapping[str, Any], backbone: Backbone, asked: Mapping[str, Sequence[str] | None]
) -> dict[str, Any]:
    """The cheapest settings in which every experiment can be made.

    asked: names of `methods`, `interventions` and `searches`; None for those of the settings, and for the method that
    asks the network nothing: at least one is demanded, and every picture gets its map, some three times. The controls
    test the audit, and not the network: they are left out, as are the null maps.
    """
    named = {key: asked[key] for key in ("interventions", "searches") if asked[key] is not None}
    return {
        "data": dict(data),
        "preprocessing": {"resize": [SIDE, SIDE], **backbone.colours},
        "saliency": {"methods": asked["methods"] or [{"name": NO_MAP, "label": "no map"}], "null_maps": []},
        "experiments": {"controls": [], **named},
        "run": {"batch_size": 40},
    }
