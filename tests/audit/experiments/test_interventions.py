"""Interventions: what they do to pictures, and what becomes of the answers."""

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from audit import registry
from audit.errors import AuditError
from audit.experiments.altered_batch import Trial, answers
from audit.experiments.donors import chosen
from audit.experiments.fills import blur, blurred, elsewhere
from audit.experiments.interventions.background_replaced import background_replaced
from audit.experiments.interventions.noise import noise
from audit.experiments.interventions.object_removed import object_removed
from audit.experiments.runner import Experiment, ask, experiments, intervention_rows
from audit.models.pass_counter import Passes
from audit.saliency.rank_correlation import similarity
from audit.saliency.sources import sources
from audit.settings_tables import NamedTable, SaliencyTable
from fixtures.networks import CLASSES, in_place, ready
from fixtures.trials import CORNER, OBJECT, Reader, lenders, trial

REMOVED = ["mean", "blur", "donor", "mean elsewhere", "blur elsewhere", "donor elsewhere"]
REPLACED = ["mean", "blur", "other 1", "other 2", "other 3", "same 1", "same 2", "same 3"]


def lively(pictures: int = 6) -> Trial:
    """A trial of a network that reads everything, with a method's maps."""
    asked = trial(ready(in_place()), pictures)
    held = nn.functional.pad(asked.donors.held, (0, CLASSES - 2))
    methods = sources(SaliencyTable.model_validate({"methods": ["gradient"], "null_maps": []}))
    maps = {method.label: method.ask(asked.batch)[0] for method in methods}
    return replace(asked, donor_pool=replace(asked.donors, held=held), methods=methods, maps=maps)


def experiment(name: str, **options: Any) -> Experiment:
    (found,) = experiments("audit.experiments.interventions", [NamedTable.model_validate({"name": name, **options})])
    return found


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("object_removed", {}),
        ("object_removed", {"fills": ("blur", "mean"), "controls": ("mean",)}),
        ("background_replaced", {}),
        ("background_replaced", {"fills": ("other",), "donors": 1}),
        ("background_replaced", {"fills": ("blur",)}),
        ("forbidden_hidden", {"fills": ("blur",)}),
    ],
)
def test_the_variants_are_known_beforehand(name: str, options: dict[str, Any]) -> None:
    asked = experiment(name, **options)
    assert asked.variants == frozenset(asked.alter(lively(2)).altered)


def test_an_intervention_that_says_nothing_of_its_variants_is_not_asked() -> None:
    assert experiment("noise").variants is None


def log_odds(asked: Trial, altered: Tensor) -> Tensor:
    return ask(asked, altered).log_odds


class Picky(nn.Module):
    """Raises on every picture but those that it was shown first."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.known = Reader(CORNER), torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        self.known = self.known if self.known.numel() else x.detach().clone()
        if not torch.equal(x, self.known):
            raise ValueError("grey\nis not allowed")
        return self.inner(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("name", "who"), [("object_removed", "object_removed, mean"), ("noise", "noise, by gradient")])
def test_a_network_that_raises_on_altered_pictures_is_named_with_the_intervention(name: str, who: str) -> None:
    asked = replace(trial(Picky()), methods=lively().methods)
    maps = {method.label: method.ask(asked.batch)[0] for method in asked.methods}
    with pytest.raises(AuditError) as caught:
        intervention_rows(experiment(name), replace(asked, maps=maps), range(6))
    assert f"model: raises ValueError on the altered pictures of {who}: is not allowed; need a" in str(caught.value)


@pytest.mark.tor("TOR-024")
def test_the_object_is_removed_and_nothing_else() -> None:
    asked = trial(Reader(CORNER))
    x, inside = asked.batch.x, asked.inside
    altered = object_removed(asked).altered
    assert list(altered) == REMOVED
    assert list(object_removed(asked, fills=("mean", "blur"), controls=("blur",)).altered) == [
        "mean",
        "blur",
        "blur elsewhere",
    ]
    control = elsewhere(inside, inside, asked.batch.seeds)
    assert not bool((control & inside).any())
    assert control.sum(dim=(1, 2, 3)).tolist() == inside.sum(dim=(1, 2, 3)).tolist()
    for variant, found in altered.items():
        hole = control if variant.endswith("elsewhere") else inside
        assert torch.equal(found.where(~hole, x), x), variant
        assert bool((found != x).any(dim=1, keepdim=True)[hole].all()), variant
    donor = asked.donors.x[chosen(asked, "other", 1)[:, 0]]
    for suffix, hole in (("", inside), (" elsewhere", control)):
        assert torch.equal(altered[f"mean{suffix}"], torch.where(hole, 0, x))
        assert torch.equal(altered[f"blur{suffix}"], blur(x, hole))
        assert torch.equal(altered[f"donor{suffix}"], torch.where(hole, donor, x))


@pytest.mark.tor("TOR-024")
def test_everything_but_the_object_is_replaced() -> None:
    asked = trial(Reader(CORNER))
    x, inside = asked.batch.x, asked.inside
    altered = background_replaced(asked)
    assert list(altered.altered) == REPLACED
    assert torch.equal(altered.altered["mean"], torch.where(inside, x, 0))
    assert torch.equal(altered.altered["blur"], torch.where(inside, x, blurred(x, inside)))
    for kind, class_index in (("other", 1 - asked.batch.target), ("same", asked.batch.target)):
        for number in (1, 2, 3):
            place = chosen(asked, "other" if kind == "other" else "same", 3)[:, number - 1]
            assert torch.equal(asked.donors.target[place], class_index)
            assert torch.equal(altered.altered[f"{kind} {number}"], torch.where(inside, x, asked.donors.x[place]))
    for number in (1, 2, 3):
        note = altered.notes["background_replaced", f"donor class {number}"]
        assert note.tolist() == (1 - asked.batch.target).tolist()
        for kind in ("other", "same"):
            place = chosen(asked, "other" if kind == "other" else "same", 3)[:, number - 1]
            assert altered.notes["background_replaced", f"donor of {kind} {number}"].tolist() == (100 + place).tolist()


def test_both_halves_of_the_game_are_played_with_one_opponent() -> None:
    """The object in the donor's picture, and the donor's pixels in the object's place, make up picture and donor."""
    asked = trial(Reader(CORNER), pictures=12)
    surroundings = object_removed(asked, fills=("donor",)).altered["donor"]
    alone = background_replaced(asked, fills=("other",), donors=1).altered["other 1"]
    donor = torch.where(asked.inside, surroundings, alone)
    assert torch.equal(torch.where(asked.inside, alone, surroundings), asked.batch.x)
    assert torch.equal(donor, asked.donors.x[chosen(asked, "other", 3)[:, 0]])


