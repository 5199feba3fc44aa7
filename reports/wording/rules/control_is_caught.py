"""The positive control in words."""

from audit.phrases import count, listed
from checks.rules.control_is_caught import (
    COPY_SILENT,
    ENDS_MISSING,
    FEW_MARKED,
    INNOCENT_BLAMED,
    NO_CONTROL,
    NO_LIMITS,
    NO_RULE,
    NOT_BLAMED,
    NOT_FLAGGED,
    OWN_RELIANCE,
    TOO_BLUNT,
)
from checks.table.planted_copies import KEPT
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import NO_NUMBER, without_finding
from reports.wording.phrases import figure, figure_at_limit, percent, points
from reports.wording.words import About, FindingWords, Words, words_by_finding

QUESTION = "Would this audit catch a network that relies on a mark outside the object?"
IN_POINTS = "accuracy that hangs on a mark once it is flagged (limit of detection)"
FLAGGED = "share of the evidence at and above which a mark is flagged"
BLAMED = "loss of the label's probability when the mark is hidden, for a copy that goes by it alone"
KEPT_SHARE = "share of its evidence that the network itself keeps when the object is removed"
RUN_IT = "Add the control planted_cue to [experiments] in the settings, and run the audit again."
MORE_MARKED = (
    "Run the audit again on more pictures that the network predicts right and whose boxes leave the border of the frame"
    " free."
)
TIGHTEN = (
    "Run the control planted_cue on more pictures (its option `pictures`). If that does not help, tighten the rules"
    " that should flag it."
)
NEXT = {
    NO_CONTROL: RUN_IT,
    ENDS_MISSING: RUN_IT,
    FEW_MARKED: MORE_MARKED,
    COPY_SILENT: NO_NUMBER,
    NO_LIMITS: "Give these rules limits in the profile, or take them out of flagged_by, and audit again.",
    NO_RULE: "Name rules in flagged_by of the profile, and audit again.",
    NOT_FLAGGED: TIGHTEN,
    OWN_RELIANCE: "Mend the network first: what it relies on itself hides what a mark would need.",
    TOO_BLUNT: TIGHTEN,
    NOT_BLAMED: TIGHTEN,
    INNOCENT_BLAMED: "Read no cue of this audit as proven: hiding a mark without meaning costs the label here. Train"
    " the network on pictures with hidden parts, or raise min_loss with a reason, and audit again.",
}
"""By the reason of the verdict, or of the finding that decides."""


def control_is_caught(verdict: Verdict, about: About) -> Words:
    """The share of the evidence at which a mark starts to be flagged, and to be blamed."""
    del about
    if verdict.deciding is None:
        return without_finding(QUESTION, _missing(verdict), NEXT[verdict.reason])
    next_step = "" if verdict.outcome is Outcome.PASS else NEXT[verdict.deciding.reason]
    return words_by_finding(verdict, QUESTION, next_step, [_finding(finding) for finding in verdict.findings])


def _missing(verdict: Verdict) -> str:
    details = verdict.details
    if verdict.reason == FEW_MARKED:
        marked = count(details["pictures"], "picture")
        return f"{marked} could carry the mark (required: {details['fewest']}), so this control shows nothing."
    if verdict.reason == COPY_SILENT:
        altered = f"{details['intervention']} '{details['variant']}'"
        return f"The network yields no number for pictures with the mark under {altered}."
    if verdict.reason == NO_LIMITS:
        return f"The profile has no limits for {listed(details['rules'])}, which should flag a copy."
    return {
        NO_CONTROL: "The control planted_cue was not run, so it is unknown what this audit would have noticed.",
        ENDS_MISSING: "The copies that rely on the mark alone, or not at all, are missing.",
        NO_RULE: "The profile names no rule that would flag a copy.",
    }[verdict.reason]


def _finding(finding: Finding) -> FindingWords:
    if finding.key == KEPT:
        return FindingWords("without the object", KEPT_SHARE, _kept(finding))
    detector = finding.details["detector"]
    if finding.key == detector:
        return FindingWords(detector, FLAGGED, _flagged(finding))
    if finding.key == f"{detector}/points":
        return FindingWords(f"{detector}, in points", IN_POINTS, _flagged(finding))
    return FindingWords(f"{detector}, mark blamed", BLAMED, _blamed(finding))


def _flagged(finding: Finding) -> str:
    details = finding.details
    detector = f"(detector {details['detector']})"
    if finding.reason == NOT_FLAGGED:
        return f"A network that relies on the mark alone is not flagged by {listed(details['flagged_by'])} {detector}."
    if finding.reason == OWN_RELIANCE:
        return f"The network is flagged even without a mark, so the share that a mark would need is unknown {detector}."
    hangs = "an unknown share" if details["reliance"] is None else points(details["reliance"])
    seen = f"A mark is flagged once {hangs} of accuracy hang on it"
    if finding.reason == TOO_BLUNT:
        allowed = figure_at_limit(details["max_limit_of_detection"])
        most = "" if details["reliance"] is None else f"at most {figure(details['upper'])}; "
        return f"{seen} ({most}allowed: {allowed}; detector {details['detector']})."
    evidence = f"{percent(details.get('share', finding.value) or 0.0)} of the evidence"
    return f"{seen} (at most {figure(details['upper'])}; {evidence}; detector {details['detector']})."


def _blamed(finding: Finding) -> str:
    details = finding.details
    if finding.reason == INNOCENT_BLAMED:
        cost = points(details["loss_unmarked"] or 0.0)
        return f"The mark carries nothing, yet hiding it costs {cost} more than hiding an equal area elsewhere."
    if finding.reason == NOT_BLAMED:
        return f"The mark is not blamed although it carries all of the evidence (detector {details['detector']})."
    limit, share = figure_at_limit(finding.limit), percent(details["share"] or 0.0)
    if details["flagged_unmarked"]:
        return (
            f"The network is flagged even without a mark; hiding the mark costs over {limit} points once it carries"
            f" {share} (detector {details['detector']})."
        )
    return (
        f"Hiding the mark (detector {details['detector']}) costs more than {limit} points once it carries {share} of"
        f" the evidence, and {points(details['loss'] or 0.0)} at most."
    )


def _kept(finding: Finding) -> str:
    pictures = count(finding.n, "picture")
    return (
        f"Without the object the network keeps {percent(finding.value or 0.0)} of its evidence (median of {pictures})."
    )
