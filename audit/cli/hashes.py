"""`hashes`: the pictures that a network was trained on, as a list that says nothing else of them."""

from pathlib import Path

import click
from rich.markup import escape

from audit.cli.output import FILE, STDOUT, path_text
from audit.cli.progress import after_a_moment, progress
from audit.errors import AuditError

MOST_SHOWN = 3
"""Pictures that cannot be read, of which the message says why."""


@click.command()
@click.argument("folder", type=FILE)
@click.option("--out", type=FILE, default=Path("training.csv"), show_default=True, help="The list.")
@click.option("--workers", type=click.IntRange(1), default=4, show_default=True, help="Threads that read pictures.")
def hashes(folder: Path, out: Path, workers: int) -> int:
    """List the hashes of all pictures below FOLDER, on which a network was trained.

    Settings name the list (data.training), and an audit then says which of its pictures are among them. Neither names
    nor pixels can be told from it.
    """
    from audit.datasets.content import Content
    from audit.datasets.picture_files import PICTURE_SUFFIXES
    from audit.datasets.training import hashes_text, picture_contents
    from audit.engine.progress import PICTURES
    from audit.files import files_below, write_text
    from audit.phrases import count

    files = files_below(folder, PICTURE_SUFFIXES)
    contents, faults = list[Content](), list[str]()
    with progress("hashes") as report:
        told = after_a_moment(report)
        for done, read in enumerate(picture_contents(files, folder, workers), 1):
            if isinstance(read, Content):
                contents.append(read)
            else:
                faults.append(read.detail)
            told(done, len(files), PICTURES, done / len(files))
    if not contents:
        seen = faults[0] if faults else "holds no picture"
        raise AuditError(folder, seen, "need the pictures that the network was trained on", "Name their folder.")
    write_text(out, hashes_text(contents, len(faults)))
    STDOUT.print(f"{count(len(contents), 'picture')} listed: {path_text(out)}", soft_wrap=True)
    if faults:
        shown = " ".join(faults[:MOST_SHOWN])
        STDOUT.print(escape(f"Not listed, which every audit will say: {len(faults):,}. {shown}"), soft_wrap=True)
    return 0