@pytest.mark.tor("TOR-027")
def test_a_cue_in_the_corner_is_seen() -> None:
    asked = trial(Reader(CORNER))
    whole = answers(asked.batch.logits, asked.batch.target).log_odds
    assert bool((whole > 5).all())
    removed, replaced = object_removed(asked).altered, background_replaced(asked).altered
    for fill in ("mean", "blur", "donor"):
        torch.testing.assert_close(log_odds(asked, removed[fill]), whole)
    assert bool((log_odds(asked, replaced["mean"]).abs() < 1e-6).all())
    for number in (1, 2, 3):
        assert bool((log_odds(asked, replaced[f"other {number}"]) < -5).all())  # the cue contradicts
        assert bool((log_odds(asked, replaced[f"same {number}"]) > 5).all())  # to cut and paste does no harm
    for mine, theirs in (("mean", "mean"), ("blur", "blur"), ("donor", "other 1")):
        lead = log_odds(asked, replaced[theirs]) - log_odds(asked, removed[mine])
        assert bool((lead <= 0).all()), mine


@pytest.mark.tor("TOR-027")
def test_a_network_that_reads_the_object_is_seen() -> None:
    asked = trial(Reader(OBJECT))
    whole = answers(asked.batch.logits, asked.batch.target).log_odds
    removed, replaced = object_removed(asked).altered, background_replaced(asked).altered
    for variant in REPLACED:
        torch.testing.assert_close(log_odds(asked, replaced[variant]), whole)
    for variant in REMOVED:
        found = log_odds(asked, removed[variant])
        assert bool(((found - whole).abs() < 1e-6).all() if variant.endswith("elsewhere") else (found < 2).all())
    for mine, theirs in (("mean", "mean"), ("blur", "blur"), ("donor", "other 1")):
        assert bool((log_odds(asked, replaced[theirs]) > log_odds(asked, removed[mine]) + 5).all())


@pytest.mark.parametrize(("intervention", "passes"), [("object_removed", 6), ("background_replaced", 8)])
def test_the_cost_in_forward_passes(intervention: str, passes: int) -> None:
    asked = trial(Reader(CORNER), pictures=5)
    with Passes(asked.batch.module) as counted:
        intervention_rows(experiment(intervention), asked, range(5))
        assert counted.take("pictures", 5) == ("pictures", 5, 5 * passes, 0)


def test_noise_asks_every_method_again() -> None:
    asked = lively()
    altered = noise(asked, sigma=0.1)
    noisy = altered.altered["noise"]
    change = (noisy - asked.batch.x) * 0.25
    assert change.std().item() == pytest.approx(0.1, rel=0.05)
    relevance, _ = asked.methods[0].ask(replace(asked.batch, x=noisy))
    expected = similarity(relevance, asked.maps["gradient"])
    found = altered.notes["gradient", "noise_similarity"]
    torch.testing.assert_close(found, expected)
    assert bool((found < 0.999).all())
    faint = noise(asked, sigma=1e-6).notes["gradient", "noise_similarity"]
    assert bool((faint > 0.95).all())


