"""Keys in PEM, Ed25519 or on the curve P-256: what signs, and what tells whether something was signed.

Needs the extra `sign`: only who signs or verifies an envelope imports it.
"""

import hashlib
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from audit.errors import AuditError
from audit.files import KIB, read_regular

Private: TypeAlias = "Ed25519PrivateKey | EllipticCurvePrivateKey"
Public: TypeAlias = "Ed25519PublicKey | EllipticCurvePublicKey"
MOST_KEY = 64 * KIB
MAKE = "Make one: openssl genpkey -algorithm ed25519 -out key.pem."


def private_key(path: Path) -> Private:
    """Raises AuditError where the file is no such key, or is encrypted."""
    try:
        key = load_pem_private_key(read(path, MOST_KEY), password=None)
    except TypeError as error:
        raise AuditError(
            path, "is encrypted", "need a key without a passphrase", "Decrypt it for this step."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AuditError(path, "is no private key in PEM", "need one, Ed25519 or P-256", MAKE) from error
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, EllipticCurvePrivateKey) and _is_p256(key)):
        return key
    raise _another(path)


def public_key(path: Path) -> Public:
    """Raises AuditError where the file is no such key."""
    try:
        key = load_pem_public_key(read(path, MOST_KEY))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AuditError(path, "is no public key in PEM", "need the one of whoever signed") from error
    if isinstance(key, Ed25519PublicKey) or (isinstance(key, EllipticCurvePublicKey) and _is_p256(key)):
        return key
    raise _another(path)


def signature(key: Private, message: bytes) -> bytes:
    """Of the message: by Ed25519, or by ECDSA over its SHA-256."""
    by_key: bytes = key.sign(message) if isinstance(key, Ed25519PrivateKey) else key.sign(message, ECDSA(SHA256()))
    return by_key


def is_signed(key: Public, signed: bytes, message: bytes) -> bool:
    """The signature is that of the key."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signed, message)
        else:
            key.verify(signed, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def fingerprint(key: Public) -> str:
    """SHA-256 of the key as its SubjectPublicKeyInfo in DER."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def read(path: Path, most: int) -> bytes:
    """Raises AuditError where the file cannot be read, or is larger."""
    try:
        return read_regular(path, most)
    except FileNotFoundError as error:
        raise AuditError(path, "no such file", "need it to sign or to verify") from error
    except OSError as error:
        raise AuditError(path, f"cannot be read ({error.strerror})", "need it to sign or to verify") from error


def _is_p256(key: EllipticCurvePrivateKey | EllipticCurvePublicKey) -> bool:
    return isinstance(key.curve, SECP256R1)


def _another(path: Path) -> AuditError:
    return AuditError(path, "is a key of another kind", "need Ed25519, or the curve P-256", MAKE)
