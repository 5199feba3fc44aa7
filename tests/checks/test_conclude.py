"""From the verdicts of rules to that of the whole."""

import sqlite3
from pathlib import Path

import pytest

from checks import judge
from checks.conclude import EXPERIMENTS, MAPS, conclude
from checks.verdict import Finding, Outcome, Verdict
from fixtures.candidates import write_candidate
from fixtures.evidence import bare_profile
from fixtures.records import changed, write_record

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
SMALL = bare_profile(model_is_accurate={"min_accuracy": 0.5, "why": "x"})
"""For records that no rule needs to look at."""


def finding(subject: str, outcome: Outcome) -> Finding:
    return Finding(subject=subject, outcome=outcome, quantity="x", value=1.0, n=9, sentence=f"{subject} is {outcome}.")


def verdict(rule: str, outcome: Outcome, *findings: Finding, advisory: bool = False) -> Verdict:
    return Verdict(
        rule=rule,
        question="?",
        outcome=outcome,
        sentence=f"{rule} says {outcome}.",
        next_step=f"Mend {rule}.",
        advisory=advisory,
        findings=findings or (finding(rule, outcome),),
    )


EXPERIMENT = [verdict(rule, PASS) for rule in EXPERIMENTS]


@pytest.mark.tor("TOR-046")
def test_advice_does_not_decide() -> None:
    found = conclude([*EXPERIMENT, verdict("methods_agree", FAIL, advisory=True)], 79)
    assert found.outcome is PASS
    assert found.sentence == (
        "All 3 checks pass on 79 pictures. Advice that does not decide: methods_agree is FAIL."
    )  # fmt: skip
    assert conclude([*EXPERIMENT, verdict("methods_agree", FAIL)], 79).outcome is FAIL
    assert conclude([*EXPERIMENT, verdict("methods_agree", INVALID, advisory=True)], 79).outcome is PASS


def test_a_pass_sends_to_the_pictures_that_there_are() -> None:
    pointed = (
        "Look at the pictures that are right for the wrong reason and at the worst of the gallery before you sign;"
    )
    assert conclude(EXPERIMENT, 79, 2).next_step.startswith(pointed)
    none = conclude(EXPERIMENT, 79, 0).next_step
    assert none == "Look at the worst of the gallery before you sign; a pass replaces no other verification."


@pytest.mark.parametrize("missed", [0, 10])
def test_a_judgement_counts_them_by_the_experiment(tmp_path: Path, missed: int) -> None:
    record = write_candidate(tmp_path / "audit.sqlite", missed=range(missed), hit=range(missed, 120))
    judgement = judge(record, SMALL)
    assert judgement.outcome is PASS
    assert (judgement.right_for_the_wrong_reason[0].count > 0) == (missed > 0)
    assert ("wrong reason" in judgement.next_step) == (missed > 0)


@pytest.mark.tor("TOR-046")
def test_advice_alone_is_no_verdict() -> None:
    found = conclude([verdict("methods_agree", PASS, advisory=True)], 79)
    assert found.outcome is INVALID
    assert found.sentence == "The profile names no rule that decides, so nothing was judged."
    assert conclude([], 79).outcome is INVALID


@pytest.mark.tor("TOR-046")
def test_maps_that_contradict_the_experiments_are_said() -> None:
    maps = verdict(MAPS[0], FAIL, finding("gradient", FAIL), finding("gradcam", PASS), advisory=True)
    found = conclude([*EXPERIMENT, maps], 79)
    assert found.outcome is PASS
    assert "Maps and experiments disagree: gradient is FAIL. The experiments decide" in found.sentence
    another = conclude([*EXPERIMENT, maps, verdict("model_is_accurate", INCONCLUSIVE)], 79)
    assert another.sentence.startswith("model_is_accurate says INCONCLUSIVE. Maps and experiments disagree")


def test_maps_of_a_method_that_is_taken_out_are_no_evidence(tmp_path: Path) -> None:
    """Gradient's maps outlive randomisation, so that what they show of this network contradicts nothing."""
    path = write_record(tmp_path / "audit.sqlite", mass=0.05)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE cascade SET similarity = 0.9 WHERE method = 'gradient'")
    judgement = judge(path)
    maps = {v.rule: [f.subject for f in v.findings] for v in judgement.verdicts if v.rule in MAPS}
    assert maps["relevance_beats_chance"] == ["gradcam"]
    assert all(subject.startswith("gradcam against") for subject in maps["relevance_beats_null_maps"])
    assert "Maps and experiments disagree: gradcam puts" in judgement.sentence
    with connection:
        connection.execute("UPDATE cascade SET similarity = 0.9")
    connection.close()
    none_left = judge(path)
    assert none_left.outcome is INVALID
    assert "disagree" not in none_left.sentence


