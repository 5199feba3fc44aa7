"""From the verdicts of rules to that of the whole."""

from pathlib import Path

import pytest

from checks import judge, reasons
from checks.conclude import EXPERIMENTS, MAPS, conclude
from checks.table import integrity
from checks.verdict import Direction, Finding, Outcome, Unit, Verdict
from fixtures.candidates import write_candidate
from fixtures.evidence import bare_profile
from fixtures.records import changed, write_record

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
SMALL = bare_profile(model_is_accurate={"min_accuracy": 0.5, "why": "x"})
"""For records that no rule needs to look at."""


def finding(key: str, outcome: Outcome) -> Finding:
    return Finding(
        key=key, outcome=outcome, quantity="x", unit=Unit.SHARE, better=Direction.HIGHER, value=1.0, n=9
    )  # fmt: skip


def verdict(rule: str, outcome: Outcome, *findings: Finding, advisory: bool = False) -> Verdict:
    return Verdict(rule=rule, outcome=outcome, advisory=advisory, findings=findings or (finding(rule, outcome),))


IMPOSSIBLE = integrity.IMPOSSIBLE_NUMBERS
EXPERIMENT = [verdict(rule, PASS) for rule in EXPERIMENTS]


@pytest.mark.tor("TOR-046")
def test_advice_does_not_decide() -> None:
    advice = verdict("methods_agree", FAIL, advisory=True)
    assert conclude([*EXPERIMENT, advice]) == (PASS, EXPERIMENTS[0], None)
    assert conclude([*EXPERIMENT, verdict("methods_agree", FAIL)]).outcome is FAIL
    assert conclude([*EXPERIMENT, verdict("methods_agree", INVALID, advisory=True)]).outcome is PASS


@pytest.mark.slow
@pytest.mark.parametrize("missed", [0, 10])
def test_a_judgement_counts_them_by_the_experiment(tmp_path: Path, missed: int) -> None:
    record = write_candidate(tmp_path / "audit.sqlite", missed=range(missed), hit=range(missed, 120))
    judgement = judge(record, SMALL)
    assert judgement.outcome is PASS
    assert (judgement.right_for_the_wrong_reason[0].count > 0) == (missed > 0)


@pytest.mark.tor("TOR-046")
def test_advice_alone_is_no_verdict() -> None:
    assert conclude([verdict("methods_agree", PASS, advisory=True)]) == (INVALID, None, None)
    assert conclude([]) == (INVALID, None, None)


@pytest.mark.tor("TOR-046")
def test_maps_that_contradict_the_experiments_are_said() -> None:
    maps = verdict(MAPS[0], FAIL, finding("gradient", FAIL), finding("gradcam", PASS), advisory=True)
    assert conclude([*EXPERIMENT, maps]) == (PASS, EXPERIMENTS[0], (MAPS[0], "gradient"))
    another = conclude([*EXPERIMENT, maps, verdict("model_is_accurate", INCONCLUSIVE)])
    assert another == (INCONCLUSIVE, "model_is_accurate", (MAPS[0], "gradient"))


@pytest.mark.slow
def test_maps_of_a_method_that_is_taken_out_are_no_evidence(tmp_path: Path) -> None:
    """Gradient's maps outlive randomisation, so that what they show of this network contradicts nothing."""
    path = write_record(tmp_path / "audit.sqlite", mass=0.05)
    judgement = judge(changed(path, "UPDATE cascade SET similarity = 0.9 WHERE method = 'gradient'"))
    maps = {v.rule: [f.key for f in v.findings] for v in judgement.verdicts if v.rule in MAPS}
    assert maps["relevance_beats_chance"] == ["gradcam"]
    assert all(key.startswith("gradcam/") for key in maps["relevance_beats_null_maps"])
    assert judgement.maps_disagree == ("relevance_beats_chance", "gradcam")
    none_left = judge(changed(path, "UPDATE cascade SET similarity = 0.9"))
    assert none_left.outcome is INVALID
    assert none_left.maps_disagree is None


@pytest.mark.parametrize("outcome", [FAIL, INCONCLUSIVE, INVALID])
def test_experiments_that_do_not_pass_are_contradicted_by_nothing(outcome: Outcome) -> None:
    maps = verdict(MAPS[0], FAIL, finding("gradient", FAIL), advisory=True)
    assert conclude([*EXPERIMENT[1:], verdict(EXPERIMENTS[0], outcome), maps]) == (outcome, EXPERIMENTS[0], None)
    assert conclude([verdict("model_is_accurate", PASS), maps]).maps_disagree is None, "nothing was tried"


def test_the_first_of_the_worst_speaks() -> None:
    assert conclude([verdict("a", FAIL), verdict("b", INCONCLUSIVE), verdict("c", FAIL)]) == (FAIL, "a", None)


def test_what_names_a_cue_speaks_for_all_that_fail() -> None:
    rules = ["depends_on_object", "no_shared_hotspot", "right_for_the_right_reason"]
    failed, invalid = ([verdict(rule, outcome) for rule in rules] for outcome in (FAIL, INVALID))
    assert conclude(failed).decided_by == "no_shared_hotspot"
    assert conclude([failed[0], failed[2]]).decided_by == "right_for_the_right_reason"
    assert conclude(invalid).decided_by == "depends_on_object"


