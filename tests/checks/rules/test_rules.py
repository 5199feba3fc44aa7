"""What every rule keeps, and what no rule may do."""

import numpy as np
import pytest

from audit import registry
from checks.profile import RULES
from checks.table.evidence import Evidence
from checks.verdict import Verdict
from fixtures.evidence import make_evidence
from fixtures.rules import DEFAULT, INCONCLUSIVE, INVALID, NULL_MAPS, ORDER, PASS, altered, judged, null_maps


@pytest.mark.parametrize("rule", registry.names(RULES))
def test_contract(rule: str, honest: Evidence) -> None:
    assert registry.summary(registry.resolve(RULES, rule)).endswith(".")
    assert str(DEFAULT[rule]["why"]).strip()
    nothing = make_evidence({"gradient": []}, null_maps([]))
    all_nan = altered(
        make_evidence({"gradient": [np.nan] * 80}, null_maps([np.nan] * 80)),
        dead={name: np.zeros(80, bool) for name in ("gradient", *NULL_MAPS)},
        area_share=np.full(80, np.nan),
        probability=np.full(80, np.nan),
        label_rank=np.full(80, np.nan),
        predicted=np.full(80, -1),
    )
    all_dead = make_evidence({"gradient": [np.nan] * 80}, null_maps([np.nan] * 80), right=False)
    for evidence in (nothing, all_nan, all_dead, honest):
        verdict = judged(rule, evidence)
        assert isinstance(verdict, Verdict)
        assert verdict.rule == rule
        assert verdict.findings or verdict.outcome is not PASS
        assert (verdict.deciding is None) == bool(verdict.reason), "what decides, or why nothing does"
        for finding in verdict.findings:
            assert finding.n >= 0
            assert finding.outcome is PASS or finding.reason, "what is no PASS says why"
    assert judged(rule, honest).outcome is PASS
    assert judged(rule, nothing).outcome is not PASS
    assert judged(rule, all_dead).outcome is not PASS
    assert judged(rule, all_nan).outcome is not PASS
    weakest = INCONCLUSIVE if DEFAULT[rule].get("advisory") else INVALID
    assert ORDER.index(judged(rule, make_evidence({})).outcome) >= ORDER.index(weakest), "no method, no picture"


@pytest.mark.tor("TOR-047")
@pytest.mark.parametrize("rule", registry.names(RULES))
def test_no_rule_passes_without_what_it_rests_on(rule: str, honest: Evidence) -> None:
    """Neither maps nor answers nor studies, on the pictures of an honest run: only what counts them may pass."""
    bare = altered(
        honest,
        methods=(),
        null_maps=(),
        answers={},
        notes={},
        cascade={},
        cues=(),
        planted=None,
        experiments={},
    )
    assert (judged(rule, bare).outcome is PASS) == (rule == "model_is_accurate")
