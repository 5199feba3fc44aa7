"""`pictures.sarif`: the pictures that speak against the model, as SARIF 2.1.0, for viewers of findings.

A result is a picture: right for the wrong reason by the experiment, or among the worst that a finding names whose rule
does not pass. Boxes are the rectangles of an attachment, since SARIF's regions are of text and bytes.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from audit.datasets.sample import Box
from audit.record.sample_readers import read_samples
from checks.table.cells import RULE
from checks.verdict import Outcome, Verdict
from reports.formats import Told
from reports.result.build import EXPERIMENT
from reports.wording.numbers import clean

FILE = "pictures.sarif"
BASE = "PICTURES"
WRONG_REASON = "right_for_the_wrong_reason"
Json = dict[str, Any]


class Picture(NamedTuple):
    """A sample as its data set has it."""

    image: str
    label: str
    boxes: tuple[Box, ...]
    """x0, y0, x1, y1 in pixels of the original picture."""


def sarif(told: Told) -> str:
    """JSON: one run. A result's kind is `fail` where its rule is FAIL, and `open` where nothing was decided."""
    tool, outcome = told.audit.identity.tool, told.judgement.outcome
    driver = {
        "name": str(tool.get("name")),
        "version": str(tool.get("version")),
        "rules": [_rule(name, question) for name, question in _rules(told).items()],
    }
    described = "The folder of the pictures, as the settings name it (data.images)."
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": outcome is not Outcome.INVALID}],
        "originalUriBaseIds": {BASE: {"description": {"text": described}}},
        "results": list(_results(told)),
        "properties": {"outcome": str(outcome), "sentence": clean(told.judgement.sentence)},
    }
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=1, sort_keys=True) + "\n"


def _rules(told: Told) -> dict[str, str]:
    questions = {verdict.rule: verdict.question for verdict in told.judgement.verdicts}
    return {WRONG_REASON: "Is the label predicted although the evidence does not lie on the object?", **questions}


def _rule(name: str, question: str) -> Json:
    return {"id": name, "shortDescription": {"text": clean(question)}}


def _results(told: Told) -> Iterator[Json]:
    pictures = _pictures(told)
    failed = any(v.rule == RULE and v.outcome is Outcome.FAIL and not v.advisory for v in told.judgement.verdicts)
    for row in told.audit.samples:
        if EXPERIMENT in row.wrong_reason:
            lead = "no number" if row.lead is None else f"{row.lead:+.2f} in log-odds"
            said = f"Predicted right as {row.class_name}, but the object's lead over its surroundings is {lead}."
            yield _result(
                WRONG_REASON, {"kind": "fail", "level": "error" if failed else "warning"}, said, pictures[row.sample]
            )
    for verdict in told.judgement.verdicts:
        yield from _worst(verdict, pictures)


def _worst(verdict: Verdict, pictures: dict[int, Picture]) -> Iterator[Json]:
    """What the findings name that decide a rule that does not pass."""
    if verdict.outcome is Outcome.PASS:
        return
    for finding in verdict.findings:
        if finding.outcome is not Outcome.PASS:
            entering = not (verdict.advisory or finding.advisory)
            told = _severity(finding.outcome, entering)
            said = f"Among the worst of {finding.subject}. {finding.sentence}"
            yield from (_result(verdict.rule, told, said, pictures[n]) for n in finding.worst if n in pictures)


def _severity(outcome: Outcome, entering: bool) -> dict[str, str]:
    """SARIF wants a level of what is no failure to be `none`."""
    if outcome is Outcome.FAIL:
        return {"kind": "fail", "level": "error"} if entering else {"kind": "review", "level": "none"}
    return {"kind": "open", "level": "none"}


def _result(rule: str, severity: dict[str, str], said: str, picture: Picture) -> Json:
    place = {"uri": quote(picture.image, errors="surrogatepass"), "uriBaseId": BASE}
    boxes = [dict(zip(("left", "top", "right", "bottom"), box, strict=True)) for box in dict.fromkeys(picture.boxes)]
    return {
        "ruleId": rule,
        **severity,
        "message": {"text": clean(said)},
        "locations": [{"physicalLocation": {"artifactLocation": place}}],
        "attachments": [{"artifactLocation": place, "rectangles": boxes}],  # each once, as the schema wants
        "properties": {"label": clean(picture.label)},
    }


def _pictures(told: Told) -> dict[int, Picture]:
    samples = read_samples(told.record)
    rows = zip(samples.number.tolist(), samples.image, samples.label, samples.boxes, strict=True)
    return {number: Picture(image, label, boxes) for number, image, label, boxes in rows}
