"""`model.cdx.json`: the model's entry in a bill of materials, as CycloneDX 1.6 with a model card.

Written by hand: `cyclonedx-python-lib` 11 has no model cards. The tests hold it against the schema that it ships.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from reports.formats import Digests
from reports.result.assessment import Assessment
from reports.result.purpose import purpose
from reports.result.schema import Audit
from reports.wording.numbers import clean
from reports.wording.worded import WordedFinding, WordedJudgement

FILE = "model.cdx.json"
LIMITATIONS = (
    "The numbers hold for pictures drawn as those of this audit. They say nothing of training data.",
    "Filled and pasted pictures are unusual pictures: controls catch the common artefacts, not every one.",
    "A cue inside the box counts as evidence on the object.",
    "A cue is searched for where saliency maps agree; what is spread over the whole background has no such place.",
    "Nothing here speaks of robustness against deliberate attack.",
    "A check that holds supports a claim; it does not establish one, and it replaces no other verification.",
)
Json = dict[str, Any]


def cyclonedx(assessment: Assessment, digests: Digests) -> str:
    """JSON: a bill with one component, the audited model."""
    audit = assessment.audit
    named = {key: str(audit.identity.tool.get(key)) for key in ("name", "version")}
    tool = {"type": "application", **named}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_OID, digests['audit.json'])}",
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": _component(audit)},
        "externalReferences": [
            {"type": "evidence", "url": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for name, digest in sorted(digests.items())
        ],
    }
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def _component(audit: Audit) -> Json:
    model = audit.identity.model
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": clean(model.get("name") or "model"),
        "properties": _properties({key: value for key, value in model.items() if isinstance(value, str)}),
        "modelCard": {
            "modelParameters": _parameters(audit),
            "quantitativeAnalysis": {"performanceMetrics": list(_metrics(audit))},
            "considerations": _considerations(audit),
            "properties": _properties(_verdict(audit.judgement) | _purpose(audit) | _requirements(audit)),
        },
    }


def _parameters(audit: Audit) -> Json:
    identity, counts = audit.identity, audit.counts
    annotations = identity.dataset.get("annotations")
    hashes = {"measured pictures": audit.pictures_sha256}
    if isinstance(annotations, dict):
        hashes |= {name: str(digest) for name, digest in annotations.items()}
    return {
        "task": "image classification",
        "approach": {"type": "supervised"},
        "datasets": [
            {
                "type": "dataset",
                "name": "pictures of the audit",
                "description": f"{counts.measured:,} of {counts.total:,} samples measured. Not the training data.",
                "contents": {
                    "properties": _properties({f"sha256 of {name}": digest for name, digest in hashes.items()})
                },
            }
        ],
        "inputs": [{"format": "picture" + (" of {} × {} pixels".format(*identity.frame) if identity.frame else "")}],
        "outputs": [{"format": f"one number for each of {len(identity.classes):,} classes"}],
    }


def _metrics(audit: Audit) -> Iterator[Json]:
    """Bounds are one-sided, each at the profile's confidence, and those of the judgement."""
    counts, judgement = audit.counts, audit.judgement
    if counts.measured:
        yield _metric("accuracy", counts.accuracy, None, None, None)
    for wrong in judgement.right_for_the_wrong_reason:
        if wrong.share is not None:
            yield _metric("right for the wrong reason", wrong.share, f"by {wrong.source}", wrong.lower, wrong.upper)
    for verdict in judgement.verdicts:
        yield from (_finding(verdict.rule, finding) for finding in verdict.findings if finding.value is not None)


def _finding(rule: str, finding: WordedFinding) -> Json:
    return _metric(f"{rule}: {finding.quantity}", finding.value, finding.subject, finding.lower, finding.upper)


def _metric(kind: str, value: float | None, part: str | None, lower: float | None, upper: float | None) -> Json:
    interval = {"lowerBound": lower, "upperBound": upper}
    stated = {name: repr(limit) for name, limit in interval.items() if limit is not None}
    return {
        "type": clean(kind),
        "value": repr(value),
        **({"slice": clean(part)} if part else {}),
        **({"confidenceInterval": stated} if stated else {}),
    }


def _considerations(audit: Audit) -> Json:
    """What the owner states and what the audit found. The schema has no place of its own for an operational domain."""
    stated = {entry.key: clean(" ".join(entry.text.split())) for entry in purpose(audit.identity)}
    use, domain = stated["intended_use"], stated["operational_domain"]
    limits = [
        f"Limit of detection: {clean(audit.controls.detection.sentence)}",
        "" if use else "No intended use is stated: nothing here is evidence for one.",
        f"Operational domain, as its owner states it: {domain}" if domain else "No operational domain is stated.",
        "That the pictures of the audit are drawn from that domain was not checked." if domain else "",
        *LIMITATIONS,
    ]
    return {**({"useCases": [use]} if use else {}), "technicalLimitations": [limit for limit in limits if limit]}


def _purpose(audit: Audit) -> dict[str, str]:
    return {entry.key: entry.text or "not stated" for entry in purpose(audit.identity)}


def _requirements(audit: Audit) -> dict[str, str]:
    """What the owner's requirements are verified by, and how each came out."""
    return {
        f"requirement {trace.requirement} by {trace.rule}": f"{trace.outcome}; {trace.hazard}".rstrip("; ")
        for trace in audit.traceability
        if trace.requirement
    }


def _verdict(judgement: WordedJudgement) -> dict[str, str]:
    return {
        "outcome": judgement.outcome,
        "sentence": judgement.sentence,
        "profile": judgement.profile.name,
        "profile_sha256": judgement.profile.sha256,
        "limits_sha256": judgement.limits_sha256,
        "limits_fixed_beforehand": str(judgement.fixed_beforehand).lower(),
        "confidence of each one-sided bound": repr(judgement.profile.confidence),
    }


def _properties(entries: dict[str, str]) -> list[Json]:
    return [{"name": clean(f"saliency-audit:{key}"), "value": clean(value)} for key, value in sorted(entries.items())]
