"""The crosswalk: every clause that was asked for, statuses that are computed, marks that are shown."""

import json
import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from audit import registry
from audit.errors import AuditError
from audit.record.record import Record
from audit.settings import parse_settings
from checks.profile import load_profile, register
from checks.table.read_evidence import read_evidence
from checks.verdict import Outcome
from fixtures.records import write_record
from reports.page.render import page
from reports.result import crosswalk as module
from reports.result.assessment import Assessment, judge_in_words
from reports.result.bearings import FACTS, vocabulary
from reports.result.build import build, identity
from reports.result.clauses import Checked, Crosswalk, Status
from reports.result.crosswalk import FOLDER, crosswalk, standard_files, standard_names, status
from reports.wording.worded import WordedJudgement, WordedVerdict

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
ENTRY = '[[entries]]\nclause = "1.2"\ngist = "It works."\nbears = ["report"]\n'
HOSTILE = '"><script>alert(1)</script>\u202egpj.'
ASKED = {
    "easa_concept_paper": (
        "EXP-01", "EXP-02", "EXP-03", "EXP-04 to 09", "DM-01", "DM-06", "LM-04", "LM-14", "IMP-04",
        "EXP-10 to 16", "EXP-17", "DA-03", "DA-04", "DM-02-SL", "DM-07", "DM-08", "LM-02",
        "LM-06", "LM-09", "LM-10", "LM-12", "LM-13", "IMP-06", "CM-01", "QA-01",
    ),
    "eu_ai_act": (
        "Article 9(6) to (8)", "Article 10", "Article 11 with Annex IV 2(g)", "Article 12", "Article 13(3)(b)",
        "Article 14(4)", "Article 15(1)", "Article 15(5)",
    ),
    "iso_pas_8800": ("Clause 11", "Clause 12", "Clause 13", "Clause 15"),
    "iso_iec_ts_6254": ("Scope",),
    "iso_iec_24029_2": ("5.5",),
    "nist_ai_rmf": ("MEASURE 2.9",),
    "amlas": ("[Z]", "[AA]", "[S]"),
    "ul_4600": ("Tool evidence",),
    "imdrf_gmlp": ("Principle 4", "Principle 5", "Principle 8", "Principle 9"),
    "ed324_arp6983": ("Draft objective on explainability", "Draft objective on labels"),
    "en_18286": ("8.4", "8.5"),
    "iso_iec_ts_42119_2": ("Scope",),
    "maa_rn_2025_04": ("The whole notice",),
    "do_330": ("Operational requirements", "Known answers"),
}  # fmt: skip


@dataclass(frozen=True)
class Audited:
    """A record and what was judged of it, once, since judging takes its time."""

    path: Path
    judgement: WordedJudgement

    def crosswalk(self, outcome: Outcome | None = None, **outcomes: Outcome | None) -> Crosswalk:
        """outcome: of the whole, outcomes: of rules, where not what was judged; None takes the rule away."""
        with Record.open(self.path) as record:
            judgement = altered(self.judgement, outcome, outcomes)
            return crosswalk(judgement, identity(record), read_evidence(record, judgement.profile))

    def section(self) -> str:
        with Record.open(self.path) as record:
            table = read_evidence(record, self.judgement.profile)
            html = page(Assessment(record, table, self.judgement, build(record, table, self.judgement)))
        return html[html.index(' id="standards"') :].partition("</section>")[0]

    def saying(self, path: Path, **meta: Any) -> "Audited":
        """The same, with entries of the identity of a copy changed."""
        shutil.copy(self.path, path)
        with Record.open(path) as record:
            for key, value in meta.items():
                record.set_meta(key, value)
        return Audited(path, self.judgement)

    def choosing(self, path: Path, standards: Sequence[str]) -> "Audited":
        with Record.open(self.path) as record:
            settings = record.meta("settings")
        return self.saying(path, settings={**settings, "report": {"standards": list(standards)}})


def audited(path: Path, kind: Any = "honest", n: int = 60) -> Audited:
    with Record.open(write_record(path, n=n, kind=kind)) as record:
        return Audited(path, judge_in_words(record))


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    return audited(tmp_path_factory.mktemp("honest") / "audit.sqlite", n=80)


OWN = """
extends = "default"
[domain.light]
values = ["day", "night"]
source = "OD-4"
[slices]
by = ["light"]
rules = ["depends_on_object"]
requirement = "SYS-0"
why = "By day and by night."
"""
REPORT = {"intended_use": "Find runways.", "operational_domain": "Day and night.", "audience": "The assessor."}


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """A run that carries its use, its domain and limits of its own, each for a requirement."""
    folder = tmp_path_factory.mktemp("fit")
    return of_own(folder, OWN + "".join(_rule(name) for name in load_profile("default").rules), REPORT)


