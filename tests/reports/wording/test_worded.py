"""Every rule has a wording, and what it says is short whatever a record holds."""

import ast
from pathlib import Path

import pytest

import checks
from audit import registry
from audit.record.record import Record
from checks.judge import judge_evidence, limits_of
from checks.profile import RULES
from checks.table.read_evidence import read_evidence
from checks.verdict import Finding, Judgement, Verdict
from fixtures.records import Kind, write_record
from reports.wording.whole import worded_judgement
from reports.wording.worded import WORDINGS, WordedJudgement
from reports.wording.words import about

MOST_WORDS = 25


def judged(path: Path) -> WordedJudgement:
    with Record.open(path) as record:
        table = read_evidence(record, limits_of(record))
        return worded_judgement(judge_evidence(table, record), about(table))


def test_every_rule_has_a_wording() -> None:
    assert set(registry.names(RULES)) <= set(registry.names(WORDINGS))


def test_judging_reads_no_words() -> None:
    """What a person reads is made of the fields of a verdict, and never asked for its meaning."""
    words = {"sentence", "question", "next_step", "quantity_in_words"}
    read = {
        f"{file.name}:{node.lineno}"
        for file in Path(checks.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in words and not _of_an_error(node)
    }
    assert not read
    assert not words & {*Verdict.model_fields, *Finding.model_fields, *Judgement.model_fields}


def _of_an_error(node: ast.Attribute) -> bool:
    """An AuditError has a next step of its own."""
    return isinstance(node.value, ast.Name) and node.value.id == "error"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["honest", "cheating", "untouched", "dead", "incomplete"])
def test_a_whole_record_is_worded_in_short_sentences(tmp_path: Path, kind: Kind) -> None:
    judgement = judged(write_record(tmp_path / "audit.sqlite", kind=kind))
    for verdict in judgement.verdicts:
        sentences = [verdict.sentence, *(finding.sentence for finding in verdict.findings)]
        assert max(len(sentence.split()) for sentence in sentences) <= MOST_WORDS, sentences
        assert verdict.question.endswith("?")
    assert WordedJudgement.model_validate_json(judgement.model_dump_json()) == judgement


def test_a_cheating_network_is_told_by_its_cue(tmp_path: Path) -> None:
    judgement = judged(write_record(tmp_path / "audit.sqlite", kind="cheating"))
    assert judgement.sentence == (
        "The model relies on something at the bottom left in pictures of 'runway': hiding it costs 64.4 points (at"
        " least 53.7; allowed: 10). 2 other checks are also FAIL."
    )
    assert judgement.next_step.startswith("Look at the crops")
