"""What a model cannot do is refused by name, or left out and said; nothing breaks off in the middle of a run."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import audit
from audit import registry
from audit.engine.measure import measure
from audit.engine.plan import plan
from audit.errors import AuditError
from audit.models.capabilities import ANSWERS_ALONE, NO_LAYERS
from audit.models.kinds.blackbox import blackbox
from audit.models.model import Model
from audit.record.record import Record
from audit.settings import Settings, load_settings
from checks import reasons
from checks.judge import judge
from checks.measure_table import measured_by
from checks.profile import load_profile
from checks.verdict import Outcome
from fixtures import black_boxes
from fixtures.broken.models import make
from fixtures.shapes import network, write_shapes

BOX = 'kind = "blackbox"\nfunction = "fixtures.black_boxes:{}"\nanswers = "{}"\n'
OF_MAPS = {
    "explainer_is_valid",
    "methods_agree",
    "no_shared_hotspot",
    "relevance_beats_chance",
    "relevance_beats_null_maps",
}
BEYOND = ["gradient", "integrated_gradients", "random_model", "randomisation", "shared_cues"]
"""What the default settings ask for and a black box cannot do."""


def boxed(folder: Path, function: str = "probabilities", answers: str = "probabilities", **how: Any) -> Path:
    return write_shapes(folder, model=BOX.format(function, answers), **{"methods": False, **how})


def saliency(settings: Settings, **table: Any) -> Settings:
    return settings.model_copy(update={"saliency": type(settings.saliency).model_validate(table)})


def experiments(settings: Settings, **table: Any) -> Settings:
    return settings.model_copy(update={"experiments": type(settings.experiments).model_validate(table)})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> audit.Result:
    folder = tmp_path_factory.mktemp("boxed")
    return audit.run(boxed(folder / "data", pictures=24, experiments=True), folder / "out")


@pytest.mark.tor("TOR-088")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: saliency(s, methods=["gradient"]),
            r"saliency method 'gradient': needs a gradient, but a model of kind 'blackbox' has no gradient and shows "
            r"no layers that could be looked into; need a saliency method that asks for answers alone\. Leave",
        ),
        (
            lambda s: saliency(s, methods=["gradcam"]),
            r"saliency method 'gradcam': needs a gradient, but a",
        ),
        (lambda s: saliency(s, null_maps=["edges", "random_model"]), r"null map 'random_model': needs a gradient, but"),
        (
            lambda s: experiments(s, controls=["randomisation"]),
            r"control 'randomisation': needs a gradient, but a model",
        ),
        (lambda s: experiments(s, searches=["shared_cues"]), r"search 'shared_cues': needs maps, but a model of kind"),
        (
            lambda s: saliency(s, methods=["fixtures.devices:anything"]),
            r"need a saliency method that asks for answers alone\. If it does, declare NEEDS = frozenset\(\) in",
        ),
    ],
)
def test_what_the_settings_name_is_refused_by_name_before_a_picture_is_loaded(
    change: Callable[[Settings], Settings], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "import_function", lambda name: undeclared)
    monkeypatch.setattr("audit.engine.code.source_hash", lambda of: "")
    monkeypatch.setattr("audit.engine.code.import_function", lambda name: undeclared)
    monkeypatch.setattr("audit.engine.plan.batch_factory", lambda *_: pytest.fail("a picture is loaded"))
    settings = load_settings(boxed(tmp_path / "data", experiments=True))
    with pytest.raises(AuditError, match=message):
        measure(change(settings), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def undeclared(batch: Any) -> torch.Tensor:
    """A method in a module that does not say what it needs."""
    assert not registry.declares(undeclared)
    return torch.zeros_like(batch.x)


def test_all_that_cannot_be_done_is_said_at_once(tmp_path: Path) -> None:
    settings = experiments(load_settings(boxed(tmp_path)), controls=["randomisation"])
    with pytest.raises(AuditError) as caught:
        plan(saliency(settings, methods=["gradient", "smoothgrad"]), None, "cpu")
    assert [part.where for part in caught.value.parts] == [
        "saliency method 'gradient'",
        "saliency method 'smoothgrad'",
        "control 'randomisation'",
    ]


@pytest.mark.slow
@pytest.mark.tor("TOR-088")
def test_what_no_settings_name_is_left_out_and_the_record_says_so(run: audit.Result) -> None:
    with Record.open(run.folder / "audit.sqlite") as record:
        identity = record.identity()
    assert identity["capabilities"] == {"gradient": False, "layers": False, "deterministic": True, "at_places": False}
    assert sorted(identity["left_out"]) == BEYOND
    assert set(map(tuple, identity["left_out"].values())) == {("gradient",)}
    assert identity["sources"] == {"methods": [], "null_maps": ["uniform", "centre", "edges"]}
    assert {"object_removed", "planted_cue", "telling_regions", "noise"} <= identity["experiments"].keys()
    assert not {"randomisation", "shared_cues"} & identity["experiments"].keys()
    assert len(identity["gallery"]["random"]) == 12


@pytest.mark.slow
@pytest.mark.tor("TOR-088")
def test_rules_that_go_by_maps_are_inconclusive_for_that_reason_and_the_others_are_not(run: audit.Result) -> None:
    verdicts = {verdict.rule: verdict for verdict in run.judgement.verdicts}
    for rule in OF_MAPS:
        assert (verdicts[rule].outcome, verdicts[rule].reason) == (Outcome.INCONCLUSIVE, reasons.INCAPABLE), rule
        assert verdicts[rule].details == {"lacking": ["gradient"]}
        assert verdicts[rule].sentence == "The model has no gradient, which this rule needs."
        assert "such as onnx" in verdicts[rule].next_step
    others = verdicts.keys() - OF_MAPS
    assert "depends_on_object" in others
    assert not any(verdicts[rule].reason for rule in others)
    assert all(verdicts[rule].findings for rule in others)


@pytest.mark.slow
@pytest.mark.tor("TOR-090")
def test_the_experiments_on_a_black_box_are_those_on_the_network_inside(run: audit.Result, tmp_path: Path) -> None:
    twin = audit.run(write_shapes(tmp_path / "data", 24, experiments=True, methods=False), tmp_path / "out")
    answers = []
    for one in (run, twin):
        with Record.open(one.folder / "audit.sqlite") as record:
            columns = record.columns(
                "SELECT subject, sample, intervention, variant, probability, log_odds, predicted FROM answer"
                " WHERE intervention NOT LIKE 'cue%' ORDER BY subject, sample, intervention, variant"
            )
        answers.append(columns)
    boxes, networks = answers
    assert len(boxes["sample"]) > 2000
    for name in ("subject", "sample", "intervention", "variant", "predicted"):
        assert boxes[name].tolist() == networks[name].tolist()
    for name in ("probability", "log_odds"):
        np.testing.assert_allclose(boxes[name].astype(float), networks[name].astype(float), rtol=1e-3, atol=1e-4)


WITHOUT_MAPS = """
extends = "quick"
without = ["explainer_is_valid", "no_shared_hotspot"]
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.tor("TOR-031", "TOR-088")
@pytest.mark.parametrize(
    ("network", "outcome", "without_maps"),
    [("honest", Outcome.INCONCLUSIVE, Outcome.PASS), ("cheating", Outcome.FAIL, Outcome.FAIL)],
)
def test_of_two_black_boxes_the_honest_lacks_maps_alone_and_the_cheat_fails(
    network: str, outcome: Outcome, without_maps: Outcome, tmp_path: Path
) -> None:
    demo = Path(audit.__file__).parent / "demo"
    settings = tomllib.loads((demo / "honest.toml").read_text(encoding="utf-8"))
    del settings["saliency"]
    settings["model"] = {
        **{"kind": "blackbox", "function": f"fixtures.black_boxes:{network}", "answers": "probabilities"},
        "classes": str(demo / "classes.txt"),
    }
    settings["data"] |= {"annotations": str(demo / "scene.csv"), "images": str(demo / "scene")}
    settings["experiments"] = {"controls": [{"name": "planted_cue", "pictures": 60}]}
    run = audit.run({**settings, "judge": {"profile": "quick"}}, tmp_path / "out")
    assert run.outcome is outcome
    lacking = {verdict.rule for verdict in run.judgement.verdicts if verdict.reason == reasons.INCAPABLE}
    undecided = {one.rule for one in run.judgement.verdicts if one.outcome is Outcome.INCONCLUSIVE and not one.advisory}
    assert undecided <= lacking
    (tmp_path / "mine.toml").write_text(WITHOUT_MAPS)
    with Record.open(tmp_path / "out" / "audit.sqlite") as record:
        assert judge(record, tmp_path / "mine.toml").outcome is without_maps


