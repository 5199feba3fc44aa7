"""Reliance on the background in words."""

from audit.phrases import count
from checks import reasons
from checks.rules.survives_other_background import FEW_BACKGROUNDS, NAMELESS, NO_CONTROL, UNDIRECTED
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import NO_NUMBER, SOME_ROOM, missing, step_without_judged, without_finding, without_judged
from reports.wording.phrases import figure, figure_at_limit, percent, points
from reports.wording.undecided import more_helps, pictures, pictures_to_add, too_few, undecided
from reports.wording.words import ORIGINAL, About, FindingWords, Words, words_by_finding

QUESTION = "Does the answer stay right when the object is put on a background of another class?"
PAIRED = "accuracy lost on backgrounds of other classes, minus that lost on backgrounds of the same class"
ALONE = "accuracy lost on backgrounds of other classes"
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "The background tells this network the class. Train on pictures whose backgrounds do not depend on"
    " the class, and audit again.",
    Outcome.INVALID: NO_NUMBER,
}
BY_REASON = {
    UNDIRECTED: "Look at the worst pictures: what is lost may be due to the cut around the object. Let the boxes leave"
    " it some room (experiments.margin), and audit again.",
}


def survives_other_background(verdict: Verdict, about: About) -> Words:
    """What backgrounds of other classes cost."""
    if verdict.reason == NAMELESS:
        return without_finding(QUESTION, _nameless(verdict), "Run the audit again.")
    if verdict.deciding is None:
        return missing(QUESTION, verdict)
    (finding,) = verdict.findings
    words = FindingWords("background", PAIRED if finding.details["paired"] else ALONE, _sentence(finding, about))
    return words_by_finding(verdict, QUESTION, _next_step(finding, about), [words])


def _next_step(finding: Finding, about: About) -> str:
    if finding.reason == reasons.UNJUDGED:
        return step_without_judged(finding)
    if finding.reason == FEW_BACKGROUNDS:
        lenders = about.cluster if finding.clusters is not None and about.cluster != ORIGINAL else "picture"
        return (
            f"Let backgrounds of at least {count(finding.details['backgrounds_needed'], lenders)} be tried: raise"
            " experiments.donors, and add boxed pictures where there are fewer."
        )
    if finding.reason in BY_REASON:
        return BY_REASON[finding.reason]
    if finding.outcome is Outcome.INCONCLUSIVE and (finding.reason == NO_CONTROL or more_helps(finding)):
        more = pictures_to_add(finding, about)
        return f"Add {more} {SOME_ROOM}, several of each class, so that each finds backgrounds of its own class."
    return NEXT[Outcome.FAIL if finding.outcome is Outcome.INCONCLUSIVE else finding.outcome]


def _nameless(verdict: Verdict) -> str:
    details = verdict.details
    return (
        f"The record does not say whose background {count(details['pictures'], 'picture')} had in"
        f" {details['intervention']} '{details['variant']}'."
    )


def _sentence(finding: Finding, about: About) -> str:
    if finding.reason == reasons.NO_PICTURES:
        return "No picture predicted right was put on another background."
    if finding.reason == reasons.UNJUDGED:
        return without_judged(finding)
    if finding.outcome is not Outcome.INCONCLUSIVE:
        return _decided(finding, about)
    if finding.reason == NO_CONTROL:
        return (
            f"Of {pictures(finding, about)}, {percent(finding.details['right_on_other'])} stay right on other"
            f" backgrounds (allowed loss: {figure_at_limit(finding.limit)}); too few own-class backgrounds show what"
            " pasting itself costs."
        )
    return _open(finding, about)


def _decided(finding: Finding, about: About) -> str:
    details, allowed = finding.details, f"allowed: {figure_at_limit(finding.limit)}"
    bound = f"loss at most {points(finding.upper or 0.0)}"
    if finding.outcome is Outcome.FAIL:
        bound = f"loss at least {points(finding.lower or 0.0)}"
    other = percent(details["right_on_other"])
    if not details["paired"]:
        return f"Of {pictures(finding, about)}, {other} stay right on other backgrounds ({bound}; {allowed})."
    own = percent(details["right_on_own"])
    seen = f"Of {pictures(finding, about)}, {own} stay right on own-class backgrounds and {other} on others"
    return f"{seen} ({bound}; {allowed})."


def _open(finding: Finding, about: About) -> str:
    lost = f"{points(finding.value)} more" if finding.value and finding.value > 0 else "no more"
    seen = f"Backgrounds of other classes cost {lost} accuracy than own-class ones"
    if finding.reason == reasons.TOO_FEW:
        return f"{seen}, on {too_few(finding, about)}."
    allowed = f"allowed: {figure_at_limit(finding.limit)}"
    if finding.reason == UNDIRECTED:
        return f"{seen} ({allowed}), but the answers do not shift to the backgrounds' classes."
    bound = f"at most {figure(finding.upper)}; {allowed}"
    if finding.reason == FEW_BACKGROUNDS:
        return f"{seen} ({bound}); {finding.details['backgrounds']:,} backgrounds are too few to decide it."
    return f"{seen} ({bound}); {undecided(finding, about)}."
