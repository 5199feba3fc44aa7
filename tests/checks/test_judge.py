"""A judgement of a whole record."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.errors import AuditError
from audit.record.record import Record
from checks import judge, reasons, register
from checks.profile import fingerprint, load_profile
from checks.table import integrity
from checks.table.evidence import Evidence
from checks.table.read_evidence import read_evidence
from checks.verdict import Direction, Finding, Judgement, Outcome, Profile, Unit, Verdict, WrongReason, worst
from fixtures.evidence import make_evidence
from fixtures.records import changed, write_record

ADVISORY = {
    "methods_agree",
    "relevance_beats_chance",
    "relevance_beats_null_maps",
    "right_for_the_right_reason",
    "survives_other_object_colour",
    "survives_other_object_regions",
    "survives_other_object_shape",
}


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    return write_record(tmp_path / "audit.sqlite")


def profile_of(**rules: Any) -> Profile:
    bare = Profile(name="own", description="", confidence=0.95, rules=rules, sha256="")
    return bare.model_copy(update={"sha256": fingerprint(bare)})


SMALL = profile_of(model_is_accurate={"min_accuracy": 0.5, "why": "x"})
"""For records that no rule needs to look at."""


@pytest.mark.slow
def test_honest_passes_by_the_limits_that_were_fixed_beforehand(honest: Path) -> None:
    judgement = judge(honest)
    assert judgement.outcome is Outcome.PASS
    assert judgement.fixed_beforehand
    assert judgement.registered == "default"
    assert (judgement.decided_by, judgement.pictures, judgement.maps_disagree) == ("control_is_caught", 79, None)
    assert sum(not verdict.advisory for verdict in judgement.verdicts) == 14
    assert [verdict.rule for verdict in judgement.verdicts] == sorted(load_profile("default").rules)
    assert {verdict.rule for verdict in judgement.verdicts if verdict.advisory} == ADVISORY
    assert all(v.why == judgement.profile.rules[v.rule]["why"] for v in judgement.verdicts)
    assert [reason.source for reason in judgement.right_for_the_wrong_reason] == ["experiment", "gradient", "gradcam"]
    assert judgement.cells is not None
    assert [cell.count for cell in judgement.cells.cells] == [69, 0, 9, 1]
    assert Judgement.model_validate_json(judgement.model_dump_json()) == judgement
    with Record.open(honest) as record:
        assert judge(record) == judgement == judge(str(honest))


def test_cheating_fails_and_its_right_answers_are_wrong_reasons(tmp_path: Path) -> None:
    judgement = judge(write_record(tmp_path / "audit.sqlite", kind="cheating"))
    assert judgement.outcome is Outcome.FAIL
    assert judgement.decided_by == "no_shared_hotspot"
    cue = judgement.verdict("no_shared_hotspot")
    assert cue is not None
    assert cue.deciding is not None
    assert cue.decided_by == "cue 1"
    assert (cue.deciding.details["window"], cue.deciding.details["class_label"]) == ([10, 10], "runway")
    failed = [verdict for verdict in judgement.verdicts if verdict.outcome is Outcome.FAIL and not verdict.advisory]
    assert {verdict.rule for verdict in failed} == {
        "no_shared_hotspot",
        "depends_on_object",
        "survives_other_background",
    }
    assert judgement.right_for_the_wrong_reason[0].source == "experiment"
    for reason in judgement.right_for_the_wrong_reason:
        assert reason.share is not None
        assert reason.share > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "outcome", "rule"),
    [
        ("untouched", Outcome.INVALID, "control_is_caught"),
        ("dead", Outcome.INVALID, "evidence_is_complete"),
        ("incomplete", Outcome.INVALID, "run_is_whole"),
    ],
)
def test_other_records(tmp_path: Path, kind: str, outcome: Outcome, rule: str) -> None:
    judgement = judge(write_record(tmp_path / "audit.sqlite", kind=kind))  # type: ignore[arg-type]
    assert judgement.outcome is outcome
    decided = next(verdict for verdict in judgement.verdicts if verdict.outcome is outcome)
    assert decided.rule == rule == judgement.decided_by


@pytest.mark.slow
def test_the_right_answers_beside_the_object_are_counted(honest: Path) -> None:
    """Of five right answers: AUC under a half, mass under the area, both good, dead, no score."""
    changed(
        honest,
        "UPDATE picture SET predicted = (SELECT class + 1 FROM sample WHERE id = sample)",
        "UPDATE picture SET predicted = (SELECT class FROM sample WHERE id = sample) WHERE sample <= 5",
        "UPDATE picture SET area_share = 0.2",
        "UPDATE score SET dead = 0, mass = 0.5, auc = 0.6",
        "UPDATE score SET auc = 0.4 WHERE sample = 1",
        "UPDATE score SET mass = 0.1 WHERE sample = 2",
        "UPDATE score SET dead = 1, mass = NULL, auc = NULL WHERE sample = 4",
        "UPDATE score SET mass = NULL WHERE sample = 5",
    )
    reason = judge(honest).right_for_the_wrong_reason[1]
    assert (reason.count, reason.right, reason.share) == (3, 4, 0.75)
    assert reason.upper == pytest.approx(0.9873, abs=1e-4)  # 1 - p**4 = 0.95


@pytest.mark.slow
def test_no_right_answer_has_no_share(honest: Path) -> None:
    changed(honest, "UPDATE picture SET predicted = NULL, probability = NULL, label_rank = NULL, confidence = NULL")
    judgement = judge(honest)
    verdicts = {verdict.rule: verdict for verdict in judgement.verdicts}
    assert judgement.outcome is verdicts["model_is_accurate"].outcome is Outcome.FAIL
    assert verdicts["model_is_accurate"].findings[0].details["silent"] == 79
    assert verdicts["depends_on_object"].findings[0].reason == reasons.NO_PICTURES
    assert judgement.right_for_the_wrong_reason[1] == WrongReason(
        source="gradient", count=0, right=0, share=None, upper=None
    )


@pytest.mark.slow
@pytest.mark.tor("TOR-045")
def test_another_profile_was_not_fixed_beforehand(honest: Path, tmp_path: Path) -> None:
    assert judge(honest, "default").fixed_beforehand
    own = tmp_path / "own.toml"
    own.write_text('[rules.model_is_accurate]\nmin_accuracy = 0.99\nwhy = "Safety."\n')
    judgement = judge(honest, own)
    assert not judgement.fixed_beforehand
    assert judgement.registered == "default", "another one was fixed"
    assert judgement.outcome is Outcome.FAIL
    assert judgement.verdicts[0].why == "Safety."


@pytest.mark.slow
@pytest.mark.tor("TOR-045")
def test_a_profile_that_lies_about_its_hash_was_not_fixed_beforehand(honest: Path) -> None:
    default = load_profile("default")
    lax = default.model_copy(update={"confidence": 0.6})
    assert not judge(honest, lax).fixed_beforehand
    with Record.open(honest) as record:
        record.set_meta("profile", lax.model_dump())
    assert not judge(honest).fixed_beforehand
    assert not judge(honest, default).fixed_beforehand, "the recorded limits are not those of the recorded hash"


@pytest.mark.tor("TOR-047")
def test_without_rules_nothing_was_judged(honest: Path) -> None:
    judgement = judge(honest, profile_of())
    assert (judgement.outcome, judgement.decided_by, judgement.verdicts) == (Outcome.INVALID, None, ())


def broken(evidence: Evidence) -> Verdict:
    raise ZeroDivisionError(f"nothing to divide {evidence.n} by")


def answers_nothing(evidence: Evidence) -> None:
    del evidence


def passes_on_nothing(evidence: Evidence) -> Verdict:
    del evidence
    return Verdict(rule="x", outcome=Outcome.PASS)


BARE: dict[str, Any] = {
    "key": "x",
    "outcome": Outcome.PASS,
    "quantity": "x",
    "unit": Unit.SHARE,
    "better": Direction.HIGHER,
    "n": 79,
}


def passes_with(**stated: Any) -> Callable[[Evidence], Verdict]:
    finding = Finding(**{**BARE, "value": 1.0, "limit": 0.5, "lower": 0.9, "confidence": 0.95, **stated})
    return lambda evidence: Verdict(rule="x", outcome=Outcome.PASS, decided_by="x", findings=(finding,))


def own_rule(evidence: Evidence) -> Verdict:
    return passes_with()(evidence)


BARELY = "ValueError: it says PASS, but finding 'x' has no estimate with a bound within a limit"


@pytest.mark.tor("TOR-047", "TOR-108")
@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (broken, "ZeroDivisionError: nothing to divide 79 by"),
        (answers_nothing, "TypeError: it returns a NoneType where a Verdict is needed"),
        (passes_on_nothing, "ValueError: it says PASS, but some finding does not, or there is no finding"),
        (passes_with(value=None), BARELY),
        (passes_with(limit=None), BARELY),
        (passes_with(lower=None), BARELY),
        (passes_with(lower=0.4), BARELY),
        (passes_with(lower=None, exact=True, value=0.4), BARELY),
        (passes_with(better=Direction.LOWER, upper=0.6), BARELY),
    ],
)
def test_a_broken_rule_is_invalid_with_its_error(honest: Path, rule: Callable[[Evidence], object], error: str) -> None:
    good = load_profile("default").rules["model_is_accurate"]
    profile = profile_of(**{"json:own_rule": {"why": "x"}, "model_is_accurate": good})
    judgement = judge(honest, profile.with_own_rules({"json:own_rule": rule}))
    assert judgement.outcome is Outcome.INVALID
    assert [verdict.outcome for verdict in judgement.verdicts] == [Outcome.INVALID, Outcome.PASS]
    assert judgement.decided_by == "json:own_rule"
    assert (judgement.verdicts[0].reason, judgement.verdicts[0].details) == (reasons.BROKEN_RULE, {"error": error})


OWN = '[rules."json:own_rule"]\nwhy = "Because."\n'


@pytest.fixture
def own_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's profile with a rule of their own."""
    monkeypatch.setattr("json.own_rule", own_rule, raising=False)
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    return path


