"""Completeness of the evidence, and of the run, in words: at most 25 of them, with the numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audit
from checks import reasons
from checks.rules import evidence_is_complete as completeness
from checks.rules.evidence_is_complete import NONE_IN_SCOPE
from checks.table import cluster_columns, integrity
from checks.table.domain import EMPTY_CELLS, NO_DOMAIN_COLUMN
from checks.verdict import Finding, Outcome, Unit, Verdict
from fixtures.evidence import make_evidence
from fixtures.findings import MOST_WORDS
from fixtures.rules import altered
from reports.wording.rules.evidence_is_complete import MEND
from reports.wording.worded import words_of
from reports.wording.words import About, Words, about

PASS, INCONCLUSIVE, INVALID = Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.INVALID
FLIGHTS = About(0.95, "flight")


def finding(key: str, quantity: str, outcome: Outcome, details: Mapping[str, Any], **stated: Any) -> Finding:
    fields = {"unit": Unit.SHARE, "better": "lower", "value": 0.118, "limit": 0.1, "n": 68, **stated}
    return Finding.model_validate(
        {"key": key, "quantity": quantity, "outcome": outcome, "details": {**details}, **fields}
    )


def exclusions(outcome: Outcome, by_reason: dict[str, int], **stated: Any) -> Finding:
    details = {"excluded": sum(by_reason.values()), "by_reason": by_reason}
    return finding("exclusions", "excluded_share", outcome, details, **stated)


def outside(by_reason: dict[str, int], **stated: Any) -> Finding:
    details = {"outside": sum(by_reason.values()), "by_reason": by_reason}
    return finding("scope", "outside_scope_share", PASS, details, limit=None, advisory=True, **stated)


def pictures(outcome: Outcome, n: int, samples: int, **stated: Any) -> Finding:
    return finding("pictures", "distinct_pictures", outcome, {"samples": samples}, n=n, value=n, limit=59, **stated)


def maps(outcome: Outcome, dead: int, missing: int, **stated: Any) -> Finding:
    details = {"method": "gradient", "dead": dead, "missing": missing}
    return finding("maps/gradient", "dead_map_share", outcome, details, **stated)


def classes(outcome: Outcome, *labels: str) -> Finding:
    named = [{"label": label, "right": 3, "pictures": 30} for label in labels]
    return finding("classes", "classes_hardly_predicted", outcome, {"classes": named}, value=len(labels), limit=0)


def flights(silent: int, **stated: Any) -> Finding:
    details = {"column": "flight", "silent": silent, "worth": 30.2}
    outcome = INVALID if silent else PASS
    fields = {"n": 60, "clusters": 12, "value": 12.0, "limit": None, **stated}
    return finding("clusters", "independent_pictures_at_worst", outcome, details, **fields)


def cells(outcome: Outcome, *empty: str, **stated: Any) -> Finding:
    details = {"parameter": "weather", "column": "wx", "cells": list("abcde"), "counts": [7] * 5, "empty": [*empty]}
    key, quantity = "domain/weather", "domain_cells_without_pictures"
    return finding(key, quantity, outcome, details, **{"value": len(empty), "limit": 0, **stated})


PAIRS = finding(
    "domain/weather × distance",
    "domain_pairs_without_pictures",
    INCONCLUSIVE,
    {"parameters": ["weather", "distance"], "cells": 6, "empty": [["fog", "0 to 1 NM"]]},
    value=1,
    limit=0,
    reason=EMPTY_CELLS,
    advisory=True,
)
WARNING = finding(
    "column/flight",
    "independent_pictures_by_likeness",
    INCONCLUSIVE,
    {"column": "flight", "values": 24},
    value=31.4,
    limit=None,
    n=240,
    reason=cluster_columns.CLUSTER_NOT_NAMED,
    advisory=True,
)


def in_words(*findings: Finding) -> Words:
    entering = [each for each in findings if not each.advisory]
    outcome = max((each.outcome for each in entering), key=[PASS, INCONCLUSIVE, INVALID].index)
    decided_by = next(each.key for each in entering if each.outcome is outcome)
    verdict = Verdict(rule="evidence_is_complete", outcome=outcome, decided_by=decided_by, findings=findings)
    return words_of(verdict, FLIGHTS)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            exclusions(INVALID, {"unreadable": 5, "crowd": 3}),
            "8 of 68 samples are excluded (11.8 %; allowed: 10 %): unreadable (5) and crowd (3).",
        ),
        (
            exclusions(INVALID, {"object cropped away": 62, "other frame size": 5, "crowd": 3, "broken box": 2}, n=610),
            "72 of 610 samples are excluded (11.8 %; allowed: 10 %): object cropped away (62), other frame size (5)"
            " and 2 other reasons.",
        ),
        (exclusions(PASS, {}, value=0.0), "0 of 68 samples are excluded."),
        (
            exclusions(PASS, {"crowd": 1}, n=1000, value=0.001),
            "1 of 1,000 samples is excluded (0.1 %; allowed: 10 %): crowd (1).",
        ),
        (exclusions(INVALID, {}, n=0, value=None), "The data set holds no sample."),
        (
            exclusions(INVALID, {}, n=0, value=None, reason=NONE_IN_SCOPE),
            "Every sample of the data set lies outside the scope.",
        ),
        (
            outside({"box covers the frame": 62, "label ignored": 10}, n=610),
            "72 of 610 samples lie outside the scope (11.8 %): box covers the frame (62) and label ignored (10).",
        ),
        (
            outside({"label ignored": 1}, n=100, value=0.01),
            "1 of 100 samples lies outside the scope (1.0 %): label ignored (1).",
        ),
        (pictures(INCONCLUSIVE, 58, 58), "58 pictures were measured (required: 59 pictures)."),
        (pictures(INCONCLUSIVE, 50, 100), "100 samples in 50 pictures were measured (required: 59 pictures)."),
        (
            finding("duplicates", "duplicate_share", INVALID, {"copies": 10}),
            "10 of 68 samples repeat a picture of the same class (11.8 %; allowed: 10 %).",
        ),
        (
            finding("copies", "pictures_with_copies", PASS, {"copies": 1096, "groups": 12}, n=1200, limit=None),
            "1,096 of 1,200 pictures are copies of each other, in 12 groups; each group counts as one picture in every"
            " bound.",
        ),
        (maps(INVALID, 4, 0), "gradient has 4 dead maps in 68 samples (11.8 %; allowed: 10 %)."),
        (
            maps(INVALID, 0, 1, value=0.0, reason=completeness.MAPS_MISSING),
            "gradient has 0 dead maps in 68 samples and lacks 1 map.",
        ),
        (
            classes(INCONCLUSIVE, "helipad"),
            "Too few pictures of 'helipad' (3 of 30) are predicted right to show anything about this class.",
        ),
        (
            classes(INCONCLUSIVE, *"abcde"),
            "Too few pictures of 'a' (3 of 30), 'b' (3 of 30) and 3 other classes are predicted right to show anything"
            " about these classes.",
        ),
        (
            cells(INCONCLUSIVE, "a", "b", "c", reason=EMPTY_CELLS),
            "No picture lies in 'a', 'b' and 1 other cell of 'weather' (3 of 5).",
        ),
        (cells(PASS), "Every cell of 'weather' holds pictures (5 of 5; the fewest: 7)."),
        (
            cells(INVALID, value=None, reason=NO_DOMAIN_COLUMN),
            "The data lack the column 'wx' for the parameter 'weather' of the domain.",
        ),
        (PAIRS, "1 of 6 combinations of 'weather' and 'distance' holds no picture."),
        (classes(PASS), "Every class of 20 pictures or more is predicted often enough to be judged."),
        (flights(0), "60 pictures of 12 flights are worth 12 independent ones at worst, 30 by their similarity."),
        (flights(2), "2 of 60 pictures state no flight, so nobody can say which are independent."),
        (
            WARNING,
            "240 pictures share 24 values of 'flight' and are worth about 31 independent ones; bounds are too narrow"
            " unless data.cluster names that column.",
        ),
    ],
)
def test_every_finding_has_a_short_sentence_with_its_numbers(given: Finding, sentence: str) -> None:
    words = in_words(given if not given.advisory else exclusions(PASS, {}), *([given] if given.advisory else []))
    assert words.findings[-1].sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS
    assert words.question.endswith("?")
    if not given.advisory and given.outcome is not PASS:
        assert words.sentence == sentence
        assert words.next_step


def test_a_pass_says_what_was_measured() -> None:
    whole = (exclusions(PASS, {"crowd": 6}, n=66), pictures(PASS, 60, 60), maps(PASS, 3, 0, n=60))
    words = in_words(*whole)
    assert words.sentence == (
        "60 pictures were measured with 1 method; 6 of 66 samples are excluded and 3 maps are dead."
    )
    assert words.next_step == ""
    scoped = in_words(*whole, outside({"label ignored": 30}, n=96)).sentence
    assert scoped == (
        "60 pictures were measured with 1 method; 6 of 66 samples in scope (30 outside) are excluded and 3 maps are"
        " dead."
    )
    assert len(scoped.split()) <= MOST_WORDS
    warned = in_words(*whole, WARNING)
    assert warned.sentence == (
        "60 pictures were measured with 1 method, but bounds are too narrow unless data.cluster names 'flight'."
    )
    assert len(warned.sentence.split()) <= MOST_WORDS


def test_copies_are_said_by_what_they_are_known() -> None:
    copied = finding("copies", "pictures_with_copies", PASS, {"copies": 6, "groups": 2}, n=60, limit=None)
    assert in_words(copied).findings[0].quantity == (
        "number of pictures that are copies of each other: their pixels are the same, or at most 32 of the 256 bits of"
        " their perceptual hashes differ (signs of the cosine transform), and so for their objects"
    )
    found = make_evidence({"a": [0.5] * 3})
    assert about(found).cluster == "cluster"
    assert about(altered(found, cluster=np.array([0, 0, 1]))).cluster == "original"
    assert about(altered(found, cluster=np.array([0, 0, 1]), cluster_column="body_side")).cluster == "body side"


def test_without_a_method_nothing_was_measured() -> None:
    verdict = Verdict(
        rule="evidence_is_complete",
        outcome=INVALID,
        reason=reasons.NO_METHOD,
        findings=(pictures(PASS, 60, 60),),
    )
    words = words_of(verdict, FLIGHTS)
    assert words.sentence == "No saliency method was run."
    assert words.next_step == "Run the audit on pictures, with a method."


def test_the_next_step_follows_everything_that_is_wrong() -> None:
    cropped = in_words(exclusions(INVALID, {"object cropped away": 62})).next_step
    assert "resize or letterbox instead of cropping, or lower data.min_visible" in cropped
    assert "Read the exclusions" not in cropped
    mixed = in_words(exclusions(INVALID, {"object cropped away": 30, "unreadable": 1})).next_step
    assert "resize or letterbox" in mixed
    assert "Read the exclusions" in mixed
    assert in_words(exclusions(INVALID, {"unreadable": 8})).next_step == (
        "Read the exclusions, and fix what causes them. Then run the audit again."
    )
    copied = finding("duplicates", "duplicate_share", INVALID, {"copies": 10})
    assert in_words(copied, maps(INVALID, 4, 0), flights(2)).next_step == (
        "Remove the copies from the data set. State the cluster of every picture (data.cluster). Find"
        " out why maps are dead or missing, and fix the cause. Then run the audit again."
    )
    assert in_words(pictures(INCONCLUSIVE, 3, 3, further=56)).next_step == (
        "Add 56 distinct boxed pictures, and a few more in case some are excluded."
    )
    assert in_words(pictures(INCONCLUSIVE, 3, 3, further=56), outside({"label ignored": 2})).next_step == (
        "Add 56 distinct boxed pictures inside the scope, and a few more in case some are excluded."
    )
    assert in_words(classes(INCONCLUSIVE, "a")).next_step.startswith("Find out why a class is never predicted")


def test_the_reasons_with_a_next_step_of_their_own_are_those_that_audit_records() -> None:
    written = "".join(file.read_text(encoding="utf-8") for file in Path(audit.__file__).parent.rglob("*.py"))
    assert all(f'"{reason}"' in written for reason in MEND)


@pytest.mark.parametrize(
    ("reason", "details", "sentence"),
    [
        (integrity.NETWORK_CHANGED, {}, "The network changed during the audit."),
        (integrity.STOPPED, {"reached": 73, "total": 121}, "The run stopped after 73 of 121 samples."),
        (integrity.ALL_EXCLUDED, {"total": 81, "outside_scope": 0}, "All 81 samples are excluded."),
        (
            integrity.ALL_EXCLUDED,
            {"total": 81, "outside_scope": 80},
            "All 81 samples are excluded, 80 of them as outside the scope.",
        ),
        (
            integrity.ALL_EXCLUDED,
            {"total": 81, "outside_scope": 81},
            "All 81 samples are excluded, all of them as outside the scope.",
        ),
        (integrity.NO_SAMPLES, {}, "The data set holds no sample."),
        (
            integrity.EXPERIMENTS_UNFINISHED,
            {"experiments": ["randomisation", "planted_cue"]},
            "The run ended without randomisation and planted_cue, which its settings ask for.",
        ),
        (integrity.SAMPLES_NOT_STATED, {}, "The record does not say how many samples there were."),
        (
            integrity.OTHER_NUMBER_OF_SAMPLES,
            {"stated": 81, "counted": 80},
            "The data set held 81 samples, but the record counts 80.",
        ),
        (
            integrity.OTHER_PICTURES,
            {},
            "The pictures in the record are not those that the run hashed when it finished.",
        ),
        (
            integrity.MISSING_ROWS,
            {"table": "answer", "of": "object_removed 'mean'", "rows": 33},
            "The record lacks 33 rows of table answer that the run promised: object_removed 'mean'.",
        ),
        (
            integrity.OTHER_ROWS,
            {"table": "note", "stated": 12, "counted": 11},
            "The run wrote 12 rows into table note, but the record holds 11.",
        ),
        (
            integrity.OTHER_ROWS,
            {"table": "note", "stated": 12, "counted": 12},
            "The rows of table note are not those that the run wrote.",
        ),
        (
            integrity.OTHER_ROWS,
            {"table": "note", "stated": None, "counted": 12},
            "The run did not state what it wrote into table note.",
        ),
        (
            integrity.STRAY_ROWS,
            {"rows": 3, "table": "note", "first": 99},
            "The record holds 3 rows in table note about samples without a picture, first number 99.",
        ),
        (
            integrity.NOT_REPEATED,
            {"done": 0, "pictures": 96},
            "The record shows for 0 of 96 pictures that the network was asked again.",
        ),
        (
            integrity.ANSWERS_DIFFER,
            {"way": "again", "pictures": 7, "of": 96, "apart": 2.3125, "tolerance": 0.0, "first": 3},
            "Asked again the same way, the network answered differently for 7 of 96 pictures (log-odds up to 2.3 apart;"
            " tolerance: 0).",
        ),
        (
            integrity.ANSWERS_DIFFER,
            {"way": "otherwise", "pictures": 1, "of": 1, "apart": None, "tolerance": 0.1, "first": 3},
            "Asked again in another batch and memory layout, the network answered differently for 1 of 1 picture (one"
            " is no number; tolerance: 0.1).",
        ),
        (
            integrity.CLASSES_DIFFER,
            {"way": "otherwise", "pictures": 90, "of": 96, "tolerance": 0.05, "first": 3},
            "Asked again in another batch and memory layout, the network named another class for 90 of 96 pictures"
            " (tolerance: 5.0 %).",
        ),
        (
            integrity.MAPS_DIFFER,
            {
                "source": "gradient",
                "way": "again",
                "pictures": 7,
                "of": 96,
                "apart": 0.3125,
                "tolerance": 0.0,
                "first": 3,
            },
            "Asked again the same way, gradient made other maps of 7 of 96 pictures (up to 0.31 of a map;"
            " tolerance: 0).",
        ),
        (
            integrity.MAPS_DIFFER,
            {"source": "gradient", "way": "otherwise", "pictures": 1, "of": 1, "apart": None, "tolerance": 0.1},
            "Asked again in another batch and memory layout, gradient made other maps of 1 of 1 picture (one is no"
            " number; tolerance: 0.1).",
        ),
        (
            integrity.IMPOSSIBLE_NUMBERS,
            {"quantity": "mass", "source": "edges", "samples": 1, "first": 3},
            "The record holds impossible numbers: mass of edges in 1 sample, first in number 3.",
        ),
        (
            integrity.IMPOSSIBLE_NUMBERS,
            {"quantity": "area share", "samples": 79, "first": 1},
            "The record holds impossible numbers: area share in 79 samples, first in number 1.",
        ),
        (
            integrity.IMPOSSIBLE_NUMBERS,
            {"quantity": "log-odds", "subject": "model", "intervention": "object_removed", "variant": "mean"},
            "The record holds impossible numbers: log-odds of model to object_removed 'mean'.",
        ),
        (
            integrity.IMPOSSIBLE_NUMBERS,
            {"quantity": "similarity", "source": "gradient", "randomised": "classifier"},
            "The record holds impossible numbers: similarity of gradient with classifier randomised.",
        ),
        (integrity.IMPOSSIBLE_NUMBERS, {"quantity": "cue", "cue": 2}, "The record holds impossible numbers: cue 2."),
        (
            integrity.IMPOSSIBLE_NUMBERS,
            {"quantity": "lambda of the planted cue"},
            "The record holds impossible numbers: lambda of the planted cue.",
        ),
    ],
)
def test_a_run_that_is_not_whole_in_words(reason: str, details: dict[str, Any], sentence: str) -> None:
    words = words_of(Verdict(rule=integrity.RULE, outcome=INVALID, reason=reason, details=details), FLIGHTS)
    assert words.sentence == sentence
    assert len(sentence.split()) <= MOST_WORDS
    assert words.next_step.endswith(".")
