"""`run --shard`: one part of a run that several machines share. It is no verdict."""

import re
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from audit.cli.output import EXIT, STDOUT, path_text, print_json, show_preflight, visible
from audit.errors import AuditError
from audit.record.place import SHARD_NAME

if TYPE_CHECKING:
    from audit.settings import Settings

Cut = tuple[int, int]
"""Which shard, from 1, and of how many."""


class ShardOption(click.ParamType[Cut]):
    """'2/8': the second of eight."""

    name = "I/N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Cut:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", str(value))
        if match and 1 <= int(match[1]) <= int(match[2]):
            return int(match[1]), int(match[2])
        return self.fail(f"{value!r} is no shard; need I/N, as 2/8 for the second of eight.", param, ctx)


def shard_folder(settings: Path, shard: Cut) -> Path:
    """Where a shard goes if nobody says."""
    return Path(f"{settings.stem}-shard-{shard[0]}-of-{shard[1]}")


class SettingsShard(NamedTuple):
    """A shard as the command line names it."""

    settings: Path
    out: Path
    cut: Cut
    limit: int | None

    def __str__(self) -> str:
        return f"{self.cut[0]}/{self.cut[1]}"

    @property
    def limited(self) -> str:
        return "" if self.limit is None else f" --limit {self.limit}"


def run_one_shard(settings: "Settings", part: SettingsShard, *, resume: bool, device: str, as_json: bool) -> int:
    """Measure a shard and say what comes next. It leaves as INCONCLUSIVE does: 0 would say PASS. Raises AuditError."""
    if (part.out / SHARD_NAME).exists() and not resume:
        seen, step = "holds a shard", "Choose another --out, or continue with --resume."
        raise AuditError(part.out, seen, "need a new folder", step)
    try:
        _measure(settings, part, resume=resume, device=device)
    except KeyboardInterrupt:
        click.echo(visible(f"\n{_after_interruption(part)}"), err=True)
        raise
    _show(part, as_json)
    return EXIT["INCONCLUSIVE"]


def _measure(settings: "Settings", part: SettingsShard, *, resume: bool, device: str) -> None:
    from audit.cli.malloc import kept_memory
    from audit.cli.progress import progress
    from audit.pipeline import run_shard
    from audit.record.shard_file import Shard

    title, shard = f"{part.settings.stem} {part}", Shard(*part.cut)
    # stdout is for the result alone: a model's own prints go to stderr
    with progress(title) as report, redirect_stdout(sys.stderr), kept_memory():
        notice = partial(show_preflight, title)
        run_shard(settings, part.out, shard, resume=resume, device=device, progress=report, notice=notice)


def _show(part: SettingsShard, as_json: bool) -> None:
    file, of = part.out / SHARD_NAME, part.cut[1]
    step = f"saliency-audit merge {part.settings} {part.settings.stem}-shard-*-of-{of}{part.limited}"
    if as_json:
        print_json({"outcome": "INCONCLUSIVE", "shard": list(part.cut), "file": str(file), "next_step": step})
        return
    STDOUT.print(f"Shard {part} is measured, and decides nothing by itself: {path_text(file)}", soft_wrap=True)
    STDOUT.print(f"Next, when all {of} are there: {step}", soft_wrap=True, markup=False)


def _after_interruption(part: SettingsShard) -> str:
    if (part.out / SHARD_NAME).exists():
        again = f"--shard {part} --out {part.out} --resume{part.limited}"
        return f"The measured batches are kept. Continue with {again}."
    return "Nothing was measured yet, so nothing is kept. Start again without --resume."
