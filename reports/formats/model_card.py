"""`model_card.md`: what a model's card on Hugging Face says of its audit: results as its metadata, and a section."""

import html
from collections.abc import Iterator
from typing import Any

import yaml

from reports.formats import Digests
from reports.formats.cyclonedx import LIMITATIONS
from reports.result.assessment import Assessment
from reports.result.purpose import purpose
from reports.result.schema import Audit
from reports.wording.markdown import escaped, markdown
from reports.wording.numbers import clean

FILE = "model_card.md"
UNSTATED = "not stated"
STATED = ("audit.json", "audit.sqlite")
"""What the other files are made from."""


def model_card(assessment: Assessment, digests: Digests) -> str:
    """Markdown with YAML before it, for a model's README.md. Its numbers are those of the ML-BOM."""
    audit = assessment.audit
    metadata = yaml.safe_dump({"model-index": [_results(audit)]}, sort_keys=False, allow_unicode=True)
    use = [f"- {escaped(entry.title)}: {escaped(entry.text or UNSTATED)}" for entry in purpose(audit.identity)]
    evidence = [f"- `{escaped(name)}`: `{digest}`" for name, digest in sorted(digests.items()) if name in STATED]
    parts = (
        f"---\n{metadata}---",
        markdown(audit.judgement, audit.controls.detection.sentence).rstrip(),
        "\n".join(["### Use, as its owner states it", "", *use]),
        "\n".join(["### Limitations", "", *(f"- {limitation}" for limitation in LIMITATIONS)]),
        "\n".join(["### Evidence (SHA-256)", "", *evidence]),
    )
    return "\n\n".join(parts) + "\n"


def _results(audit: Audit) -> dict[str, Any]:
    digest = audit.pictures_sha256
    return {
        "name": html.escape(clean(audit.identity.model.get("name") or "model"), quote=False),
        "results": [
            {
                "task": {"type": "image-classification"},
                "dataset": {"name": "pictures of the audit", "type": f"sha256:{digest or 'unknown'}"},
                "metrics": list(_metrics(audit)),
            }
        ],
    }


def _metrics(audit: Audit) -> Iterator[dict[str, Any]]:
    """The accuracy, and the number by which each rule that decides is judged, with its outcome."""
    if audit.counts.measured:
        yield {"type": "accuracy", "name": "accuracy", "value": audit.counts.accuracy, "verified": False}
    for trace in audit.traceability:
        if trace.estimate is not None:
            name = f"{clean(trace.rule)}: {clean(trace.quantity or '')} ({trace.outcome})"
            yield {"type": clean(trace.rule), "name": name, "value": trace.estimate, "verified": False}
