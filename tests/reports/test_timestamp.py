"""The answer of a time-stamping authority, for which OpenSSL stands: what it is on, whose it is, and what is none."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli.main import cli
from audit.errors import AuditError

pytest.importorskip("rfc3161_client")

from reports.timestamp import timestamp

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
AUTHORITY = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = authority
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = own
[own]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
signer_cert = stamps.pem
signer_key = stamps.key
"""


def openssl(folder: Path, line: str) -> None:
    assert OPENSSL
    subprocess.run([OPENSSL, *line.split()], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a root, and the certificate by which its authority stamps."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "own.cnf").write_text(AUTHORITY)
    (folder / "serial").write_text("01\n")
    new_key = "-newkey rsa:2048 -nodes -config own.cnf"
    openssl(folder, f"req -x509 {new_key} -days 9 -extensions root -keyout root.key -out root.pem -subj /CN=root")
    openssl(folder, f"req {new_key} -keyout stamps.key -out stamps.csr")
    signing = "-CA root.pem -CAkey root.key -CAcreateserial -days 9 -extfile own.cnf -extensions stamps"
    openssl(folder, f"x509 -req -in stamps.csr {signing} -out stamps.pem")
    openssl(folder, f"req -x509 {new_key} -days 9 -extensions root -keyout other.key -out other.pem -subj /CN=other")
    return folder


@pytest.fixture
def answer(authority: Path, tmp_path: Path) -> Path:
    """On the file `envelope.json` beside it."""
    envelope, query = tmp_path / "envelope.json", tmp_path / "envelope.tsq"
    envelope.write_text('{"payload": "", "signatures": []}')
    openssl(authority, f"ts -query -sha256 -cert -data {envelope} -out {query}")
    openssl(authority, f"ts -reply -config own.cnf -section own -queryfile {query} -out {tmp_path / 'answer.tsr'}")
    return tmp_path / "answer.tsr"


def test_an_answer_says_by_when_the_envelope_was_there(answer: Path, authority: Path) -> None:
    stamped = datetime.fromisoformat(timestamp(answer.with_name("envelope.json"), answer, authority / "root.pem"))
    assert abs((datetime.now(UTC) - stamped).total_seconds()) < 600


def test_nothing_else_is_taken_for_one(answer: Path, authority: Path) -> None:
    envelope, root = answer.with_name("envelope.json"), authority / "root.pem"
    with pytest.raises(AuditError, match=r"answer\.tsr: does not stamp envelope\.json by the word of other\.pem"):
        timestamp(envelope, answer, authority / "other.pem")
    with pytest.raises(AuditError, match=r"root\.key: is no certificate in PEM; need that of the authority's root"):
        timestamp(envelope, answer, authority / "root.key")
    with pytest.raises(AuditError, match=r"envelope\.json: is no time stamp; .* Ask for one: openssl ts"):
        timestamp(envelope, envelope, root)
    whole = answer.read_bytes()
    answer.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AuditError, match="is no time stamp"):
        timestamp(envelope, answer, root)
    answer.write_bytes(whole)
    envelope.write_text('{"payload": "x", "signatures": []}')
    with pytest.raises(AuditError, match=r"does not stamp .* \(Mismatch between messages\); need .* this very file"):
        timestamp(envelope, answer, root)


def test_the_command_wants_all_three(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli, ["verify", str(tmp_path), "--timestamp", "answer.tsr"])
    assert "got a part of --envelope, --timestamp and --authority; need all three" in str(told.exception)