@pytest.mark.slow
def test_the_preflight_says_what_the_model_cannot_answer(run: audit.Result) -> None:
    assert run.preflight is not None
    reason = "cannot pass: the model has no gradient, which it needs."
    (without,) = [sentence for sentence in run.preflight.sentences if sentence.endswith(reason)]
    assert "explainer_is_valid" in without and "no_shared_hotspot" in without


@pytest.mark.slow
def test_the_page_says_what_was_left_out_and_how_to_run_it_again(run: audit.Result) -> None:
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "Left out, since the model has no gradient: gradient, integrated_gradients, random_model" in page
    assert "The control randomisation was not run: the model has no gradient." in page
    assert "the map of ," not in page
    again = page[page.index("Settings as TOML") :]
    assert "methods = []" not in again
    assert "interventions" in again


@pytest.mark.slow
def test_a_broken_off_run_without_maps_resumes_to_the_same_record(tmp_path: Path) -> None:
    settings = load_settings(boxed(tmp_path / "data", pictures=20))
    whole = _gallery_and_rows(measure(settings, tmp_path / "whole"))

    def kill(done: int, *_: Any) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(settings, tmp_path / "cut", progress=kill)
    assert _gallery_and_rows(measure(settings, tmp_path / "cut", resume=True)) == whole
    assert len(whole[0]["random"]) == 12


