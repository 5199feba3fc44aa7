"""Why a candidate cannot be compared with a baseline, in words."""

from checks.baseline.compare import NO_MARGIN
from checks.baseline.file import ACCEPT
from checks.verdict import Verdict
from reports.wording.missing import without_finding
from reports.wording.words import About, Words

ADD_MARGIN = (
    "Add [non_inferiority] with a margin and its reason to the profile, and run the audit of the candidate again."
)


def baseline_is_comparable(verdict: Verdict, about: About) -> Words:
    """What is missing; where the baseline was refused, by the words of the error."""
    del about
    question, details = (
        "Is there a margin, and a baseline with the same pictures, settings and limits?",
        verdict.details,
    )
    if verdict.reason == NO_MARGIN:
        sentence = f"The profile {details['profile']} sets no margin, so no comparison can pass."
        return without_finding(question, sentence, ADD_MARGIN)
    needed = f"; {details['needed']}" if details["needed"] else ""
    sentence = f"{details['where']}: {details['seen']}{needed}."
    return without_finding(question, sentence, str(details["next_step"] or f"Accept a run: {ACCEPT}."))
