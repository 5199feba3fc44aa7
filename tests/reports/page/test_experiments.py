"""The page on experiments, cues and controls: told where made, and said to be missing where not."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.seal import SEAL, seal
from checks.profile import load_profile
from checks.verdict import Outcome, Profile
from fixtures.assessments import assessment_of, page_of, rejudged
from fixtures.pages import words as read
from fixtures.records import changed, write_record
from reports.page import render as page
from reports.result.controls import detection
from reports.wording.numbers import THIN
from reports.wording.worded import WordedJudgement, WordedVerdict

SECTIONS = ("cells", "experiments", "cues", "controls", "cost")
HOSTILE = '"><script>alert(1)</script>\u202e'


def words(html: str) -> str:
    return read(html).replace(THIN, " ")


def section(html: str, name: str) -> str:
    """The words of one section."""
    return words(html[html.index(f' id="{name}"') :].partition("</section>")[0])


class Told:
    """A record, its judgement, and its page."""

    def __init__(self, path: Path, profile: Profile | None = None, **changes: Any) -> None:
        with Record.open(path) as record:
            shown = sorted(read_thumbnails(record))
            record.set_meta("gallery", {"worst": shown, "borderline": [], "random": []})
            for key, value in changes.items():
                record.set_meta(key, value)
            record.set_meta(SEAL, seal(record))
            assessment = assessment_of(record, profile)
            self.judgement: WordedJudgement = assessment.judgement
            self.html = page_of(assessment)


@pytest.fixture(scope="module")
def cheat(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(write_record(tmp_path_factory.mktemp("cheat") / "audit.sqlite", n=120, kind="cheating"))


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(write_record(tmp_path_factory.mktemp("honest") / "audit.sqlite", n=120))


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(write_record(tmp_path_factory.mktemp("untouched") / "audit.sqlite", n=120, kind="untouched"))


@pytest.mark.slow
def test_the_experiments_count_comes_first_and_the_maps_second(tmp_path: Path) -> None:
    told = Told(write_record(tmp_path / "audit.sqlite", n=120, kind="cheating", mass=0.5))
    first, by_map = told.judgement.right_for_the_wrong_reason[:2]
    assert first.source == "experiment"
    assert first.count != by_map.count
    assert f"{first.count} of {first.right} right answers" in section(told.html, "verdict")
    assert "By maps" not in section(told.html, "verdict")
    assert f"By maps (secondary): gradient {by_map.count} of {by_map.right}" in section(told.html, "cells")


@pytest.mark.slow
def test_advice_is_marked_and_stands_apart(cheat: Told) -> None:
    advice = [verdict for verdict in cheat.judgement.verdicts if verdict.advisory]
    assert advice
    deciding, _, rest = cheat.html[cheat.html.index('<table class="stack trace"') :].partition("Advisory: shown")
    rest = rest.partition("</ul>")[0]
    for verdict in advice:
        link = f'href="#check-{verdict.rule.replace("_", "-")}"'
        assert link in rest
        assert link not in deciding
    assert rest.count("advisory: ") == len(advice)
    assert 'class="outcome is-' not in rest
    assert "not part of the verdict" in section(cheat.html, "checks")


@pytest.mark.slow
def test_the_worst_checks_come_first(cheat: Told) -> None:
    found = re.findall(r'<article id="check-([\w-]+)"', cheat.html)
    by_rule = {verdict.rule.replace("_", "-"): verdict for verdict in cheat.judgement.verdicts}
    order = [Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
    told = [(by_rule[rule].advisory, order.index(by_rule[rule].outcome)) for rule in found]
    assert len(told) == len(by_rule)
    assert told == sorted(told)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cheat", "honest"])
def test_the_four_cells_are_those_of_the_judgement(kind: str, request: pytest.FixtureRequest) -> None:
    told: Told = request.getfixturevalue(kind)
    assert told.judgement.cells is not None
    counts = [cell.count for cell in told.judgement.cells.cells]
    assert [int(n) for n in re.findall(r"<td[^>]*><p class=\"figure\">(\d+)</p>", told.html)] == counts
    assert sum(counts) == told.judgement.cells.judged
    text = section(told.html, "cells")
    for word in ("Evidence on the object", "Evidence not on the object", "Predicted right", "Predicted wrong"):
        assert word in text
    assert f"{counts[1]} {100 * counts[1] / sum(counts):.1f} %: right for the wrong reason" in text.replace("  ", " ")


@pytest.mark.slow
def test_the_cells_show_pictures_of_the_gallery(cheat: Told, honest: Told) -> None:
    cell = cheat.html[cheat.html.index(' id="cells"') :].partition("</section>")[0]
    shown = re.findall(r'<a href="#sample-(\d+)"><svg class="panel shows-picture"', cell)
    assert 0 < len(shown) <= 4
    assert cheat.judgement.cells is not None
    assert re.search(r"object [−+]\d\.\d surroundings [−+]\d\.\d", words(cell))
    assert "thumbnails" not in honest.html[honest.html.index(' id="cells"') :].partition("</section>")[0]


@pytest.mark.slow
def test_a_card_says_what_the_experiment_said(cheat: Told, honest: Told, untouched: Told) -> None:
    said = r"Object alone [−+]?\d+\.\d , surroundings alone [−+]?\d+\.\d"
    assert re.search(said + " : a miss.", section(cheat.html, "gallery"))
    assert re.search(said + r" \.", section(honest.html, "gallery"))
    assert "a miss ." not in section(honest.html, "gallery").replace("A miss", "")
    assert "Not judged by experiment." in section(untouched.html, "gallery")


@pytest.mark.slow
def test_the_flag_of_a_card_is_the_experiments(tmp_path: Path) -> None:
    """Where maps lie on the object and the experiment says otherwise, the card is flagged, and the other way round."""
    flagged = '<span class="flag">Right for the wrong reason</span>'
    cheat = Told(write_record(tmp_path / "cheat.sqlite", n=120, kind="cheating", mass=0.6))
    assert cheat.html.count(flagged) > 3
    honest = Told(write_record(tmp_path / "honest.sqlite", n=120, mass=0.03))
    assert flagged not in honest.html
    assert "A miss by the maps of gradient , gradcam" in section(honest.html, "gallery")


@pytest.mark.slow
def test_what_removal_and_backgrounds_did_is_told(cheat: Told, honest: Told) -> None:
    text = section(cheat.html, "experiments")
    assert re.search(
        r"Without the object it is \d+\.\d % to \d+\.\d %, depending on the fill; with the same fill elsewhere", text
    )
    assert re.search(r"background \d+ 100\.0 % 0\.0 % 100\.0 100\.0 % ", section(cheat.html, "reliance"))
    assert re.search(r"background \d+ 100\.0 % 100\.0 % 0\.0 0\.0 % ", section(honest.html, "reliance"))
    assert cheat.html.count('aria-label="Log-odds of the label for the object alone') == 1


@pytest.mark.slow
def test_a_missing_experiment_is_said_to_be_missing(untouched: Told) -> None:
    missing = {
        "cells": "The experiment object_removed was not run",
        "experiments": "The experiment background_replaced was not run",
        "cues": "The search shared_cues was not run",
        "controls": "The control planted_cue was not run",
        "cost": "does not say how many passes were made",
        "method": "The settings ask for no experiment.",
    }
    for name, sentence in missing.items():
        assert sentence in section(untouched.html, name), name
    assert "The control randomisation was not run" in section(untouched.html, "controls")
    text = section(untouched.html, "verdict")
    assert "Not measured, so it is unknown what this audit would have missed." in text
    assert "Not counted: an audit that cannot be trusted shows nothing" in text
    assert "agree on a place" not in section(untouched.html, "cues")


@pytest.mark.slow
def test_what_was_asked_for_and_left_nothing_is_said(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    changed(path, "DELETE FROM answer WHERE intervention = 'noise'", "DELETE FROM meta WHERE key = 'done shared_cues'")
    changed(path, "DELETE FROM cue", "DELETE FROM crop WHERE cue > 0")
    told = Told(path, planted_cue={"detectors": [], "lambdas": [], "strength": 0, "mark": [0, 0, 0, 0], "pictures": 7})
    assert "The experiment noise was asked for, but left no answer." in section(told.html, "experiments")
    assert "The search shared_cues was asked for, but was not finished." in section(told.html, "cues")
    assert "Only 7 pictures could carry the planted mark" in section(told.html, "controls")
    assert "Only 7 pictures could carry the planted mark" in section(told.html, "verdict")


@pytest.mark.slow
def test_no_candidate_is_told_as_none(tmp_path: Path) -> None:
    path = changed(write_record(tmp_path / "audit.sqlite", n=120), "DELETE FROM cue", "DELETE FROM crop")
    assert "In no class do the maps agree on a place or an appearance" in section(Told(path).html, "cues")


def test_a_cue_is_told_with_crops_place_and_both_experiments(cheat: Told, honest: Told) -> None:
    text = section(cheat.html, "cues")
    assert "1. runway : bottom left confirmed" in text
    assert "2. runway : recurring appearance not confirmed" in text
    assert "1 of 2 is confirmed" in text
    assert text.count("hidden, in pictures of the class") == text.count("pasted into other classes") == 2
    assert cheat.html.count('aria-label="Crop ') == 8
    assert cheat.html.count('class="spot sure"') == 1
    assert "0 of 2 are confirmed" in section(honest.html, "cues")
    assert 'class="spot sure"' not in honest.html


@pytest.mark.slow
def test_reliance_without_a_place_is_called_so(tmp_path: Path, cheat: Told) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120, kind="cheating")
    changed(
        path,
        "DELETE FROM cue WHERE id = 1",
        "DELETE FROM crop WHERE cue = 1",
        "DELETE FROM answer WHERE intervention = 'cue 1'",
    )
    assert "Background reliance without a place." in section(Told(path).html, "cues")
    assert "Background reliance without a place." not in cheat.html


def test_the_limit_of_detection_stands_beside_the_verdict(honest: Told, cheat: Told) -> None:
    verdict = next(v for v in honest.judgement.verdicts if v.rule == "control_is_caught")
    limits = [f for f in verdict.findings if f.quantity == "share_from_which_a_mark_is_flagged"]
    assert len(limits) == 2
    hardest = max(limits, key=lambda finding: finding.value or 0)
    assert f"{100 * (hardest.value or 0):g} % of the evidence" in section(honest.html, "verdict")
    hangs = f"once {100 * hardest.details['reliance']:.1f} points of accuracy hang on it"
    assert f"This audit flags a mark {hangs}" in section(honest.html, "verdict")
    assert honest.html.count('class="shaded"') == 2
    assert "Not known. The network is flagged" in section(cheat.html, "verdict")
    assert 'class="shaded"' not in cheat.html


@pytest.mark.slow
def test_no_limit_is_claimed_that_one_detector_does_not_bear(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        assessment = assessment_of(record)
    table, verdict = assessment.table, assessment.judgement.verdict("control_is_caught")
    assert verdict is not None
    assert detection(table, verdict, "").share is not None
    hidden = [f.model_copy(update={"value": None}) if f.key == "saturating" else f for f in verdict.findings]
    assert hidden != list(verdict.findings)
    assert detection(table, verdict.model_copy(update={"findings": tuple(hidden)}), "").share is None
    assert detection(table, verdict.model_copy(update={"outcome": Outcome.INVALID}), "").share is None
    assert "does not name the rule" in detection(table, None, "").sentence


@pytest.mark.slow
def test_methods_that_are_taken_out_are_said(tmp_path: Path) -> None:
    path = changed(
        write_record(tmp_path / "audit.sqlite", n=120),
        "UPDATE cascade SET similarity = 0.99 - 0.001 * (sample % 3) WHERE method = 'gradcam'",
    )
    text = section(Told(path).html, "controls")
    assert "Taken out of the verdict: gradcam ." in text
    assert "gradcam taken out 0.99 with everything randomised" in text


def test_methods_are_held_against_each_other(honest: Told) -> None:
    text = section(honest.html, "controls")
    assert re.search(r"gradient – 0\.\d\d gradcam 0\.\d\d –", text)


def test_the_cost_is_told_per_picture(honest: Told) -> None:
    text = section(honest.html, "cost")
    assert re.search(r"maps and interventions 3,570 2,023 30\.0 17\.0 47\.0", text)
    assert re.search(r"in all \d", text)


@pytest.mark.slow
def test_every_experiment_of_the_record_is_described_from_it(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        asked = record.meta("experiments")
    asked["own.intervention:mine"] = {"strength": 3}
    told = Told(
        path, experiments=asked, described={"own.intervention:mine": "Paints the sky green.", "noise": "Adds noise."}
    )
    text = section(told.html, "method")
    assert "own.intervention:mine Paints the sky green. strength : 3" in text
    assert "noise Adds noise." in text
    for reference in ("Fong", "Lapuschkin", "Anders", "Adebayo", "Arras", "Xiao"):
        assert reference in text


@pytest.mark.slow
def test_a_profile_that_asks_another_lead_is_followed(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    profile = load_profile("default")
    table = {**profile.rules["right_for_the_right_reason"], "min_lead": 40.0}
    asked = profile.model_copy(update={"rules": {**profile.rules, "right_for_the_right_reason": table}})
    told = Told(path, asked)
    assert told.judgement.cells is not None
    assert told.judgement.cells.cells[0].count == 0
    assert "a lead of +40.0 or less" in section(told.html, "method")
    assert f"{told.judgement.cells.judged} not" in section(told.html, "cells")


@pytest.mark.slow
def test_hostile_words_of_experiments_do_nothing(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    connection = sqlite3.connect(path)
    with connection:
        for statement in (
            "UPDATE answer SET variant = ? || variant WHERE intervention = 'object_removed' AND variant LIKE 'mean%'",
            "UPDATE cascade SET layers = ?",
            "UPDATE passes SET part = ? WHERE part = 'randomisation'",
            "UPDATE cue SET kind = ? WHERE id = 2",
        ):
            connection.execute(statement, (HOSTILE,))
    connection.close()
    planted = {"detectors": [HOSTILE], "lambdas": [0.0, 1.0], "strength": 1.0, "mark": [0, 0, 1, 1], "pictures": 24}
    refused = {"refused": {HOSTILE: HOSTILE}}
    html = Told(
        path,
        experiments={HOSTILE: {HOSTILE: HOSTILE}},
        described={HOSTILE: HOSTILE},
        planted_cue=planted,
        randomisation=refused,
        classes=[HOSTILE] * 6,
    ).html
    assert html.count("<script") == 1
    assert "\u202e" not in html


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_anew")
def test_the_order_of_charts_and_crops_is_settled(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=60, kind="cheating")
    assert Told(path).html == Told(path).html


def test_a_verdict_without_findings_takes_no_method_out(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        assessment = assessment_of(record)
        bare = [
            WordedVerdict(
                rule=v.rule, question=v.question, outcome=Outcome.INVALID, sentence="It broke.", next_step="Mend it."
            )
            for v in assessment.judgement.verdicts
        ]
        html = page.page(rejudged(assessment, *bare))
    assert "No method was taken out." in section(html, "controls")
    assert "not judged by this profile" in section(html, "cues")