def _gallery_and_rows(path: Path) -> tuple[Any, list[Any]]:
    with Record.open(path) as record:
        shown = record.columns("SELECT sample, layer, encoded FROM thumbnail ORDER BY sample, layer")
        scores = record.columns("SELECT sample, source, mass FROM score ORDER BY sample, source")
        rows = [column.tolist() for table in (shown, scores) for column in table.values()]
        return record.identity()["gallery"], rows


def test_what_a_profile_measures_does_not_count_as_named_by_the_settings(tmp_path: Path) -> None:
    settings = measured_by(load_settings(boxed(tmp_path, experiments=True)), load_profile("quick"))
    assert [entry.name for entry in settings.saliency.methods] == ["gradient"]
    left = plan(settings, None, "cpu").inputs.left_out
    assert left == {"gradient": ("gradient",), "randomisation": ("gradient",), "shared_cues": ("gradient",)}


def test_a_method_that_asks_for_answers_alone_is_kept(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    settings = saliency(load_settings(boxed(tmp_path / "data", experiments=True)), methods=["answers_alone:hidden"])
    (settings.folder / "answers_alone.py").write_text(
        "NEEDS = frozenset()\n\ndef hidden(batch):\n    return batch.x * batch.logits.mean()\n"
    )
    with Record.open(measure(experiments(settings, interventions=[], controls=[]), tmp_path / "out")) as record:
        assert record.identity()["sources"]["methods"] == ["answers_alone:hidden"]
        assert set(record.identity()["left_out"]) == {"random_model"}
        assert record.has("done shared_cues")
        verdicts = {verdict.rule: verdict for verdict in judge(record, load_profile("default")).verdicts}
    assert verdicts["relevance_beats_null_maps"].reason == reasons.INCAPABLE
    assert verdicts["relevance_beats_chance"].findings


@pytest.mark.tor("TOR-088")
@pytest.mark.parametrize("method", ["occlusion", {"name": "rise", "masks": 20}])
def test_maps_of_perturbation_are_those_of_the_network_inside(method: Any, tmp_path: Path) -> None:
    masses = []
    for name, path in {
        "box": boxed(tmp_path / "box", pictures=6),
        "network": write_shapes(tmp_path / "network", pictures=6, methods=False),
    }.items():
        settings = saliency(load_settings(path), methods=[method], null_maps=["uniform"])
        with Record.open(measure(settings, tmp_path / f"{name}-out")) as record:
            assert record.identity()["left_out"] == {}
            masses.append(record.columns("SELECT mass FROM score ORDER BY sample, source")["mass"].astype(float))
    assert len(masses[0]) == 12
    np.testing.assert_allclose(masses[0], masses[1], rtol=1e-3)


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning", "ignore:`torch.jit:DeprecationWarning")
def test_methods_that_look_into_layers_are_refused_for_a_script(tmp_path: Path) -> None:
    make.script(tmp_path / "own.pt", make.sound())
    path = write_shapes(tmp_path / "data", model=f'kind = "torchscript"\npath = "{tmp_path / "own.pt"}"\n')
    with pytest.raises(
        AuditError,
        match=r"saliency method 'guided_backprop': needs layers, but a model of kind 'torchscript' shows no layers "
        r"that could be looked into; need a saliency method that looks into no layers",
    ):
        plan(saliency(load_settings(path), methods=["gradient", "guided_backprop"]), None, "cpu")


def test_explain_refuses_too() -> None:
    model = Model(network(), ("dark", "light"), None, {"kind": "blackbox"}, ANSWERS_ALONE)
    with pytest.raises(AuditError, match=r"saliency method 'gradient': needs a gradient, but a model of kind 'black"):
        audit.explain(model, torch.rand(3, 24, 24))
    program = Model(network(), ("dark", "light"), None, {"kind": "exported"}, NO_LAYERS)
    with pytest.raises(
        AuditError, match=r"saliency method 'gradcam': needs layers, but a model of kind 'exported' shows no lay"
    ):
        audit.explain(program, torch.rand(3, 24, 24), method="gradcam")


@pytest.mark.tor("TOR-090")
@pytest.mark.parametrize(
    ("function", "stated", "message"),
    [
        ("rounding", True, "answers differently when given the same pictures twice"),
        ("rounding", False, ""),
        ("noisy", True, "answers differently when given the same pictures twice"),
        ("noisy", False, "answers differently when given the same pictures twice"),
    ],
)
def test_a_model_may_say_that_it_rounds_otherwise_each_time_and_no_more(
    function: str, stated: bool, message: str, tmp_path: Path
) -> None:
    settings = load_settings(boxed(tmp_path / "data", pictures=20))
    assert settings.model is not None
    model = blackbox(function=f"fixtures.black_boxes:{function}", answers="logits", deterministic=stated)
    model = Model(model.module, ("dark", "light"), None, model.description, model.capabilities)
    if message:
        with pytest.raises(AuditError, match=message):
            measure(settings, tmp_path / "out", model=model)
        return
    with Record.open(measure(settings, tmp_path / "out", model=model)) as record:
        assert judge(record, load_profile("default")).verdict("run_is_whole") is None


@pytest.mark.tor("TOR-090")
@pytest.mark.parametrize(
    ("function", "answers", "message"),
    [
        (
            "logits",
            "probabilities",
            r"fixtures.black_boxes:logits: returns numbers from -?[\d.e-]+ to [\d.e-]+ that sum to",
        ),
        (
            "probabilities",
            "logits",
            r"never negative and sum to 1 for each picture; need logits, which do not. Set answers",
        ),
        (
            "labels",
            "logits",
            r"returns int64, shape \(2,\) for 2 pictures; need floating-point numbers of shape \(2, cla",
        ),
        ("none", "logits", r"returns \w+(, shape \(\))? for 2 pictures; need floating-point"),
        (
            "failing",
            "logits",
            r"model: raises ConnectionError on an input of shape \(2, 3, 24, 24\): no route to the serv",
        ),
        ("missing", "logits", r"fixtures.black_boxes:missing: cannot be imported"),
    ],
)
def test_a_function_that_answers_otherwise_is_refused(
    function: str, answers: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(AuditError, match=message):
        plan(load_settings(boxed(tmp_path / "data", function, answers)), None, "cpu")


def test_a_function_is_given_its_own_copy_of_the_pictures() -> None:
    x = torch.rand(2, 3, 24, 24)
    expected = torch.from_numpy(black_boxes.logits(x.numpy()))
    for name in ("logits", "overwriting", "listed"):
        model = blackbox(function=f"fixtures.black_boxes:{name}", answers="logits")
        torch.testing.assert_close(model.module(x), expected)
        torch.testing.assert_close(model.module(x), expected)


def test_a_probability_of_zero_is_a_number() -> None:
    model = blackbox(function="fixtures.black_boxes:probabilities", answers="probabilities")
    logits = model.module(torch.full((1, 3, 24, 24), 1e4))
    assert torch.isfinite(logits).all()
    assert logits.min() >= -87.4


def test_answers_in_a_view_of_an_array_are_numbers_like_any_others() -> None:
    x = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    seen = [
        blackbox(function=f"fixtures.black_boxes:{name}", answers="probabilities").module(x)
        for name in ("probabilities", "backwards")
    ]
    torch.testing.assert_close(seen[1], seen[0].flip(1))


def test_a_network_that_ends_in_a_softmax_is_refused_and_not_taken_for_logits(tmp_path: Path) -> None:
    settings = load_settings(write_shapes(tmp_path / "data"))
    ended = nn.Sequential(network().eval(), nn.Softmax(dim=1))
    with pytest.raises(AuditError, match=r"model: returns probabilities; need logits, .* Return what goes into"):
        measure(settings, tmp_path / "out", model=Model(ended, ("dark", "light"), None))