def _rule(name: str) -> str:
    tighter = "min_accuracy = 0.6\n" if name == "model_is_accurate" else ""
    return f'[rules.{name}]\n{tighter}requirement = "SYS-{name}"\nwhy = "As SYS-{name} demands."\n'


def of_own(folder: Path, profile: str, report: dict[str, str]) -> Audited:
    """An honest record that was made by this profile, with this table [report]."""
    (folder / "own.toml").write_text(profile)
    with Record.open(write_record(folder / "audit.sqlite", n=120)) as record:
        record.set_meta("settings", {**record.meta("settings"), "report": report})
        record.set_meta("profile", register(load_profile(folder / "own.toml"))["profile"])
        return Audited(folder / "audit.sqlite", judge_in_words(record))


def standing_of(found: Crosswalk) -> dict[str, tuple[Outcome | None, str]]:
    bears = [one for s in found.standards for clause in s.clauses for one in clause.bears]
    return {one.key: (one.outcome, one.summary) for one in bears}


def altered(
    judgement: WordedJudgement, outcome: Outcome | None, outcomes: dict[str, Outcome | None]
) -> WordedJudgement:
    verdicts = [_as(verdict, outcomes) for verdict in judgement.verdicts if outcomes.get(verdict.rule, PASS)]
    return judgement.model_copy(update={"verdicts": tuple(verdicts), "outcome": outcome or judgement.outcome})


def _as(verdict: WordedVerdict, outcomes: dict[str, Outcome | None]) -> WordedVerdict:
    return verdict.model_copy(update={"outcome": outcomes.get(verdict.rule, verdict.outcome)})


def status_of(found: Crosswalk, standard: str, clause: str) -> Status:
    clauses = next(one.clauses for one in found.standards if one.name == standard)
    return next(one.status for one in clauses if one.clause == clause)


def written(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str = "mine") -> None:
    """A folder of standards with one file."""
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "FOLDER", folder)


def standard(entry: str, head: str = "") -> str:
    return f"""
version = 1
title = "A standard"
edition = "2026"
publisher = "Nobody"
checked = "original text"
{head}
[[entries]]
clause = "1.2"
gist = "It works."
{entry}
"""


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<wbr>", "", re.sub(r"<(?!wbr)[^>]+>", " ", html)))


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_clause_that_was_asked_for_is_there(name: str) -> None:
    clauses = [entry.clause for entry in standard_files([name])[name].entries]
    for asked in ASKED[name]:
        assert any(clause.startswith(asked) for clause in clauses), asked


def test_no_standard_is_here_without_its_test() -> None:
    assert sorted(ASKED) == standard_names()


def test_what_the_files_must_say() -> None:
    files = standard_files(standard_names())
    act, easa = files["eu_ai_act"], {entry.clause: entry for entry in files["easa_concept_paper"].entries}
    assert "Civil aviation: Articles 9 to 15 do not bind directly (Annex I Section B" in (act.note or "")
    assert next(entry for entry in act.entries if entry.clause == "Article 12").not_addressed
    assert easa["EXP-04 to 09"].not_addressed
    assert easa["EXP-10 to 16"].not_addressed
    assert easa["EXP-17"].not_addressed, "it is about explanations for end users"
    assert "Proposed Issue 03" in (files["easa_concept_paper"].note or "")
    for name in ("easa_concept_paper", "eu_ai_act", "en_18286"):
        assert "Not verified: " in (files[name].note or ""), name
    assert "Criterion 3 tool, which is TQL-5" in (files["do_330"].note or "")
    assert "A PASS of this tool replaces no other verification." in (files["do_330"].note or "")
    assert "only informed by the standard" in (files["iso_iec_24029_2"].note or "")
    assert "draft" in files["ed324_arp6983"].edition.lower()
    assert [name for name, file in files.items() if file.checked is Checked.ORIGINAL] == ["amlas"]


def test_the_forbidden_word_is_nowhere() -> None:
    here = FOLDER.parent
    files = [*here.rglob("*.toml"), *here.rglob("*.j2"), *here.glob("*.py")]
    assert len(files) > 40
    assert [path.name for path in files if re.search("complian", path.read_text(encoding="utf-8"), re.IGNORECASE)] == []