def test_noisy_pixels_stay_pixels() -> None:
    noisy = noise(lively(), sigma=1.0).altered["noise"]
    assert noisy.min() == -2
    assert noisy.max() == 2


@pytest.mark.tor("TOR-018")
@pytest.mark.parametrize("name", ["object_removed", "background_replaced", "noise"])
def test_an_answer_depends_on_its_picture_alone(name: str) -> None:
    asked, intervention = lively(7), experiment(name)
    rows, notes, *_ = intervention_rows(intervention, asked, range(7))
    assert rows
    alone = [intervention_rows(intervention, asked.some([i]), [i]) for i in range(7)]
    turned = intervention_rows(intervention, asked.some([5, 0, 3]), [5, 0, 3])[:2]
    for found, said in (([r for a in alone for r in a[0]], [n for a in alone for n in a[1]]), turned):
        for mine, all_of_them in ((found, rows), (said, notes)):
            expected = {row[:4] if mine is found else row[:3]: row for row in all_of_them}
            assert bool(mine) == bool(all_of_them)
            for row in mine:
                key = row[:4] if mine is found else row[:3]
                assert row[len(key) :] == pytest.approx(expected[key][len(key) :], abs=1e-4)
    assert len(rows) == sum(len(a[0]) for a in alone)


@pytest.mark.tor("TOR-026")
def test_what_cannot_be_made_leaves_no_row() -> None:
    asked = trial(Reader(CORNER), donors=lenders([1]))
    asked = replace(asked, donor_pool=replace(asked.donors, pictures=asked.pictures[1:2]))
    rows, notes, *_ = intervention_rows(experiment("background_replaced"), asked, range(10, 16))
    made = {(number, variant) for _, number, _, variant, *_ in rows}
    plain = {(number, variant) for number in range(10, 16) for variant in ("mean", "blur")}
    others = {(10, "other 1"), (12, "other 1"), (14, "other 1")}  # class 0 meets the one donor, of class 1
    assert made == plain | others | {(13, "same 1"), (15, "same 1")}  # 11 is the donor
    assert [note for note in notes if note[2] == "donor class 1"] == [
        (n, "background_replaced", "donor class 1", 1.0) for n in (10, 12, 14)
    ]
    assert {note for note in notes if note[2] != "donor class 1"} == {
        *((n, "background_replaced", "donor of other 1", 100.0) for n in (10, 12, 14)),
        *((n, "background_replaced", "donor of same 1", 100.0) for n in (13, 15)),
    }
    rows, _, unmade, _ = intervention_rows(experiment("object_removed"), asked, range(10, 16))
    assert {(row.sample, row.variant) for row in unmade} == {
        (i, v) for i in (11, 13, 15) for v in ("donor", "donor elsewhere")
    }
    assert {row[1] for row in rows if row[3] == "donor"} == {row[1] for row in rows if row[3] == "donor elsewhere"}
    assert {row[1] for row in rows if row[3] == "donor"} == {10, 12, 14}
    assert all(value is not None and math.isfinite(value) for row in rows for value in row[4:7])


