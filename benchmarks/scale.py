"""How a large run goes on as it grows, in one process: `python -m benchmarks.scale 100000 --out FOLDER`.

Pictures are PNG files of 64x64 with a box each, and the network costs next to nothing: what is left is the audit's own
work. Prints a line of JSON at every tenth of the pictures, and one for each step after them; what was measured stands
in docs/scale.md.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from audit import Settings, parse_settings
from audit.cli.malloc import kept_memory
from audit.engine.measure import measure
from audit.engine.measured_batch import Engine
from audit.engine.merged_shards import merged
from audit.engine.pictures import here
from audit.engine.progress import PICTURES
from audit.engine.shards import measure_shard
from audit.record.record import Record
from audit.record.shard_file import Shard
from benchmarks.cost.one_run import peak_mib
from benchmarks.cost.photographs import CLASSES, write_small
from checks.profile import load_profile, register
from reports.evidence_folder import write_evidence
from reports.result.assessment import assess

DATA = {"format": "csv", "annotations": "boxes.csv", "images": "."}


@click.command()
@click.argument("pictures", type=click.IntRange(1))
@click.option("--sample", type=click.IntRange(1), help="Make the default interventions for so many; default: none.")
@click.option("--shards", default=0, help="Measure so many shards first, and merge them.")
@click.option("--evidence/--no-evidence", default=True, help="Judge the record and write the evidence folder too.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Pictures and run; kept.")
def main(pictures: int, sample: int | None, shards: int, evidence: bool, out: Path) -> None:
    """Measure a run of so many pictures."""
    data = out / f"pictures-{pictures}"
    if not data.exists():
        data.mkdir(parents=True)
        with step("written"):
            write_small(data, pictures)
    folder, asked = out / f"run-{pictures}-{sample or 0}-{shards}", settings(data, sample)
    engine: Engine = here
    if shards:
        parts = [measured_shard(asked, folder, Shard(number, shards)) for number in range(1, shards + 1)]
        say(shard_kib=sum(part.stat().st_size for part in parts) / 1024 / pictures)
        engine = partial(merged, parts)
    begun = time.monotonic(), time.process_time()
    with kept_memory():
        path = measure(asked, folder, registered=limits(), progress=tenths(*begun), engine=engine)
    size = path.stat().st_size
    say(step="measured", of=pictures, record_kib=size / 1024 / pictures, **since(*begun))
    if evidence:
        with Record.open(path) as record:
            with step("judged"):
                assessment = assess(record)
            with step("told"):
                write_evidence(assessment, folder)
        say(files={file.name: file.stat().st_size for file in sorted(folder.iterdir())})


def settings(data: Path, sample: int | None) -> Settings:
    """The gradient, the null maps that cost no pass, and the default interventions where there is a sample."""
    return parse_settings(
        {
            "data": {**DATA, **({"sample": {"n": sample, "by": ["label"]}} if sample else {})},
            "model": {
                "kind": "factory",
                "function": "benchmarks.cost.one_run:cheap_network",
                "classes": list(map(str, range(CLASSES))),
            },
            "preprocessing": {"resize": [64, 64]},
            "saliency": {"methods": ["gradient"], "null_maps": ["uniform", "centre", "edges"]},
            "experiments": {"controls": [], "searches": [], **({} if sample else {"interventions": []})},
        },
        data,
    )


def measured_shard(asked: Settings, folder: Path, shard: Shard) -> Path:
    with step(f"shard {shard}"):
        return measure_shard(asked, folder / f"shard-{shard.number}", shard, registered=limits())


def limits() -> dict[str, Any]:
    return register(load_profile("default"))


def tenths(wall: float, processor: float) -> Callable[[int, int, str, float], None]:
    """Reports every tenth of the pictures."""
    last = -1

    def report(done: int, total: int, what: str, share: float) -> None:
        nonlocal last
        if what == PICTURES and 10 * done // total > last:
            last = 10 * done // total
            say(done=done, **since(wall, processor))

    return report


@contextmanager
def step(name: str) -> Iterator[None]:
    begun = time.monotonic(), time.process_time()
    yield
    say(step=name, **since(*begun))


def since(wall: float, processor: float) -> dict[str, float]:
    seconds = time.monotonic() - wall, time.process_time() - processor
    return {"seconds": round(seconds[0], 1), "processor": round(seconds[1], 1), "peak_mib": round(peak_mib())}


def say(**values: Any) -> None:
    click.echo(json.dumps(values))


if __name__ == "__main__":
    main()
