"""Cues that the pictures of a class share, in words."""

from collections.abc import Sequence

from audit.phrases import count
from checks import reasons
from checks.rules.no_shared_hotspot import (
    BOUNDED,
    CONFIRMED_BY_PASTING,
    NOT_CONFIRMED,
    NOT_SEARCHED,
    PASTING_ALONE,
    SEARCH,
)
from checks.statistics.subset import FEWEST
from checks.verdict import Finding, Outcome, Verdict, weakest
from reports.wording.missing import NO_NUMBER, missing, without_finding
from reports.wording.phrases import cost, figure, figure_at_limit, percent, points, share_at_limit
from reports.wording.places import location, place
from reports.wording.undecided import more_helps, too_few, undecided
from reports.wording.words import About, FindingWords, Words

QUESTION = "Do the answers stand without anything that recurs outside the boxes?"
QUANTITY = "loss of the label's probability when the candidate is hidden, minus the loss from an equal area elsewhere"
SEARCHED = "share of the pictures in classes that were searched"
ON_BACKGROUND = "accuracy that anything outside the boxes decides, by other backgrounds"
NOTHING = "The maps of no class agree on anything outside the boxes"
LOOK_AT_CROPS = "Look at the crops: a cue would be seen there."
NEXT = {
    Outcome.PASS: "",
    Outcome.FAIL: "Look at the crops and find where the cue comes from (a camera's tag, a watermark, a photographer's"
    " habit). Remove it from the training pictures, or randomise it across classes, retrain, and audit again.",
    Outcome.INCONCLUSIVE: f"Add pictures, so that each class has {FEWEST} or more that are predicted right.",
    Outcome.INVALID: NO_NUMBER,
}
SEARCH_AGAIN = "Run the audit again with the search shared_cues."
DRAW_MORE = "Test the candidates on more pictures (the option `pictures` of the search shared_cues), and audit again."
LOOK = (
    "Look at the crops that turn pictures of other classes. If they show an object of the class, box it too, or remove"
    " the picture; if not, it is a cue that the object stands in for when it is hidden."
)


def no_shared_hotspot(verdict: Verdict, about: About) -> Words:
    """What hiding each candidate costs, and what pasting it does."""
    if verdict.reason == NOT_SEARCHED:
        seen = "The search shared_cues was not run, so no cue was looked for."
        return without_finding(QUESTION, seen, SEARCH_AGAIN)
    if verdict.deciding is None:
        return missing(QUESTION, verdict)
    findings = tuple(_words(finding, about) for finding in verdict.findings)
    sentences = {finding.key: words.sentence for finding, words in zip(verdict.findings, findings, strict=True)}
    sentence = _headline(verdict) or sentences[verdict.deciding.key]
    return Words(QUESTION, sentence, _next_step(verdict), findings)


def _words(finding: Finding, about: About) -> FindingWords:
    if finding.key == SEARCH:
        return FindingWords("search", SEARCHED, _search(finding))
    if finding.key == BOUNDED:
        return FindingWords("other backgrounds", ON_BACKGROUND, _bounded(finding))
    return FindingWords(_subject(finding), QUANTITY, _sentence(finding, about))


def _next_step(verdict: Verdict) -> str:
    deciding = verdict.deciding
    if verdict.outcome is not Outcome.INCONCLUSIVE or deciding is None:
        return NEXT[verdict.outcome]
    if any(finding.reason == PASTING_ALONE for finding in verdict.findings):
        return LOOK
    if deciding.key == SEARCH:
        return NEXT[Outcome.INCONCLUSIVE]
    step = _more_of_class(deciding) if deciding.n >= deciding.details["seen_in"] else DRAW_MORE
    return step if more_helps(deciding) else f"{LOOK_AT_CROPS} {step}"


def _more_of_class(finding: Finding) -> str:
    """What helps where every picture was tested in which the candidate was seen."""
    return f"Add pictures of {_name(finding)}: every one in which the candidate was seen is tested already."


def _headline(verdict: Verdict) -> str:
    """One sentence for several candidates; '' where one finding says all."""
    candidates = [finding for finding in verdict.findings if finding.key not in (SEARCH, BOUNDED)]
    deciding = verdict.deciding
    if verdict.outcome is Outcome.PASS:
        return _passed(candidates, verdict.finding(BOUNDED))
    confirmed = sum(finding.outcome is Outcome.FAIL for finding in candidates)
    if confirmed > 1 and deciding is not None:
        tried = count(len(candidates), "candidate cue")
        verb, effect = _effect(deciding)
        strongest = f"{verb} the strongest, {_where(deciding)} for {_name(deciding)}, {effect}"
        return f"{confirmed} of {tried} are confirmed; {strongest}."
    return ""