def test_a_users_own_rule_is_named_as_the_profile_names_it(honest: Path, own_profile: Path) -> None:
    judgement = judge(honest, own_profile)
    assert judgement.outcome is Outcome.PASS
    assert judgement.decided_by == "json:own_rule"
    assert (judgement.verdicts[0].rule, judgement.verdicts[0].why) == ("json:own_rule", "Because.")


@pytest.mark.tor("TOR-007")
@pytest.mark.parametrize("rule", ["this:c", "os:system", "json:own_rule"])
def test_what_a_record_names_is_never_imported(honest: Path, own_profile: Path, rule: str) -> None:
    """Not even what another profile of this process has named."""
    load_profile(own_profile)
    sys.modules.pop("this", None)
    with Record.open(honest) as record:
        record.set_meta("profile", profile_of(**{rule: {"why": "x"}}).model_dump())
    judgement = judge(honest)
    assert (judgement.outcome, judgement.verdicts[0].reason) == (Outcome.INVALID, reasons.BROKEN_RULE)
    assert "is not built in; need the profile that names it" in judgement.verdicts[0].details["error"]
    assert "this" not in sys.modules


@pytest.mark.slow
def test_the_named_profile_brings_the_rule_that_the_record_names(honest: Path, own_profile: Path) -> None:
    with Record.open(honest) as record:
        record.set_meta("profile", load_profile(own_profile).model_dump())
    assert judge(honest).outcome is Outcome.INVALID
    judgement = judge(honest, own_profile)
    assert (judgement.outcome, judgement.fixed_beforehand) == (Outcome.PASS, True)


