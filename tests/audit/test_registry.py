"""The file is the registration."""

import importlib
import sys
from typing import Annotated

import pytest
from pydantic import Field

from audit import registry
from audit.errors import AuditError

PACKAGES = registry.packages("audit", "checks", "reports")
OFFERING = [package for package in PACKAGES if hasattr(importlib.import_module(package), "OFFERS")]


def test_registry_packages_are_found_wherever_they_lie() -> None:
    assert PACKAGES == [
        "audit.datasets.formats",
        "audit.experiments.controls",
        "audit.experiments.interventions",
        "audit.experiments.searches",
        "audit.inspection.descriptors",
        "audit.models.kinds",
        "audit.saliency.libraries",
        "audit.saliency.methods",
        "audit.saliency.null_maps",
        "checks.rules",
        "reports.formats",
        "reports.wording.rules",
    ]
    assert len({registry.noun(package) for package in PACKAGES}) == len(PACKAGES)


@pytest.mark.parametrize(("package", "name"), [(p, n) for p in OFFERING for n in registry.names(p)])
def test_every_module_declares_its_needs_among_what_its_package_offers(package: str, name: str) -> None:
    module = importlib.import_module(f"{package}.{name}")
    assert module.NEEDS <= importlib.import_module(package).OFFERS
    assert registry.needs(package, registry.resolve(package, name)) == module.NEEDS


def test_a_function_without_declared_needs_needs_all_that_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    here = sys.modules[__name__]
    interventions, kinds = "audit.experiments.interventions", "audit.models.kinds"
    assert registry.needs(interventions, example) == importlib.import_module(interventions).OFFERS
    assert registry.needs(kinds, example) == frozenset()
    monkeypatch.setattr(here, "NEEDS", frozenset({"maps", "untrained"}), raising=False)
    assert registry.needs(interventions, example) == {"maps"}, "what another package offers is not given here"
    monkeypatch.setattr(here, "NEEDS", frozenset({"map"}))
    with pytest.raises(AuditError, match=r"NEEDS holds 'map'; did you mean 'maps'\?"):
        registry.needs(interventions, example)


@pytest.mark.parametrize(("package", "name"), [(p, n) for p in PACKAGES for n in registry.names(p)])
def test_every_file_defines_its_function_and_describes_it(package: str, name: str) -> None:
    function = registry.resolve(package, name)
    assert function.__module__ == f"{package}.{name}"
    assert registry.summary(function).endswith(".")
    assert len(registry.summary(function)) <= 120


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(AuditError, match=r"no saliency method 'gradcm'; did you mean 'gradcam'\?"):
        registry.resolve("audit.saliency.methods", "gradcm")


def test_a_function_of_ones_own() -> None:
    assert registry.resolve("audit.saliency.methods", "fixtures.shapes:network").__name__ == "network"
    for wrong, message in {
        "fixtures.shapes:nothing": "cannot be imported",
        "no_such_package.x:y": "cannot be imported",
        "fixtures.shapes:SIDE": "is a int",
    }.items():
        with pytest.raises(AuditError, match=message):
            registry.resolve("audit.saliency.methods", wrong)


def example(batch: object, *, steps: Annotated[int, Field(gt=0)] = 4, name: str) -> None:
    """An example."""


@pytest.mark.tor("TOR-010")
def test_options_are_validated_from_the_signature() -> None:
    assert registry.options(example, {"name": "x"}, "here") == {"steps": 4, "name": "x"}
    with pytest.raises(AuditError, match=r"here: no option 'stepps'; did you mean 'steps'\?"):
        registry.options(example, {"stepps": 3}, "here")
    with pytest.raises(AuditError, match="here: steps = 0: Input should be greater than 0"):
        registry.options(example, {"steps": 0, "name": "x"}, "here")
    with pytest.raises(AuditError, match="here: name is missing"):
        registry.options(example, {}, "here")


@pytest.mark.tor("TOR-010")
@pytest.mark.parametrize(
    ("fills", "problems"),
    [
        (["bluur"], ["x: fills.0 = 'bluur': Input should be 'mean', 'blur' or 'donor'."]),
        ([], ["x: fills = []: Tuple should have at least 1 item after validation, not 0."]),
    ],
)
def test_one_mistake_is_one_problem(fills: list[str], problems: list[str]) -> None:
    with pytest.raises(AuditError) as caught:
        registry.options(registry.resolve("audit.experiments.interventions", "object_removed"), {"fills": fills}, "x")
    assert str(caught.value) == problems[0]
