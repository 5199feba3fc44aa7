"""Reliance on a property of the picture in words, for every rule that judges a swap."""

from dataclasses import dataclass

from audit.phrases import count
from checks import reasons
from checks.swaps.verdict import BREAKS_PICTURES, FEW_LENDERS, LEAST_RIGHT, NAMELESS, NO_CONTROL, UNDIRECTED
from checks.verdict import Finding, Outcome, Verdict
from reports.wording.missing import NO_NUMBER, SOME_ROOM, missing, step_without_judged, without_finding, without_judged
from reports.wording.phrases import figure, figure_at_limit, percent, points, share_at_limit
from reports.wording.undecided import more_helps, pictures, pictures_to_add, too_few, undecided
from reports.wording.words import ORIGINAL, About, FindingWords, Words, words_by_finding

WHOLE_OBJECT = (
    "Look at the worst pictures: what is lost may be due to the change itself, as to a cut around the object. Let the"
    " boxes leave it some room (experiments.margin), and audit again."
)


@dataclass(frozen=True)
class Swapped:
    """What a property is called. A rule's wording that has one names it `SWAPPED`."""

    intervention: str
    """That swaps it."""
    question: str
    nouns: str
    """What pictures lend, as 'backgrounds'."""
    where: str
    """The word before it: 'on' backgrounds, 'in' places, 'at' sizes."""
    subject: str
    """Of the finding: the property."""
    untested: str
    """What a network may rely on where it is not swapped: 'where objects lie'."""
    next_step: str
    """Where it tells the network the class."""

    @property
    def paired(self) -> str:
        return f"{self.alone}, minus that lost {self.where} {self.nouns} of the same class"

    @property
    def alone(self) -> str:
        return f"accuracy lost {self.where} {self.nouns} of other classes"


def swap_words(swapped: Swapped, verdict: Verdict, about: About) -> Words:
    """What the property of other classes costs."""
    if verdict.deciding is None:
        return swap_missing(swapped.question, verdict)
    (finding,) = verdict.findings
    words = swap_finding_words(swapped, finding, about)
    return words_by_finding(verdict, swapped.question, swap_step(swapped, finding, about), [words])


def swap_missing(question: str, verdict: Verdict) -> Words:
    """Why no swap could be judged."""
    if verdict.reason == NAMELESS:
        return without_finding(question, _nameless(verdict), "Run the audit again.")
    return missing(question, verdict)


def swap_finding_words(swapped: Swapped, finding: Finding, about: About) -> FindingWords:
    """What the finding of one swap says."""
    quantity = swapped.paired if finding.details["paired"] else swapped.alone
    return FindingWords(swapped.subject, quantity, _sentence(swapped, finding, about))


def swap_step(swapped: Swapped, finding: Finding, about: About) -> str:
    """What to do about it; '' for a PASS."""
    if finding.reason == reasons.UNJUDGED:
        return step_without_judged(finding)
    if finding.reason == FEW_LENDERS:
        needed = finding.details["lenders_needed"]
        at_least = f"at least {count(needed, _lender(finding, about))}" if needed else "many more pictures"
        return (
            f"Let {swapped.nouns} of {at_least} be tried: raise experiments.donors, and add boxed pictures where"
            " there are fewer."
        )
    if finding.reason in (UNDIRECTED, BREAKS_PICTURES):
        return WHOLE_OBJECT
    if finding.outcome is Outcome.INCONCLUSIVE and (finding.reason == NO_CONTROL or more_helps(finding)):
        more = pictures_to_add(finding, about)
        return f"Add {more} {SOME_ROOM}, several of each class, so that each finds {swapped.nouns} of its own class."
    if finding.outcome is Outcome.INVALID:
        return NO_NUMBER
    return "" if finding.outcome is Outcome.PASS else swapped.next_step


def _lender(finding: Finding, about: About) -> str:
    """What lends as one."""
    return about.cluster if finding.clusters is not None and about.cluster != ORIGINAL else "picture"


def _nameless(verdict: Verdict) -> str:
    details = verdict.details
    return (
        f"The record does not name the lenders of {count(details['pictures'], 'picture')} in"
        f" {details['intervention']} '{details['variant']}'."
    )


def _sentence(swapped: Swapped, finding: Finding, about: About) -> str:
    where, nouns = swapped.where, swapped.nouns
    if finding.reason == reasons.NO_PICTURES:
        return f"No picture predicted right was tried {where} other {nouns}."
    if finding.reason == reasons.UNJUDGED:
        return without_judged(finding)
    if finding.reason == BREAKS_PICTURES:
        return (
            f"Only {percent(finding.details['right_on_own'])} stay right {where} own-class {nouns} (needed:"
            f" {share_at_limit(LEAST_RIGHT)}), so that the swap itself breaks pictures."
        )
    if finding.outcome is not Outcome.INCONCLUSIVE:
        return _decided(swapped, finding, about)
    if finding.reason == NO_CONTROL:
        return (
            f"Of {pictures(finding, about)}, {percent(finding.details['right_on_other'])} stay right {where} other"
            f" {nouns} (allowed loss: {figure_at_limit(finding.limit)}); too few own-class {nouns} show what"
            " swapping costs."
        )
    return _open(swapped, finding, about)


def _decided(swapped: Swapped, finding: Finding, about: About) -> str:
    details, allowed = finding.details, f"allowed: {figure_at_limit(finding.limit)}"
    bound = f"loss at most {points(finding.upper or 0.0)}"
    if finding.outcome is Outcome.FAIL:
        bound = f"loss at least {points(finding.lower or 0.0)}"
    where, nouns, other = swapped.where, swapped.nouns, percent(details["right_on_other"])
    if not details["paired"]:
        return f"Of {pictures(finding, about)}, {other} stay right {where} other {nouns} ({bound}; {allowed})."
    own = percent(details["right_on_own"])
    seen = f"Of {pictures(finding, about)}, {own} stay right {where} own-class {nouns} and {other} {where} others"
    return f"{seen} ({bound}; {allowed})."


def _open(swapped: Swapped, finding: Finding, about: About) -> str:
    nouns = swapped.nouns
    lost = f"{points(finding.value)} more" if finding.value and finding.value > 0 else "no more"
    seen = f"{nouns.capitalize()} of other classes cost {lost} accuracy than own-class ones"
    if finding.reason == reasons.TOO_FEW:
        return f"{seen}, on {too_few(finding, about)}."
    allowed = f"allowed: {figure_at_limit(finding.limit)}"
    if finding.reason == UNDIRECTED:
        return f"{seen} ({allowed}), but the answers do not shift to the {nouns}’ classes."
    bound = f"at most {figure(finding.upper)}; {allowed}"
    if finding.reason == FEW_LENDERS:
        lent = count(finding.details["lenders"], _lender(finding, about))
        return f"{seen} ({bound}); those of {lent} are too few."
    return f"{seen} ({bound}); {undecided(finding, about)}."
