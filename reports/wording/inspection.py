"""What an inspection of the data found, in sentences."""

from collections.abc import Iterator, Sequence

from audit.inspection.findings import About, ClassShare, Finding, Inspection
from audit.phrases import count, listed

NEXT: dict[About, str] = {
    "place": "Look at these places in pictures of each class. Remove a mark, tag or border, or put it on all classes"
    " alike; a scene that belongs to the class may stay.",
    "surroundings": "Look for what differs between the classes' sources (camera, light, compression). Mix them,"
    " or process all pictures alike.",
    "object": "Decide whether place, size and shape may count in your use. If not, add pictures in which they go with"
    " other classes.",
    "file": "Store all pictures in one way (format, quality, size), from the originals if you have them.",
    "annotation": "If the column is another name of the label, ignore it. Else collect all classes under all values.",
}
"""By what the telling quantities belong to."""
WITHOUT_BOXES = (
    "Without boxes nobody can tell the object from its surroundings: colours, light and places may tell the label since"
    " the object shows there, and 'outside the boxes' is the whole picture. Files and marks may be cues all the same."
)
NO_VERDICT = "This describes the data and judges nothing; no network was asked. A network may use it or not: audit it."


def headline(inspection: Inspection) -> str:
    """The one sentence that stands first."""
    telling, all_of_them = inspection.telling, len(inspection.findings)
    left_out = "boxes left out" if inspection.boxed else "objects included, since there are no boxes"
    if telling:
        verb = "tells" if len(telling) == 1 else "tell"
        return f"{len(telling)} of {count(all_of_them, 'quantity')} {verb} the label better than chance, {left_out}."
    if len(inspection.undecided) == all_of_them:
        return f"Nothing can be said: {count(inspection.independent, 'independent sample')} are too few."
    return f"None of {count(all_of_them, 'quantity')} tells the label better than chance, {left_out}."


def basis(inspection: Inspection) -> str:
    """What was counted."""
    k = inspection.neighbours
    near = "nearest neighbour" if k == 1 else f"{k} nearest neighbours"
    counted = f"{count(inspection.samples, 'sample')} in {count(inspection.pictures, 'picture')}"
    of = f"{count(len(inspection.labels), 'label')}, {count(len(inspection.exclusions), 'exclusion')}"
    return f"{counted}, {of}. Told right: how many of a sample's {near} bear its label."


def best_class(classes: Sequence[ClassShare]) -> str:
    """'tench 1.00 (0.08) of 23, and 2 more', in brackets what is chance; '' for none."""
    if not classes:
        return ""
    first, more = classes[0], len(classes) - 1
    return f"{first.label} {first.share:.2f} ({first.chance:.2f}) of {first.n:,}" + (
        f", and {more} more" if more else ""
    )


def limits(inspection: Inspection) -> str:
    """What an inspection does not see."""
    inside = ", what lies inside the boxes," if inspection.boxed else ""
    return f"Not seen here: marks at changing places{inside} and cues that only several quantities show together."


def remainder(inspection: Inspection, shown: int) -> str:
    """What the table leaves out; '' for nothing."""
    return " ".join(_remainder(inspection, shown))


def _remainder(inspection: Inspection, shown: int) -> Iterator[str]:
    telling, undecided = inspection.telling, inspection.undecided
    if len(telling) > shown:
        yield f"{count(len(telling) - shown, 'further quantity')} tell less; --json lists them."
    rest = [finding for finding in inspection.findings if not finding.telling and finding.critical is not None]
    if rest:
        nearest = max(rest, key=lambda finding: finding.share - (finding.critical or 1.0))
        yield f"{count(len(rest), 'quantity')} tell no more than chance (nearest: {_compared(nearest)})."
    if undecided and len(undecided) < len(inspection.findings):
        yield f"For {count(len(undecided), 'quantity')} there are too few pictures to say."


def _compared(finding: Finding) -> str:
    return f"{finding.quantity.name}, {finding.share:.2f} where {finding.critical or 1.0:.2f} is needed"


def notes(inspection: Inspection) -> list[str]:
    """What the figures rest on."""
    said = [] if inspection.boxed else [WITHOUT_BOXES]
    if copies := inspection.copies:
        pair = listed(copies.example)
        said.append(
            f"{count(copies.count, 'sample')} are nearly copies ({pair}, for one) and count once with each other."
        )
    if inspection.cluster is not None:
        said.append(
            f"Pictures of one {inspection.cluster!r} are never each other's neighbours:"
            f" {count(inspection.independent, 'independent sample')} remain."
        )
    elif inspection.telling:
        said.append(
            "Frames of one film or scene would tell the label by being alike: if there are any, name their column"
            " (data.cluster) and inspect the settings file."
        )
    return said


def next_steps(inspection: Inspection) -> list[str]:
    """What to do about it, the most telling first; for nothing telling, none."""
    kinds = dict.fromkeys(finding.quantity.about for finding in inspection.telling)
    return [NEXT[about] for about in kinds]
