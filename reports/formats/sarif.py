"""`pictures.sarif`: the pictures that speak against the model, as SARIF 2.1.0, for viewers of findings.

A result is a picture: right for the wrong reason by the experiment, or among the worst that a finding names whose rule
does not pass. Boxes are the rectangles of an attachment, since SARIF's regions are of text and bytes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from checks.profile import TRACED
from checks.table.cells import EXPERIMENT, RULE
from checks.verdict import Outcome
from reports.formats import Digests
from reports.result.assessment import Assessment
from reports.result.rows import Row
from reports.result.traceability import check_anchor
from reports.wording.numbers import clean
from reports.wording.worded import WordedJudgement, WordedVerdict

FILE = "pictures.sarif"
BASE = "PICTURES"
WRONG_REASON = "right_for_the_wrong_reason"
START = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
"""The region of a picture, which has no lines: viewers of findings, as GitHub's, need one."""
Json = dict[str, Any]


def sarif(assessment: Assessment, digests: Digests) -> str:
    """JSON: one run. A result's kind is `fail` where its rule is FAIL, and `open` where nothing was decided."""
    del digests
    tool, judgement = assessment.audit.identity.tool, assessment.judgement
    rules = list(_rules(judgement))
    numbered = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": str(tool.get("name")), "version": str(tool.get("version")), "rules": rules}
    described = "The folder of the pictures, as the settings name it (data.images)."
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": judgement.outcome is not Outcome.INVALID}],
        "originalUriBaseIds": {BASE: {"description": {"text": described}}},
        "results": [{**one, "ruleIndex": numbered[one["ruleId"]]} for one in _results(assessment)],
        "properties": {"outcome": str(judgement.outcome), "sentence": clean(judgement.sentence)},
    }
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=1, sort_keys=True) + "\n"


def _rules(judgement: WordedJudgement) -> Iterator[Json]:
    """Each with the requirement that it verifies, where the owner names one."""
    asked = "Is the label predicted although the evidence does not lie on the object?"
    measured = "It is, where the surroundings alone support it at least as well as the object alone, with every fill."
    yield _rule(WRONG_REASON, asked, f"{asked} {measured}", _help("", "cells"))
    for verdict in judgement.verdicts:
        quantities = dict.fromkeys(finding.quantity_in_words for finding in verdict.findings)
        measured = f" Measured: {'; '.join(quantities)}." if quantities else ""
        rule = _rule(
            verdict.rule,
            verdict.question,
            f"{verdict.question}{measured}",
            _help(verdict.next_step, check_anchor(verdict.rule)),
        )
        traced = {key: clean(getattr(verdict, key)) for key in TRACED if getattr(verdict, key)}
        yield {**rule, "properties": traced} if traced else rule


def _help(next_step: str, anchor: str) -> str:
    return f"{next_step} Every comparison is in report.html, at #{anchor}.".strip()


def _rule(name: str, question: str, full: str, how: str) -> Json:
    """What GitHub asks for, and Microsoft's validator of SARIF: a name in Pascal case among it."""
    texts = {"shortDescription": question, "fullDescription": full, "help": how}
    pascal = "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name))
    return {"id": name, "name": pascal, **{key: {"text": clean(text)} for key, text in texts.items()}}


def _results(assessment: Assessment) -> Iterator[Json]:
    judgement, rows = assessment.judgement, {row.sample: row for row in assessment.audit.samples}
    decided = judgement.verdict(RULE)
    failed = decided is not None and decided.outcome is Outcome.FAIL and not decided.advisory
    severity = {"kind": "fail", "level": "error" if failed else "warning"}
    for row in rows.values():
        if EXPERIMENT in row.wrong_reason:
            lead = "no number" if row.lead is None else f"{row.lead:+.2f} in log-odds"
            message = f"Predicted right as {row.class_name}, but the object's lead over its surroundings is {lead}."
            yield _result(WRONG_REASON, severity, message, row)
    for verdict in judgement.verdicts:
        yield from _worst(verdict, rows)


def _worst(verdict: WordedVerdict, rows: Mapping[int, Row]) -> Iterator[Json]:
    """What the findings name that decide a rule that does not pass."""
    if verdict.outcome is Outcome.PASS:
        return
    for finding in verdict.findings:
        if finding.outcome is not Outcome.PASS:
            severity = _severity(finding.outcome, not (verdict.advisory or finding.advisory))
            message = f"Among the worst of {finding.subject}. {finding.sentence}"
            yield from (_result(verdict.rule, severity, message, rows[n]) for n in finding.worst if n in rows)


def _severity(outcome: Outcome, entering: bool) -> dict[str, str]:
    """SARIF wants a level of what is no failure to be `none`."""
    if outcome is Outcome.FAIL:
        return {"kind": "fail", "level": "error"} if entering else {"kind": "review", "level": "none"}
    return {"kind": "open", "level": "none"}


def _result(rule: str, severity: dict[str, str], message: str, row: Row) -> Json:
    place = {"uri": quote(row.image, errors="surrogatepass"), "uriBaseId": BASE}
    boxes = dict.fromkeys(row.picture_boxes)  # each once, as the schema wants
    sides = ("left", "top", "right", "bottom")
    return {
        "ruleId": rule,
        **severity,
        "message": {"text": clean(message)},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": START}}],
        "attachments": [
            {"artifactLocation": place, "rectangles": [dict(zip(sides, box, strict=True)) for box in boxes]}
        ],
        "properties": {"label": clean(row.label)},
    }
