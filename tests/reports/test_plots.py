"""The figures of a result show the numbers of its verdicts."""

from pathlib import Path

import numpy as np
import pytest

from audit.errors import AuditError
from audit.record.record import Record
from fixtures.records import write_record
from reports.plots import Plots
from reports.result.assessment import judge_in_words


def plots(tmp_path: Path) -> Plots:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=120)) as record:
        return Plots(judge_in_words(record).verdicts)


def test_each_judged_property_has_its_estimate_bounds_and_limit(tmp_path: Path) -> None:
    drawn = plots(tmp_path)
    plot = drawn.reliance()
    (axes,) = plot.figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert "background" in names
    (verdict,) = (v for v in drawn.verdicts if v.rule == "survives_other_background")
    finding, place = verdict.findings[0], names.index("background")
    lines = [np.asarray(line.get_xydata()) for line in axes.lines]
    bounds, estimate, limit = (tuple(line[:, 0]) for line in lines if len(line) and (line[:, 1] == place).all())
    assert bounds == pytest.approx((100 * (finding.lower or 0), 100 * (finding.upper or 0)))
    assert (*estimate, *limit) == pytest.approx((100 * (finding.value or 0), 100 * (finding.limit or 0)))
    assert plot._repr_png_().startswith(b"\x89PNG")
    assert plot.save(tmp_path / "reliance.svg").read_text().startswith("<?xml")


def test_what_cannot_be_drawn_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="plot: no reliance was measured"):
        Plots(()).reliance()
    plot = plots(tmp_path).reliance()
    for out in (tmp_path / "none" / "a.png", tmp_path / "a.odd"):
        with pytest.raises(AuditError, match=r"cannot be written \(.*\); need a folder, and \.png"):
            plot.save(out)
