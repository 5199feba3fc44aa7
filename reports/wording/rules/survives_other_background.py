"""Reliance on the background in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="background_replaced",
    question="Does the answer stay right when the object is put on a background of another class?",
    nouns="backgrounds",
    where="on",
    subject="background",
    untested="the background",
    next_step="The background tells this network the class. Train on pictures whose backgrounds do not depend on the"
    " class, and audit again.",
)


def survives_other_background(verdict: Verdict, about: About) -> Words:
    """What backgrounds of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
