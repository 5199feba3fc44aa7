"""The life of a gate against a baseline: missing, equal, better, worse within the margin, worse, accepted, refused."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.record.record import Record
from audit.record.sample_readers import pictures_sha256
from audit.record.seal import SEAL, seal
from checks import reasons
from checks.baseline.accept import accept
from checks.baseline.compare import ABSOLUTE, BY_ITSELF, COMPARABLE, NO_MARGIN, REFUSED, compare, gate
from checks.baseline.discordance import Margin, Turned, further_pictures
from checks.baseline.judged_run import judged_run
from checks.baseline.result import Comparison
from checks.profile import fingerprint, load_profile
from checks.statistics.paired_proportions import paired_share_bounds, regression_p
from checks.verdict import Finding, NonInferiority, Outcome, Profile, Verdict
from fixtures.candidates import write_candidate
from fixtures.records import write_record

Compare = Callable[..., Comparison]


def light() -> Profile:
    """The default's margin with two of its rules, for what does not hang on the others."""
    whole = load_profile("default")
    rules = {name: whole.rules[name] for name in ("model_is_accurate", "right_for_the_right_reason")}
    return whole.model_copy(update={"rules": rules})


LIGHT = light()


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with Record.open(
        write_candidate(tmp_path_factory.mktemp("baseline") / "audit.sqlite", same_network=True)
    ) as record:
        yield record


@pytest.fixture
def against(baseline: Record, tmp_path: Path) -> Compare:
    def compared(profile: Profile | None = LIGHT, **changes: Any) -> Comparison:
        path = write_candidate(tmp_path / f"{len(list(tmp_path.iterdir()))}.sqlite", **changes)
        with Record.open(path) as candidate:
            return compare(baseline, judged_run(candidate, profile))

    return compared


def of(found: Comparison, rule: str) -> Verdict:
    return next(verdict for verdict in found.verdicts if verdict.rule == rule)


def one(found: Comparison, rule: str) -> Finding:
    (finding,) = of(found, rule).findings
    return finding


@pytest.mark.slow
def test_the_same_network_passes_whatever_the_number_of_pictures(tmp_path: Path) -> None:
    before, after = (write_candidate(tmp_path / name, n=64, same_network=True) for name in ("a.sqlite", "b.sqlite"))
    with Record.open(before) as old, Record.open(after) as new:
        found = compare(old, judged_run(new, LIGHT))
        assert {v.rule: v.outcome for v in found.verdicts} == {
            "evidence_holds": Outcome.PASS,
            "accuracy_holds": Outcome.PASS,
            "slices_hold": Outcome.PASS,
            "maps_hold": Outcome.PASS,
            "absolute_limits": found.judgement.outcome,
        }
        assert one(found, "evidence_holds").details["same_network"] is True
        assert one(found, "evidence_holds").n == 63
        new.set_meta("model", {**new.meta("model"), "state_sha256": "e" * 64})
        assert of(compare(old, judged_run(new, LIGHT)), "evidence_holds").outcome is Outcome.INCONCLUSIVE


@pytest.mark.slow
def test_an_equal_candidate_passes_where_the_pictures_suffice(against: Compare) -> None:
    found = against(None)
    assert found.outcome is Outcome.PASS
    assert found.decided_by == "evidence_holds"
    assert found.flips == ()
    assert [one(found, rule).details["worse"] for rule in ("evidence_holds", "accuracy_holds")] == [0, 0]
    assert found.fixed_beforehand
    assert [change.what for change in found.changed] == ["model state_sha256"]
    assert of(found, "slices_hold").advisory
    assert Comparison.model_validate_json(found.model_dump_json()) == found


