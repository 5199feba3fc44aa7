"""Reliance on the compression of the picture's file in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="compression_swapped",
    question="Does the answer stay right when the file is compressed as those of another class are?",
    nouns="compressions",
    where="with",
    subject="compression of the file",
    untested="the compression of the file",
    next_step="How the file is compressed tells this network the class. Save the training pictures of all classes"
    " alike, or compress them at random.",
)


def survives_other_compression(verdict: Verdict, about: About) -> Words:
    """What the compression of other classes' files costs."""
    return swap_words(SWAPPED, verdict, about)
