"""The envelope: who signed, what they signed, and that nothing else passes for it."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audit.cli.main import cli
from audit.errors import AuditError
from audit.hashing import file_hash
from audit.record.place import FILE_NAME
from fixtures.assessments import assessed
from reports.evidence_folder import write_evidence

pytest.importorskip("cryptography")

from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from reports.signature import BUNDLE, PAYLOAD_TYPE, Signer, pre_authentication, signed, verified

SIGNER = Signer("A. Assessor", "Airworthiness Ltd", "2026-11-28T12:00:00+00:00")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("signed") / "audit-1"
    place.mkdir()
    with assessed(place, "honest") as assessment:
        write_evidence(assessment, place)
    return place


def keys(folder: Path, name: str = "key", kind: str = "ed25519") -> tuple[Path, Path]:
    """A new private key, and its public one."""
    make: dict[str, Any] = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
    }
    key = make[kind]()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    private.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
@pytest.mark.parametrize("bundle", [False, True])
def test_what_was_signed_is_verified(folder: Path, tmp_path: Path, kind: str, bundle: bool) -> None:
    private, public = keys(tmp_path, kind=kind)
    envelope = tmp_path / "envelope.json"
    envelope.write_text(signed(folder, private, SIGNER, bundle=bundle))
    assert verified(folder, envelope, public) == (SIGNER, ())
    content = json.loads(envelope.read_text())
    assert (content.get("mediaType") == BUNDLE) is bundle
    inner = content["dsseEnvelope"] if bundle else content
    assert inner.keys() == {"payload", "payloadType", "signatures"}
    statement = json.loads(base64.b64decode(inner["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    subjects = {entry["name"]: entry["digest"]["sha256"] for entry in statement["subject"]}
    for name in ("SHA256SUMS", "audit.json", "report.html", FILE_NAME):
        assert subjects[name] == file_hash(folder / name)
    if bundle:
        assert content["verificationMaterial"]["publicKey"]["hint"] == inner["signatures"][0]["keyid"]


def test_the_signed_bytes_are_those_of_dsse() -> None:
    """The example of the specification."""
    assert pre_authentication("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def changed(text: str, **entries: Any) -> str:
    return json.dumps({**json.loads(text), **entries})


def test_nothing_else_passes_for_it(folder: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    _, stranger = keys(tmp_path, "stranger")
    text = signed(folder, private, SIGNER)
    envelope = tmp_path / "envelope.json"
    envelope.write_text(text)
    with pytest.raises(AuditError, match="bears no signature by this key"):
        verified(folder, envelope, stranger)
    payload = base64.b64decode(json.loads(text)["payload"]).replace(b"A. Assessor", b"B. Assessor")
    forged = base64.b64encode(payload).decode()
    for other, message in (
        (changed(text, payload=forged), "bears no signature"),
        (changed(text, payloadType="text/plain"), "holds 'text/plain'; need"),
        (changed(text, signatures=[]), "bears no signature"),
        (changed(text, payload="!"), "is no signed envelope"),
        ("[]", "is no JSON object"),
        ("{", "is no JSON"),
        (changed(text, verificationMaterial={"certificate": {}}, dsseEnvelope=json.loads(text)), "certificate"),
    ):
        envelope.write_text(other)
        with pytest.raises(AuditError, match=message):
            verified(folder, envelope, public)


def test_an_altered_file_is_not_what_was_signed(folder: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    envelope = tmp_path / "envelope.json"
    envelope.write_text(signed(folder, private, SIGNER))
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "summary.md").write_text("All is well.")
    assert verified(other, envelope, public)[1] == (), "it is not a subject, but SHA256SUMS lists it"
    with (other / "SHA256SUMS").open("a") as file:
        file.write("0" * 64 + "  more.txt\n")
    (other / "report.html").write_text("PASS")
    assert verified(other, envelope, public)[1] == (
        "SHA256SUMS is not the file that was signed",
        "report.html is not the file that was signed",
    )
    (other / "SHA256SUMS").unlink()
    assert "SHA256SUMS is missing" in verified(other, envelope, public)[1]


@pytest.mark.parametrize(("kind", "message"), [("p384", "another kind"), ("rsa", "another kind")])
def test_other_keys_are_refused(folder: Path, tmp_path: Path, kind: str, message: str) -> None:
    private, public = keys(tmp_path, kind=kind)
    with pytest.raises(AuditError, match=message):
        signed(folder, private, SIGNER)
    with pytest.raises(AuditError, match=message):
        verified(folder, private, public)
    with pytest.raises(AuditError, match="is no private key"):
        signed(folder, public, SIGNER)
    with pytest.raises(AuditError, match="no such file"):
        signed(folder, tmp_path / "none.pem", SIGNER)


@pytest.mark.slow
def test_the_commands_sign_and_verify(folder: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    place, runner = tmp_path / "audit-1", CliRunner()
    shutil.copytree(folder, place)
    who = ["--operator", "A. Assessor", "--organisation", "[bold]Ltd"]
    signing = ["sign", str(place), "--key", str(private), *who, "--date", "2026-11-28"]
    assert runner.invoke(cli, signing, standalone_mode=False).return_value == 0
    envelope = tmp_path / "audit-1.dsse.json"
    checked = ["verify", str(place), "--envelope", str(envelope), "--public-key", str(public)]
    result = runner.invoke(cli, checked, standalone_mode=False)
    assert result.return_value == 0
    assert "Signed by A. Assessor, [bold]Ltd, 2026-11-28T00:00:00." in result.output.replace("\n", " ")
    inside = [*signing, "--out", str(place / "x.json")]
    assert isinstance(runner.invoke(cli, inside, standalone_mode=False).exception, AuditError)
    (place / "report.html").write_text("PASS")
    assert isinstance(runner.invoke(cli, signing, standalone_mode=False).exception, AuditError)
    assert runner.invoke(cli, checked, standalone_mode=False).return_value == 2
    assert PAYLOAD_TYPE in envelope.read_text()
