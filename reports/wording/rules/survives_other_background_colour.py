"""Reliance on the slow colours and the light of the background in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="background_colour_swapped",
    question="Does the answer stay right when the background has the colours and the light of another class?",
    nouns="tints",
    where="with",
    subject="colours of the background",
    untested="the colours and the light of the background",
    next_step="The colours of the background tell this network the class. Train on pictures whose backgrounds have all"
    " colours in every class.",
)


def survives_other_background_colour(verdict: Verdict, about: About) -> Words:
    """What background colours of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
