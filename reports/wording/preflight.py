"""What data can answer, in words, before the first picture is loaded."""

from collections.abc import Callable, Iterator, Mapping

from audit.phrases import count, listed
from checks.demand import CAPABILITY, CLASSES, EXPERIMENT, LENDERS, PREDICTED_RIGHT, VARIANTS, Demand
from checks.preflight import COLUMN, Preflight, Question
from checks.rules.evidence_is_complete import DISTINCT, SAMPLES_LEFT
from checks.rules.forbidden_pixels_are_ignored import WITH_FORBIDDEN
from checks.rules.methods_agree import METHODS
from checks.rules.no_shared_hotspot import IN_CLASSES
from checks.table.domain import DOMAIN_CELLS
from checks.verdict import Details
from reports.wording.domain import named_cells
from reports.wording.missing import REGION, the_model_lacks
from reports.wording.phrases import share_at_limit

ALL = "Every check that decides can pass on this data, if every answer is right."
NO_PASS = "So this audit cannot end as PASS, however the network answers."
NO_SAMPLE = "No sample is left to audit."
MOST_SLICES = 3
"""Slices that a sentence names."""
MOST_LINES = 14
"""Checks that an error lists."""
NOUNS = {DISTINCT: "distinct picture", CLASSES: "class", METHODS: "method"}
SUFFIXES = {PREDICTED_RIGHT: " predicted right", WITH_FORBIDDEN: " with forbidden pixels"}


class WordedPreflight(Preflight):
    """What the data can answer, in fields and in words."""

    sentences: tuple[str, ...]


def worded_preflight(preflight: Preflight, first: str = "") -> WordedPreflight:
    """The pre-flight with its sentences: what is there, what cannot be answered, and what follows.

    first: what is wrong with the first sample that is left out, said where none is left.
    """
    fields = {name: getattr(preflight, name) for name in Preflight.model_fields}
    example = (f"The first that is left out: {first}",) if first and not preflight.samples else ()
    return WordedPreflight(**fields, sentences=(_data(preflight), *_answers(preflight), *example))


def worded_look(preflight: WordedPreflight, samples: int, available: int) -> WordedPreflight:
    """The same of a look at some of the samples, which can answer nothing."""
    look = f"This is a look at {samples:,} of {count(available, 'sample')}: it decides nothing."
    return preflight.model_copy(update={"sentences": (preflight.sentences[0], look)})


def hopeless(preflight: Preflight) -> str:
    """What is seen where nothing that decides can be answered: a line for each rule, as far as a screen holds them."""
    if not preflight.samples:
        return f"no sample is left to audit; {_left_out(preflight, '')}"
    lines = [f"{rule}: {reason}" for rule, reason in _reasons(preflight)]
    if is_cut(preflight):
        more = count(len(lines) - MOST_LINES, "further check")
        lines = [*lines[:MOST_LINES], f"and {more}; the list above this error holds all of them"]
    listing = "".join(f"\n- {line}" for line in lines)
    seen = f"no check of the profile {preflight.profile} can pass, even if every answer is right"
    return f"{seen}:{listing}\nSo this data can answer nothing."


def is_cut(preflight: Preflight) -> bool:
    """There are more reasons than `hopeless` lists."""
    return len([*_reasons(preflight)]) > MOST_LINES


def _data(preflight: Preflight) -> str:
    sizes = preflight.classes.values()
    each = f" ({_range(min(sizes), max(sizes))} each)" if sizes else ""
    clusters = f", {preflight.cluster}: {preflight.clusters:,}" if preflight.clusters is not None else ""
    return (
        f"{count(preflight.samples, 'sample')} of {count(len(preflight.classes), 'class')}{each} in"
        f" {count(preflight.pictures, 'picture')}{clusters}; {_left_out(preflight, ' so far')}."
    )


def _left_out(preflight: Preflight, so_far: str) -> str:
    """'1 excluded: broken box (1); 33 outside the scope: box covers the frame (33)', the latter where there are any."""
    excluded = f"{preflight.excluded:,} excluded{so_far}{_reasons_of(preflight.exclusions)}"
    outside = sum(preflight.outside_scope.values())
    return f"{excluded}; {outside:,} outside the scope{_reasons_of(preflight.outside_scope)}" if outside else excluded


def _reasons_of(counts: Mapping[str, int]) -> str:
    reasons = listed(f"{reason} ({number:,})" for reason, number in counts.items())
    return f": {reasons}" if reasons else ""


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _answers(preflight: Preflight) -> Iterator[str]:
    if not preflight.samples:
        yield NO_SAMPLE
        return
    if preflight.splits:
        mixed = listed(f"{split} ({number:,})" for split, number in preflight.splits.items())
        yield f"These samples mix the splits {mixed}: audit those that were not trained on (format yolo: data.split)."
    if preflight.missing_columns:
        yield (
            f"The profile {preflight.profile} requires slices by {listed(preflight.columns)}; the data lacks"
            f" {listed(preflight.missing_columns)}, so these checks will be INVALID."
        )
    reasons, boxless = [*_reasons(preflight)], _demanded({"lacking": [REGION]})
    by_reason: dict[str, list[str]] = {}
    for rule, reason in reasons:
        by_reason.setdefault(reason, []).append(rule)
    yield from (f"{listed(rules)} cannot pass: {why}." for why, rules in by_reason.items() if why != boxless)
    yield from _without_boxes(preflight, [rule for rule, reason in reasons if reason == boxless])
    yield NO_PASS if preflight.out_of_reach else ALL


