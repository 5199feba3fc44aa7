"""The tables and the figure of detection.md: `python -m docs.detection`, from the networks that are kept.

`--drawn FOLDER` takes over what `fixtures.zoo.detect --keep` left there, `--photographs FOLDER` what
`benchmarks.real_grid --out` did, in place of the same networks.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from audit.files import write_text
from docs.detection.figure import figure
from docs.detection.networks import KEPT, drawn, kept, photographs, read_kept
from docs.detection.tables import tables

PAGE, FIGURE = (Path(__file__).parents[1] / f"detection{suffix}" for suffix in (".md", ".svg"))
MARK = "<!-- Below here: python -m docs.detection -->"


@click.command()
@click.option("--drawn", "zoo", type=click.Path(path_type=Path, exists=True), help="Take over the zoo's networks.")
@click.option(
    "--photographs", "grids", type=click.Path(path_type=Path, exists=True), multiple=True, help="Take over these heads."
)
def main(*, zoo: Path | None, grids: Sequence[Path]) -> None:
    """Write the figure and the tables of docs/detection.md."""
    new = [*(drawn(zoo) if zoo else ()), *(network for folder in grids for network in photographs(folder))]
    networks = sorted({(n.group, n.name): n for n in (*read_kept(), *new)}.values(), key=lambda n: (n.group, n.name))
    write_text(KEPT, "".join(f"{json.dumps(kept(network))}\n" for network in networks))
    figure(networks).savefig(FIGURE, metadata={"Date": None})
    before, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    write_text(PAGE, f"{before}{MARK}\n\n{tables(networks)}\n")


if __name__ == "__main__":
    main()
