"""Reliance on the sharpness and the noise of the whole picture in words."""

from checks.verdict import Verdict
from reports.wording.swaps import Swapped, swap_words
from reports.wording.words import About, Words

SWAPPED = Swapped(
    intervention="sharpness_swapped",
    question="Does the answer stay right when the picture is as sharp and as noisy as those of another class?",
    nouns="blurs",
    where="with",
    subject="sharpness and noise of the whole picture",
    untested="the sharpness and the noise of the whole picture",
    next_step="How sharp or noisy the picture is tells this network the class. Train on all classes from the"
    " same cameras, or blur and add noise at random.",
)


def survives_other_sharpness(verdict: Verdict, about: About) -> Words:
    """What the sharpness and the noise of other classes cost."""
    return swap_words(SWAPPED, verdict, about)
