"""Reliance on the object's size in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="scale_swapped",
    question="Does the answer stay right when the object has the size of objects of another class?",
    nouns="sizes",
    where="at",
    subject="size of the object",
    untested="how large objects are",
    next_step="The size of the object tells this network the class. Train on pictures with objects of all sizes; if the"
    " size may tell, leave this rule out of your profile.",
)


def survives_other_scale(verdict: Verdict, about: About) -> Words:
    """What sizes of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