@pytest.mark.tor("TOR-047")
def test_unknown_rules_and_options_are_invalid(honest: Path) -> None:
    judgement = judge(honest, profile_of(model_is_acurate={"why": "x"}, model_is_accurate={"why": "x"}))
    assert [verdict.outcome for verdict in judgement.verdicts] == [Outcome.INVALID] * 2
    assert "min_accuracy is missing" in judgement.verdicts[0].details["error"]
    assert "did you mean 'model_is_accurate'?" in judgement.verdicts[1].details["error"]


def assert_not_whole(judgement: Judgement, reason: str, details: dict[str, object]) -> None:
    assert (judgement.outcome, judgement.decided_by) == (Outcome.INVALID, "run_is_whole")
    verdict = judgement.verdicts[0]
    assert (verdict.rule, verdict.reason, verdict.details) == ("run_is_whole", reason, details)


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize(
    ("statements", "reason", "details"),
    [
        (
            ["DELETE FROM picture WHERE sample = 7", "DELETE FROM score WHERE sample = 7"],
            integrity.STOPPED,
            {"reached": 80, "total": 81},
        ),
        (["DELETE FROM meta WHERE key = 'finished'"], integrity.STOPPED, {"reached": 81, "total": 81}),
        (
            ["UPDATE meta SET value = '{\"state_unchanged\": false}' WHERE key = 'finished'"],
            integrity.NETWORK_CHANGED,
            {},
        ),
        (
            [
                "INSERT INTO exclusion SELECT image, label, id, 'unreadable', '' FROM sample WHERE id > 0",
                "DELETE FROM picture",
                "DELETE FROM score",
            ],
            integrity.ALL_EXCLUDED,
            {"total": 81, "outside_scope": 0},
        ),
        (
            [f"DELETE FROM {table}" for table in ("sample", "exclusion", "picture", "score")],
            integrity.NO_SAMPLES,
            {},
        ),
    ],
)
def test_a_run_that_is_not_whole_is_invalid(
    honest: Path, statements: list[str], reason: str, details: dict[str, object]
) -> None:
    assert_not_whole(judge(changed(honest, *statements), SMALL), reason, details)


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize(
    ("statement", "quantity", "source", "samples", "first"),
    [
        ("UPDATE score SET mass = 1.5 WHERE sample = 3 AND source = 'edges'", "mass", "edges", 1, 3),
        ("UPDATE score SET rank = -0.5 WHERE source = 'gradcam'", "rank", "gradcam", 79, 1),
        ("UPDATE score SET pointing = 2", "pointing", "gradient", 79, 1),
        ("UPDATE score SET auc = 1.01", "auc", "gradient", 79, 1),
        ("UPDATE score SET auc = 9e999", "auc", "gradient", 79, 1),
        ("UPDATE score SET lift = -1 WHERE sample = 9", "lift", "gradient", 1, 9),
        ("UPDATE picture SET area_share = 0 WHERE sample = 2", "area share", "", 1, 2),
        ("UPDATE picture SET area_share = 1.2", "area share", "", 79, 1),
        ("UPDATE picture SET probability = 1.2", "probability", "", 79, 1),
        ("UPDATE picture SET confidence = -0.2", "probability of the predicted class", "", 79, 1),
    ],
)
def test_impossible_numbers_are_invalid(
    honest: Path, statement: str, quantity: str, source: str, samples: int, first: int
) -> None:
    details = {"quantity": quantity, "samples": samples, "first": first} | ({"source": source} if source else {})
    assert_not_whole(judge(changed(honest, statement), SMALL), integrity.IMPOSSIBLE_NUMBERS, details)


