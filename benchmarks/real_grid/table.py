"""The tables of the grid: what is estimated against what is true, and how often each rule fails a head."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.real_grid.cues import KINDS
from checks.conclude import MAPS, VALIDITY

Line = Mapping[str, Any]
Row = Sequence[str]
BANDS = ((-np.inf, 2.0), (2.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, np.inf))
"""True reliance in points; the first are honest enough, so that a FAIL is a false alarm."""
BAND_NAMES = ("<2", "2-5", "5-10", "10-20", ">=20")
IN_POINTS = ("share", "difference")
NOT_OF_RELIANCE = {*MAPS, VALIDITY, "methods_agree", "evidence_is_complete", "model_is_accurate"}
"""Rules on maps, of which the grid makes none, and on the audit itself."""
FEWEST = 4
"""Heads, with fewer of which no line is fitted."""


def tables(lines: Sequence[Line]) -> str:
    """All tables: of the heads, of each kind and of all of a purpose."""
    parts = [_heads(lines)]
    for title, purpose in (("limits", True), ("report", False)):
        chosen = [line for line in lines if KINDS[line["kind"]].sets_limits is purpose]
        if chosen:
            parts += [f"KINDS THAT {'SET LIMITS' if purpose else 'REPORT'}", _estimates(chosen, title), _bands(chosen)]
    return "\n\n".join(parts)


def _heads(lines: Sequence[Line]) -> str:
    head = ("backbone", "kind", "heads", "reliance", "mean error", "accuracy", *BAND_NAMES)
    rows = []
    for backbone, kind in dict.fromkeys((line["backbone"], line["kind"]) for line in lines):
        own = [line for line in lines if (line["backbone"], line["kind"]) == (backbone, kind)]
        true = np.array([line["reliance"] for line in own])
        accuracy = [line["accuracy"] for line in own]
        spread = f"{true.min():.1f} to {true.max():.1f}"
        error = f"{np.mean([line['error'] for line in own]):.1f}"
        counts = [str(len(_within(own, band))) for band in BANDS]
        rows.append((backbone, kind, str(len(own)), spread, error, f"{min(accuracy):.0f}-{max(accuracy):.0f}", *counts))
    return _table(head, rows)


def _estimates(lines: Sequence[Line], title: str) -> str:
    """Estimated = slope · true + offset, in points, by finding and kind and over all kinds."""
    keys = dict.fromkeys(
        (finding["rule"], finding["key"])
        for line in lines
        for finding in line["findings"]
        if finding["unit"] in IN_POINTS and finding["value"] is not None and finding["rule"] not in NOT_OF_RELIANCE
    )
    rows = []
    kinds = list(dict.fromkeys(line["kind"] for line in lines))
    for rule, key in keys:
        for kind in (*kinds, f"all: {title}"):
            own = [line for line in lines if line["kind"] == kind or kind.startswith("all: ")]
            if fitted := _fitted(own, rule, key):
                rows.append((rule, key, kind, *fitted))
    return _table(("rule", "finding", "kind", "heads", "slope", "offset", "r"), rows)


def _fitted(lines: Sequence[Line], rule: str, key: str) -> Row | None:
    pairs = [
        (line["reliance"], 100 * finding["value"])
        for line in lines
        for finding in line["findings"]
        if (finding["rule"], finding["key"]) == (rule, key) and finding["value"] is not None
    ]
    true, seen = np.array(pairs).reshape(-1, 2).T
    if len(pairs) < FEWEST or np.ptp(true) == 0 or np.ptp(seen) == 0:
        return None
    line = stats.linregress(true, seen)
    return str(len(pairs)), f"{line.slope:.2f}", f"{line.intercept:+.1f}", f"{line.rvalue:.2f}"


def _bands(lines: Sequence[Line]) -> str:
    """The heads that each rule fails, of those in each band: false alarms in the first, sensitivity in the others."""
    rules = sorted({rule for line in lines for rule in line["rules"]} - NOT_OF_RELIANCE)
    failed: dict[str, Callable[[Line], bool]] = {rule: _fails(rule) for rule in rules}
    failed["any of these"] = lambda line: any(_fails(rule)(line) for rule in rules)
    rows = [
        (name, *(_share(fails(line) for line in _within(lines, band)) for band in BANDS))
        for name, fails in failed.items()
    ]
    return _table(("FAIL of", *BAND_NAMES), rows)


def _fails(rule: str) -> Callable[[Line], bool]:
    return lambda line: line["rules"].get(rule, {}).get("outcome") == "FAIL"


def _within(lines: Sequence[Line], band: tuple[float, float]) -> list[Line]:
    return [line for line in lines if band[0] <= line["reliance"] < band[1]]


def _share(failed: Iterable[bool]) -> str:
    each = list(failed)
    return f"{sum(each)}/{len(each)}" if each else "-"


def _table(head: Row, rows: Sequence[Row]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(f"| {line} |" for line in (lines[0], "-|-".join("-" * width for width in widths), *lines[1:]))
