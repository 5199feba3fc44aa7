"""A comparison with a baseline in words: at most 25 of them in a verdict, with the numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from audit.record.record import Record
from checks import reasons
from checks.baseline.compare import ABSOLUTE, BY_ITSELF, COMPARABLE, NO_MARGIN, REFUSED, compare, gate
from checks.baseline.judged_run import judged_run
from checks.baseline.shares import NO_EXPERIMENT
from checks.baseline.slices import NO_SLICES
from checks.verdict import Direction, Outcome, Verdict
from fixtures.candidates import write_candidate
from fixtures.findings import MOST_WORDS, finding_on_flights, words_on_flights
from reports.wording.comparison import WordedComparison, worded_comparison
from reports.wording.worded import words_of
from reports.wording.words import About, Words, about

PASS, FAIL, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID
MEND = "Look at the pictures that turned worse, improve the model and audit it again."
MOVE = f"{MEND} Only where the loss is intended, move the baseline: saliency-audit accept RUN --reason '…' --force."
MORE = (
    "Add boxed pictures of about 40 further flights, audit both models on them and"
    " compare these two runs: saliency-audit compare BEFORE AFTER."
)
TURNED = {"details": {"worse": 190, "better": 24, "bad_before": 10, "bad_after": 176, "same_network": False}}
SAME = {"details": {**TURNED["details"], "same_network": True}}
GAIN = {**TURNED, "value": -0.021, "lower": -0.04, "upper": 0.012}
KEPT = {**TURNED, "value": 0.0, "lower": -0.02, "upper": 0.02}
LOST = {**TURNED, "value": 0.2, "further": None}
MASS = {
    "better": Direction.HIGHER,
    "limit": -0.1,
    "value": -0.02,
    "lower": -0.03,
    "upper": -0.01,
    "details": {"method": "gradient", "mass": 0.48, "baseline_mass": 0.5},
}
Case = tuple[Outcome, str, Mapping[str, Any], str, str]
"""Outcome, reason, what else is stated, words that must stand in the sentence, and the next step."""
CASES: dict[tuple[str, str], list[Case]] = {
    ("evidence_holds", "evidence"): [
        (
            PASS,
            "",
            TURNED,
            "Misses rose by 13.5 points (loss at most 16.2; margin: 10): 190 of 1,234 pictures of 120 flights became"
            " worse, 24 better.",
            "",
        ),
        (PASS, "", GAIN, "Misses fell by 2.1 points (loss at most 1.2; margin: 10): ", ""),
        (PASS, "", KEPT, "The share of misses did not change (loss at most 2.0; margin: 10): ", ""),
        (PASS, "", SAME, "The network and all its numbers are the same on 1,234 pictures of 120 flights, so no", ""),
        (FAIL, reasons.BEYOND_LIMIT, TURNED, "(loss at least 10.8; margin: 10)", MOVE),
        (
            INCONCLUSIVE,
            reasons.UNDECIDED,
            {**TURNED, "value": 0.05},
            "Misses rose by 5.0 points on 120 flights (loss at most 16.2; margin: 10); about 40 further flights would",
            MORE,
        ),
        (INCONCLUSIVE, reasons.UNDECIDED, LOST, "; more data would not make it pass.", MEND),
        (
            INVALID,
            NO_EXPERIMENT,
            {**TURNED, "value": None},
            "No experiment was made with the baseline, so it is unknown where its evidence lay.",
            "Run both audits with the interventions object_removed and background_replaced.",
        ),
    ],
    ("accuracy_holds", "prediction"): [
        (PASS, "", TURNED, "Accuracy fell by 13.5 points (loss at most 16.2; margin: 10): 190 of 1,234", ""),
        (PASS, "", GAIN, "Accuracy rose by 2.1 points (loss at most 1.2; margin: 10): ", ""),
        (PASS, "", KEPT, "Accuracy did not change (loss at most 2.0; margin: 10): ", ""),
        (FAIL, reasons.BEYOND_LIMIT, TURNED, "(loss at least 10.8; margin: 10)", MOVE),
        (INCONCLUSIVE, reasons.UNDECIDED, LOST, "; more data would not make it pass.", MEND),
    ],
    ("maps_hold", "gradient"): [
        (
            PASS,
            "",
            MASS,
            "gradient puts 48.0 % of its relevance on the object, 50.0 % with the baseline (change at least −3.0"
            " points; margin: −10).",
            "",
        ),
        (FAIL, reasons.BEYOND_LIMIT, MASS, "(change at most −1.0 points; margin: −10).", MOVE),
        (INCONCLUSIVE, reasons.UNDECIDED, MASS, "(change at least −3.0 points; margin: −10).", MORE),
        (INCONCLUSIVE, reasons.UNDECIDED, {**MASS, "value": -0.11}, "(change at least −3.0 points; ", MEND),
        (INCONCLUSIVE, reasons.UNDECIDED, {**MASS, "lower": None}, "50.0 % with the baseline (margin: −10).", MORE),
        (INCONCLUSIVE, reasons.TOO_FEW, MASS, "The maps of gradient cannot be compared on 120 flights worth", MORE),
        (
            INVALID,
            reasons.NO_PICTURES,
            {**MASS, "value": None},
            "gradient has no picture for which the maps of both networks are alive.",
            "Run both audits with a saliency method whose maps are not all dead.",
        ),
    ],
}
"""By rule and key."""


@pytest.mark.parametrize(("rule", "key", "case"), [(*names, case) for names, cases in CASES.items() for case in cases])
def test_every_outcome_has_a_short_sentence_with_its_numbers(rule: str, key: str, case: Case) -> None:
    outcome, reason, stated, part, next_step = case
    words = words_on_flights(rule, finding_on_flights(key, outcome, reason, stated))
    (finding,) = words.findings
    assert part in finding.sentence
    assert words.sentence == finding.sentence
    assert words.sentence.endswith(".")
    assert len(finding.sentence.split()) <= MOST_WORDS, finding.sentence
    assert words.next_step == next_step
    assert words.question.endswith("?")


def slices(*outcomes: tuple[str, Outcome, bool]) -> Words:
    """value of the column 'light', outcome, and whether it regressed."""
    findings = [
        finding_on_flights(
            f"evidence/light/{value}",
            outcome,
            "",
            {
                "details": {
                    "what": "evidence",
                    "column": "light",
                    "value": value,
                    "worse": 190,
                    "better": 24,
                    "p": 0.00123,
                    "regressed": regressed,
                }
            },
        )
        for value, outcome, regressed in outcomes
    ]
    return words_on_flights("slices_hold", *findings)


def test_slices_in_words() -> None:
    red = slices(("night", FAIL, True), ("dusk", FAIL, True), ("day", PASS, False))
    assert red.sentence == (
        "The candidate regressed on light night (evidence) and 1 further slice: 190 of 1,234 pictures turned worse, 24"
        " better (margin: 10 points)."
    )
    assert red.next_step == MOVE
    assert red.findings[0].sentence == (
        "light night (evidence): 190 of 1,234 pictures turned worse, 24 better (loss at least 10.8; margin: 10; p ="
        " 0.0012)."
    )
    undecided = slices(("night", INCONCLUSIVE, True), ("day", PASS, False))
    assert undecided.sentence == (
        "On 1 of 2 slices a loss of 10 points cannot be excluded, but none is shown; 1 regressed by less."
    )
    assert slices(("night", PASS, False)).sentence == "The candidate is not worse by 10 points on the one slice."
    for words in (red, undecided):
        assert max(len(s.split()) for s in (words.sentence, *(f.sentence for f in words.findings))) <= MOST_WORDS
    none = Verdict(rule="slices_hold", outcome=INCONCLUSIVE, reason=NO_SLICES)
    assert words_of(none, About(0.95)).sentence == "The pictures have no classes or metadata to tell slices apart."


@pytest.mark.parametrize(
    ("reason", "details", "sentence", "next_step"),
    [
        (
            NO_MARGIN,
            {"profile": "default"},
            "The profile default sets no margin, so no comparison can pass.",
            "Add [non_inferiority] with a margin",
        ),
        (
            REFUSED,
            {"where": "baseline.json", "seen": "no such baseline", "needed": "need a file", "next_step": "Make one."},
            "baseline.json: no such baseline; need a file.",
            "Make one.",
        ),
        (
            REFUSED,
            {"where": "baseline", "seen": "is broken", "needed": "", "next_step": ""},
            "baseline: is broken.",
            "Accept a run: saliency-audit accept RUN",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(reason: str, details: dict[str, Any], sentence: str, next_step: str) -> None:
    words = words_of(Verdict(rule=COMPARABLE, outcome=INVALID, reason=reason, details=details), About(0.95))
    assert words.sentence == sentence
    assert words.next_step.startswith(next_step)


def test_a_method_must_have_been_run() -> None:
    words = words_of(Verdict(rule="maps_hold", outcome=INVALID, reason=reasons.NO_METHOD), About(0.95))
    assert words.sentence == "No method was run."
    assert words.next_step


@pytest.mark.parametrize(
    ("outcome", "fixed", "sentence"),
    [
        (PASS, True, "By itself the candidate is PASS."),
        (FAIL, True, "By itself the candidate is FAIL, decided by depends_on_object."),
        (
            FAIL,
            False,
            "By itself the candidate is FAIL, decided by depends_on_object; its limits were not fixed before the run.",
        ),
    ],
)
def test_the_candidate_by_itself_in_words(outcome: Outcome, fixed: bool, sentence: str) -> None:
    details = {"decided_by": "depends_on_object", "fixed_beforehand": fixed}
    verdict = Verdict(rule=ABSOLUTE, outcome=outcome, reason=BY_ITSELF, details={**details})
    assert words_of(verdict, About(0.95)).sentence == sentence
    assert (words_of(verdict, About(0.95)).next_step == "") == (outcome is PASS)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candidate(tmp_path_factory.mktemp("baseline") / "audit.sqlite", same_network=True)


def compared(baseline: Path, candidate: Path) -> WordedComparison:
    with Record.open(baseline) as before, Record.open(candidate) as after:
        run = judged_run(after)
        return worded_comparison(compare(before, run), about(run.table))


@pytest.mark.slow
def test_a_pass_states_margin_confidence_and_pictures(baseline: Path, tmp_path: Path) -> None:
    equal = compared(baseline, write_candidate(tmp_path / "equal.sqlite"))
    assert equal.sentence == (
        "With 95 % confidence the candidate is less than 5.0 points worse than the baseline, shown on 119 pictures,"
        " and it meets the absolute limits."
    )
    assert equal.next_step == "No picture turned worse. A PASS replaces no other verification."
    assert WordedComparison.model_validate_json(equal.model_dump_json()) == equal
    fresh = [flip.sample for flip in compared(baseline, write_candidate(tmp_path / "b", missed=range(20, 120))).flips]
    single = compared(baseline, write_candidate(tmp_path / "one.sqlite", missed=sorted(fresh)[:1]))
    assert (single.outcome, single.sentence) == (PASS, equal.sentence)
    assert single.next_step.startswith("Look at the pictures that turned worse before you sign")


@pytest.mark.slow
def test_otherwise_the_verdict_that_decides_speaks(baseline: Path, tmp_path: Path) -> None:
    worse = compared(baseline, write_candidate(tmp_path / "worse.sqlite", missed=range(3, 60)))
    deciding = worse.verdict(worse.decided_by)
    assert deciding is not None
    assert (worse.outcome, deciding.outcome) == (FAIL, FAIL)
    assert (worse.sentence, worse.next_step) == (deciding.sentence, deciding.next_step)
    assert worse.sentence.startswith("Misses rose by ")
    for verdict in (*worse.verdicts, *worse.judgement.verdicts):
        sentences = [verdict.sentence, *(finding.sentence for finding in verdict.findings)]
        assert max(len(sentence.split()) for sentence in sentences) <= MOST_WORDS, sentences


@pytest.mark.slow
def test_the_candidates_own_judgement_speaks_where_it_decides(tmp_path: Path) -> None:
    cut = write_candidate(tmp_path / "cut.sqlite", kind="incomplete")
    stopped = compared(cut, cut)
    assert stopped.sentence == "By itself the candidate is INVALID: The run stopped after 73 of 121 samples."
    assert (
        stopped.next_step
        == stopped.judgement.next_step
        == ("Continue the run where it stopped: saliency-audit run SETTINGS.toml --resume.")
    )
    with Record.open(write_candidate(tmp_path / "a.sqlite")) as after:
        run = judged_run(after)
        missing = worded_comparison(gate(tmp_path / "none.json", run), about(run.table))
    assert missing.sentence.endswith("none.json: no such baseline; need the file of an accepted run.")
    assert missing.next_step.startswith("Make one: saliency-audit accept RUN")