@pytest.mark.slow
def test_rounding_is_not_impossible(honest: Path) -> None:
    changed(honest, "UPDATE score SET rank = 1.0000000002", "UPDATE picture SET probability = 1 + 1e-12")
    assert judge(honest, SMALL).outcome is Outcome.PASS


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize(
    ("statement", "reason", "details"),
    [
        ("UPDATE picture SET sha256 = 'x' WHERE sample = 5", integrity.OTHER_PICTURES, {}),
        (
            "DELETE FROM exclusion WHERE sample IS NULL",
            integrity.OTHER_NUMBER_OF_SAMPLES,
            {"stated": 81, "counted": 80},
        ),
        ("DELETE FROM meta WHERE key = 'dataset'", integrity.SAMPLES_NOT_STATED, {}),
        ("DELETE FROM meta WHERE key = 'repeated'", integrity.NOT_REPEATED, {"done": 0, "pictures": 79}),
        (
            "UPDATE meta SET value = '[[0, 60]]' WHERE key = 'repeated'",
            integrity.NOT_REPEATED,
            {"done": 59, "pictures": 79},
        ),
        ("DELETE FROM repeat WHERE sample = 7 AND way = 'again'", integrity.NOT_REPEATED, {"done": 78, "pictures": 79}),
        ("DELETE FROM repeat WHERE way = 'otherwise'", integrity.NOT_REPEATED, {"done": 0, "pictures": 79}),
        (
            "UPDATE repeat SET deviation = NULL WHERE sample < 4 AND way = 'again'",
            integrity.ANSWERS_DIFFER,
            {"way": "again", "pictures": 3, "of": 79, "apart": None, "tolerance": 0.0, "first": 1},
        ),
        (
            "UPDATE repeat SET deviation = sample / 100.0 WHERE way = 'otherwise' AND sample < 12",
            integrity.ANSWERS_DIFFER,
            {"way": "otherwise", "pictures": 1, "of": 79, "apart": 0.11, "tolerance": 0.1, "first": 11},
        ),
        (
            "UPDATE repeat SET deviation = -0.001 WHERE way = 'otherwise' AND sample < 5",
            integrity.CLASSES_DIFFER,
            {"way": "otherwise", "pictures": 4, "of": 79, "tolerance": 0.05, "first": 1},
        ),
        (
            "UPDATE repeat SET deviation = -0.11 WHERE way = 'otherwise' AND sample = 11",
            integrity.ANSWERS_DIFFER,
            {"way": "otherwise", "pictures": 1, "of": 79, "apart": 0.11, "tolerance": 0.1, "first": 11},
        ),
        (
            "DELETE FROM map_repeat WHERE sample = 7 AND way = 'again'",
            integrity.NOT_REPEATED,
            {"done": 78, "pictures": 79},
        ),
        ("DELETE FROM map_repeat WHERE way = 'otherwise'", integrity.NOT_REPEATED, {"done": 0, "pictures": 79}),
        ("UPDATE map_repeat SET source = 'edges'", integrity.NOT_REPEATED, {"done": 0, "pictures": 79}),
        (
            "UPDATE map_repeat SET deviation = NULL WHERE sample < 4 AND way = 'again'",
            integrity.MAPS_DIFFER,
            {
                "source": "gradient",
                "way": "again",
                "pictures": 3,
                "of": 79,
                "apart": None,
                "tolerance": 0.0,
                "first": 1,
            },
        ),
        (
            "UPDATE map_repeat SET deviation = sample / 100.0 WHERE way = 'otherwise' AND sample < 12",
            integrity.MAPS_DIFFER,
            {
                "source": "gradient",
                "way": "otherwise",
                "pictures": 1,
                "of": 79,
                "apart": 0.11,
                "tolerance": 0.1,
                "first": 11,
            },
        ),
    ],
)
def test_an_altered_record_is_invalid(honest: Path, statement: str, reason: str, details: dict[str, object]) -> None:
    assert_not_whole(judge(changed(honest, statement), SMALL), reason, details)