@pytest.mark.parametrize("outcome", [FAIL, INCONCLUSIVE, INVALID])
def test_experiments_that_do_not_pass_are_contradicted_by_nothing(outcome: Outcome) -> None:
    maps = verdict(MAPS[0], FAIL, finding("gradient", FAIL), advisory=True)
    found = conclude([*EXPERIMENT[1:], verdict(EXPERIMENTS[0], outcome), maps], 79)
    assert found.outcome is outcome
    assert "disagree" not in found.sentence
    assert "disagree" not in conclude([verdict("model_is_accurate", PASS), maps], 79).sentence, "nothing was tried"


def test_the_first_of_the_worst_speaks() -> None:
    found = conclude([verdict("a", FAIL), verdict("b", INCONCLUSIVE), verdict("c", FAIL)], 79)
    assert found == (FAIL, "a says FAIL. 1 further check is FAIL too.", "Mend a.")


def test_what_names_a_cue_speaks_for_all_that_fail() -> None:
    rules = ["depends_on_object", "no_shared_hotspot", "right_for_the_right_reason"]
    failed, invalid = ([verdict(rule, outcome) for rule in rules] for outcome in (FAIL, INVALID))
    assert conclude(failed, 79).sentence.startswith("no_shared_hotspot says")
    assert conclude([failed[0], failed[2]], 79).sentence.startswith("right_for_the_right_reason says")
    assert conclude(invalid, 79).sentence.startswith("depends_on_object says")


def test_a_record_whose_maps_and_experiments_disagree(tmp_path: Path) -> None:
    judgement = judge(write_record(tmp_path / "audit.sqlite", mass=0.05))
    advice = {v.rule: v.outcome for v in judgement.verdicts if v.advisory}
    assert advice["relevance_beats_chance"] is FAIL
    assert "Maps and experiments disagree: " in judgement.sentence


@pytest.mark.tor("TOR-047")
def test_a_record_without_experiments_never_passes(tmp_path: Path) -> None:
    judgement = judge(write_record(tmp_path / "audit.sqlite", kind="untouched"))
    assert judgement.outcome is INVALID
    said = " ".join(v.sentence for v in judgement.verdicts)
    assert "The intervention object_removed was not run; need" in said
    assert judgement.cells is None
    assert [reason.source for reason in judgement.right_for_the_wrong_reason] == ["gradient", "gradcam"]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE answer SET probability = 1.5 WHERE sample = 9 AND variant = 'blur' AND subject = 'model'",
            "The record holds impossible numbers: probability of model to background_replaced 'blur'.",
        ),
        (
            "UPDATE answer SET probability = NULL WHERE variant = 'blur elsewhere' AND subject = 'model'",
            "The record holds impossible numbers: probability of model to object_removed 'blur elsewhere'.",
        ),
        (
            "UPDATE answer SET log_odds = 9e999 WHERE subject = 'linear 0.50' AND intervention = 'mark'",
            "The record holds impossible numbers: log-odds of linear 0.50 to mark 'elsewhere'.",
        ),
        (
            "UPDATE answer SET predicted = 6 WHERE intervention = 'noise' AND subject = 'model'",
            "The record holds impossible numbers: predicted class of model to noise 'noise'.",
        ),
        (
            "UPDATE cascade SET similarity = 1.1 WHERE method = 'gradcam' AND stage = 2 AND sample = 3",
            "The record holds impossible numbers: similarity of gradcam with features.9 randomised.",
        ),
        ("UPDATE cue SET x1 = 1.2 WHERE id = 1", "The record holds impossible numbers: cue 1."),
        ("UPDATE cue SET seen_in = 900 WHERE id = 2", "The record holds impossible numbers: cue 2."),
        (
            "INSERT INTO answer VALUES ('model', 900, 'noise', 'noise', 0.5, 0.0, 1)",
            "The record holds 1 row in table answer about samples without a picture, first number 900.",
        ),
        (
            "INSERT INTO cascade VALUES ('gradient', 1, 'classifier', 900, 0.5)",
            "The record holds 1 row in table cascade about samples without a picture, first number 900.",
        ),
        (
            "DELETE FROM meta WHERE key = 'done planted_cue'",
            "The run ended without planted_cue, which its settings ask for.",
        ),
        (
            "DELETE FROM meta WHERE key LIKE 'done %'",
            "The run ended without randomisation, planted_cue and shared_cues, which its settings ask for.",
        ),
    ],
)
def test_experiments_that_no_run_can_leave_are_invalid(tmp_path: Path, statement: str, sentence: str) -> None:
    judgement = judge(changed(write_record(tmp_path / "audit.sqlite"), statement), SMALL)
    assert judgement.outcome is INVALID
    assert judgement.verdicts[0].rule == "run_is_whole"
    assert judgement.sentence.startswith(sentence)
    assert judgement.next_step


def test_a_dead_map_has_no_similarity_and_is_possible(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE cascade SET similarity = NULL WHERE sample = 3")
    connection.close()
    assert judge(path, SMALL).outcome is PASS