@pytest.mark.slow
def test_a_better_one_passes_and_says_what_turned(against: Compare) -> None:
    found = against(None, right=range(1, 120), hit=range(1, 120))
    assert found.outcome is Outcome.PASS
    assert {flip.kind for flip in found.flips} == {"wrong to right", "miss to hit"}
    assert found.baseline and found.candidate
    assert found.candidate.right == 119
    righted = [flip for flip in found.flips if flip.kind == "wrong to right"]
    assert len(righted) == 119 - found.baseline.right
    assert (one(found, "accuracy_holds").value or 0) < 0, "a gain"
    assert one(found, "accuracy_holds").details["better"] == len(righted)
    change = [abs((flip.after or 0) - (flip.before or 0)) for flip in righted]
    assert change == sorted(change, reverse=True)


@pytest.mark.slow
@pytest.mark.tor("TOR-042")
def test_worse_within_the_margin_passes_and_worse_beyond_does_not(against: Compare) -> None:
    fresh = sorted(flip.sample for flip in against(missed=range(20, 120)).flips)
    single = against(missed=fresh[:1])
    assert of(single, "evidence_holds").outcome is Outcome.PASS
    assert one(single, "evidence_holds").details["worse"] == 1
    assert [(flip.kind, flip.sample) for flip in single.flips] == [("hit to miss", fresh[0])]
    assert single.flips[0].before is not None
    assert single.flips[0].before > 0
    assert single.flips[0].after == pytest.approx(-3)
    two = of(against(missed=fresh[:3]), "evidence_holds")
    assert two.outcome is Outcome.INCONCLUSIVE
    assert two.findings[0].further is not None
    many = against(missed=fresh[:30])
    assert many.outcome is Outcome.FAIL
    finding = of(many, "evidence_holds").findings[0]
    assert (finding.value, finding.limit, finding.n) == (30 / 119, 0.05, 119)
    assert (finding.lower, finding.upper) == paired_share_bounds(30, 0, 119, 0.95)
    assert len(finding.worst) == 8
    assert set(finding.worst) <= set(fresh[:30])
    assert finding.reason == reasons.BEYOND_LIMIT
    assert (many.decided_by, of(many, "evidence_holds").decided_by) == ("evidence_holds", "evidence")


@pytest.mark.slow
def test_what_is_undecided_says_whether_more_pictures_would_help(against: Compare) -> None:
    fresh = sorted(flip.sample for flip in against(missed=range(20, 120)).flips)
    few, lost = (of(against(missed=fresh[:n]), "evidence_holds") for n in (3, 8))
    assert few.outcome is lost.outcome is Outcome.INCONCLUSIVE
    assert few.findings[0].further is not None
    assert lost.findings[0].value == pytest.approx(8 / 119)
    assert lost.findings[0].further is None
    assert {few.findings[0].reason, lost.findings[0].reason} == {reasons.UNDECIDED}


@pytest.mark.slow
@pytest.mark.tor("TOR-042")
def test_not_significantly_worse_is_no_pass(against: Compare) -> None:
    found = against(wrong=range(1, 4), right=())
    accuracy = of(found, "accuracy_holds")
    worse = sum(flip.kind == "right to wrong" for flip in found.flips)
    assert 2 <= worse <= 3
    assert regression_p(worse, 0) > 0.05
    assert accuracy.outcome is Outcome.INCONCLUSIVE
    assert found.outcome is not Outcome.PASS


@pytest.mark.slow
@pytest.mark.tor("TOR-060")
def test_the_absolute_limits_stay_in_force(tmp_path: Path) -> None:
    before, after = (write_record(tmp_path / name, n=120, kind="cheating") for name in ("a.sqlite", "b.sqlite"))
    with Record.open(before) as old, Record.open(after) as new:
        found = compare(old, judged_run(new))
    assert of(found, "evidence_holds").outcome is Outcome.PASS
    assert of(found, "absolute_limits").outcome is Outcome.FAIL
    assert (found.outcome, found.decided_by) == (Outcome.FAIL, ABSOLUTE)
    absolute = of(found, ABSOLUTE)
    assert absolute.reason == BY_ITSELF
    assert absolute.details == {"decided_by": found.judgement.decided_by, "fixed_beforehand": True}


