"""That an envelope was there at a stated time, by the word of a time-stamping authority (RFC 3161).

The authority is asked by whoever signs, with tools of their own; here its answer is checked alone.
"""

from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from audit.errors import AuditError
from audit.files import MIB, MOST_WRITTEN
from reports.signing_keys import read

MOST_ANSWER = MIB
ASK = "Ask for one: openssl ts -query -sha256 -cert -data ENVELOPE, sent to the authority."


def timestamp(envelope: Path, answer: Path, authority: Path) -> str:
    """When the envelope was there at the latest, as ISO 8601 writes it.

    answer: the authority's, as it sent it (DER). authority: certificates in PEM that are trusted as its root.
    Raises AuditError where a file cannot be read, or the answer is not this authority's on this very file.
    """
    try:
        roots = load_pem_x509_certificates(read(authority, MOST_ANSWER))
    except ValueError as error:
        raise AuditError(authority, "is no certificate in PEM", "need that of the authority's root") from error
    try:
        stamp = decode_timestamp_response(read(answer, MOST_ANSWER))
    except ValueError as error:
        raise AuditError(answer, "is no time stamp", "need the answer of an authority (RFC 3161)", ASK) from error
    verifier = VerifierBuilder(roots=roots).build()
    try:
        verifier.verify_message(stamp, read(envelope, MOST_WRITTEN))
    except (VerificationError, ValueError) as error:
        seen = f"does not stamp {envelope.name} by the word of {authority.name} ({error})"
        raise AuditError(answer, seen, "need the authority's answer on this very file", ASK) from error
    return str(stamp.tst_info.gen_time.isoformat())
