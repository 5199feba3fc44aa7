"""Reliance on how wide or tall the object is in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="object_shape_swapped",
    question="Does the answer stay right when the object is as wide or as tall as objects of another class?",
    nouns="aspects",
    where="at",
    subject="aspect of the object",
    untested="how wide or tall objects are",
    next_step="How wide or tall the object is tells this network the class. If it may, leave this rule advisory; if"
    " not, train on objects of each class seen from all sides, or stretch them at random.",
)


def survives_other_object_shape(verdict: Verdict, about: About) -> Words:
    """What aspects of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