def test_every_file_is_packaged() -> None:
    settings = tomllib.loads((FOLDER.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["reports"]
    assert all(any(fnmatch(f"standards/{name}.toml", pattern) for pattern in patterns) for name in standard_names())


def test_the_vocabulary_is_the_rules_and_the_facts() -> None:
    assert set(vocabulary()) == {*registry.names("checks.rules"), *FACTS}
    assert not set(registry.names("checks.rules")) & set(FACTS)


@pytest.mark.tor("TOR-066")
@pytest.mark.parametrize(
    ("outcomes", "audit", "expected"),
    [
        ([PASS], PASS, Status.SUPPORTS),
        ([PASS, PASS], FAIL, Status.SUPPORTS),
        ([PASS, PASS], INCONCLUSIVE, Status.SUPPORTS),
        ([PASS, PASS], INVALID, Status.INSUFFICIENT),
        ([PASS, FAIL], FAIL, Status.CONTRADICTS),
        ([FAIL, INVALID, None], INVALID, Status.CONTRADICTS),
        ([PASS, INCONCLUSIVE], PASS, Status.INSUFFICIENT),
        ([PASS, INVALID], INVALID, Status.INSUFFICIENT),
        ([PASS, None], PASS, Status.INSUFFICIENT),
        ([None], PASS, Status.INSUFFICIENT),
        ([], PASS, Status.NOT_ADDRESSED),
        ([], INVALID, Status.NOT_ADDRESSED),
    ],
)
def test_a_status_follows_from_the_outcomes(
    outcomes: Sequence[Outcome | None], audit: Outcome, expected: Status
) -> None:
    assert status(outcomes, audit) is expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (PASS, Status.SUPPORTS),
        (FAIL, Status.CONTRADICTS),
        (INCONCLUSIVE, Status.INSUFFICIENT),
        (INVALID, Status.INSUFFICIENT),
        (None, Status.INSUFFICIENT),
    ],
)
def test_a_rule_moves_the_clauses_that_it_bears_on(fit: Audited, outcome: Outcome | None, expected: Status) -> None:
    passed = dict.fromkeys(registry.names("checks.rules"), PASS)
    found = fit.crosswalk(**{**passed, "model_is_accurate": outcome})
    assert status_of(found, "easa_concept_paper", "LM-09") is expected
    assert status_of(found, "easa_concept_paper", "LM-06") is Status.NOT_ADDRESSED
    assert status_of(found, "amlas", "[S]") is Status.INSUFFICIENT
    unseen = status_of(found, "ed324_arp6983", "Draft objective on generalisation")
    assert unseen is (Status.CONTRADICTS if outcome is FAIL else Status.INSUFFICIENT)


@pytest.mark.tor("TOR-066")
def test_an_invalid_audit_supports_nothing(honest: Audited) -> None:
    found = honest.crosswalk(INVALID)
    assert all(one.count(Status.SUPPORTS) == 0 for one in found.standards)
    assert sum(one.count(Status.SUPPORTS) for one in honest.crosswalk().standards) > 3


@pytest.mark.tor("TOR-111")
def test_only_what_the_run_carries_supports(fit: Audited, honest: Audited, tmp_path: Path) -> None:
    for clause in ("LM-09", "LM-10", "DM-01", "DA-03", "DM-08"):
        assert status_of(fit.crosswalk(), "easa_concept_paper", clause) is Status.SUPPORTS, clause
        assert status_of(honest.crosswalk(), "easa_concept_paper", clause) is Status.INSUFFICIENT, clause
    standing = standing_of(honest.crosswalk())
    assert standing["limits_for_the_use"] == (INCONCLUSIVE, "those of the profile default, which is a starting point")
    assert standing["domain_covered"] == (None, "no parameters are stated")
    assert standing_of(fit.crosswalk())["limits_for_the_use"] == (PASS, "set by the owner, each for a requirement")

    def left_out(name: str, profile: str, report: dict[str, str]) -> Crosswalk:
        (tmp_path / name).mkdir()
        return of_own(tmp_path / name, profile, report).crosswalk()

    texts = (fit.path.parent / "own.toml").read_text()
    silent = left_out("silent", texts, {**REPORT, "intended_use": ""})
    assert status_of(silent, "easa_concept_paper", "LM-10") is Status.INSUFFICIENT
    unnamed = left_out("unnamed", texts.replace('requirement = "SYS-depends_on_object"', ""), REPORT)
    assert standing_of(unnamed)["limits_for_the_use"][1].endswith("checks name no requirement")
    assert status_of(unnamed, "easa_concept_paper", "LM-10") is Status.INSUFFICIENT
    wider = left_out("wider", texts.replace('"night"]', '"night", "dusk"]'), REPORT)
    assert standing_of(wider)["domain_covered"] == (INCONCLUSIVE, "1 cell without a picture")
    assert status_of(wider, "easa_concept_paper", "DM-08") is Status.INSUFFICIENT
    untraced = left_out("untraced", texts.replace('source = "OD-4"', ""), REPORT)
    assert status_of(untraced, "easa_concept_paper", "DA-03") is Status.INSUFFICIENT
    relabelled = left_out("words", texts.replace("min_accuracy = 0.6", ""), REPORT)
    assert standing_of(relabelled)["limits_for_the_use"][0] is INCONCLUSIVE, "other words, the same limits"


