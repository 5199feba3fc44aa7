"""Reliance on the colours and the light of the whole picture in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="colour_swapped",
    question="Does the answer stay right when the picture has the colours and the light of another class?",
    nouns="colours",
    where="in",
    subject="colours of the whole picture",
    untested="the colours and the light of the whole picture",
    next_step="The colours of the picture tell this network the class. Train on all classes in the same light,"
    " or vary the colours at random.",
)


def survives_other_colour(verdict: Verdict, about: About) -> Words:
    """What colours of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
