"""A baseline moves by `accept` alone, keeps its history, and is refused where it is not as accepted."""

import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from audit.errors import AuditError
from audit.record.record import Record
from checks.baseline.accept import accept
from checks.baseline.file import Baseline, baseline_text, load_baseline, move_sha256, summary
from checks.baseline.judged_run import judged_run
from checks.baseline.snapshot import read_baseline, snapshot
from checks.profile import load_profile
from checks.rules.model_is_accurate import model_is_accurate
from checks.verdict import Outcome
from fixtures.candidates import write_candidate
from fixtures.records import write_record

DAY = datetime.date(2026, 1, 31)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candidate(tmp_path_factory.mktemp("run") / "audit.sqlite")


@pytest.fixture(scope="module")
def text(run: Path) -> str:
    target = run.parent / "baseline.json"
    accept(run, target, reason="the first", by="Ada", on=DAY)
    return target.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_pipe_is_no_baseline_and_is_not_waited_for(run: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    profile = load_profile("default")
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(AuditError, match=r"is not a baseline \(is no regular file\)"):
            read_baseline(path, profile)
        with pytest.raises(AuditError, match=r"is not a baseline \(is no regular file\)"):
            accept(run, path, reason="why", by="Ada", on=DAY)


@pytest.mark.slow
@pytest.mark.tor("TOR-059")
def test_accepting_keeps_who_why_and_every_score_without_loss(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "folder" / "baseline.json"
    moved = accept(run.parent, target, reason=" the\nfirst ", by="Ada", on=DAY)
    assert load_baseline(target) == moved
    (move,) = moved.history
    assert (move.by, move.reason, move.on, move.outcome) == ("Ada", "the first", "2026-01-31", Outcome.PASS)
    assert (move.pictures, move.judged, move.previous_sha256) == (119, 119, None)
    with Record.open(run) as record:
        kept = snapshot(judged_run(record))
        stored = record.columns(
            "SELECT s.image, s.label, p.predicted = s.class AS hit, p.probability, c.mass, c.auc FROM picture p"
            " JOIN sample s ON s.id = p.sample JOIN score c ON c.sample = p.sample AND c.source = 'gradcam'"
            " ORDER BY 1, 2"
        )
    assert kept == moved.model_copy(update={"history": ()})
    place = moved.methods.index("gradcam")
    for name, values in {
        "image": [sample.image for sample in moved.samples],
        "label": [sample.label for sample in moved.samples],
        "hit": [sample.right for sample in moved.samples],
        "probability": [sample.probability for sample in moved.samples],
        "mass": [sample.mass[place] for sample in moved.samples],
        "auc": [sample.auc[place] for sample in moved.samples],
    }.items():
        assert stored[name].tolist() == values
    assert move.right == int(stored["hit"].sum())
    assert move.misses == sum(sample.miss is True for sample in moved.samples)
    assert all((sample.lead is not None and sample.lead > 0) != sample.miss for sample in moved.samples)


@pytest.mark.slow
def test_the_file_is_small_has_a_line_for_each_sample_and_no_picture(text: str) -> None:
    lines = text.splitlines()
    assert sum(line.startswith('["pictures/') for line in lines) == 119
    assert len(text) < 119 * 300 + 15_000
    assert "png" not in text.lower().replace(".png", "")


@pytest.mark.slow
@pytest.mark.tor("TOR-059")
def test_the_history_only_grows(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "baseline.json"
    first = accept(run, target, reason="the first", by="Ada", on=DAY)
    worse = write_candidate(tmp_path / "worse.sqlite", missed=range(30), wrong=range(30, 119))
    with pytest.raises(
        AuditError, match=r"is FAIL \(depends_on_object: beyond limit; also model_is_accurate\); need a run"
    ):
        accept(worse, target, reason="a known loss", by="Bo")
    second = accept(worse, target, reason="a known loss", by="Bo", force=True)
    assert second.history[0] == first.history[0]
    assert second.history[1].previous_sha256 == move_sha256(first.history[0])
    assert second.history[1].outcome is Outcome.FAIL
    assert second.history[1].misses > first.history[0].misses
    assert datetime.date.fromisoformat(second.history[1].on) >= DAY
    assert load_baseline(target) == second


def changed(text: str, change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(text)
    change(content)
    return json.dumps(content)


def sealed(text: str, **update: Any) -> str:
    """Changed by someone who also mends the hash of the last move, but not those before."""
    baseline = Baseline.model_validate({**json.loads(text), **update})
    last = baseline.history[-1].model_copy(update={"content_sha256": baseline.content_sha256})
    return baseline_text(baseline.model_copy(update={"history": (*baseline.history[:-1], last)}))


@pytest.mark.tor("TOR-058")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "baseline.json: is not a baseline (Expecting value"),
        (lambda text: text[:500], "baseline.json: is not a baseline ("),
        (lambda text: "<<<<<<< HEAD\n" + text, "is not a baseline (Expecting value"),
        (lambda text: "[]", "is not a baseline (it states no schema); need schema 1"),
        (
            lambda text: changed(text, lambda c: c.update(schema_version=2)),
            "has baseline schema 2; need schema 1. Move it",
        ),
        (lambda text: changed(text, lambda c: c.pop("settings")), "is broken (settings is missing)"),
        (lambda text: changed(text, lambda c: c["samples"][0].pop()), "is broken ("),
        (lambda text: changed(text, lambda c: c["samples"][0].__setitem__(3, 0.5)), "is broken ("),
        (
            lambda text: changed(text, lambda c: c["samples"][0].__setitem__(5, 9.9)),
            "was changed since it was accepted",
        ),
        (lambda text: changed(text, lambda c: c["samples"].pop()), "was changed since it was accepted"),
        (
            lambda text: changed(text, lambda c: c["profile"].update(confidence=0.6)),
            "was changed since it was accepted",
        ),
        (lambda text: changed(text, lambda c: c.update(history=[])), "holds no history of acceptances"),
    ],
)
def test_what_is_not_as_accepted_is_refused(
    text: str, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    target = tmp_path / "baseline.json"
    target.write_text(change(text), encoding="utf-8")
    with pytest.raises(AuditError) as caught:
        load_baseline(target)
    assert message in str(caught.value)
    assert "saliency-audit accept RUN --reason" in str(caught.value)


@pytest.mark.tor("TOR-058")
def test_rows_that_do_not_bear_out_the_last_move_are_refused(text: str, tmp_path: Path) -> None:
    target = tmp_path / "baseline.json"
    content = json.loads(text)
    right = content["history"][-1]["right"]
    for row in [row for row in content["samples"] if row[3]][:12]:
        row[3] = False
    target.write_text(sealed(json.dumps(content)), encoding="utf-8")
    with pytest.raises(
        AuditError, match=f"its last move says right = {right}, its content {right - 12}; need the file"
    ):
        load_baseline(target)


@pytest.mark.parametrize("name", ["outcome", "pictures", "judged", "misses", "model_sha256", "settings_sha256"])
def test_a_last_move_that_says_something_else_is_refused(text: str, tmp_path: Path, name: str) -> None:
    other: object = "FAIL" if name == "outcome" else "0" * 64 if name.endswith("sha256") else 3
    target = tmp_path / "baseline.json"
    target.write_text(changed(text, lambda c: c["history"][-1].update({name: other})), encoding="utf-8")
    with pytest.raises(AuditError, match=f"its last move says {name} = {other}, its content "):
        load_baseline(target)


@pytest.mark.tor("TOR-058")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda samples: samples[0].__setitem__(7, [0.5]), "has samples whose maps are not those of its methods"),
        (lambda samples: samples.append(samples[0]), "holds a sample twice"),
        (lambda samples: samples[0].__setitem__(7, [1e308, 0.5]), r"is broken \(samples\.0.*1e\+308"),
        (lambda samples: samples[0].__setitem__(5, 1e308), r"is broken \(samples\.0.*1e\+308"),
    ],
)
def test_a_baseline_that_no_run_can_leave_is_refused_with_the_right_hashes_too(
    text: str, tmp_path: Path, change: Callable[[list[Any]], object], message: str
) -> None:
    altered = changed(text, lambda content: change(content["samples"]))
    (target := tmp_path / "baseline.json").write_text(rehashed(altered), encoding="utf-8")
    with pytest.raises(AuditError, match=message):
        load_baseline(target)


