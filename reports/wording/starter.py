"""What a data set can show before any network is asked, in sentences."""

from collections.abc import Iterator

from audit.inspection.findings import Inspection
from audit.phrases import count, listed
from audit.starter.data_facts import DataFacts
from reports.wording.inspection import headline
from reports.wording.phrases import percent
from reports.wording.preflight import WordedPreflight

LITTLE_ROOM = 0.6
"""Share of the picture that boxes cover from which on little is left to swap or to hide; it decides nothing."""
MOST_NAMED = 5
NO_COLUMNS = (
    "No column tells which pictures belong together. Where several show one scene, flight or patient, add such a"
    " column: else every bound is too narrow."
)


def fact_sentences(facts: DataFacts, place: str) -> list[str]:
    """One line each. place: what to name to `inspect`."""
    return [*_pictures(facts), *_boxes(facts), *_columns(facts), *_labels(facts, place)]


def _pictures(facts: DataFacts) -> Iterator[str]:
    if facts.missing:
        yield f"{count(facts.missing, 'sample')} of {facts.samples:,} will be excluded: their picture is not there."


def _boxes(facts: DataFacts) -> Iterator[str]:
    if not facts.box_shares:
        return
    low, middle, high = map(percent, facts.box_shares)
    drawn = f"; {count(facts.masked, 'sample')} have masks, which then are the objects" if facts.masked else ""
    yield f"Boxes cover {middle} of the picture in the median (middle half: {low} to {high}){drawn}."
    if facts.box_shares[1] >= LITTLE_ROOM:
        yield "That leaves little room outside the boxes: what is asked of the background is asked of a narrow rim."
    if facts.covering:
        most = percent(facts.most_box_share)
        yield (
            f"{facts.covering:,} of {count(facts.measured, 'sample')} cover more than {most} (max_box_share) and will"
            " be outside the scope."
        )


def _columns(facts: DataFacts) -> Iterator[str]:
    named = [f"{column.name} ({column.values:,})" for column in facts.columns]
    if not named:
        yield NO_COLUMNS
        return
    more = len(named) - MOST_NAMED
    shown = listed([*named[:MOST_NAMED], count(more, "more")] if more > 1 else named[: MOST_NAMED + 1])
    step = "If one tells which pictures belong together, set data.cluster to it."
    yield f"Columns, with how many values: {shown}. {step}"


def _labels(facts: DataFacts, place: str) -> Iterator[str]:
    if (inspection := facts.inspection) is None:
        return
    yield from _copies(inspection)
    some = "all" if inspection.samples + len(inspection.exclusions) >= facts.samples else "a look at"
    telling = [finding.quantity.name for finding in inspection.telling[:MOST_NAMED]]
    first = f" First: {listed(telling)}." if telling else ""
    yield (
        f"In {some} {count(inspection.samples, 'sample')}: {headline(inspection)}{first}"
        f" More: saliency-audit inspect {place}"
    )


def _copies(inspection: Inspection) -> Iterator[str]:
    if copies := inspection.copies:
        yield (
            f"{count(copies.count, 'sample')} of {inspection.samples:,} that were looked at are nearly copies of others"
            f" ({listed(copies.example)}, for one); copies count once."
        )


def with_clusters(column: str, preflight: WordedPreflight | None) -> list[str]:
    """What would be out of reach if `column` told which pictures belong together."""
    lost = [sentence for sentence in preflight.sentences if " cannot pass: " in sentence] if preflight else []
    more = f" Nor can {count(len(lost) - 1, 'further group')} of checks." if len(lost) > 1 else ""
    return [f"With data.cluster = {column!r}: {lost[0]}{more}"] if lost else []