def _without_boxes(preflight: Preflight, out: list[str]) -> Iterator[str]:
    """What data without boxes cannot answer, and what they can. out: the rules that decide and ask for boxes."""
    if out:
        yield (
            f"The data have no boxes, so what asks for the object or its surroundings is INCONCLUSIVE: {listed(out)}."
        )
        without = [question.rule for question in preflight.questions if _asks_no_box(question)]
        yield f"What can be asked without boxes: {listed(without)}."


def _asks_no_box(question: Question) -> bool:
    return not any(REGION in demand.details.get("lacking", ()) for demand in question.demands)


def _reasons(preflight: Preflight) -> Iterator[tuple[str, str]]:
    """Each rule that is out of reach, with the reason; its verdicts on slices stand with it."""
    by_rule: dict[str, list[Question]] = {}
    for question in preflight.out_of_reach:
        if not any(demand.key == COLUMN for demand in question.demands):
            by_rule.setdefault(question.rule.partition("[")[0], []).append(question)
    for rule, questions in by_rule.items():
        unmet = [demand for question in questions for demand in question.unmet]
        whole = [_demand(demand, preflight) for demand in unmet if "slice" not in demand.details]
        sliced = [demand for demand in unmet if "slice" in demand.details]
        columns = list(dict.fromkeys(_column(demand) for demand in sliced))
        if whole:
            yield rule, "; ".join([*whole, *([f"nor can slices by {listed(columns)}"] if columns else [])])
        else:
            yield f"{rule}[{', '.join(columns)}]", _slices(sliced, preflight)


def _column(demand: Demand) -> str:
    return str(demand.details["slice"]).partition(": ")[0]


def _slices(demands: list[Demand], preflight: Preflight) -> str:
    """Of each slice the demand that takes most."""
    by_slice: dict[str, Demand] = {}
    for demand in sorted(demands, key=lambda one: -1 if one.needed is None else -one.needed):
        by_slice.setdefault(str(demand.details["slice"]), demand)
    named = [f"{name} ({_demand(demand, preflight)})" for name, demand in sorted(by_slice.items())[:MOST_SLICES]]
    more = len(by_slice) - len(named)
    return listed([*named, f"{count(more, 'further slice')}"] if more else named)


def _demand(demand: Demand, preflight: Preflight) -> str:
    details = demand.details
    if demand.key in NOT_ASKED:
        return NOT_ASKED[demand.key](details)
    if demand.key == LENDERS:
        lend = f"{count(demand.have, _noun(demand, preflight))} can lend backgrounds (experiments.donors) at most"
        return f"{lend}; it takes {_in_all(demand)}"
    if demand.key == SAMPLES_LEFT:
        excluded = details["samples"] - demand.have
        return f"{excluded:,} of {count(details['samples'], 'sample')} in scope are excluded already"
    if demand.key == IN_CLASSES:
        return (
            f"{details['searched']} of {count(details['classes'], 'class')} have {details['fewest']} pictures, and such"
            f" classes must hold {share_at_limit(details['min_searched'])} of all; that takes"
            f" {count(demand.needed or 0, 'picture')} in all"
        )
    there, verb = count(demand.have, _noun(demand, preflight)), "is" if demand.have == 1 else "are"
    which = "" if demand.by_cluster else SUFFIXES.get(demand.key, "")
    return f"there {verb} {there}{which} at most; it takes {_in_all(demand)}"


def _demanded(details: Details) -> str:
    return f"{the_model_lacks(details['lacking'])}, which it needs"


def _variants(details: Details) -> str:
    left_out = listed(f"'{variant}'" for variant in details["missing"])
    return f"it needs {left_out} of the experiment {details['name']}, which the settings leave out"


NOT_ASKED: Mapping[str, Callable[[Details], str]] = {
    EXPERIMENT: lambda details: f"it needs the experiment {details['name']}, which the settings do not ask for",
    CAPABILITY: _demanded,
    DOMAIN_CELLS: lambda details: f"no picture lies in {named_cells(details['empty'])} of '{details['parameter']}'",
    VARIANTS: _variants,
}
"""By key of the demand, what the run will not ask, or the data do not hold."""


def _noun(demand: Demand, preflight: Preflight) -> str:
    return preflight.cluster.replace("_", " ") if demand.by_cluster else NOUNS.get(demand.key, "picture")


def _in_all(demand: Demand) -> str:
    return "more than any number" if demand.needed is None else f"{demand.needed:,} in all"
