"""Is a candidate worse than a baseline, by more than a margin that was fixed beforehand? On the same pictures, paired.

"Not significantly worse" is never a pass: the bound must be within the margin. The absolute limits stay in force, so
that many small steps down cannot pass.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from audit.errors import AuditError
from audit.record.record import Record
from audit.record.sample_readers import read_samples
from checks.baseline.file import Baseline, counted
from checks.baseline.flips import flips
from checks.baseline.judged_run import JudgedRun, judged_run
from checks.baseline.maps import maps_hold
from checks.baseline.matched import became, pairs
from checks.baseline.result import Change, Comparison, Side
from checks.baseline.shares import shares_hold
from checks.baseline.slices import compare_slices, slices_hold
from checks.baseline.snapshot import not_whole, read_baseline, snapshot
from checks.verdict import Judgement, Outcome, Verdict, worst

COMPARABLE = "baseline_is_comparable"
ABSOLUTE = "absolute_limits"
NO_MARGIN = "no_margin"
"""Reason: the profile fixes no margin, so no comparison can pass; details: the name of the `profile`."""
BY_ITSELF = "by_itself"
"""Reason: what the candidate's own judgement comes to; details: the rule that `decided_by` it, and whether its limits
were `fixed_beforehand`."""
REFUSED = "refused"
"""Reason: the baseline cannot be used; details: `where`, what was `seen`, what is `needed` and the `next_step`."""


def compare(baseline: Record | Baseline, candidate: JudgedRun) -> Comparison:
    """The candidate against the baseline, by the profile that the candidate was judged by.

    INVALID where the profile fixes no margin, or the candidate's run is not whole. Raises AuditError where the baseline
    is of other pictures, other settings or other limits, or its run is not whole.
    """
    judgement = candidate.judgement
    if not_whole(judgement):
        return _without(judgement)
    if judgement.profile.non_inferiority is None:
        return _without(judgement, _incomparable(NO_MARGIN, profile=judgement.profile.name))
    if isinstance(baseline, Record):
        baseline = snapshot(judged_run(baseline, judgement.profile))
    return _compared(baseline, candidate)


def gate(baseline: Path | str, candidate: JudgedRun) -> Comparison:
    """`compare` with a baseline file, a record or a run's folder: one that cannot be used is INVALID."""
    try:
        return compare(read_baseline(Path(baseline), candidate.judgement.profile), candidate)
    except AuditError as error:
        stated = {"where": error.where, "seen": error.seen, "needed": error.needed, "next_step": error.next_step}
        return _without(candidate.judgement, _incomparable(REFUSED, **stated))


def _compared(baseline: Baseline, candidate: JudgedRun) -> Comparison:
    record, judgement = candidate.record, candidate.judgement
    now, limits = snapshot(candidate), judgement.profile
    paired = pairs(baseline, now)
    numbers = _numbers(record)
    sample = [numbers[key] for key in paired.keys]
    table, place = candidate.table, np.searchsorted(candidate.table.sample, sample)
    paired = replace(paired, cluster=None if table.cluster is None else table.cluster[place])
    slices = compare_slices(paired, {name: values[place] for name, values in table.metadata.items()}, limits)
    verdicts = (
        *shares_hold(paired, sample, limits),
        slices_hold(slices.changes, limits),
        maps_hold(paired, sample, limits, candidate.table.seed),
        _absolute(judgement),
    )
    outcome, decided_by = _whole(verdicts)
    return Comparison(
        outcome=outcome,
        decided_by=decided_by,
        profile=limits,
        fixed_beforehand=judgement.fixed_beforehand,
        verdicts=verdicts,
        judgement=judgement,
        baseline=_side(baseline),
        candidate=_side(now),
        changed=_changed(baseline, now),
        flips=flips(paired, sample),
        slices=slices.changes,
        columns_left_out=slices.left_out,
        columns_repeated=dict(slices.repeated),
        history=baseline.history,
    )


def _whole(verdicts: tuple[Verdict, ...]) -> tuple[Outcome, str]:
    """The worst outcome of all that are not advisory, and the first rule that has it."""
    entering = [verdict for verdict in verdicts if not verdict.advisory]
    outcome = worst(verdict.outcome for verdict in entering)
    return outcome, next(verdict.rule for verdict in entering if verdict.outcome is outcome)


def _absolute(judgement: Judgement) -> Verdict:
    """Many small steps down, each within the margin, must not add up."""
    return Verdict(
        rule=ABSOLUTE,
        outcome=judgement.outcome,
        reason=BY_ITSELF,
        details={"decided_by": judgement.decided_by, "fixed_beforehand": judgement.fixed_beforehand},
    )


def _without(judgement: Judgement, verdict: Verdict | None = None) -> Comparison:
    """There is nothing to compare with; the verdict says why, if the candidate's own judgement does not."""
    verdicts = (*([verdict] if verdict else []), _absolute(judgement))
    return Comparison(
        outcome=worst(each.outcome for each in verdicts),
        decided_by=verdicts[0].rule,
        profile=judgement.profile,
        fixed_beforehand=judgement.fixed_beforehand,
        verdicts=verdicts,
        judgement=judgement,
        baseline=None,
        candidate=None,
    )


def _incomparable(reason: str, **details: str) -> Verdict:
    return Verdict(rule=COMPARABLE, outcome=Outcome.INVALID, reason=reason, details={**details})


def _side(side: Baseline) -> Side:
    return Side(
        model=side.model,
        wrong_reason=sum(sample.right and sample.miss is True for sample in side.samples),
        **counted(side),
    )


def _changed(baseline: Baseline, candidate: Baseline) -> tuple[Change, ...]:
    """What may differ, and does: the model, and the versions of what measured it."""
    return tuple(
        Change(what=f"{part} {path}", before=before, after=after)
        for part in ("model", "tool", "versions")
        for path, (before, after) in became(getattr(baseline, part), getattr(candidate, part)).items()
    )


def _numbers(record: Record) -> dict[tuple[str, str], int]:
    samples = read_samples(record)
    return dict(zip(zip(samples.image, samples.label, strict=True), samples.number.tolist(), strict=True))