def _passed(candidates: Sequence[Finding], bounded: Finding | None) -> str:
    if not candidates:
        return _bounded(bounded) if bounded else f"{NOTHING}."
    one = len(candidates) == 1
    none = "The one candidate is not confirmed" if one else f"None of {len(candidates):,} candidates is confirmed"
    if bounded is not None:
        most, allowed = figure(bounded.upper), figure_at_limit(bounded.limit)
        return f"{none} as a cue; all backgrounds together decide at most {most} points (allowed: {allowed})."
    return f"{none} as a cue{': hiding it' if one else '; hiding the strongest'} {_cost(weakest(candidates))}."


def _bounded(finding: Finding) -> str:
    most, allowed = figure(finding.upper), figure_at_limit(finding.limit)
    lacking = finding.details["lacking"]
    if not lacking:
        return f"{NOTHING}; all backgrounds together decide at most {most} points (allowed: {allowed})."
    what = "What was not searched" if lacking == [SEARCH] else "What no candidate's own bound covers"
    return f"{what}, other backgrounds bound: they decide at most {most} points (allowed: {allowed})."


def _sentence(finding: Finding, about: About) -> str:
    if finding.outcome is Outcome.INVALID:
        return f"The candidate {_where(finding)}, for {_name(finding)}, has no answers that could be compared."
    if finding.outcome is Outcome.FAIL:
        verb, effect = _effect(finding)
        where = f"{_where(finding)} in pictures of {_name(finding)}"
        return f"The model relies on something {where}: {verb} it {effect}."
    if finding.outcome is Outcome.PASS:
        return f"The candidate {_where(finding)}, for {_name(finding)}, is not confirmed: hiding it {_cost(finding)}."
    return _undecided(finding, about)


def _undecided(finding: Finding, about: About) -> str:
    where, lost = f"{_where(finding)}, for {_name(finding)},", cost(finding.value)
    if finding.reason == reasons.TOO_FEW:
        return f"The candidate {where} was hidden in {too_few(finding, about)}."
    if finding.reason == NOT_CONFIRMED:
        allowed, most = figure_at_limit(finding.limit), figure(finding.upper)
        over = f"is not confirmed ({lost} when hidden; allowed: {allowed}), nor ruled out (at most {most})"
        return f"The candidate {where} {over}."
    if finding.reason == PASTING_ALONE:
        return f"Pasting the candidate {where} {_turned(finding)}, but hiding it costs {lost}."
    allowed = figure_at_limit(finding.limit)
    return f"A candidate {where} may be a cue ({lost} when hidden; allowed: {allowed}); {undecided(finding, about)}."


def _effect(finding: Finding) -> tuple[str, str]:
    """What was done to a confirmed cue, and what that did."""
    if finding.reason == CONFIRMED_BY_PASTING:
        return "pasting", _turned(finding)
    least, allowed = figure(finding.lower), figure_at_limit(finding.limit)
    return "hiding", f"costs {points(finding.value or 0.0)} (at least {least}; allowed: {allowed})"


def _turned(finding: Finding) -> str:
    pasted = finding.details["pasted"]
    turned, elsewhere = (finding.details[name] / max(1, pasted) for name in ("turned", "turned_elsewhere"))
    return f"turns {percent(turned)} of other pictures (other crops: {percent(elsewhere)})"


def _cost(finding: Finding) -> str:
    most, allowed = figure(finding.upper), figure_at_limit(finding.limit)
    return f"costs {cost(finding.value)} (at most {most}; allowed: {allowed})"


def _where(finding: Finding) -> str:
    return location(finding.details["box"])


def _search(finding: Finding) -> str:
    details = finding.details
    share = "none" if finding.value is None else percent(finding.value)
    searched = f"{details['searched']:,} of {count(details['classes'], 'class')}"
    return (
        f"{searched}, with {share} of the pictures, have {details['fewest']} right answers with maps, which a search"
        f" needs (required: {share_at_limit(finding.limit)})."
    )


def _subject(finding: Finding) -> str:
    return f"candidate {finding.details['id']}, {place(finding.details['box'])}, class {_name(finding)}"


def _name(finding: Finding) -> str:
    """The data set's word for the class."""
    label = finding.details["class_label"]
    return f"class {finding.details['class_index']}" if label is None else f"'{label}'"
