"""`statement.intoto.json`: what was tested, by which limits, with which result, to be signed (DSSE).

An in-toto Statement v1 with the predicate test-result v0.1, whose results are PASSED, WARNED and FAILED. Whatever is
not PASS is FAILED. So is a PASS by limits that were not fixed before the run, since no claim rests on it.
"""

import json
from collections.abc import Iterator
from typing import Any

from audit.hashing import sha256_of
from checks.verdict import Outcome
from reports.formats import Digests
from reports.result.assessment import Assessment
from reports.wording.numbers import is_digest

FILE = "statement.intoto.json"
FIXED = "limits_fixed_beforehand"
STATE, PICTURES, ANNOTATIONS = "model state", "measured pictures", "annotations"


def in_toto(assessment: Assessment, digests: Digests) -> str:
    """JSON: an unsigned statement."""
    judgement = assessment.judgement
    passed = judgement.outcome is Outcome.PASS and judgement.fixed_beforehand
    rules = judgement.verdicts
    decided = [(FIXED, judgement.fixed_beforehand)]
    decided += [(verdict.rule, verdict.outcome is Outcome.PASS) for verdict in rules if not verdict.advisory]
    advised = [(verdict.rule, verdict.outcome is Outcome.PASS) for verdict in rules if verdict.advisory]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects(assessment, digests)],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "PASSED" if passed else "FAILED",
            "configuration": list(_configuration(assessment)),
            "passedTests": [name for name, holds in (*decided, *advised) if holds],
            "warnedTests": [name for name, holds in advised if not holds],
            "failedTests": [name for name, holds in decided if not holds],
        },
    }
    return json.dumps(statement, indent=1, sort_keys=True) + "\n"


def subjects(assessment: Assessment, digests: Digests) -> Iterator[tuple[str, str]]:
    """Names and SHA-256 of what was tested, and of the record and the files that tell of it."""
    identity = assessment.audit.identity
    annotations = identity.dataset.get("annotations")
    named = {STATE: identity.model.get("state_sha256"), PICTURES: assessment.audit.pictures_sha256}
    if isinstance(annotations, dict):
        named |= {f"{ANNOTATIONS}/{name}": digest for name, digest in sorted(annotations.items())}
    for name, digest in (*named.items(), *sorted(digests.items())):
        if is_digest(digest):
            yield name, str(digest)


def _configuration(assessment: Assessment) -> Iterator[dict[str, Any]]:
    """Settings and limits, by the hash of their canonical JSON."""
    identity, profile = assessment.audit.identity, assessment.judgement.profile
    look = {"annotations": {"look": identity.look}} if identity.look else {}
    yield {"name": "settings", "digest": {"sha256": sha256_of(identity.settings)}, **look}
    earlier = assessment.audit.earlier_runs
    fixed = {
        "name": profile.name,
        "fixedBeforehand": assessment.judgement.fixed_beforehand,
        "earlierRuns": "unknown" if earlier is None else earlier.same,
    }
    yield {"name": "profile", "digest": {"sha256": profile.sha256}, "annotations": fixed}
    yield {"name": "tool", "digest": {"sha256": sha256_of(identity.tool)}, "annotations": dict(identity.tool)}
