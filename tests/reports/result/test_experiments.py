"""What the page and `audit.json` say of the experiments, held against plain loops over the record's rows."""

import json
import sqlite3
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from audit.record.record import Record
from checks.profile import load_profile
from checks.table.cells import Miss, miss_of
from checks.table.evidence import OTHER_BACKGROUND, Evidence
from checks.table.read_evidence import read_evidence
from fixtures.records import changed, write_record
from reports.result.controls import agreements, cascades, planted_strengths
from reports.result.cost import passes, total
from reports.result.cues import cue_summaries, place
from reports.result.experiments import experiments, halves, numbered

DEFAULT = load_profile("default")
FILLS = ("mean", "blur", "donor")


@pytest.fixture(scope="module", params=["honest", "cheating"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp(request.param) / "audit.sqlite", n=90, kind=request.param)


def read(path: Path) -> Evidence:
    with Record.open(path) as record:
        return read_evidence(record, DEFAULT)


def rows(path: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute(query, values).fetchall()
    connection.close()
    return found


def answers(
    path: Path, intervention: str, variant: str, *, right_only: bool = True
) -> dict[int, tuple[float, float, int]]:
    query = (
        "SELECT a.sample, a.probability, a.log_odds, a.predicted FROM answer a JOIN picture p ON p.sample = a.sample"
        " JOIN sample s ON s.id = a.sample WHERE subject = 'model' AND intervention = ? AND variant = ?"
    )
    return {
        i: (p, o, c)
        for i, p, o, c in rows(path, query + " AND p.predicted = s.class" * right_only, intervention, variant)
    }


@pytest.mark.slow
def test_removal_is_told_by_fill_in_the_usual_order(path: Path) -> None:
    told = experiments(read(path)).removed
    assert [row.fill for row in told] == ["mean", "blur", "donor"]
    before = dict(rows(path, "SELECT sample, probability FROM picture"))
    for row in told:
        without, control = (answers(path, "object_removed", v) for v in (row.fill, f"{row.fill} elsewhere"))
        assert row.n == len(without) < len(before)
        assert row.before == pytest.approx(fmean(before[i] for i in without))
        assert row.kept == pytest.approx(fmean(p for p, _, _ in without.values()))
        assert row.kept_elsewhere == pytest.approx(fmean(p for p, _, _ in control.values()))
        assert row.log_odds == pytest.approx(fmean(o for _, o, _ in without.values()))
        assert row.log_odds_elsewhere == pytest.approx(fmean(o for _, o, _ in control.values()))


def test_a_fill_without_its_control_is_told_alone(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=60)
    changed(
        path,
        "DELETE FROM answer WHERE variant = 'mean elsewhere' OR intervention = 'object_removed' AND variant = 'blur'",
        "DELETE FROM answer WHERE variant = 'donor elsewhere' AND sample < 40",
    )
    told = {row.fill: row for row in experiments(read(path)).removed}
    assert set(told) == {"mean", "donor"}
    assert told["mean"].kept_elsewhere is None
    assert 0 < told["donor"].n < told["mean"].n


@pytest.mark.parametrize(("intervention", "donors"), [("background_replaced", (1, 2, 3)), ("placement_swapped", (1,))])
def test_a_swap_is_that_of_a_plain_loop(intervention: str, donors: tuple[int, ...], path: Path) -> None:
    (swap,) = (swap for swap in experiments(read(path)).swaps if swap.intervention == intervention)
    truth = dict(rows(path, "SELECT id, class FROM sample"))
    named: dict[str, float] = {}
    for kind in ("same", "other"):
        found = [answers(path, intervention, f"{kind} {k}") for k in donors]
        shares = [fmean(one[i][2] == truth[i] for one in found) for i in found[0]]
        named[kind] = fmean(shares)
    donor = {
        (i, name): value
        for i, name, value in rows(path, f"SELECT sample, name, value FROM note WHERE source = '{intervention}'")
    }
    followed = [
        predicted == donor[i, f"donor class {k}"]
        for k in donors
        for i, (_, _, predicted) in answers(path, intervention, f"other {k}").items()
    ]
    assert swap.same == pytest.approx(named["same"])
    assert swap.other == pytest.approx(named["other"])
    assert swap.follows == pytest.approx(fmean(followed))


def test_backgrounds_and_noise_are_those_of_a_plain_loop(path: Path) -> None:
    told = experiments(read(path))
    assert [row.fill for row in told.replaced] == ["mean", "blur", "same", "other"]
    truth = dict(rows(path, "SELECT id, class FROM sample"))
    for row in told.replaced[2:]:
        found = [answers(path, "background_replaced", f"{row.fill} {k}") for k in (1, 2, 3)]
        assert row.kept == pytest.approx(fmean(p for one in found for p, _, _ in one.values()))
        assert row.accuracy == pytest.approx(fmean(c == truth[i] for one in found for i, (_, _, c) in one.items()))
        assert row.n == len(found[0])
    noisy = answers(path, "noise", "noise", right_only=False)
    before = dict(rows(path, "SELECT sample, predicted FROM picture"))
    assert told.noise is not None
    assert told.noise.n == len(noisy)
    assert told.noise.same_prediction == pytest.approx(fmean(c == before[i] for i, (_, _, c) in noisy.items()))
    assert set(told.noise.similarity) == {"gradient", "gradcam"}


def test_nothing_is_told_where_nothing_was_asked(tmp_path: Path) -> None:
    found = read(write_record(tmp_path / "audit.sqlite", n=60, kind="untouched"))
    told = experiments(found)
    assert (told.removed, told.replaced, told.swaps, told.noise) == ((), (), (), None)
    assert np.isnan(halves(found, FILLS).alone).all()
    for nothing in (planted_strengths(found, Miss()), cascades(found), cue_summaries(found, ())):
        assert not nothing
    assert len(agreements(found)) == 1, "of the two methods' maps"


@pytest.mark.slow
def test_donors_are_counted_as_numbers(path: Path) -> None:
    found = read(path)
    assert numbered(found, "background_replaced", "other") == ("other 1", "other 2", "other 3")
    changed(path, "UPDATE answer SET variant = 'other 10' WHERE variant = 'other 2'")
    try:
        assert numbered(read(path), "background_replaced", "other") == ("other 1", "other 3", "other 10")
    finally:
        changed(path, "UPDATE answer SET variant = 'other 2' WHERE variant = 'other 10'")


@pytest.mark.parametrize("fills", [FILLS, ("mean", "blur"), ("donor",)])
def test_the_halves_differ_by_the_lead(path: Path, fills: tuple[str, ...]) -> None:
    found = read(path)
    both = halves(found, fills)
    assert both.alone - both.surroundings == pytest.approx(found.lead(fills))
    alone = {f: answers(path, "background_replaced", OTHER_BACKGROUND[f], right_only=False) for f in fills}
    gone = {f: answers(path, "object_removed", f, right_only=False) for f in fills}
    for i, sample in enumerate(found.sample.tolist()):
        lead = max(alone[f][sample][1] - gone[f][sample][1] for f in fills)
        assert both.alone[i] - both.surroundings[i] == pytest.approx(lead)


def test_the_halves_do_without_a_fill_that_was_not_asked(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=60)
    changed(
        path,
        "DELETE FROM answer WHERE intervention = 'object_removed' AND variant = 'mean' AND sample < 30",
        "DELETE FROM answer WHERE intervention = 'object_removed' AND variant IN ('mean', 'blur', 'donor')"
        " AND sample < 10",
    )
    found = read(path)
    both, lead = halves(found, FILLS), found.lead(FILLS)
    assert np.isnan(lead[found.sample < 10]).all()
    assert np.isfinite(lead[found.sample >= 10]).all()
    np.testing.assert_allclose(both.alone - both.surroundings, lead, atol=1e-12)


def test_the_planted_copies_are_told_as_a_plain_loop_does(path: Path) -> None:
    found = read(path)
    told = {(row.detector, row.share): row for row in planted_strengths(found, miss_of(DEFAULT))}
    assert found.planted is not None
    assert list(told) == [(d, share) for d in found.planted.detectors for share in found.planted.lambdas]

    def asked(subject: str, intervention: str, variant: str, column: str) -> dict[int, float]:
        query = f"SELECT sample, {column} FROM answer WHERE subject = ? AND intervention = ? AND variant = ?"
        return dict(rows(path, query, subject, intervention, variant))

    for (detector, share), row in told.items():
        subject = f"{detector} {share:.2f}"
        shown = asked(subject, "mark", "shown", "probability")
        assert row.n == len(shown)
        assert row.shown == pytest.approx(fmean(shown.values()))
        gone = [asked(subject, "object_removed", f, "log_odds") for f in FILLS]
        alone = [asked(subject, "background_replaced", OTHER_BACKGROUND[f], "log_odds") for f in FILLS]
        missed = [not max(a[i] - g[i] for a, g in zip(alone, gone, strict=True)) > 0 for i in shown]
        assert row.missed == pytest.approx(fmean(missed))
        kept = [p for f in FILLS for p in asked(subject, "object_removed", f, "probability").values()]
        assert row.kept == pytest.approx(fmean(kept))
        hidden, other = (asked(subject, "mark", v, "log_odds") for v in ("hidden", "elsewhere"))
        assert row.blamed == pytest.approx(fmean(hidden[i] < other[i] for i in hidden))
        assert bool(row.mass_on_mark) == (share in (0, 1))


def test_curves_of_randomisation_and_agreement_are_means(path: Path) -> None:
    found = read(path)
    for entry in cascades(found):
        for number, stage in enumerate(entry.stages, 1):
            query = "SELECT similarity FROM cascade WHERE method = ? AND stage = ?"
            values = [value for (value,) in rows(path, query, entry.method, number)]
            assert stage.n == len(values)
            assert stage.similarity == pytest.approx(fmean(values))
    (pair,) = agreements(found)
    query = "SELECT value FROM note WHERE source = ? AND name = ?"
    values = [value for (value,) in rows(path, query, "gradient", "agreement with gradcam")]
    assert (pair.one, pair.other, pair.n) == ("gradient", "gradcam", found.n)
    assert pair.agreement == pytest.approx(fmean(values))


def test_candidates_are_told_with_both_experiments(path: Path) -> None:
    found = read(path)
    told = cue_summaries(found, ("runway",))
    assert [(cue.kind, cue.where) for cue in told] == [("place", "bottom left"), ("appearance", "in changing places")]
    for cue in told:
        assert cue.class_name == "runway"
        assert cue.hidden is not None
        assert cue.pasted is not None
        hidden = answers(path, f"cue {cue.id}", "hidden", right_only=False)
        assert cue.hidden.n == len(hidden)
        assert cue.hidden.hidden == pytest.approx(fmean(p for p, _, _ in hidden.values()))
        pasted = answers(path, f"cue {cue.id}", "pasted", right_only=False)
        assert cue.pasted.turned == pytest.approx(fmean(c == cue.class_index for _, _, c in pasted.values()))
        assert cue.pasted.n == len(pasted)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (None, "in changing places"),
        ((0.0, 0.8, 0.2, 1.0), "bottom left"),
        ((0.8, 0.4, 1.0, 0.6), "right"),
        ((0.4, 0.0, 0.6, 0.1), "top"),
        ((0.4, 0.4, 0.6, 0.6), "in the middle"),
        ((0.0, 0.9, 1.0, 1.0), "along the bottom edge"),
        ((0.0, 0.0, 0.1, 0.9), "along the left edge"),
        ((0.0, 0.4, 1.0, 0.6), "across the middle"),
        ((0.0, 0.0, 1.0, 1.0), "the whole frame"),
    ],
)
def test_a_place_in_words(box: tuple[float, float, float, float] | None, words: str) -> None:
    assert place(box) == words


def test_passes_add_up(path: Path) -> None:
    changed(path, "INSERT INTO passes VALUES ('pictures', 4, 8, 2)")
    try:
        with Record.open(path) as record:
            parts = passes(record, 89)
    finally:
        changed(path, "DELETE FROM passes WHERE pictures = 4")
    assert [part.part for part in parts] == [
        "pictures",
        "randomisation",
        "planted_cue",
        "shared_cues",
        "telling_regions",
        "telling_object_regions",
    ]
    assert (parts[0].forward, parts[0].backward) == (30 * 89 + 8, 17 * 89 + 2)
    whole = total(parts, 89)
    assert whole is not None
    assert whole.equivalents == pytest.approx((sum(p.forward for p in parts) + sum(p.backward for p in parts)) / 89)
    assert total((), 89) is None


def test_no_picture_no_rate(path: Path) -> None:
    with Record.open(path) as record:
        assert passes(record, 0)[0].equivalents is None


def test_numbers_survive_json(path: Path) -> None:
    found = read(path)
    for value in (experiments(found), *planted_strengths(found, Miss()), *cue_summaries(found, ())):
        assert json.loads(json.dumps(value.model_dump(mode="json"), allow_nan=False))
