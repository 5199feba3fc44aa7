"""`verify`: is an evidence folder as it was written, and what its record says? And `--pdf`, for who writes one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from audit.cli.output import EXIT, FILE, STDOUT, as_json, own_profile, path_text, print_json, visible
from audit.errors import AuditError
from audit.record.place import FILE_NAME

if TYPE_CHECKING:
    from reports.signature import Signer
    from reports.verify import Problem

pdf = click.option(
    "--pdf", is_flag=True, help="Write report.pdf and its summary. Needs the extra 'pdf'; skipped without it."
)


@click.command()
@click.argument("folder", type=FILE)
@click.option("--record", type=FILE, help="The record, where it is not in FOLDER: a run's folder, or its audit.sqlite.")
@own_profile
@click.option("--envelope", type=FILE, help="What `sign` wrote: also check who signed. Needs --public-key.")
@click.option("--public-key", type=FILE, help="In PEM, of whoever signed.")
@click.option("--timestamp", type=FILE, help="A time-stamping authority's answer on the envelope (RFC 3161).")
@click.option("--authority", type=FILE, help="In PEM, the root certificate of that authority.")
@as_json
def verify(
    folder: Path,
    record: Path | None,
    profile: str | None,
    envelope: Path | None,
    public_key: Path | None,
    timestamp: Path | None,
    authority: Path | None,
    as_json: bool,
) -> int:
    """Check FOLDER, the evidence of a run: hashes, statement, and the record judged again. Exit code 0 or 2."""
    from audit.record.place import record_of
    from reports.checksums import FILE as SUMS
    from reports.verify import not_compared
    from reports.verify import verify as verified

    problems = verified(folder, None if record is None else record_of(record), profile)
    signer, unsigned = _signed(folder, envelope, public_key)
    stamped = _stamped(envelope, timestamp, authority)
    problems = (*problems, *unsigned)
    unread = not_compared(folder)
    if as_json:
        listed = [problem._asdict() for problem in problems]
        named = signer and signer._asdict()
        by_whom = {"signed_by": named, "stamped": stamped}
        print_json({"fits": not problems, "problems": listed, "not_compared": list(unread), **by_whom})
        return EXIT["INVALID"] if problems else 0
    for problem in problems:
        STDOUT.print(f"[bold]{problem.kind:12}[/]{escape(problem.file)}: {escape(problem.reason)}", soft_wrap=True)
    if [problem[:2] for problem in problems] == [("missing", FILE_NAME)]:
        step = f"{SUMS} lists the other files as they are. Only with --record can be said whether they fit the record."
        STDOUT.print(f"\n{path_text(folder)} lacks its record alone: {step}", soft_wrap=True)
        return EXIT["INVALID"]
    if problems:
        STDOUT.print(f"\n{path_text(folder)} differs from the evidence as it was written.", soft_wrap=True)
        return EXIT["INVALID"]
    for name in unread:
        STDOUT.print(f"[bold]{'note':12}[/]{escape(name)}: its content is not compared, only its hash", soft_wrap=True)
    who = f"each but {', '.join(unread)} says" if unread else "says"
    fits = f"every file is as {SUMS} lists it, and {who} what the record says."
    if signer is None:
        by = "Only a signature shows who wrote it."
    else:
        by = escape(f"Signed by {signer.operator}, {signer.organisation}, {signer.date}.")
        by += f" It was there by {stamped}, as the authority says." if stamped else ""
    STDOUT.print(f"{path_text(folder)}: {fits} {by}", soft_wrap=True)
    return 0


def _signed(folder: Path, envelope: Path | None, key: Path | None) -> tuple["Signer | None", tuple["Problem", ...]]:
    """Who signed, and what they did not sign; nobody where no envelope is named."""
    if envelope is None and key is None:
        return None, ()
    if envelope is None or key is None:
        raise AuditError("verify", "got one of --envelope and --public-key", "need both")
    from audit.cli.sign import of_extra
    from reports.verify import Problem

    signer, differences = of_extra("reports.signature").verified(folder, envelope, key)
    return signer, tuple(Problem("unsigned", envelope.name, difference) for difference in differences)


def _stamped(envelope: Path | None, answer: Path | None, authority: Path | None) -> str | None:
    """When the envelope was there at the latest; None where no answer of an authority is named."""
    if answer is None and authority is None:
        return None
    if envelope is None or answer is None or authority is None:
        raise AuditError("verify", "got a part of --envelope, --timestamp and --authority", "need all three")
    from audit.cli.sign import of_extra

    return str(of_extra("reports.timestamp").timestamp(envelope, answer, authority))


def print_or_skip(page: Path, target: Path) -> None:
    """Print the page as PDF, or say on stderr why not."""
    from reports.page.pdf import print_pdf

    try:
        print_pdf(page, target)
    except AuditError as error:
        click.echo(visible(f"skipped: {error}"), err=True)
