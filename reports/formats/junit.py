"""`junit.xml`: for whatever counts tests. Valid by the schema that pytest's `xunit2` goes by.

That schema has no properties of a test case, so that every rule is a suite of its own, with one case in it.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from checks.profile import TRACED
from checks.verdict import Outcome
from reports.formats import Digests
from reports.result.assessment import Assessment
from reports.result.traceability import decisive
from reports.wording.limit_side import bound_at_limit
from reports.wording.numbers import clean, is_digest, slug
from reports.wording.worded import WordedVerdict

FILE = "junit.xml"
WHOLE = "audit"
"""The case that stands for the whole: it alone fails where the rules hold and something else does not."""


def junit(assessment: Assessment, digests: Digests) -> str:
    """XML: one case for the audit and one a rule. INCONCLUSIVE is a failure, INVALID an error, advice is skipped."""
    del digests
    root = ET.Element("testsuites", name="saliency-audit")
    of = classname(assessment)
    root.append(_whole(assessment, of))
    root.extend(_rule(verdict, of) for verdict in assessment.judgement.verdicts)
    for kind in ("tests", "failures", "errors"):
        root.set(kind, str(sum(int(suite.attrib[kind]) for suite in root)))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def classname(assessment: Assessment) -> str:
    """'saliency_audit.runway-detector.0f3a…': by title and network, so that no two audits share a case."""
    identity = assessment.audit.identity
    state = identity.model.get("state_sha256")
    network = str(state)[:12] if is_digest(state) else "unknown-network"
    return f"saliency_audit.{slug(identity.settings.get('title') or 'audit')}.{network}"


def _whole(assessment: Assessment, of: str) -> ET.Element:
    judgement = assessment.judgement
    suite, case = _suite(WHOLE, of, judgement.outcome, False, _properties_of_whole(assessment))
    lines = [judgement.sentence, *([f"Next: {judgement.next_step}"] if judgement.next_step else [])]
    _end(case, judgement.outcome, False, lines)
    return suite


def _rule(verdict: WordedVerdict, of: str) -> ET.Element:
    suite, case = _suite(verdict.rule, of, verdict.outcome, verdict.advisory, _properties(verdict))
    advice = {True: "Advisory: ", False: ""}
    lines = [
        verdict.sentence,
        verdict.question,
        *(f"{advice[finding.advisory]}{finding.outcome}: {finding.sentence}" for finding in verdict.findings),
        *([f"Limit: {verdict.why}"] if verdict.why else []),
        *([f"Next: {verdict.next_step}"] if verdict.next_step else []),
    ]
    _end(case, verdict.outcome, verdict.advisory, lines)
    return suite


def _suite(
    name: str, of: str, outcome: Outcome, advisory: bool, entries: Iterator[tuple[str, object]]
) -> tuple[ET.Element, ET.Element]:
    kind = _kind(outcome)
    suite = ET.Element("testsuite", name=_text(name), tests="1")
    suite.set("failures", str(int(kind == "failure" and not advisory)))
    suite.set("errors", str(int(kind == "error" and not advisory)))
    suite.set("skipped", str(int(kind is not None and advisory)))
    properties = ET.SubElement(suite, "properties")
    for key, value in entries:
        ET.SubElement(properties, "property", name=key, value=_text(value))
    return suite, ET.SubElement(suite, "testcase", name=_text(name), classname=_text(of))


def _end(case: ET.Element, outcome: Outcome, advisory: bool, lines: list[str]) -> None:
    """lines: the first is the message."""
    kind = _kind(outcome)
    if kind is not None:
        place = ET.SubElement(case, "skipped" if advisory else kind, type=str(outcome), message=_text(lines[0]))
    else:
        place = ET.SubElement(case, "system-out")
    place.text = "\n".join(map(_text, lines))


def _kind(outcome: Outcome) -> str | None:
    """How a case ends that does not pass; None where it passes."""
    if outcome is Outcome.PASS:
        return None
    return "error" if outcome is Outcome.INVALID else "failure"


def _properties_of_whole(assessment: Assessment) -> Iterator[tuple[str, object]]:
    judgement = assessment.judgement
    yield "outcome", judgement.outcome
    yield "profile", judgement.profile.name
    yield "profile_sha256", judgement.profile.sha256
    yield "limits_sha256", judgement.limits_sha256
    yield "limits_fixed_beforehand", str(judgement.fixed_beforehand).lower()
    yield "model_state_sha256", assessment.audit.identity.model.get("state_sha256")
    for wrong in judgement.right_for_the_wrong_reason:
        yield f"right for the wrong reason by {clean(wrong.source)}", f"{wrong.count} of {wrong.right}"


def _properties(verdict: WordedVerdict) -> Iterator[tuple[str, object]]:
    """The requirement, and the numbers of the finding that the table of requirements shows."""
    yield from ((key, getattr(verdict, key)) for key in TRACED if getattr(verdict, key))
    finding = decisive(verdict)
    if finding is None:
        return
    yield "subject", finding.subject
    yield "quantity", finding.quantity
    yield "better", finding.better
    numbers = {"value": finding.value, "limit": finding.limit, "bound": bound_at_limit(finding), "n": finding.n}
    numbers["confidence"] = finding.confidence if numbers["bound"] is not None else None
    yield from ((name, repr(number)) for name, number in numbers.items() if number is not None)


def _text(text: object) -> str:
    """Without the characters that XML cannot hold."""
    return clean(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
