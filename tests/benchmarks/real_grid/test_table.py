"""The tables that are printed from the grid's file, and the file."""

from pathlib import Path
from typing import Any

import click
import pytest

from benchmarks.real_grid.lines import add_line, done, read_lines
from benchmarks.real_grid.table import tables


def line(kind: str, reliance: float, *, outcome: str = "PASS", value: float | None = None) -> dict[str, Any]:
    """value: what a rule on swaps estimates, as a share."""
    finding = {"rule": "survives", "key": "background", "unit": "difference", "value": value}
    count = {"rule": "survives", "key": "count", "unit": "count", "value": 3}
    return {
        "backbone": "squeezenet",
        "kind": kind,
        "head": f"{reliance:g}",
        "asked": {"pictures": 120},
        "reliance": reliance,
        "error": 1.5,
        "accuracy": 80.0,
        "outcome": "INVALID",
        "rules": {"survives": {"outcome": outcome}, "methods_agree": {"outcome": "FAIL"}},
        "findings": [finding, count],
    }


def rows(text: str, first: str) -> list[list[str]]:
    cells = [[cell.strip() for cell in row.strip("| ").split("|")] for row in text.splitlines()]
    return [row for row in cells if row[0] == first]


def test_the_line_through_the_estimates_is_found_kind_by_kind_and_over_all() -> None:
    lines = [line("tag", true, value=(0.9 * true + 4) / 100) for true in (0, 5, 10, 30)]
    lines += [line("word", true, value=(0.5 * true - 1) / 100) for true in (0, 5, 10, 30)]
    fitted = {row[2]: row[3:] for row in rows(tables(lines), "survives") if row[1] == "background"}
    assert fitted["tag"] == ["4", "0.90", "+4.0", "1.00"]
    assert fitted["word"] == ["4", "0.50", "-1.0", "1.00"]
    assert fitted["all: limits"][0] == "8"
    assert not [row for row in rows(tables(lines), "survives") if row[1] == "count"]


def test_fails_are_counted_by_bands_and_kinds_that_set_limits_apart_from_those_that_report() -> None:
    lines = [
        line("tag", -1.0),
        line("tag", 1.9, outcome="FAIL"),
        line("tag", 2.0, outcome="INVALID"),
        line("tag", 20.0, outcome="FAIL"),
        line("tint", 9.9, outcome="FAIL"),
    ]
    parts = tables(lines).split("KINDS THAT REPORT")
    limits, reports = (rows(part, "survives")[-1] for part in parts)
    assert limits[1:] == ["1/2", "0/1", "-", "-", "1/1"]
    assert reports[1:] == ["-", "-", "1/1", "-", "-"]
    assert [rows(part, "any of these")[0][1:] for part in parts] == [limits[1:], reports[1:]]
    assert not rows(tables(lines), "methods_agree")


def test_estimates_that_were_not_made_are_no_zeros() -> None:
    text = tables([line("tag", float(true)) for true in range(5)])
    assert not [row for row in rows(text, "survives") if row[1] == "background"]


def test_nothing_audited_has_no_table() -> None:
    assert tables([]).count("\n") == 1


def test_lines_are_read_as_they_were_added_and_heads_that_are_there_are_done(tmp_path: Path) -> None:
    assert read_lines(tmp_path) == []
    lines = [line("tag", 1.0), line("word", 2.0)]
    for each in lines:
        add_line(tmp_path, each)
    assert read_lines(tmp_path) == lines
    assert done(lines, {"pictures": 120}) == {("squeezenet", "tag", "1"), ("squeezenet", "word", "2")}


def test_heads_audited_in_another_way_are_not_mixed() -> None:
    with pytest.raises(click.ClickException, match=r"another way: \{'pictures': 120\}, now \{'pictures': 60\}"):
        done([line("tag", 1.0)], {"pictures": 60})
