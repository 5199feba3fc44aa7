"""Reliance on places outside the boxes that tell the label, in words."""

from checks.verdict import Verdict
from reports.wording.regions import Regions, regions_words
from reports.wording.words import About, Words

REGIONS = Regions(
    search="telling_regions",
    question="Does the answer stay right when places that tell the label show what other classes show there?",
    of_frame="",
    nowhere="No place of the frame is free of boxes in pictures of two classes, so that none was swapped.",
    leave_room=(
        "Check the boxes, which cover the frame in nearly every picture, and add pictures that have some room."
    ),
    untested="what pictures show at fixed places",
    bring="bring {share} of the evidence for {label} into other pictures",
    look=(
        "Look at this place in pictures of each class, and find where the cue comes from (a tag, a logo, a border)."
        " Remove it from the training pictures, or randomise it across classes, retrain, and audit again."
    ),
)


def survives_other_regions(verdict: Verdict, about: About) -> Words:
    """What each region costs, or which class it pulls."""
    return regions_words(REGIONS, verdict, about)
