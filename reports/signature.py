"""Who stands for an evidence folder, and when: an in-toto statement in a signed DSSE envelope, outside the folder.

The folder's files are the same whoever makes them and whenever; person, organisation and date stand in the envelope.
An envelope is written as such, or inside a bundle as sigstore's tools write it, with the key's fingerprint as its hint.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from audit.errors import AuditError
from audit.files import MOST_WRITTEN
from audit.hashing import file_hash, tool
from reports import checksums
from reports.formats.in_toto import FILE as STATEMENT
from reports.signing_keys import Public, fingerprint, is_signed, private_key, public_key, read, signature

PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
Json = dict[str, Any]


class Signer(NamedTuple):
    """Who signs, and when, as they state it."""

    operator: str
    organisation: str
    date: str
    """As ISO 8601 writes it."""


def signed(folder: Path, key: Path, signer: Signer, *, bundle: bool = False) -> str:
    """The envelope of an evidence folder as JSON. key: a private key in PEM, Ed25519 or on the curve P-256.

    Whether the folder fits is for `reports.verify` to say, beforehand. Raises AuditError where the key or the folder
    cannot be read.
    """
    private = private_key(key)
    payload = json.dumps(_statement(folder, signer), sort_keys=True).encode()
    known_as = fingerprint(private.public_key())
    by_key = signature(private, pre_authentication(PAYLOAD_TYPE, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": known_as, "sig": base64.b64encode(by_key).decode()}],
    }
    whole: Json = envelope
    if bundle:
        material = {"publicKey": {"hint": known_as}}
        whole = {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope}
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def verified(folder: Path, envelope: Path, key: Path) -> tuple[Signer, tuple[str, ...]]:
    """Who signed, by this public key, and what in the folder is not what they signed.

    Raises AuditError where a file cannot be read, or no signature is that of the key.
    """
    payload = _payload(envelope, public_key(key))
    statement = _object(payload, envelope)
    stated = dict(_subjects(statement))
    told = statement.get("predicate")
    by = told.get("signedBy") if isinstance(told, Mapping) else None
    named = by if isinstance(by, Mapping) else {}
    signer = Signer(*(str(named.get(name, "not stated")) for name in Signer._fields))
    return signer, tuple(_differences(folder, stated))


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """What is signed (DSSE v1, PAE): type and payload with their lengths, so that neither can pass for the other."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def _statement(folder: Path, signer: Signer) -> Json:
    """The folder's own statement, with its list of checksums as a subject, and with who signs."""
    statement = _object(read(folder / STATEMENT, MOST_WRITTEN), folder / STATEMENT)
    sums = {"name": checksums.FILE, "digest": {"sha256": file_hash(folder / checksums.FILE)}}
    predicate = {**statement["predicate"], "signedBy": {**signer._asdict(), "tool": tool()}}
    return {**statement, "subject": [*statement["subject"], sums], "predicate": predicate}


def _differences(folder: Path, stated: Mapping[str, str]) -> Iterator[str]:
    """Of the files of the folder; what was tested, as the network, is compared by `reports.verify`."""
    if checksums.FILE not in stated:
        yield f"{checksums.FILE} is not among what was signed"
    for name, digest in sorted(stated.items()):
        file = folder / name
        if name == checksums.FILE and not file.is_file():
            yield f"{name} is missing"
        elif Path(name).name == name and file.is_file() and file_hash(file) != digest:
            yield f"{name} is not the file that was signed"


def _subjects(statement: Json) -> Iterator[tuple[str, str]]:
    entries = statement.get("subject")
    for entry in entries if isinstance(entries, list) else []:
        match entry:
            case {"name": str(name), "digest": {"sha256": str(digest)}}:
                yield name, digest


def _payload(path: Path, public: Public) -> bytes:
    """What the envelope holds, once one of its signatures is found to be that of the key."""
    content = _object(read(path, MOST_WRITTEN), path)
    material = content.get("verificationMaterial")
    if isinstance(material, Mapping) and "publicKey" not in material:
        seen = "was signed with a certificate, which only sigstore's own tools can trace to a person"
        raise AuditError(path, seen, "need a signature by a key", "Verify it with cosign or sigstore.")
    envelope = content.get("dsseEnvelope", content)
    try:
        payload = base64.b64decode(envelope["payload"], validate=True)
        kind, entries = str(envelope["payloadType"]), envelope["signatures"]
        signatures = [base64.b64decode(entry["sig"], validate=True) for entry in entries]
    except (LookupError, TypeError, ValueError) as error:
        raise AuditError(path, "is no signed envelope", "need what `saliency-audit sign` wrote") from error
    if kind != PAYLOAD_TYPE:
        raise AuditError(path, f"holds {kind[:80]!r}", f"need {PAYLOAD_TYPE}")
    message = pre_authentication(kind, payload)
    if not any(is_signed(public, each, message) for each in signatures):
        raise AuditError(path, "bears no signature by this key", "need the key of whoever signed it")
    return payload


def _object(content: bytes, path: Path) -> Json:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise AuditError(path, "is no JSON", "need what this tool wrote") from error
    if not isinstance(value, dict):
        raise AuditError(path, "is no JSON object", "need what this tool wrote")
    return value
