"""Is a candidate worse than a baseline, by more than a margin that was fixed beforehand? On the same pictures, paired.

"Not significantly worse" is never a pass: the bound must be within the margin. The absolute limits stay in force, so
that many small steps down cannot pass.
"""

from pathlib import Path

from audit.errors import AuditError
from audit.record.record import Record
from audit.record.sample_readers import read_samples
from checks.baseline.discordance import margin_of, turns
from checks.baseline.file import ACCEPT, Baseline, counted
from checks.baseline.flips import flips
from checks.baseline.maps import maps_hold
from checks.baseline.matched import Pairs, became, pairs
from checks.baseline.result import Change, Compared, Side
from checks.baseline.shares import shares_hold
from checks.baseline.slices import by_cluster, compare_slices, slices_hold
from checks.baseline.snapshot import not_whole, read_baseline, snapshot
from checks.judge import judge
from checks.table.needs import invalid
from checks.verdict import Judgement, Outcome, Profile, Verdict, worst
from checks.words import count, points

PASSED = "Look at the pictures that turned worse before you sign: a margin says how many may, not which."
NONE_WORSE = "No picture turned worse. A pass replaces no other verification."
NO_MARGIN = (
    "Add [non_inferiority] with a margin and its reason to the profile, and run the audit of the candidate again."
)


def compare(baseline: Record | Baseline, candidate: Record, profile: str | Path | Profile | None = None) -> Compared:
    """By the profile that was hashed into the candidate's record, or by another.

    INVALID where the profile fixes no margin, or the candidate's run is not whole. Raises AuditError where the baseline
    is of other pictures, other settings or other limits, or its run is not whole.
    """
    return _against(baseline, candidate, judge(candidate, profile))


def gate(baseline: Path | str, candidate: Record, profile: str | Path | Profile | None = None) -> Compared:
    """As `compare`, with a baseline file, a record or a run's folder: one that cannot be used is INVALID.

    Raises AuditError where the candidate's record or the profile cannot be read.
    """
    judgement = judge(candidate, profile)
    try:
        return _against(read_baseline(Path(baseline), judgement.profile), candidate, judgement)
    except AuditError as error:
        return _without(judgement, _refused(error))


def _against(baseline: Record | Baseline, candidate: Record, judgement: Judgement) -> Compared:
    if not_whole(judgement):
        return _without(judgement, None)
    if judgement.profile.non_inferiority is None:
        return _without(judgement, _no_margin(judgement.profile))
    if isinstance(baseline, Record):
        baseline = snapshot(baseline, judge(baseline, judgement.profile))
    return _compared(baseline, candidate, judgement)


def _compared(baseline: Baseline, candidate: Record, judgement: Judgement) -> Compared:
    now, limits = snapshot(candidate, judgement), judgement.profile
    paired = by_cluster(pairs(baseline, now), candidate)
    numbers = _numbers(candidate)
    sample = [numbers[key] for key in paired.keys]
    seed = int(candidate.identity()["settings"]["run"]["seed"])
    slices = compare_slices(paired, candidate, limits)
    verdicts = (
        *shares_hold(paired, sample, limits),
        slices_hold(slices.found, limits),
        maps_hold(paired, sample, limits, seed),
        _absolute(judgement),
    )
    return Compared(
        **_whole(verdicts, limits, paired),
        profile=limits,
        fixed_beforehand=judgement.fixed_beforehand,
        verdicts=verdicts,
        judgement=judgement,
        baseline=_side(baseline),
        candidate=_side(now),
        changed=_changed(baseline, now),
        flips=flips(paired, sample),
        slices=slices.found,
        columns_left_out=slices.left_out,
        history=baseline.history,
    )


def _whole(verdicts: tuple[Verdict, ...], limits: Profile, paired: Pairs) -> dict[str, object]:
    """The first that is not advisory and has the worst outcome speaks."""
    entering = [verdict for verdict in verdicts if not verdict.advisory]
    outcome = worst(verdict.outcome for verdict in entering)
    if outcome is Outcome.PASS:
        margin = points(margin_of(limits).margin)
        sentence = (
            f"With {100 * limits.confidence:g} % confidence the candidate is less than {margin} worse than the"
            f" baseline, shown on {count(paired.n, 'picture')}, and it meets the absolute limits."
        )
        worse = any(turn.worse.any() for turn in turns(paired).values())
        return {"outcome": outcome, "sentence": sentence, "next_step": PASSED if worse else NONE_WORSE}
    telling = next(verdict for verdict in entering if verdict.outcome is outcome)
    return {"outcome": outcome, "sentence": telling.sentence, "next_step": telling.next_step}


def _absolute(judgement: Judgement) -> Verdict:
    fixed = "" if judgement.fixed_beforehand else " These limits were not fixed before the run."
    return Verdict(
        rule="absolute_limits",
        question="Does the candidate meet the absolute limits, whatever the baseline?",
        outcome=judgement.outcome,
        sentence=f"By itself the candidate is {judgement.outcome}: {judgement.sentence}{fixed}",
        next_step="" if judgement.outcome is Outcome.PASS else judgement.next_step,
        why="Many small steps down, each within the margin, must not add up.",
    )


def _without(judgement: Judgement, verdict: Verdict | None) -> Compared:
    """There is nothing to compare with."""
    verdicts = (*([verdict] if verdict else []), _absolute(judgement))
    telling = verdicts[0]
    return Compared(
        outcome=worst(v.outcome for v in verdicts),
        sentence=telling.sentence,
        next_step=telling.next_step,
        profile=judgement.profile,
        fixed_beforehand=judgement.fixed_beforehand,
        verdicts=verdicts,
        judgement=judgement,
        baseline=None,
        candidate=None,
    )


def _no_margin(limits: Profile) -> Verdict:
    return _invalid(f"The profile {limits.name} fixes no margin, so that no comparison can pass.", NO_MARGIN)


def _refused(error: AuditError) -> Verdict:
    needed = f"; {error.needed}" if error.needed else ""
    return _invalid(f"{error.where}: {error.seen}{needed}.", error.next_step or f"Accept a run: {ACCEPT}.")


def _invalid(sentence: str, next_step: str) -> Verdict:
    question = "Is there a baseline of the same pictures, settings and limits, and a margin?"
    missing = ("baseline", "pictures that could be compared")
    return invalid("baseline_is_comparable", question, sentence, next_step, missing)


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