@pytest.mark.slow
def test_maps_advise_where_experiments_speak_and_decide_where_none_do(tmp_path: Path) -> None:
    rules = {"model_is_accurate": {"min_accuracy": 0.5, "why": "x"}}
    limits = NonInferiority(margin=0.05, why="x")
    profile = Profile(name="own", description="", confidence=0.95, rules=rules, non_inferiority=limits, sha256="")
    for kind, advisory in (("honest", True), ("untouched", False)):
        before = write_candidate(tmp_path / f"{kind}-a.sqlite", kind=kind)  # type: ignore[arg-type]
        after = write_record(tmp_path / f"{kind}-b.sqlite", n=120, kind=kind, mass=0.3)  # type: ignore[arg-type]
        with Record.open(before) as old, Record.open(after) as new:
            found = compare(old, judged_run(new, profile))
        maps = of(found, "maps_hold")
        assert maps.advisory is advisory
        assert maps.outcome is Outcome.FAIL
        assert maps.findings[0].value is not None
        assert maps.findings[0].value < -0.1
    assert of(found, "evidence_holds").outcome is Outcome.INVALID
    assert found.outcome is Outcome.INVALID


@pytest.mark.slow
def test_slices_that_regressed_are_named(against: Compare) -> None:
    found = against(missed=range(3, 60, 3))
    red = [(s.column, s.value, s.what) for s in found.slices if s.outcome is Outcome.FAIL]
    assert red == [("class", "runway", "evidence")]
    assert found.columns_repeated == {"light": "class"}, "it is night on runways alone"
    runway = found.slices[0]
    tested = [regression_p(s.worse, s.better) for s in found.slices]
    assert runway.p == pytest.approx(len(tested) * min(tested))
    assert runway.regressed
    verdict = of(found, "slices_hold")
    assert verdict.outcome is Outcome.FAIL
    assert not verdict.advisory
    assert verdict.decided_by == "evidence/class/runway"
    failed = [finding for finding in verdict.findings if finding.outcome is Outcome.FAIL]
    assert [(f.slice, f.details["what"], f.details["regressed"]) for f in failed] == [
        ("class: runway", "evidence", True),
    ]
    assert {s.what for s in found.slices} == {"evidence", "prediction"}
    assert sum(s.n for s in found.slices if (s.column, s.what) == ("class", "prediction")) == 119


@pytest.mark.slow
def test_a_small_slice_is_never_green(against: Compare) -> None:
    small = [s for s in against().slices if s.n < 70]
    assert small
    assert {s.outcome for s in small} == {Outcome.INCONCLUSIVE}


@pytest.mark.slow
def test_a_column_with_many_values_names_pictures_and_no_slices(baseline: Record, tmp_path: Path) -> None:
    with Record.open(write_candidate(tmp_path / "c.sqlite")) as candidate:
        candidate._connection.execute("""UPDATE sample SET metadata = json_object('time', id, 'light', 'day')""")
        candidate.set_meta(SEAL, seal(candidate))
        found = compare(baseline, judged_run(candidate, LIGHT))
    assert found.columns_left_out == ("time",)
    assert {s.column for s in found.slices} == {"class"}


def test_further_pictures_are_the_fewest_that_suffice() -> None:
    allowed = Margin(0.05, "", 0.95)
    further = further_pictures(Turned(0, 0, 40), allowed)
    assert further == 30
    assert paired_share_bounds(0, 0, 70, 0.95).upper < 0.05 <= paired_share_bounds(0, 0, 69, 0.95).upper
    assert further_pictures(Turned(10, 0, 100), allowed) is None
    assert further_pictures(Turned(0, 0, 0), allowed) == 20