@pytest.mark.slow
def test_a_record_whose_maps_and_experiments_disagree(tmp_path: Path) -> None:
    judgement = judge(write_record(tmp_path / "audit.sqlite", mass=0.05))
    advice = {v.rule: v.outcome for v in judgement.verdicts if v.advisory}
    assert advice["relevance_beats_chance"] is FAIL
    assert judgement.maps_disagree == ("relevance_beats_chance", "gradient")


@pytest.mark.tor("TOR-047")
def test_a_record_without_experiments_never_passes(tmp_path: Path) -> None:
    judgement = judge(write_record(tmp_path / "audit.sqlite", kind="untouched"))
    assert judgement.outcome is INVALID
    verdict = judgement.verdict("depends_on_object")
    assert verdict is not None
    assert (verdict.reason, verdict.details["intervention"]) == (reasons.NOT_RUN, "object_removed")
    assert judgement.cells is None
    assert [reason.source for reason in judgement.right_for_the_wrong_reason] == ["gradient", "gradcam"]


@pytest.mark.parametrize(
    ("statement", "reason", "details"),
    [
        (
            "UPDATE answer SET probability = 1.5 WHERE sample = 9 AND variant = 'blur' AND subject = 'model'",
            IMPOSSIBLE,
            {"quantity": "probability", "subject": "model", "intervention": "background_replaced", "variant": "blur"},
        ),
        (
            "UPDATE answer SET probability = NULL WHERE variant = 'blur elsewhere' AND subject = 'model'",
            IMPOSSIBLE,
            {
                "quantity": "probability",
                "subject": "model",
                "intervention": "object_removed",
                "variant": "blur elsewhere",
            },
        ),
        (
            "UPDATE answer SET log_odds = 9e999 WHERE subject = 'linear 0.50' AND intervention = 'mark'",
            IMPOSSIBLE,
            {"quantity": "log-odds", "subject": "linear 0.50", "intervention": "mark", "variant": "elsewhere"},
        ),
        (
            "UPDATE answer SET predicted = 6 WHERE intervention = 'noise' AND subject = 'model'",
            IMPOSSIBLE,
            {"quantity": "predicted class", "subject": "model", "intervention": "noise", "variant": "noise"},
        ),
        (
            "UPDATE cascade SET similarity = 1.1 WHERE method = 'gradcam' AND stage = 2 AND sample = 3",
            IMPOSSIBLE,
            {"quantity": "similarity", "source": "gradcam", "randomised": "features.9"},
        ),
        ("UPDATE cue SET x1 = 1.2 WHERE id = 1", IMPOSSIBLE, {"quantity": "cue", "cue": 1}),
        ("UPDATE cue SET seen_in = 900 WHERE id = 2", IMPOSSIBLE, {"quantity": "cue", "cue": 2}),
        (
            "INSERT INTO answer VALUES ('model', 900, 'noise', 'noise', 0.5, 0.0, 1, NULL)",
            integrity.STRAY_ROWS,
            {"rows": 1, "table": "answer", "first": 900},
        ),
        (
            "INSERT INTO cascade VALUES ('gradient', 1, 'classifier', 900, 0.5)",
            integrity.STRAY_ROWS,
            {"rows": 1, "table": "cascade", "first": 900},
        ),
        (
            "DELETE FROM meta WHERE key = 'done planted_cue'",
            integrity.EXPERIMENTS_UNFINISHED,
            {"experiments": ["planted_cue"]},
        ),
        (
            "DELETE FROM meta WHERE key LIKE 'done %'",
            integrity.EXPERIMENTS_UNFINISHED,
            {
                "experiments": [
                    "randomisation",
                    "planted_cue",
                    "shared_cues",
                    "telling_regions",
                    "telling_object_regions",
                ]
            },
        ),
    ],
)
def test_experiments_that_no_run_can_leave_are_invalid(
    tmp_path: Path, statement: str, reason: str, details: dict[str, object]
) -> None:
    judgement = judge(changed(write_record(tmp_path / "audit.sqlite"), statement), SMALL)
    assert (judgement.outcome, judgement.decided_by) == (INVALID, "run_is_whole")
    assert judgement.verdicts[0].rule == "run_is_whole"
    assert (judgement.verdicts[0].reason, judgement.verdicts[0].details) == (reason, details)


def test_a_dead_map_has_no_similarity_and_is_possible(tmp_path: Path) -> None:
    path = changed(write_record(tmp_path / "audit.sqlite"), "UPDATE cascade SET similarity = NULL WHERE sample = 3")
    assert judge(path, SMALL).outcome is PASS


@pytest.mark.tor("TOR-106")
@pytest.mark.parametrize("outcome", [PASS, FAIL, INVALID])
def test_a_look_decides_nothing(outcome: Outcome) -> None:
    look = verdict("run_is_whole", INCONCLUSIVE)
    assert conclude([look, *EXPERIMENT, verdict("methods_agree", outcome)]) == (INCONCLUSIVE, "run_is_whole", None)
    assert conclude([verdict("run_is_whole", INVALID), *EXPERIMENT]).outcome is INVALID