def rehashed(text: str) -> str:
    """With every hash of its history made anew, where it is a baseline at all."""
    try:
        baseline = Baseline.model_validate_json(text)
    except ValidationError:
        return text
    last = baseline.history[-1].model_copy(update=summary(baseline))
    return baseline_text(baseline.model_copy(update={"history": (last,)}))


@pytest.mark.slow
@pytest.mark.tor("TOR-059")
def test_a_history_that_was_changed_is_refused(text: str, run: Path, tmp_path: Path) -> None:
    target = tmp_path / "baseline.json"
    target.write_text(sealed(text), encoding="utf-8")
    accept(run, target, reason="again", by="Ada", on=DAY)
    twice = target.read_text(encoding="utf-8")
    target.write_text(twice.replace('"reason": "the first"', '"reason": "all was well"'), encoding="utf-8")
    with pytest.raises(
        AuditError, match="has a history that was changed before its move 2; need the file as it was accepted"
    ):
        load_baseline(target)
    target.write_text(changed(twice, lambda c: c["history"].pop(0)), encoding="utf-8")
    with pytest.raises(AuditError, match="has a history that was changed before its move 1"):
        load_baseline(target)


@pytest.mark.tor("TOR-058")
def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(
        AuditError, match=r"none\.json: no such baseline; need the file of an accepted run\. Make one: "
    ):
        load_baseline(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes("é".encode("latin-1"))
    with pytest.raises(AuditError, match=r"is not a baseline .*can't decode"):
        load_baseline(tmp_path / "latin.json")


@pytest.mark.slow
def test_rules_of_ones_own_come_from_the_profile_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("json.own_rule", model_is_accurate, raising=False)
    own, run, target = tmp_path / "own.toml", write_candidate(tmp_path / "audit.sqlite"), tmp_path / "baseline.json"
    own.write_text('[rules."json:own_rule"]\nmin_accuracy = 0.5\nwhy = "Because."\n')
    with pytest.raises(AuditError, match=r"was started with other limits than .*own.toml; need those of the run"):
        accept(run, target, reason="why", by="Ada", profile=own)
    with Record.open(run) as record:
        record.set_meta("profile", load_profile(own).model_dump())
    with pytest.raises(AuditError, match="is not built in; need the profile that names it"):
        accept(run, target, reason="why", by="Ada")
    assert accept(run, target, reason="why", by="Ada", profile=own).outcome is Outcome.PASS


@pytest.mark.slow
@pytest.mark.tor("TOR-059")
def test_a_run_that_decides_nothing_is_accepted_by_force_alone(tmp_path: Path) -> None:
    few, target = write_record(tmp_path / "few.sqlite", n=40), tmp_path / "baseline.json"
    with pytest.raises(AuditError, match=r"is INCONCLUSIVE \(evidence_is_complete: .*; also .*\)") as refused:
        accept(few, target, reason="nothing better yet", by="Ada")
    assert refused.value.next_step == "To accept it all the same, add --force; say in --reason why that is right."
    assert not target.exists()
    (move,) = accept(few, target, reason="nothing better yet", by="Ada", force=True).history
    assert (move.outcome, move.reason) == (Outcome.INCONCLUSIVE, "nothing better yet")


@pytest.mark.slow
@pytest.mark.tor("TOR-059")
def test_what_may_not_be_accepted(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "baseline.json"
    for reason, by in ((" ", "Ada"), ("why", "")):
        with pytest.raises(AuditError, match=r"no (reason|name of who accepts); an auditor will ask"):
            accept(run, target, reason=reason, by=by)
    for reason, by in (("why", "Ada\x1b[2K"), ("a\u202eb", "Ada"), ("a\x00", "Ada")):
        with pytest.raises(AuditError, match=r"holds the control character '\\"):
            accept(run, target, reason=reason, by=by)
    cut = write_candidate(tmp_path / "cut.sqlite", kind="incomplete")
    with pytest.raises(
        AuditError,
        match=r"is INVALID \(run_is_whole: stopped, reached 73, total 121\); need an audit .* check \S+cut\.sqlite",
    ):
        accept(cut, target, reason="why", by="Ada")
    dead = write_candidate(tmp_path / "dead.sqlite", kind="dead")
    with pytest.raises(AuditError, match=r"is INVALID \(evidence_is_complete: beyond limit\); need an audit"):
        accept(dead, target, reason="why", by="Ada")
    assert not target.exists()
    target.write_text("{}", encoding="utf-8")
    with pytest.raises(AuditError, match="states no schema"):
        accept(run, target, reason="why", by="Ada")
    assert target.read_text(encoding="utf-8") == "{}"


def test_an_endless_link_is_no_baseline_and_stays(run: Path, tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).symlink_to(tmp_path / other)
    for path in (tmp_path / "a", tmp_path / "a" / "baseline.json"):
        with pytest.raises(AuditError, match=r"is not a baseline \(Too many levels of symbolic links\)"):
            accept(run, path, reason="why", by="Ada", on=DAY)
    assert (tmp_path / "a").is_symlink()
