"""Answers, notes and studies of a record as rules read them, and the control's pictures as a data set of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit.errors import AuditError
from audit.record.record import Record
from audit.record.schema import SUBJECT
from checks import judge, reasons
from checks.apply import apply
from checks.profile import load_profile
from checks.table.controls import Planted
from checks.table.evidence import Evidence
from checks.table.over_columns import median
from checks.table.read_evidence import log_odds_of, read_evidence
from checks.verdict import Outcome
from fixtures.evidence import bare_profile, make_evidence
from fixtures.records import changed, write_record

DEFAULT = load_profile("default")
FILLS = ("mean", "blur", "donor")


def read(path: Path) -> Evidence:
    with Record.open(path) as record:
        return read_evidence(record, DEFAULT)


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    return write_record(tmp_path / "audit.sqlite")


@pytest.mark.tor("TOR-026")
def test_answers_are_those_of_the_table(honest: Path) -> None:
    changed(honest, "DELETE FROM answer WHERE intervention = 'object_removed' AND variant = 'blur' AND sample = 7")
    found = read(honest)
    with Record.open(honest) as record:
        table = record.columns(
            "SELECT sample, probability, log_odds, predicted FROM answer"
            " WHERE subject = 'model' AND intervention = 'object_removed' AND variant = 'blur'"
        )
    answered = found.answered("object_removed", "blur")
    place = found.sample.tolist().index(7)
    assert np.flatnonzero(~answered.asked).tolist() == [place]
    assert np.isnan(answered.probability[place])
    assert np.isnan(answered.log_odds[place])
    assert answered.predicted[place] == -1
    for row, number in enumerate(table["sample"].tolist()):
        i = found.sample.tolist().index(number)
        assert answered.probability[i] == table["probability"][row]
        assert answered.log_odds[i] == table["log_odds"][row]
        assert answered.predicted[i] == table["predicted"][row]
    assert found.asked("object_removed").all(), "other fills were answered"
    assert not found.asked("nothing").any()


@pytest.mark.tor("TOR-026")
def test_what_was_not_asked_is_nan_throughout(honest: Path) -> None:
    nothing = read(honest).answered("object_removed", "glitter")
    assert nothing.probability.shape == (79,)
    assert np.isnan(nothing.probability).all()
    assert np.isnan(nothing.log_odds).all()
    assert (nothing.predicted == -1).all()


def test_subjects_and_variants(honest: Path) -> None:
    found = read(honest)
    assert SUBJECT in found.subjects
    assert len(found.subjects) == 9
    assert found.variants("object_removed") == tuple(sorted([*FILLS, *(f"{fill} elsewhere" for fill in FILLS)]))
    assert found.variants("mark", "linear 0.50") == ("elsewhere", "hidden", "other", "shown")
    assert found.variants("mark") == ()


@pytest.mark.tor("TOR-029")
def test_the_lead_is_the_largest_over_the_fills(honest: Path) -> None:
    with Record.open(changed(honest, "DELETE FROM answer WHERE variant = 'donor' AND sample = 5")) as record:
        rows = record.columns("SELECT sample, intervention, variant, log_odds FROM answer WHERE subject = 'model'")
        found = read_evidence(record, DEFAULT)
    table = {
        (number, intervention, variant): odds
        for number, intervention, variant, odds in zip(*(rows[name].tolist() for name in rows), strict=True)
    }
    pairs = {"mean": "mean", "blur": "blur", "donor": "other 1"}
    for i, number in enumerate(found.sample.tolist()):
        leads = [
            table[number, "background_replaced", other] - table[number, "object_removed", fill]
            for fill, other in pairs.items()
            if (number, "object_removed", fill) in table
        ]
        assert len(leads) == (2 if number == 5 else 3)
        assert found.lead(FILLS)[i] == pytest.approx(max(leads), abs=1e-12)


def test_the_lead_of_nothing_is_no_number() -> None:
    found = make_evidence({"a": [0.5] * 3}, answers={("object_removed", "mean"): 1.0})
    assert np.isnan(found.lead(("mean",))).all()
    assert np.isnan(found.lead(())).all()


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 7])
def test_the_median_is_numpys_over_the_numbers(columns: int) -> None:
    rng = np.random.default_rng(columns)
    table = rng.normal(size=(columns, 300)).round(1)
    table[rng.random(table.shape) < 0.4] = np.nan
    expected = [np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in table.T]
    assert np.array_equal(median(list(table), 300), expected, equal_nan=True)


@pytest.mark.tor("TOR-029")
def test_log_odds_of_a_saturated_probability_are_finite() -> None:
    odds = log_odds_of(np.array([0.0, 0.5, 0.9, 1.0, np.nan]))
    assert odds[:4] == pytest.approx([-36, 0, np.log(9), 36], abs=0.1)
    assert np.isnan(odds[4])


def test_notes_cascade_cues_and_the_planted_cue(honest: Path) -> None:
    changed(honest, "DELETE FROM note WHERE sample = 3 AND name = 'agreement with gradcam'")
    found = read(honest)
    note = found.notes["gradient", "agreement with gradcam"]
    assert note.shape == (79,)
    assert np.flatnonzero(np.isnan(note)).tolist() == [2]
    stages = found.cascade["gradient"]
    assert [stage.layers for stage in stages] == ["classifier", "features.9", "features.6", "features.0"]
    assert [len(stage.similarity) for stage in stages] == [16] * 4
    assert stages[0].similarity.mean() > stages[3].similarity.mean()
    place, appearance = found.cues
    assert (place.kind, place.box) == ("place", (0.0, 0.84, 0.16, 1.0))
    assert (appearance.kind, appearance.box, appearance.side) == ("appearance", None, 0.12)
    assert isinstance(found.planted, Planted)
    assert (found.planted.lambdas[0], found.planted.lambdas[-1], found.planted.pictures) == (0.0, 1.0, 24)
    assert all(found.planted.subject(d, lam) in found.subjects for d in ("linear", "saturating") for lam in (0.0, 0.25))
    assert found.experiments["background_replaced"]["donors"] == 3


def test_a_record_without_experiments_has_none(tmp_path: Path) -> None:
    found = read(write_record(tmp_path / "audit.sqlite", kind="untouched"))
    assert (found.subjects, found.cues, found.planted) == ((), (), None)
    assert not found.answers
    assert set(found.notes) == {("gradient", "agreement with gradcam")}, "which no experiment leaves"
    assert not found.cascade
    assert not found.experiments
    assert np.isnan(found.lead(FILLS)).all()


def test_a_broken_planted_cue_cannot_be_judged(honest: Path) -> None:
    with pytest.raises(AuditError, match=r"broken entry 'planted_cue' \(KeyError\('mark'\)\).*Run the audit again"):
        judge(changed(honest, "UPDATE meta SET value = '{}' WHERE key = 'planted_cue'"))


# A planted copy as a data set of its own


def test_a_subject_is_its_pictures_and_its_answers(honest: Path) -> None:
    found = read(honest)
    shown = found.answered("mark", "shown", "linear 1.00")
    copy = found.as_subject("linear 1.00")
    assert copy.n == copy.total == 24
    assert copy.sample.tolist() == found.sample[shown.asked].tolist()
    assert copy.probability == pytest.approx(shown.probability[shown.asked])
    assert copy.predicted.tolist() == shown.predicted[shown.asked].tolist()
    assert copy.subjects == (SUBJECT,)
    assert copy.variants("object_removed") == found.variants("object_removed", "linear 1.00")
    mine, theirs = copy.answered("object_removed", "mean"), found.answered("object_removed", "mean", "linear 1.00")
    assert mine.log_odds == pytest.approx(theirs.log_odds[shown.asked])
    assert copy.notes["gradient", "mass on mark, linear 1.00"].shape == (24,)
    assert (copy.methods, copy.cues, copy.planted, copy.profile) == ((), (), None, found.profile)


def test_answers_about_some_of_the_subjects_pictures_find_their_place(honest: Path) -> None:
    """Two of the pictures were not shown, and one answer is missing among those that were."""
    changed(
        honest,
        "DELETE FROM answer WHERE subject = 'linear 0.50' AND variant = 'shown' AND sample IN (1, 9)",
        "DELETE FROM answer WHERE subject = 'linear 0.50' AND variant = 'blur' AND sample = 4",
    )
    found = read(honest)
    copy = found.as_subject("linear 0.50")
    assert copy.n == 22
    blur, own = copy.answered("object_removed", "blur"), found.answered("object_removed", "blur", "linear 0.50")
    for i, number in enumerate(copy.sample.tolist()):
        expected = own.log_odds[found.sample.tolist().index(number)]
        assert (np.isnan(blur.log_odds[i]) and number == 4) or blur.log_odds[i] == expected


def test_a_subject_that_is_not_there_has_no_pictures(honest: Path) -> None:
    copy = read(honest).as_subject("cubic 0.50")
    assert copy.n == 0
    assert apply(copy, "right_for_the_right_reason").outcome is Outcome.INVALID


@pytest.mark.parametrize("rule", ["depends_on_object", "right_for_the_right_reason", "survives_other_background"])
def test_rules_of_the_profile_judge_a_copy_by_the_mark(honest: Path, rule: str) -> None:
    found = read(honest)
    assert apply(found.as_subject("linear 1.00"), rule).outcome is Outcome.FAIL
    assert apply(found.as_subject("linear 0.00"), rule).outcome is not Outcome.FAIL


# Apply


def test_a_rule_is_applied_with_the_limits_of_the_profile() -> None:
    table = {"min_accuracy": 0.5, "why": "Because."}
    found = make_evidence({"a": np.full(80, 0.5)})
    strict = replace(found, profile=bare_profile(model_is_accurate={**table, "min_accuracy": 0.99}))
    assert apply(replace(found, profile=bare_profile(model_is_accurate=table)), "model_is_accurate").why == "Because."
    assert apply(strict, "model_is_accurate").outcome is Outcome.INCONCLUSIVE


def test_what_is_no_limit_does_not_reach_the_rule() -> None:
    table = {"min_accuracy": 0.5, "why": "Because.", "advisory": True}
    verdict = apply(
        replace(make_evidence({"a": np.full(80, 0.5)}), profile=bare_profile(model_is_accurate=table)),
        "model_is_accurate",
    )
    assert (verdict.outcome, verdict.advisory) == (Outcome.PASS, True)


def test_a_rule_that_the_profile_does_not_name_is_invalid() -> None:
    verdict = apply(make_evidence({"a": np.full(80, 0.5)}), "model_is_accurate")
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason == reasons.BROKEN_RULE
    assert "min_accuracy is missing" in verdict.details["error"]