@pytest.mark.tor("TOR-049")
@pytest.mark.parametrize("key", ["sources", "settings", "classes"])
def test_a_record_that_does_not_state_what_was_run_cannot_be_judged(honest: Path, key: str) -> None:
    with pytest.raises(AuditError, match=rf"does not state {key}.*; need a record as written by a run\. Run the audit"):
        judge(changed(honest, f"DELETE FROM meta WHERE key = '{key}'"))


def test_scores_without_a_picture_cannot_be_judged(honest: Path) -> None:
    with pytest.raises(AuditError, match="has scores of gradient without a picture"):
        judge(changed(honest, "DELETE FROM picture WHERE sample = 79"))


@pytest.mark.tor("TOR-045")
def test_registered_limits_are_those_that_judge(tmp_path: Path) -> None:
    assert register() == {"profile": load_profile("default").model_dump(mode="json")}
    own = tmp_path / "own.toml"
    own.write_text('[rules.model_is_accurate]\nmin_accuracy = 0.6\nwhy = "Ours."\n')
    path = write_record(tmp_path / "audit.sqlite")
    with Record.open(path) as record:
        record.set_meta("profile", register(own)["profile"])
    judgement = judge(path)
    assert (judgement.registered, judgement.fixed_beforehand) == ("own", True)


