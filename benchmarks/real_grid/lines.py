"""The grid's file: one JSON line a head, so that an interrupted run goes on where it stopped."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from audit.files import write_text

NAME = "heads.jsonl"
Line = dict[str, Any]


def read_lines(out: Path) -> list[Line]:
    """What earlier calls found; nothing where there was none."""
    file = out / NAME
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []


def add_line(out: Path, line: Line) -> None:
    """Add a head. The file is written as a whole, so that it never ends in half a line."""
    lines = [*read_lines(out), line]
    write_text(out / NAME, "".join(f"{json.dumps(each)}\n" for each in lines))


def done(lines: list[Line], asked: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Backbone, kind and name of the heads that are there.

    asked: how heads are audited. Raises click.ClickException where the folder's were audited in another way.
    """
    if other := next((line["asked"] for line in lines if line["asked"] != asked), None):
        raise click.ClickException(f"The folder's heads were audited in another way: {other}, now {asked}.")
    return {(line["backbone"], line["kind"], line["head"]) for line in lines}
