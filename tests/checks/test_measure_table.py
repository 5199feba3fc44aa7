"""A profile says what to measure where the settings file is silent."""

from pathlib import Path
from typing import Any

import pytest

from audit import registry
from audit.errors import AuditError
from audit.settings import Settings, parse_settings
from checks import measured_by
from checks.profile import BUILT_IN, load_profile

DATA = {"format": "csv", "annotations": "boxes.csv", "images": "pictures"}
EMPTY = '[rules.model_is_accurate]\nmin_accuracy = 0.5\nwhy = "Ours."\n'


def settings(**tables: Any) -> Settings:
    return parse_settings({"data": DATA, **tables}, "folder")


def test_a_silent_file_is_measured_as_the_profile_says() -> None:
    found = measured_by(settings(), "quick")
    assert [(table.name, table.label) for table in found.saliency.methods] == [("gradient", "gradient")]
    assert [table.name for table in found.saliency.null_maps] == ["uniform", "centre", "edges"]
    removed, replaced = found.experiments.interventions
    assert (removed.name, removed.options) == (
        "object_removed",
        {"fills": ["blur", "donor"], "controls": ["blur"]},
    )
    assert (replaced.name, replaced.options) == ("background_replaced", {"fills": ["blur", "other"], "donors": 1})
    assert found.folder == Path("folder")
    assert found.run == settings().run
    assert found.recorded()["experiments"]["interventions"][0]["controls"] == ["blur"], (
        "the record echoes what was done"
    )


def test_what_the_file_states_stays() -> None:
    own = settings(
        saliency={"methods": [{"name": "integrated_gradients", "steps": 3, "label": "ig"}], "reduction": "l2"},
        experiments={"margin": 4, "controls": [], "searches": []},
    )
    found = measured_by(own, "quick")
    (method,) = found.saliency.methods
    assert (method.name, method.label, method.options) == ("integrated_gradients", "ig", {"steps": 3})
    assert found.saliency.reduction == "l2"
    assert len(found.saliency.null_maps) == 3, "where it is silent, the profile speaks"
    assert (found.experiments.margin, found.experiments.controls, found.experiments.donors) == (4, (), 64)


def test_the_default_profile_leaves_settings_alone() -> None:
    own = settings(saliency={"methods": ["gradcam"]})
    assert measured_by(own, "default") == own
    assert measured_by(own, load_profile("default")) == own


@pytest.mark.parametrize("profile", sorted(file.stem for file in BUILT_IN.glob("*.toml")))
def test_what_a_built_in_profile_asks_for_exists(profile: str) -> None:
    found = measured_by(settings(), profile)
    packages = {
        "audit.saliency.methods": found.saliency.methods,
        "audit.saliency.null_maps": found.saliency.null_maps,
        "audit.experiments.interventions": found.experiments.interventions,
        "audit.experiments.controls": found.experiments.controls,
        "audit.experiments.searches": found.experiments.searches,
    }
    for package, tables in packages.items():
        for table in tables:
            registry.options(registry.resolve(package, table.name), table.options, table.name)


def test_the_quick_profile_asks_for_at_most_eight_passes_a_picture() -> None:
    """A forward pass is 1, a forward and a backward pass 2. The gradient's forward pass predicts the label too."""
    found = measured_by(settings(), "quick")
    assert [table.name for table in found.saliency.methods] == ["gradient"]
    assert "random_model" not in {table.name for table in found.saliency.null_maps}
    cost = 2
    for intervention in found.experiments.interventions:
        fills = intervention.options["fills"]
        if intervention.name == "object_removed":
            cost += len(fills) + len(intervention.options["controls"])
        else:
            assert intervention.name == "background_replaced"
            cost += sum(2 * intervention.options["donors"] if fill == "other" else 1 for fill in fills)
    assert cost <= 8


def test_quick_rules_ask_for_what_quick_measures() -> None:
    profile, found = load_profile("quick"), measured_by(settings(), "quick")
    asked = {intervention.name: intervention.options["fills"] for intervention in found.experiments.interventions}
    for rule in ("right_for_the_right_reason", "depends_on_object"):
        assert set(profile.rules[rule]["fills"]) <= set(asked["object_removed"])  # type: ignore[arg-type]
    null_maps = {table.name for table in found.saliency.null_maps}
    assert set(profile.rules["relevance_beats_null_maps"]["required"]) <= null_maps  # type: ignore[arg-type]


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text)
    return path


def test_what_is_measured_is_hashed(tmp_path: Path) -> None:
    plain = load_profile(written(tmp_path, EMPTY))
    measuring = load_profile(written(tmp_path, EMPTY + "[measure.experiments]\ndonors = 8\n"))
    assert plain.sha256 != measuring.sha256
    assert measuring == type(measuring).model_validate_json(measuring.model_dump_json())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[measure.data]\nformat = 'csv'\n", "own.toml: no table 'measure.data'"),
        ("[measure.experimints]\ndonors = 1\n", "did you mean 'experiments'?"),
        ("[measure]\nexperiments = 3\n", "own.toml: measure.experiments = 3"),
    ],
)
def test_a_profile_that_measures_what_settings_do_not_know(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AuditError) as caught:
        load_profile(written(tmp_path, EMPTY + text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("donor = 8\n", r"profile own \[measure.experiments\]: no key 'donor'; did you mean 'donors'\?"),
        ("donors = 0\n", r"profile own \[measure.experiments\]: donors = 0: Input should be greater than 0"),
    ],
)
def test_a_measure_that_cannot_be(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AuditError, match=message):
        measured_by(settings(), written(tmp_path, EMPTY + "[measure.experiments]\n" + text))
