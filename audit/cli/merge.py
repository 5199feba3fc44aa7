"""`merge`: the record of a run, from the shards that several machines measured."""

from pathlib import Path

import click

from audit.cli.evidence import pdf, print_or_skip
from audit.cli.output import FILE, as_json, visible
from audit.cli.run import audit_with_progress, device, limit, limited, show_result
from audit.errors import AuditError
from audit.record.place import FILE_NAME


@click.command()
@click.argument("settings", type=FILE)
@click.argument("shards", type=FILE, nargs=-1, required=True)
@click.option("--out", type=FILE, help="Folder for the results. [default: NAME-audit]")
@click.option("--resume", is_flag=True, help="Continue the interrupted merge in --out.")
@limit
@device
@pdf
@as_json
def merge(
    settings: Path,
    shards: tuple[Path, ...],
    out: Path | None,
    resume: bool,
    limit: int | None,
    device: str,
    pdf: bool,
    as_json: bool,
) -> int:
    """Make of all SHARDS (folders of `run SETTINGS --shard`) the evidence that one machine would have made.

    Controls and searches, which need the whole run, are made now.
    """
    from audit.pipeline import read_settings

    target = out or Path(f"{settings.stem}-audit")
    if (target / FILE_NAME).exists() and not resume:
        raise AuditError(target, "holds a run", "need a new folder", "Choose another --out, or continue with --resume.")
    how = {"resume": resume, "device": device, "shards": shards, "printer": print_or_skip if pdf else None}
    try:
        result = audit_with_progress(limited(read_settings(settings), limit), target, settings.stem, how)
    except KeyboardInterrupt:
        click.echo(visible(f"\nThe shards are as they were. Continue with --out {target} --resume."), err=True)
        raise
    return show_result(result.judgement, target, as_json, result.preflight)
