"""What was done to a picture before the network was asked again, in words."""

from collections.abc import Mapping

from checks.table.variants import read_variant
from reports.wording.swapped_properties import swapped_properties

FILL_WORDS: Mapping[str, str] = {
    "mean": "mean colour",
    "blur": "surroundings carried inward",
    "donor": "background of another class",
}
"""What takes the place of the object."""
BACKGROUND_WORDS: Mapping[str, str] = {
    "mean": "mean colour",
    "blur": "its own, blurred",
    "same": "other pictures’, same class",
    "other": "other pictures’, other classes",
}
"""What takes the place of everything else."""
_GROUPS: Mapping[str, str] = {
    "object_removed": "Object removed, and as much elsewhere",
    "background_replaced": "Background replaced",
    "forbidden_hidden": "Forbidden pixels hidden, and as many elsewhere",
    "noise": "A little noise added",
}
_REGIONS: Mapping[str, str] = {"region": "telling region {}", "object region": "telling region {} of the object"}
_OF_A_CUE: Mapping[str, str] = {
    "hidden": "hidden",
    "elsewhere": "an equal area elsewhere hidden",
    "unpasted": "not pasted",
    "pasted": "pasted",
    "pasted elsewhere": "something else pasted",
}
_FILLED = frozenset({"object_removed", "forbidden_hidden"})


def group_title(intervention: str) -> str:
    """'Background replaced', 'Swapped: place of the object', 'Candidate 2 for a cue'."""
    if is_cue(intervention):
        return f"Candidate {intervention.rpartition(' ')[2]} for a cue"
    if swapped := swapped_name(intervention):
        return _GROUPS.get(intervention, f"Swapped: {swapped}")
    return _GROUPS.get(intervention, intervention.replace("_", " "))


def swapped_name(intervention: str) -> str:
    """What a picture takes from another: 'place of the object', 'telling region 1'; '' for what is no swap."""
    kind, _, number = intervention.rpartition(" ")
    if kind in _REGIONS and number.isdecimal():
        return _REGIONS[kind].format(number)
    properties = swapped_properties().values()
    return next((swapped.subject for swapped in properties if swapped.intervention == intervention), "")


def variant_name(intervention: str, variant: str) -> str:
    """One row of a group: 'mean colour', 'mean colour, elsewhere', 'another class'."""
    if is_cue(intervention):
        return _OF_A_CUE.get(variant, variant)
    read = read_variant(variant)
    if read.number is not None and read.kind in ("same", "other"):
        return "own class" if read.kind == "same" else "another class"
    fills = FILL_WORDS if intervention in _FILLED else BACKGROUND_WORDS
    if intervention == "noise":
        return "with noise"
    name = fills.get(read.kind, read.kind)
    return f"{name}, elsewhere" if read.elsewhere else name


def is_cue(intervention: str) -> bool:
    """The network was asked for the class of a candidate for a cue, which need not be the picture's own."""
    kind, _, number = intervention.rpartition(" ")
    return kind == "cue" and number.isdecimal()
