"""Networks of known reliance on a property that swaps take from other pictures, audited by the rules that judge it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from audit import Model, measure, parse_settings
from audit.record.record import Record
from checks import reasons
from checks.apply import apply
from checks.conclude import conclude
from checks.profile import load_profile
from checks.rules.survives_other_background_colour import survives_other_background_colour
from checks.rules.survives_other_colour import survives_other_colour
from checks.rules.survives_other_object_colour import survives_other_object_colour
from checks.rules.survives_other_object_shape import survives_other_object_shape
from checks.rules.survives_other_placement import survives_other_placement
from checks.rules.survives_other_scale import survives_other_scale
from checks.rules.survives_other_sharpness import survives_other_sharpness
from checks.swaps.verdict import BREAKS_PICTURES
from checks.table.read_evidence import read_evidence
from checks.verdict import Finding, Outcome, Verdict
from fixtures.evidence import make_evidence
from fixtures.zoo import CLASSES, PREPROCESSING, Member, members, open_member, write_audit_data
from fixtures.zoo.scene import draw

PICTURES, LIMIT = 240, 0.1
TRUE = {member.name: member for member in members()}


PLACES: Mapping[str, Callable[..., Verdict]] = {
    "placement_swapped": survives_other_placement,
    "scale_swapped": survives_other_scale,
}
OBJECTS: Mapping[str, Callable[..., Verdict]] = {
    "object_colour_swapped": survives_other_object_colour,
    "object_shape_swapped": survives_other_object_shape,
}
STYLE: Mapping[str, Callable[..., Verdict]] = {
    "colour_swapped": survives_other_colour,
    "background_colour_swapped": survives_other_background_colour,
    "sharpness_swapped": survives_other_sharpness,
}


def judged(member: Member, folder: Path, swaps: Mapping[str, Callable[..., Verdict]] = PLACES) -> dict[str, Finding]:
    write_audit_data(member, folder, PICTURES, 71_000)
    return findings(open_member(member), folder, swaps)


def findings(network: nn.Module, folder: Path, swaps: Mapping[str, Callable[..., Verdict]]) -> dict[str, Finding]:
    table = {
        "data": {"format": "csv", "annotations": "boxes.csv", "images": "images"},
        "saliency": {"methods": ["gradient"], "null_maps": []},
        "experiments": {"interventions": [*swaps], "controls": [], "searches": []},
        "run": {"batch_size": 40},
    }
    torch.manual_seed(0)
    model = Model(network, CLASSES, PREPROCESSING)
    with Record.open(measure(parse_settings(table, folder), folder / "out", model=model)) as record:
        evidence = read_evidence(record, load_profile("default"))
    return {f.key: f for rule in swaps.values() for f in rule(evidence, max_reliance=LIMIT).findings}


class GrainReader(nn.Module):
    """Names the second class where neighbouring pixels differ, the first where they do not."""

    def forward(self, x: Tensor) -> Tensor:
        rough = 10 * (x.diff(dim=3).abs().mean(dim=(1, 2, 3)) - 0.25)
        return torch.stack([-rough, rough, *[rough * 0 - 9] * (len(CLASSES) - 2)], dim=1)


def write_grainy(folder: Path, count: int) -> None:
    """Pictures of any object, of which those of the second class are noisy."""
    drawn, rng = draw(count, 71_000, "blobs", None), np.random.default_rng(0)
    lines = ["image,label,x0,y0,x1,y1"]
    (folder / "images").mkdir()
    for number, (pixels, box) in enumerate(zip(drawn.pixels, drawn.boxes, strict=True)):
        noisy = pixels + 20 * (number % 2) * rng.standard_normal((*pixels.shape[:2], 1))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / "images" / f"{number}.png")
        lines.append(",".join(map(str, [f"{number}.png", CLASSES[number % 2], *map(int, box)])))
    (folder / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-081")
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("planted-object_place-90-residual", "placement"),
        ("planted-object_place-95-vit", "placement"),
        ("planted-object_size-90-residual", "scale"),
        ("planted-object_size-100-plain", "scale"),
    ],
)
def test_who_goes_by_the_property_fails_by_its_rule_alone(name: str, key: str, tmp_path: Path) -> None:
    found = judged(TRUE[name], tmp_path)
    assert found[key].outcome is Outcome.FAIL
    assert found[key].value == pytest.approx(TRUE[name].reliance, abs=0.2)
    other = found["scale" if key == "placement" else "placement"]
    assert other.outcome is not Outcome.FAIL
    assert other.value == pytest.approx(0, abs=0.05)


@pytest.mark.slow
@pytest.mark.tor("TOR-081")
@pytest.mark.parametrize("name", ["unused-object_place-vit", "unused-object_size-plain", "honest-noise-residual"])
def test_who_does_not_passes(name: str, tmp_path: Path) -> None:
    for finding in judged(TRUE[name], tmp_path).values():
        assert finding.outcome is Outcome.PASS
        assert finding.value == pytest.approx(0, abs=0.03)


@pytest.mark.slow
@pytest.mark.tor("TOR-083")
@pytest.mark.parametrize("name", ["planted-tint-90-plain", "planted-tint-100-vit", "planted-brightness-95-vit"])
def test_who_goes_by_colours_fails(name: str, tmp_path: Path) -> None:
    found = judged(TRUE[name], tmp_path, STYLE)
    for key in ("colour", "background_colour"):
        assert found[key].outcome is Outcome.FAIL
        assert found[key].value == pytest.approx(TRUE[name].reliance, abs=0.15)
    assert found["sharpness"].value == pytest.approx(0, abs=0.05)


@pytest.mark.slow
@pytest.mark.tor("TOR-083")
@pytest.mark.parametrize("name", ["unused-tint-vit", "honest-noise-residual"])
def test_who_goes_by_no_style_passes(name: str, tmp_path: Path) -> None:
    for finding in judged(TRUE[name], tmp_path, STYLE).values():
        assert finding.outcome is Outcome.PASS
        assert finding.value == pytest.approx(0, abs=0.03)


@pytest.mark.slow
@pytest.mark.tor("TOR-086", "TOR-087")
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("partly-object_colour-80-vit", "object_colour"),
        ("partly-object_colour-80-plain", "object_colour"),
        ("partly-object_aspect-90-plain", "object_shape"),
    ],
)
def test_who_goes_by_the_object_itself_fails_by_its_rule_alone(name: str, key: str, tmp_path: Path) -> None:
    found = judged(TRUE[name], tmp_path, OBJECTS)
    assert found[key].outcome is Outcome.FAIL
    assert found[key].value == pytest.approx(TRUE[name].reliance, abs=0.1)
    other = found["object_shape" if key == "object_colour" else "object_colour"]
    assert other.outcome is not Outcome.FAIL
    assert other.value == pytest.approx(0, abs=0.05)


@pytest.mark.slow
@pytest.mark.tor("TOR-086", "TOR-087")
@pytest.mark.parametrize("name", ["unused-object_colour-plain", "unused-object_aspect-plain", "honest-noise-residual"])
def test_who_goes_by_nothing_of_the_object_but_its_outline_passes(name: str, tmp_path: Path) -> None:
    for finding in judged(TRUE[name], tmp_path, OBJECTS).values():
        assert finding.outcome is Outcome.PASS
        assert finding.value == pytest.approx(0, abs=0.04)
        assert finding.details["right_on_own"] > 0.9


@pytest.mark.parametrize(
    ("rule", "intervention"),
    [
        pytest.param("survives_other_object_colour", "object_colour_swapped", marks=pytest.mark.tor("TOR-086")),
        pytest.param("survives_other_object_shape", "object_shape_swapped", marks=pytest.mark.tor("TOR-087")),
    ],
)
def test_what_the_object_itself_tells_decides_only_where_the_profile_says_so(rule: str, intervention: str) -> None:
    answers: dict[tuple[str, ...], float] = {(intervention, "other 1"): -2.0, (intervention, "same 1"): 2.0}
    evidence = make_evidence({"gradient": np.full(80, 0.5)}, answers=answers)
    default = load_profile("default").rules
    for advisory, outcome in ((True, Outcome.PASS), (False, Outcome.FAIL)):
        rules = {rule: {**default[rule], "advisory": advisory}, "model_is_accurate": default["model_is_accurate"]}
        profile = evidence.profile.model_copy(update={"rules": rules})
        verdicts = [apply(replace(evidence, profile=profile), name) for name in rules]
        assert default[rule]["advisory"] is True
        assert (verdicts[0].outcome, verdicts[0].advisory) == (Outcome.FAIL, advisory)
        assert verdicts[0].findings[0].value == pytest.approx(1)
        assert conclude(verdicts).outcome is outcome


@pytest.mark.slow
@pytest.mark.tor("TOR-083")
def test_who_goes_by_noise_fails_by_the_rule_on_sharpness(tmp_path: Path) -> None:
    write_grainy(tmp_path, PICTURES)
    found = findings(GrainReader(), tmp_path, STYLE)
    assert found["sharpness"].outcome is Outcome.FAIL
    assert found["sharpness"].value == pytest.approx(1, abs=0.05)
    assert found["background_colour"].value == pytest.approx(0, abs=0.05)


@pytest.mark.tor("TOR-081")
def test_a_swap_that_breaks_pictures_within_the_class_says_nothing() -> None:
    answers: dict[tuple[str, ...], float] = {("scale_swapped", "other 1"): -2.0, ("scale_swapped", "same 1"): -2.0}
    (finding,) = survives_other_scale(
        make_evidence({"gradient": np.full(80, 0.5)}, answers=answers), max_reliance=LIMIT
    ).findings
    assert (finding.outcome, finding.reason) == (Outcome.INVALID, BREAKS_PICTURES)
    assert finding.details["right_on_own"] == 0


def test_what_was_not_swapped_is_not_run() -> None:
    verdict = survives_other_placement(make_evidence({"gradient": np.full(80, 0.5)}), max_reliance=LIMIT)
    assert (verdict.outcome, verdict.reason) == (Outcome.INVALID, reasons.NOT_RUN)
