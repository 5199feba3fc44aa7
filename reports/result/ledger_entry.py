"""What the ledger lists of a run."""

from audit.ledger import Entry, data_sha256
from reports.result.schema import Audit


def ledger_entry(audit: Audit, audit_sha256: str) -> Entry:
    """audit_sha256: of the file `audit.json`."""
    return {
        "audit": audit_sha256,
        "data": data_sha256(audit.identity.dataset),
        "limits": audit.judgement.limits_sha256,
        "model": str(audit.identity.model.get("state_sha256") or ""),
        "outcome": str(audit.outcome),
        "pictures": audit.pictures_sha256,
        "profile": audit.judgement.profile.name,
    }
