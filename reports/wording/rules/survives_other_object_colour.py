"""Reliance on the colours of the object itself in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="object_colour_swapped",
    question="Does the answer stay right when the object has the colours of objects of another class?",
    nouns="shades",
    where="in",
    subject="colours of the object",
    untested="the object’s own colours",
    next_step="The colours of the object tell this network the class. If they may, leave this rule advisory; if not,"
    " train on objects of each class in all colours, or vary their colours at random.",
)


def survives_other_object_colour(verdict: Verdict, about: About) -> Words:
    """What colours of other classes' objects cost."""
    return swap_words(SWAPPED, verdict, about)
