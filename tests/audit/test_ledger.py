"""The ledger: appended once a run, a chain that shows what was changed, and what reports say of earlier runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.ledger import KEYS, PREVIOUS, append_run, data_sha256, read_ledger
from audit.record.place import FILE_NAME
from audit.record.record import Record
from fixtures.assessments import DIGESTS, assessment_of, page_of
from fixtures.pages import words
from fixtures.records import write_record
from reports.formats.in_toto import in_toto
from reports.result.assessment import Assessment
from reports.result.earlier_runs import earlier_runs, in_words


def entry(**stated: str) -> dict[str, str]:
    return {**dict.fromkeys(KEYS, "0" * 64), "outcome": "PASS", "profile": "default", **stated}


@pytest.mark.tor("TOR-110")
def test_each_run_is_appended_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.jsonl"
    assert read_ledger(path) == []
    assert append_run(path, entry(audit="a"))
    first = path.read_bytes()
    assert append_run(path, entry(audit="b", outcome="FAIL"))
    assert path.read_bytes().startswith(first)
    assert not append_run(path, entry(audit="a")), "the very same run again"
    assert [(run["audit"], run["outcome"]) for run in read_ledger(path)] == [("a", "PASS"), ("b", "FAIL")]
    assert PREVIOUS not in read_ledger(path)[0]


def _without(number: int) -> Callable[[list[str]], list[str]]:
    return lambda lines: [line for at, line in enumerate(lines) if at != number]


def _softened(lines: list[str]) -> list[str]:
    return [lines[0].replace("FAIL", "PASS"), *lines[1:]]


@pytest.mark.tor("TOR-110")
@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_softened, "line 2: does not follow"),
        (_without(0), "line 1: does not follow"),
        (_without(1), "line 2: does not follow"),
        (lambda lines: lines[::-1], "line 1: does not follow"),
        (lambda lines: [lines[0], "", *lines[1:]], "line 2: is no line"),
        (lambda lines: [*lines, "{"], "line 4: is no line"),
        (lambda lines: [*lines, json.dumps({"audit": 3})], "line 4: is no line"),
        (lambda lines: [*lines, "[" * 100_000], "line 4: is no line"),
    ],
)
def test_what_was_changed_in_between_is_noticed(
    tmp_path: Path, change: Callable[[list[str]], list[str]], place: str
) -> None:
    path = tmp_path / "ledger.jsonl"
    for name, outcome in (("a", "FAIL"), ("b", "FAIL"), ("c", "PASS")):
        append_run(path, entry(audit=name, outcome=outcome))
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(AuditError, match=f"ledger.jsonl {place}.*Restore it from version control"):
        read_ledger(path)
    with pytest.raises(AuditError, match=place):
        append_run(path, entry(audit="d"))


def told(path: Path, runs: list[dict[str, str]] | None) -> tuple[Assessment, str]:
    """The assessment, and its page."""
    with Record.open(write_record(path / FILE_NAME, n=80)) as record:
        if runs is not None:
            record.set_meta("ledger", runs)
        assessment = assessment_of(record)
        return assessment, words(page_of(assessment))


@pytest.mark.tor("TOR-110")
def test_reports_say_what_is_known_of_earlier_runs(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    alone, page = told(tmp_path / "a", None)
    assert alone.audit.earlier_runs is None
    assert "unknown: no ledger is kept" in page
    stated: Any = json.loads(in_toto(alone, DIGESTS))["predicate"]["configuration"]
    assert stated[1]["annotations"]["earlierRuns"] == "unknown"
    here = {"data": data_sha256(alone.audit.identity.dataset)}
    same = {**here, "model": str(alone.audit.identity.model["state_sha256"])}
    limits = {"limits": alone.judgement.limits_sha256}
    runs = [
        entry(**same, outcome="FAIL"),
        entry(**same, **limits, outcome="FAIL"),
        entry(**same, **limits),
        entry(**here),
        entry(),
    ]
    after, page = told(tmp_path / "b", runs)
    counted = after.audit.earlier_runs
    assert counted is not None
    assert (counted.listed, counted.same_data, counted.same, counted.other_limits) == (5, 4, 3, 1)
    assert counted.outcomes == {"FAIL": 2, "PASS": 1}
    sentence = (
        "The ledger lists 3 earlier runs of this network on these data (2 FAIL and 1 PASS), 1 of them by other limits."
    )
    assert sentence in page
    stated = json.loads(in_toto(after, DIGESTS))["predicate"]["configuration"]
    assert stated[1]["annotations"]["earlierRuns"] == 3


def test_the_sentence_fits_every_number() -> None:
    identity: dict[str, Any] = {"dataset": {"annotations": {"a.csv": "x"}}, "model": {"state_sha256": "m"}}
    here = data_sha256(identity["dataset"])

    def said(*runs: dict[str, str]) -> str:
        return in_words(earlier_runs({**identity, "ledger": list(runs)}, "l"))

    assert said() == "The ledger lists no earlier run of this network on these data."
    assert said(entry(data=here)).endswith("on these data, 1 run of other networks on them.")
    assert said(entry(data=here, model="m", limits="l")).endswith("(1 PASS), all by the same limits.")
    assert earlier_runs(identity, "l") is None