CONSTANT = ("limitations_stated", "report", "sign_off", "generalisation_bounds")


@pytest.mark.tor("TOR-111")
def test_nothing_constant_supports_anything(fit: Audited) -> None:
    for key, (outcome, _) in standing_of(fit.crosswalk()).items():
        if key in (*CONSTANT, "bias_and_variance", "audience"):
            assert outcome is not PASS, key
    for clause in ("Article 14(4)(a) to (c)", "Article 11 with Annex IV 2(g)"):
        assert status_of(fit.crosswalk(), "eu_ai_act", clause) is Status.INSUFFICIENT
    for clause in ("LM-02", "LM-04", "LM-14", "EXP-01", "EXP-02", "DM-06"):
        assert status_of(fit.crosswalk(), "easa_concept_paper", clause) is Status.INSUFFICIENT, clause


@pytest.mark.slow
@pytest.mark.tor("TOR-066")
def test_a_cheating_network_contradicts(tmp_path: Path) -> None:
    found = audited(tmp_path / "audit.sqlite", "cheating", 120).crosswalk()
    assert status_of(found, "easa_concept_paper", "LM-10") is Status.CONTRADICTS
    assert status_of(found, "amlas", "[Z]") is Status.CONTRADICTS


def test_limits_chosen_afterwards_contradict(honest: Audited) -> None:
    late = Audited(honest.path, honest.judgement.model_copy(update={"fixed_beforehand": False}))
    before, after = honest.crosswalk(), late.crosswalk()
    assert status_of(before, "easa_concept_paper", "LM-10") is not Status.CONTRADICTS
    assert status_of(after, "easa_concept_paper", "LM-10") is Status.CONTRADICTS
    assert status_of(after, "eu_ai_act", "Article 9(6) to (8)") is Status.CONTRADICTS


def test_what_the_audit_lacks_is_insufficient(tmp_path: Path) -> None:
    bare = audited(tmp_path / "audit.sqlite", "untouched").saying(tmp_path / "bare.sqlite", model={}, versions={})
    easa = next(one for one in bare.crosswalk().standards if one.name == "easa_concept_paper")
    clauses = {one.clause: one for one in easa.clauses}
    standing = standing_of(bare.crosswalk())
    assert standing["identity"] == (INCONCLUSIVE, "no hash of the network")
    assert standing["run_again"] == (INCONCLUSIVE, "no versions in the record")
    assert standing["robustness_noise"] == (None, "not measured")
    assert standing["sign_off"] == (INCONCLUSIVE, "to be signed by hand")
    assert clauses["CM-01"].status is Status.NOT_ADDRESSED
    assert standing["explainer_is_valid"][0] is INVALID


@pytest.mark.slow
def test_a_run_that_broke_off_does_not_list_every_exclusion(tmp_path: Path) -> None:
    found = audited(tmp_path / "audit.sqlite", "incomplete").crosswalk()
    log = next(one for one in found.standards if one.name == "amlas").clauses[1]
    standing = {one.key: one.outcome for one in log.bears}
    assert (standing["exclusions"], standing["identity"]) == (INCONCLUSIVE, INCONCLUSIVE)


def test_a_rule_that_the_profile_does_not_name_is_said_and_not_linked(honest: Audited) -> None:
    found = honest.crosswalk(model_is_accurate=None)
    bears = [one for s in found.standards for clause in s.clauses for one in clause.bears]
    missing = [one for one in bears if one.key == "model_is_accurate"]
    assert missing
    assert all((one.outcome, one.summary, one.anchor) == (None, "not judged by this profile", None) for one in missing)


@pytest.mark.slow
def test_the_settings_choose_and_order(honest: Audited, tmp_path: Path) -> None:
    assert [one.name for one in honest.crosswalk().standards] == standard_names()
    data = {"format": "csv", "annotations": "a", "images": "b"}
    settings = parse_settings({"data": data, "report": {"standards": ["ul_4600", "amlas", "of_tomorrow"]}})
    chosen = honest.saying(tmp_path / "chosen.sqlite", settings=settings.recorded())
    found = chosen.crosswalk()
    assert [one.name for one in found.standards] == ["ul_4600", "amlas"]
    assert found.unknown == ("of_tomorrow",)
    assert "for which this version has no file: of_tomorrow" in words(chosen.section())
    silent = honest.saying(tmp_path / "silent.sqlite", settings=parse_settings({"data": data}).recorded())
    assert [one.name for one in silent.crosswalk().standards] == standard_names()
    assert "The settings name no standard" in words(honest.choosing(tmp_path / "none.sqlite", []).section())