class Silent(Reader):
    """Yields NaN where the object is hidden by the mean colour, for one class."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = (x[:, :, OBJECT[0], OBJECT[1]].abs() < 0.01).flatten(1).all(dim=1, keepdim=True)
        logits = super().forward(x)
        return logits.masked_fill(hidden & (logits[:, 1:] > 0), torch.nan)


@pytest.mark.tor("TOR-026")
def test_an_answer_that_is_no_number_leaves_a_row_that_says_so() -> None:
    rows, _, unmade, _ = intervention_rows(
        experiment("object_removed"), trial(Silent(CORNER), donors=lenders([1])), range(6)
    )
    silent = {(number, variant) for _, number, _, variant, *numbers, _ in rows if numbers == [None, None, None]}
    assert silent == {(number, "mean") for number in (1, 3, 5)}
    numbers = [value for row in rows if (row.sample, row.variant) not in silent for value in row[4:7]]
    assert numbers
    assert all(value is not None and math.isfinite(value) for value in numbers)
    assert {row[1] for row in rows if row[3] == "mean"} == set(range(6))
    assert {row[1] for row in rows if row[3] == "donor"} == {0, 2, 4}, "what could not be made leaves none"
    assert {row.sample for row in unmade} == {1, 3, 5}


def test_no_room_elsewhere_is_no_control() -> None:
    asked = trial(Reader(CORNER))
    crowded = asked.inside.clone()
    crowded[2] = True
    crowded[2, :, :6] = False  # a quarter of the frame is left for three quarters
    rows, _, unmade, _ = intervention_rows(experiment("object_removed"), replace(asked, inside=crowded), range(6))
    assert sorted(row[3] for row in rows if row[1] == 2) == ["blur", "donor", "mean"]
    assert {(row.sample, row.variant) for row in unmade} == {
        (2, f"{fill} elsewhere") for fill in ("blur", "donor", "mean")
    }
    assert sorted(row[3] for row in rows if row[1] == 3) == sorted(REMOVED)


class Whole(nn.Module):
    """Refuses pictures that are not."""

    def forward(self, x: Tensor) -> Tensor:
        assert bool(torch.isfinite(x).all())
        return torch.stack([x.mean(dim=(1, 2, 3)), x.sum(dim=(1, 2, 3)) * torch.nan], dim=1)


@pytest.mark.tor("TOR-026")
def test_the_network_never_sees_what_was_not_made_and_its_nan_is_no_number() -> None:
    asked = trial(Whole(), donors=lenders([0, 0]))
    rows, _, unmade, _ = intervention_rows(experiment("background_replaced"), asked, range(6))
    assert len(rows) + len(unmade) == 6 * 8, "of each of three donors, one is not there"
    kinds = {"mean": 6, "blur": 6, "other 1": 3, "other 2": 3, "same 1": 3, "same 2": 3}
    assert Counter(row[3] for row in rows) == kinds
    assert all(row[4:7] == (None, None, None) for row in rows)


@pytest.mark.tor("TOR-026")
def test_answers_by_hand() -> None:
    found = answers(torch.tensor([[1.0, 3.0, -2.0], [0.0, 60.0, 0.0]]), torch.tensor([0, 1]))
    odds = math.exp(1) / (math.exp(3) + math.exp(-2))
    assert found.probability[0].item() == pytest.approx(odds / (1 + odds))
    assert found.log_odds[0].item() == pytest.approx(math.log(odds))
    assert found.log_odds[1].item() == pytest.approx(60 - math.log(2))  # where the probability is 1 already
    assert found.predicted.tolist() == [1, 1]


@pytest.mark.parametrize("name", registry.names("audit.experiments.interventions"))
def test_every_intervention_keeps_the_contract(name: str) -> None:
    asked = lively()
    before = asked.batch.x.clone()
    altered = experiment(name).alter(asked)
    assert torch.equal(asked.batch.x, before)
    assert altered.altered
    for pixels in altered.altered.values():
        assert pixels.shape == before.shape
        assert pixels.dtype == torch.float32
        missing = pixels.isnan().flatten(1)
        assert torch.equal(missing.any(dim=1), missing.all(dim=1))
    assert all(values.shape == (6,) for values in altered.notes.values())


@pytest.mark.parametrize("name", registry.names("audit.experiments.interventions"))
def test_every_intervention_uses_what_it_declares_and_no_more(name: str) -> None:
    asked, intervention = lively(), experiment(name)
    limited = asked.limited_to(intervention.needs)
    assert (limited.donor_pool is None) is ("donors" not in intervention.needs)
    given = intervention.function(asked)
    withheld = intervention.function(limited)
    assert given.altered.keys() == withheld.altered.keys()
    assert given.notes.keys() == withheld.notes.keys()
    for variant, pixels in given.altered.items():
        torch.testing.assert_close(withheld.altered[variant], pixels, rtol=0, atol=0, equal_nan=True)
    if "region" not in intervention.needs:
        elsewhere_marked = replace(asked, inside=asked.inside.flip(2), forbidden=None)
        for variant, pixels in intervention.function(elsewhere_marked).altered.items():
            torch.testing.assert_close(given.altered[variant], pixels, rtol=0, atol=0)


def test_undeclared_donors_are_refused() -> None:
    object_removed(trial(Reader(CORNER)).limited_to({"region", "donors"}))
    with pytest.raises(AuditError, match="intervention: asks for donors; need 'donors' in NEEDS of its module"):
        object_removed(trial(Reader(CORNER)).limited_to({"region"}))


def test_options_are_checked() -> None:
    with pytest.raises(AuditError, match=r"intervention 'object_removed': fills\.0 = 'donr'"):
        experiment("object_removed", fills=["donr"])
    with pytest.raises(AuditError, match="intervention 'background_replaced': fills = \\[\\]"):
        experiment("background_replaced", fills=[])
    with pytest.raises(AuditError, match="no intervention 'nois'; did you mean 'noise'"):
        experiment("nois")
    assert experiment("noise", pictures=3).drawn(10, 0) < set(range(10))
    assert experiment("object_removed").drawn(10, 0) == set(range(10))
