"""Reliance on where the object lies in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="placement_swapped",
    question="Does the answer stay right when the object lies where objects of another class lie?",
    nouns="places",
    where="in",
    subject="place of the object",
    untested="where objects lie",
    next_step="Where the object lies tells this network the class. Train on pictures whose objects lie anywhere; if the"
    " place may tell, leave this rule out of your profile.",
)


def survives_other_placement(verdict: Verdict, about: About) -> Words:
    """What places of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