def test_an_unknown_standard_is_refused_beforehand() -> None:
    with pytest.raises(AuditError, match=r"settings: no standard 'easa_concept'; did you mean 'easa_concept_paper'\?"):
        standard_files(["easa_concept"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (standard('bears = ["identty"]'), r"mine\.toml, 1\.2: nothing in an audit is called 'identty'; did you mean"),
        (standard('bears = ["report", "report"]'), "'report' bears on it twice"),
        (standard(""), "has neither 'bears' nor 'not_addressed'"),
        (standard('bears = ["report"]\nnot_addressed = "Why?"'), "has both 'bears' and 'not_addressed'"),
        (standard('not_addressed = " "'), r"mine\.toml: entries\.0\.not_addressed"),
        (standard('bears = ["report"]\nstatus = "supports"'), r"entries\.0\.status = 'supports': Extra inputs"),
        (standard('bears = ["report"]\nchecked = "surely"'), r"entries\.0\.checked = 'surely'"),
        (standard('bears = ["report"]', 'colour = "red"'), "colour = 'red': Extra inputs"),
        (standard('bears = ["report"]').replace("version = 1", "version = 0"), "version = 0"),
        (standard('bears = ["report"]').replace('title = "A standard"', ""), "title is missing"),
        (standard('bears = ["report"]') + ENTRY, "the clause appears twice"),
        ("version = ", r"mine\.toml: cannot be read"),
    ],
)  # fmt: skip
def test_broken_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    written(tmp_path, monkeypatch, text)
    with pytest.raises(AuditError, match=message):
        standard_files(["mine"])


@pytest.mark.slow
def test_a_standard_is_one_file(honest: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, monkeypatch, standard('bears = ["run_again"]\nnote = """Over\ntwo lines."""'))
    html = honest.section()
    assert '<details id="standard-mine">' in html
    assert "1.2 It works. Over two lines. supports run again : settings and versions are there" in words(html)


def test_hostile_text_in_a_file_does_nothing(honest: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = f"note = {json.dumps(HOSTILE)}\nnot_addressed = {json.dumps(HOSTILE)}"
    text = standard(entry, f"note = {json.dumps(HOSTILE)}")
    for given in ("A standard", "2026", "Nobody", "1.2", "It works."):
        text = text.replace(json.dumps(given), json.dumps(HOSTILE))
    written(tmp_path, monkeypatch, text)
    html = honest.choosing(tmp_path / "audit.sqlite", ["mine", HOSTILE]).section()
    assert html.count("&lt;script&gt;") >= 9
    assert "<script" not in html
    assert "\u202e" not in html


@pytest.mark.slow
def test_the_marks_are_shown(honest: Audited) -> None:
    html = honest.section()
    text = words(html)
    clauses = [clause for one in honest.crosswalk().standards for clause in one.clauses]
    marked = [clause for clause in clauses if clause.checked is not Checked.ORIGINAL]
    assert len(marked) > 40
    assert text.count("not the original text: ") == len(marked)
    assert text.count("not the original text: from memory") == sum(one.checked is Checked.MEMORY for one in marked) > 0
    amlas = html[html.index('id="standard-amlas"') :].partition("</details>")[0]
    assert "original text" not in amlas
    assert html.count('<span class="tag">not checked against the original text') == len(ASKED) - 1


@pytest.mark.slow
def test_a_status_is_told_in_words_and_shape_and_leads_to_its_check(honest: Audited) -> None:
    html = honest.section()
    assert html.count('href="#mark-PASS"/></svg> supports</span>') >= sum(
        one.count(Status.SUPPORTS) for one in honest.crosswalk().standards
    )
    assert '<a href="#check-model-is-accurate">model is accurate</a>: PASS' in html
    assert "whatever passed in it supports no clause" not in words(html)


@pytest.mark.slow
def test_an_invalid_audit_is_said(tmp_path: Path) -> None:
    text = words(audited(tmp_path / "audit.sqlite", "incomplete").section())
    assert "This audit is INVALID, so nothing that passed in it supports a clause." in text


def test_the_same_audit_gives_the_same_values(honest: Audited) -> None:
    first = honest.crosswalk()
    assert honest.crosswalk() == first
    assert Crosswalk.model_validate_json(first.model_dump_json()) == first
