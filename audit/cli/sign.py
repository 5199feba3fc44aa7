"""`sign`: who stands for an evidence folder, and when, in an envelope beside it."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
from rich.markup import escape

from audit.cli.output import FILE, STDOUT, own_profile, path_text
from audit.errors import AuditError
from audit.files import write_text

OF_EXTRA = {"cryptography": "cryptography", "rfc3161_client": "rfc3161-client"}
"""What the extra installs, by the name that is imported."""


@click.command()
@click.argument("folder", type=FILE)
@click.option("--key", type=FILE, required=True, help="Private key in PEM: Ed25519, or on the curve P-256.")
@click.option("--operator", required=True, help="Who signs.")
@click.option("--organisation", required=True, help="For whom.")
@click.option("--date", help="ISO 8601. [default: now]")
@click.option("--bundle", is_flag=True, help="Write the envelope inside a bundle, as sigstore's tools do.")
@click.option("--out", type=FILE, help="The envelope. [default: FOLDER.dsse.json, or FOLDER.sigstore.json]")
@click.option("--record", type=FILE, help="The record, where it is not in FOLDER: a run's folder, or its audit.sqlite.")
@own_profile
def sign(  # noqa: PLR0913, PLR0917 options of one command
    folder: Path,
    key: Path,
    operator: str,
    organisation: str,
    date: str | None,
    bundle: bool,
    out: Path | None,
    record: Path | None,
    profile: str | None,
) -> int:
    """Sign FOLDER, the evidence of a run: a DSSE envelope beside it says who stands for it, and since when."""
    from audit.record.place import record_of
    from reports.verify import verify

    signature = of_extra("reports.signature")

    if problems := verify(folder, None if record is None else record_of(record), profile):
        seen = f"{problems[0].file}: {problems[0].reason}"
        raise AuditError(folder, seen, "need evidence as it was written", "See: saliency-audit verify.")
    moment = _moment(date)
    place = out or folder.with_name(f"{folder.resolve().name}.{'sigstore' if bundle else 'dsse'}.json")
    if place.resolve().is_relative_to(folder.resolve()):
        raise AuditError(place, "lies in the folder that is signed", "need another place", "Choose another --out.")
    write_text(place, signature.signed(folder, key, signature.Signer(operator, organisation, moment), bundle=bundle))
    STDOUT.print(f"Signed by {escape(operator)}, {escape(organisation)}, {moment}: {path_text(place)}", soft_wrap=True)
    return 0


def of_extra(module: str) -> ModuleType:
    """What signs envelopes, or verifies them. Raises AuditError where the extra is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (lacking := (error.name or "").partition(".")[0]) not in OF_EXTRA:
            raise
        seen = f"{OF_EXTRA[lacking]} is not installed"
        raise AuditError("sign", seen, "need it for signatures", "Run: pip install 'saliency-audit[sign]'.") from error


def _moment(date: str | None) -> str:
    if date is None:
        return datetime.now(UTC).isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(date).isoformat()
    except ValueError as error:
        raise AuditError("--date", f"is {date!r}", "need ISO 8601", "As 2026-11-28T12:00:00+00:00.") from error
