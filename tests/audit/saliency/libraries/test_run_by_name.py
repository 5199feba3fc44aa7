"""A run whose settings name attributions of other libraries: recorded like our own, and the same record twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit import registry
from audit.engine.measure import measure
from audit.engine.named_things import name_problems
from audit.errors import AuditError
from audit.models.capabilities import NO_LAYERS
from audit.models.model import Model
from audit.record.map_readers import read_scores
from audit.record.record import Record
from audit.settings import load_settings
from fixtures.shapes import METHODS, network, write_shapes

OF_CAPTUM = """
[saliency]
methods = [
  "gradient",
  "captum:Saliency",
  {name = "captum:GradientShap", n_samples = 3, stdevs = 0.1, pictures = 6},
  "captum:DeepLift",
]
"""


def written(folder: Path, methods: str) -> Path:
    settings = write_shapes(folder)
    settings.write_text(settings.read_text().replace(METHODS, methods))
    return settings


@pytest.mark.slow
@pytest.mark.tor("TOR-098")
def test_the_record_comes_out_twice_and_holds_what_ours_would(tmp_path: Path) -> None:
    pytest.importorskip("captum.attr")
    settings = written(tmp_path, OF_CAPTUM)
    first, second = (Record.open(measure(settings, tmp_path / out)) for out in ("one", "two"))
    with first, second:
        labels = first.meta("sources")["methods"]
        one, two = (
            {label: read_scores(record, label).values["mass"] for label in labels} for record in (first, second)
        )
        words, code = first.meta("per_run")["captum:DeepLift"], first.meta("code")
    for label in labels:
        np.testing.assert_array_equal(one[label], two[label])
        assert np.isfinite(one[label]).all()
    np.testing.assert_allclose(one["captum:Saliency"], one["gradient"], rtol=1e-4)
    assert len(one["captum:GradientShap"]) == 6
    assert words["library"].startswith("captum ") and "logit" in words["score"]
    assert len(code["captum:DeepLift"]) == 64


@pytest.mark.tor("TOR-098")
def test_what_is_wrong_with_a_name_is_said_before_the_run(tmp_path: Path) -> None:
    pytest.importorskip("captum.attr")
    wrong = '[saliency]\nmethods = ["captum:DeepLft", {name = "captum:GradientShap", n_sample = 3}]\n'
    problems = [str(problem) for problem in name_problems(load_settings(written(tmp_path, wrong)))]
    assert any("did you mean 'DeepLift'?" in problem for problem in problems)
    assert any("no option 'n_sample'; did you mean 'n_samples'?" in problem for problem in problems)


@pytest.mark.tor("TOR-098")
def test_what_needs_layers_is_refused_where_there_are_none(tmp_path: Path) -> None:
    pytest.importorskip("captum.attr")
    settings = load_settings(written(tmp_path, '[saliency]\nmethods = ["captum:DeepLift"]\n'))
    model = Model(network(), ("dark", "light"), None, {"kind": "exported"}, NO_LAYERS)
    with pytest.raises(AuditError, match=r"saliency method 'captum:DeepLift': needs layers.*Leave methods out"):
        measure(settings, tmp_path / "out", model=model)


def test_the_list_holds_each_name_with_its_options() -> None:
    described: dict[str, Any] = registry.of_libraries("audit.saliency.methods")
    assert {"captum:DeepLift", "zennit:EpsilonPlus", "pytorch_grad_cam:EigenCAM"} <= described.keys()
    assert "n_samples = 5" in registry.options_text(described["captum:GradientShap"])
    assert registry.of_libraries("audit.saliency.null_maps") == {}