@pytest.mark.slow
@pytest.mark.tor("TOR-058")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings.saliency.reduction": "sum"}, "settings.saliency.reduction: abs_max became sum"),
        ({"settings.data.max_box_share": 0.5}, "settings.data.max_box_share: nothing became 0.5"),
        ({"settings.run.seed": 7}, "settings.run.seed: 0 became 7"),
        ({"settings.experiments.margin": 2.0}, "settings.experiments.margin: 0.0 became 2.0"),
        ({"frame": [32, 32]}, "settings.resolved.frame: 64 and 64 became 32 and 32"),
        ({"dataset.annotations": {"boxes.csv": "f" * 64}}, "dataset.annotations.boxes.csv: "),
    ],
)
def test_other_settings_are_refused_with_what_differs(
    baseline: Record, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with Record.open(write_candidate(tmp_path / "c.sqlite")) as candidate:
        for path, value in changes.items():
            key, *inner = path.split(".")
            whole = candidate.meta(key)
            place = whole
            for name in inner[:-1]:
                place = place[name]
            if inner:
                place[inner[-1]] = value
            candidate.set_meta(key, whole if inner else value)
        with pytest.raises(AuditError) as caught:
            compare(baseline, judged_run(candidate, LIGHT))
    assert f"baseline: cannot be compared with the candidate: {message}" in str(caught.value)
    assert "need the same pictures, settings and limits. Measure both in the same way, or move the baseline" in str(
        caught.value
    )


@pytest.mark.slow
def test_what_cannot_change_a_number_may_differ(baseline: Record, tmp_path: Path) -> None:
    with Record.open(write_candidate(tmp_path / "c.sqlite")) as candidate:
        settings = candidate.meta("settings")
        settings |= {"title": "Another", "run": {**settings["run"], "batch_size": 4}}
        settings["data"] |= {"images": "elsewhere"}
        candidate.set_meta("settings", settings)
        candidate.set_meta("versions", {**candidate.meta("versions"), "torch": "2.9.0"})
        found = compare(baseline, judged_run(candidate, LIGHT))
    assert [(change.what, change.before, change.after) for change in found.changed][1:] == [
        ("versions torch", "2.6.0", "2.9.0")
    ]


@pytest.mark.slow
@pytest.mark.tor("TOR-058")
def test_a_baseline_of_other_pictures_or_limits_is_refused(baseline: Record, tmp_path: Path) -> None:
    with (
        Record.open(write_candidate(tmp_path / "more.sqlite", n=130)) as candidate,
        pytest.raises(AuditError, match=r"10 pictures only the candidate has, first pictures/00120\.png"),
    ):
        compare(baseline, judged_run(candidate, LIGHT))
    accept(baseline.path, tmp_path / "baseline.json", reason="x", by="y")
    tight = load_profile("default").model_copy(update={"confidence": 0.99})
    with Record.open(write_candidate(tmp_path / "c.sqlite")) as candidate:
        tight = tight.model_copy(update={"sha256": fingerprint(tight)})
        found = gate(tmp_path / "baseline.json", judged_run(candidate, tight))
        assert (found.decided_by, of(found, COMPARABLE).reason) == (COMPARABLE, REFUSED)
        assert "profile.confidence: 0.95 became 0.99" in str(of(found, COMPARABLE).details["seen"])
        assert not found.fixed_beforehand
        candidate._connection.execute("UPDATE picture SET sha256 = 'f' || sha256 WHERE sample = 3")
        finished = {**candidate.meta("finished"), "pictures_sha256": pictures_sha256(candidate)}
        candidate.set_meta("finished", finished)
        candidate.set_meta(SEAL, seal(candidate))
        with pytest.raises(AuditError, match=r"1 picture of other content, first pictures/00003.png \(runway\)"):
            compare(baseline, judged_run(candidate))


@pytest.mark.slow
@pytest.mark.tor("TOR-042")
def test_no_margin_no_pass(against: Compare) -> None:
    bare = load_profile("default").model_copy(update={"non_inferiority": None})
    found = against(bare)
    assert (found.outcome, found.decided_by) == (Outcome.INVALID, COMPARABLE)
    assert (of(found, COMPARABLE).reason, of(found, COMPARABLE).details) == (NO_MARGIN, {"profile": "default"})
    assert found.baseline is None


@pytest.mark.slow
def test_a_run_that_is_not_whole_is_invalid_on_either_side(baseline: Record, tmp_path: Path) -> None:
    with Record.open(write_candidate(tmp_path / "cut.sqlite", kind="incomplete")) as cut:
        found = compare(baseline, judged_run(cut))
        assert (found.outcome, found.decided_by) == (Outcome.INVALID, ABSOLUTE)
        assert of(found, ABSOLUTE).details["decided_by"] == "run_is_whole"
        refused = r"run_is_whole: stopped, reached 73, total 121\); need a complete run\. See why: saliency-audit check"
        with pytest.raises(AuditError, match=refused):
            compare(cut, judged_run(baseline))
        assert of(gate(cut.path, judged_run(baseline)), COMPARABLE).details["needed"] == "need a complete run"


@pytest.mark.slow
def test_the_gate_through_the_life_of_a_baseline(baseline: Record, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    worse = write_candidate(tmp_path / "worse.sqlite", wrong=range(60, 90))
    with Record.open(worse) as candidate:
        run = judged_run(candidate)
        missing = gate(file, run)
        assert (missing.outcome, missing.decided_by) == (Outcome.INVALID, COMPARABLE)
        refused = missing.verdicts[0]
        assert (refused.outcome, refused.reason) == (Outcome.INVALID, REFUSED)
        assert refused.details["where"] == str(file)
        assert (refused.details["seen"], refused.details["needed"]) == (
            "no such baseline",
            "need the file of an accepted run",
        )
        assert str(refused.details["next_step"]).startswith("Make one: saliency-audit accept RUN")
        accept(baseline.path, file, reason="the first", by="Ada")
        red = gate(file, run)
        assert red.outcome is Outcome.FAIL
        assert [move.reason for move in red.history] == ["the first"]
        assert red.model_copy(update={"history": ()}) == compare(baseline, run)
        accept(worse, file, reason="fewer right, for less weight", by="Bo")
        after = gate(file, run)
        assert of(after, "accuracy_holds").outcome is Outcome.PASS
        assert after.outcome is after.judgement.outcome
        content = json.loads(file.read_text(encoding="utf-8"))
        content["samples"][0][3] = not content["samples"][0][3]
        file.write_text(json.dumps(content), encoding="utf-8")
        corrupt = gate(file, run)
        assert corrupt.outcome is Outcome.INVALID
        assert "was changed since it was accepted" in str(corrupt.verdicts[0].details["seen"])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[non_inferiority]\nmargin = 0.05\n", "own.toml [non_inferiority]: has no 'why'; need a sentence"),
        ('[non_inferiority]\nwhy = "x"\n', "own.toml: non_inferiority.margin is missing"),
        (
            '[non_inferiority]\nmargin = 0.0\nwhy = "x"\n',
            "non_inferiority.margin = 0.0: Input should be greater than 0",
        ),
        ('[non_inferiority]\nmargin = nan\nwhy = "x"\n', "non_inferiority.margin = nan: Input should be"),
        ('[non_inferiority]\nmargin = true\nwhy = "x"\n', "non_inferiority.margin = True: Input should be"),
        ('[non_inferiority]\nmargins = 0.1\nwhy = "x"\n', "non_inferiority.margin"),
        ("non_inferiority = 0.05\n", "non_inferiority = 0.05"),
    ],
)
def test_a_margin_needs_a_number_and_its_reason(tmp_path: Path, table: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(AuditError) as caught:
        load_profile(path)
    assert message in str(caught.value)


def test_the_margin_is_part_of_what_is_fixed_beforehand(tmp_path: Path) -> None:
    prints = set()
    for margin in ("0.05", "0.06"):
        path = tmp_path / "own.toml"
        path.write_text(f'[non_inferiority]\nmargin = {margin}\nwhy = "x"\n', encoding="utf-8")
        prints.add(load_profile(path).sha256)
    assert len(prints) == 2
    for name in ("default", "quick"):
        limits = load_profile(name).non_inferiority
        assert limits is not None
        assert limits.margin == 0.05
