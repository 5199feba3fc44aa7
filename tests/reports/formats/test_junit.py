"""junit.xml: one case a rule, valid, and red wherever the audit does not pass."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from checks.verdict import Outcome
from fixtures.assessments import DIGESTS, HOSTILE, assessed, rejudged, worded_verdict
from reports.formats.junit import junit
from reports.result.assessment import Assessment

GRAMMAR = {
    "testsuites": ({"testsuite"}, {"name", "tests", "failures", "errors"}, set[str]()),
    "testsuite": (
        {"properties", "testcase"},
        {"name", "tests", "failures", "errors", "skipped"},
        {"name", "tests", "failures", "errors"},
    ),
    "properties": ({"property"}, set[str](), set[str]()),
    "property": (set[str](), {"name", "value"}, {"name", "value"}),
    "testcase": ({"failure", "error", "skipped", "system-out"}, {"name", "classname"}, {"name"}),
    "failure": (set[str](), {"type", "message"}, set[str]()),
    "error": (set[str](), {"type", "message"}, set[str]()),
    "skipped": (set[str](), {"type", "message"}, set[str]()),
    "system-out": (set[str](), set[str](), set[str]()),
}
"""Children, attributes and required attributes: the part of Jenkins' junit-10.xsd (pytest's xunit2) that is used."""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assessment]:
    with assessed(tmp_path_factory.mktemp("run")) as assessment:
        yield assessment


def parsed(text: str) -> ET.Element:
    root = ET.fromstring(text)
    for element in root.iter():
        children, attributes, required = GRAMMAR[element.tag]
        assert {child.tag for child in element} <= children
        assert required <= element.attrib.keys() <= attributes
    for kind, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert int(root.attrib[kind]) == len(list(root.iter(tag)))
        assert all(int(suite.attrib[kind]) == len(list(suite.iter(tag))) for suite in root)
    return root


def endings(root: ET.Element) -> dict[str, str]:
    """By rule, the tag and type of what its case ends with."""
    return {suite.attrib["name"]: f"{last.tag} {last.get('type', '')}".strip() for suite in root for last in suite[1]}


def test_one_case_a_rule_and_one_for_the_whole(case: Assessment) -> None:
    root = parsed(junit(case, DIGESTS))
    assert root.tag == "testsuites"
    names = [one.attrib["name"] for one in root.iter("testcase")]
    assert names == ["audit", *(verdict.rule for verdict in case.judgement.verdicts)]
    assert junit(case, DIGESTS) == junit(case, DIGESTS)


def test_the_numbers_are_those_of_the_finding_that_decides(case: Assessment) -> None:
    root = parsed(junit(case, DIGESTS))
    (suite,) = [suite for suite in root if suite.attrib["name"] == "right_for_the_right_reason"]
    told_of = {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property")}
    (rule,) = [verdict for verdict in case.judgement.verdicts if verdict.rule == "right_for_the_right_reason"]
    finding = rule.deciding
    assert finding is not None
    assert float(told_of["value"]) == finding.value
    assert float(told_of["limit"]) == finding.limit
    assert float(told_of["bound"]) == finding.lower
    assert int(told_of["n"]) == finding.n
    whole = {one.attrib["name"]: one.attrib["value"] for one in root[0].iter("property")}
    wrong = case.judgement.right_for_the_wrong_reason[0]
    assert whole["right for the wrong reason by experiment"] == f"{wrong.count} of {wrong.right}"
    assert whole["limits_fixed_beforehand"] == "true"


@pytest.mark.tor("TOR-063")
@pytest.mark.parametrize(
    ("outcome", "advisory", "expected"),
    [
        (Outcome.PASS, False, "system-out"),
        (Outcome.FAIL, False, "failure FAIL"),
        (Outcome.INCONCLUSIVE, False, "failure INCONCLUSIVE"),
        (Outcome.INVALID, False, "error INVALID"),
        (Outcome.PASS, True, "system-out"),
        (Outcome.FAIL, True, "skipped FAIL"),
    ],
)
def test_only_pass_is_green(case: Assessment, outcome: Outcome, advisory: bool, expected: str) -> None:
    judged = rejudged(case, worded_verdict(outcome, advisory=advisory), outcome=outcome)
    found = endings(parsed(junit(judged, DIGESTS)))
    assert found["rule"] == expected


@pytest.mark.tor("TOR-063")
@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID])
def test_the_whole_is_red_where_no_rule_is(case: Assessment, outcome: Outcome) -> None:
    root = parsed(junit(rejudged(case, worded_verdict(Outcome.PASS), outcome=outcome), DIGESTS))
    assert int(root.attrib["failures"]) + int(root.attrib["errors"]) == 1
    assert endings(root)["audit"].endswith(outcome)


@pytest.mark.tor("TOR-065")
def test_hostile_names_stay_text(case: Assessment) -> None:
    text = junit(rejudged(case, worded_verdict(Outcome.FAIL, HOSTILE, text=HOSTILE), sentence=HOSTILE), DIGESTS)
    text.encode("utf-8")
    assert "<script" not in text
    assert not {"\x00", "\x1b", "\u202e", "\ufffe", "\ud800"} & set(text)
    (case_of_rule,) = [one for one in parsed(text).iter("testcase") if one.attrib["name"] != "audit"]
    assert case_of_rule.attrib["name"].startswith("<script>&]]>\"'⟨U+0000⟩")
