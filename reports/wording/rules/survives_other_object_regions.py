"""Reliance on places on the object that tell the label, in words."""

from checks.verdict import Verdict
from reports.wording.regions import Regions, regions_words
from reports.wording.words import About, Words

REGIONS = Regions(
    search="telling_object_regions",
    question="Does the answer stay right when places on the object show what objects of other classes show there?",
    of_frame=" of the object",
    nowhere="The objects that could be looked at are not of two classes, so that no place on them was swapped.",
    leave_room="Add boxed pictures of at least two classes, and audit again.",
    untested="what objects show at fixed places",
    bring="carry {share} of the evidence for {label}",
    look=(
        "Look at this place on objects of each class. If what it shows is no part of them (a word, a tag), remove it"
        " from the training pictures, or randomise it across classes, retrain, and audit again. If it may"
        " tell the class, say so in your profile."
    ),
)


def survives_other_object_regions(verdict: Verdict, about: About) -> Words:
    """What each region costs, or which class it pulls."""
    return regions_words(REGIONS, verdict, about)