@pytest.mark.tor("TOR-045", "TOR-050")
@pytest.mark.parametrize(
    ("key", "other"), [("max_box_share", 0.5), ("min_visible", 0.5), ("ignore", ["runway"]), ("cluster", "light")]
)
def test_a_changed_inclusion_criterion_shows_like_a_changed_limit(tmp_path: Path, key: str, other: Any) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=3)
    before = judge(path)
    with Record.open(path) as record:
        settings = record.meta("settings")
        settings["data"] = {**settings.get("data", {}), key: other}
        record.set_meta("settings", settings)
    after = judge(path)
    assert (after.limits_sha256 == before.limits_sha256) is (key == "cluster"), "which is no criterion"
    assert after.profile.sha256 == before.profile.sha256
    loose = judge(path, "quick")
    assert loose.limits_sha256 != after.limits_sha256 and loose.scope == after.scope


@pytest.mark.tor("TOR-037")
def test_a_null_map_is_required_by_name_not_by_label(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite")
    with Record.open(path) as record:
        settings = record.meta("settings")
        next(entry for entry in settings["saliency"]["null_maps"] if entry["label"] == "edges")["name"] = "uniform"
        record.set_meta("settings", settings)
    judgement = judge(path)
    verdict = next(verdict for verdict in judgement.verdicts if verdict.rule == "relevance_beats_null_maps")
    assert verdict.outcome is Outcome.INVALID
    assert verdict.deciding is not None
    assert verdict.deciding.details["missing"] == ["edges"]
    assert (judgement.outcome, verdict.advisory) == (Outcome.PASS, True)


@pytest.mark.slow
@pytest.mark.tor("TOR-049")
def test_records_that_cannot_be_judged(honest: Path, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="no such record"):
        judge(tmp_path / "none.sqlite")
    changed(honest, "UPDATE meta SET value = '{\"name\": 1}' WHERE key = 'profile'")
    with pytest.raises(AuditError, match="holds a broken profile"):
        judge(honest)
    changed(honest, "DELETE FROM meta WHERE key = 'profile'")
    with pytest.raises(AuditError, match=r"holds no profile; need limits to judge by\. Name a profile\."):
        judge(honest)
    judgement = judge(honest, "default")
    assert not judgement.fixed_beforehand
    assert judgement.registered is None


@pytest.mark.slow
def test_the_same_record_and_judgement_for_the_same_seed(tmp_path: Path) -> None:
    one, two = (judge(write_record(tmp_path / name, seed=3)) for name in ("1.sqlite", "2.sqlite"))
    assert one.model_dump_json() == two.model_dump_json()


def test_worst() -> None:
    assert worst([]) is Outcome.INVALID
    assert worst([Outcome.PASS, Outcome.INCONCLUSIVE]) is Outcome.INCONCLUSIVE
    assert worst([Outcome.FAIL, Outcome.INCONCLUSIVE]) is Outcome.FAIL
    assert worst(Outcome) is Outcome.INVALID


def test_miss_is_no_hit_and_not_dead() -> None:
    found = make_evidence({"a": [0.9, 0.1, np.nan, np.nan, 0.1]}, area=0.2)
    found.dead["a"][3] = False
    found.made["a"][4] = False
    assert found.miss("a").tolist() == [False, True, False, True, False]


def test_evidence_of_a_record(honest: Path) -> None:
    with Record.open(honest) as record:
        found = read_evidence(record, load_profile("default"))
        first = record.columns("SELECT mass, auc FROM score WHERE source = 'gradcam' ORDER BY sample LIMIT 1")
    assert (found.n, found.total, found.classes, found.complete, found.seed) == (79, 81, 6, True, 0)
    assert found.scores["gradcam"]["mass"][0] == first["mass"][0]
    assert len(set(found.picture.tolist())) == 79
    assert found.null_map_names == {"uniform", "centre", "edges", "random_model"}
    assert found.exclusions == ("broken box", "object cropped away")
    assert found.sample.tolist() == list(range(1, 80))
