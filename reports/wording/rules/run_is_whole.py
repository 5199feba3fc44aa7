"""A run that is not whole, or a record that was altered, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from audit.phrases import count, listed
from audit.record.repeat_rows import AGAIN
from checks.table import integrity
from checks.verdict import Verdict
from reports.wording.missing import without_finding
from reports.wording.phrases import percent
from reports.wording.words import About, Words

GO_ON = "Continue the run where it stopped: saliency-audit run SETTINGS.toml --resume."
MEASURABLE = "Run the audit again on pictures that can be measured; the exclusions say what is wrong with these."
ALTERED = "Do not use this record: run the audit again, and find out who or what wrote into the file."
PIXELS_ALONE = (
    "Remove from forward what draws, counts, remembers or looks at more than the pixels; then run the audit again."
)
NEXT = {
    integrity.NETWORK_CHANGED: "Freeze the network, and run the audit again.",
    integrity.ANSWERS_DIFFER: PIXELS_ALONE,
    integrity.CLASSES_DIFFER: PIXELS_ALONE,
    integrity.MAPS_DIFFER: "Remove from forward, its derivative and the method what draws, counts or remembers; then"
    " run the audit again.",
    integrity.STOPPED: GO_ON,
    integrity.LOOK: "Run the audit on all samples, in another folder, without --limit (run.limit).",
    integrity.EXPERIMENTS_UNFINISHED: GO_ON,
    integrity.ALL_EXCLUDED: MEASURABLE,
    integrity.NO_SAMPLES: MEASURABLE,
}


def run_is_whole(verdict: Verdict, about: About) -> Words:
    """Why no verdict can rest on the record."""
    del about
    if verdict.reason == integrity.LOOK:
        question = "Was every sample of the data set audited?"
        return without_finding(question, SEEN[integrity.LOOK](verdict.details), NEXT[integrity.LOOK])
    return without_finding(
        "Did the run finish, on pictures and without changing the network, and is the record unaltered?",
        SEEN[verdict.reason](verdict.details),
        NEXT.get(verdict.reason, ALTERED),
    )


def _impossible(details: dict[str, Any]) -> str:
    """'mass of edges in 1 sample, first in number 3', or the like of an answer, a stage or a cue."""
    quantity = str(details["quantity"])
    if "samples" in details:
        of = f" of {details['source']}" if "source" in details else ""
        return f"{quantity}{of} in {count(details['samples'], 'sample')}, first in number {details['first']}"
    if "variant" in details:
        return f"{quantity} of {details['subject']} to {details['intervention']} '{details['variant']}'"
    if "randomised" in details:
        return f"{quantity} of {details['source']} with {details['randomised']} randomised"
    return f"{quantity} {details['cue']}" if "cue" in details else quantity


def _different(details: dict[str, Any]) -> str:
    asked = _asked(details)
    apart = "one is no number" if details["apart"] is None else f"log-odds up to {details['apart']:.2g} apart"
    return (
        f"Asked again {asked}, the network answered differently for {details['pictures']:,} of"
        f" {count(details['of'], 'picture')} ({apart}; tolerance: {details['tolerance']:g})."
    )


def _different_classes(details: dict[str, Any]) -> str:
    return (
        f"Asked again {_asked(details)}, the network named another class for {details['pictures']:,} of"
        f" {count(details['of'], 'picture')} (tolerance: {percent(details['tolerance'])})."
    )


def _different_maps(details: dict[str, Any]) -> str:
    apart = "one is no number" if details["apart"] is None else f"up to {details['apart']:.2g} of a map"
    return (
        f"Asked again {_asked(details)}, {details['source']} made other maps of {details['pictures']:,} of"
        f" {count(details['of'], 'picture')} ({apart}; tolerance: {details['tolerance']:g})."
    )


def _asked(details: dict[str, Any]) -> str:
    return "the same way" if details["way"] == AGAIN else "in another batch and memory layout"


def _other_rows(details: dict[str, Any]) -> str:
    table, stated, counted = (details[name] for name in ("table", "stated", "counted"))
    if stated is None:
        return f"The run did not state what it wrote into table {table}."
    if stated != counted:
        return f"The run wrote {count(stated, 'row')} into table {table}, but the record holds {counted:,}."
    return f"The rows of table {table} are not those that the run wrote."


def _all_excluded(total: int, outside: int) -> str:
    of_them = "all" if outside == total else f"{outside:,}"
    scope = f", {of_them} of them as outside the scope" if outside else ""
    return f"All {count(total, 'sample')} are excluded{scope}."


SEEN: Mapping[str, Callable[[dict[str, Any]], str]] = {
    integrity.NETWORK_CHANGED: lambda _: "The network changed during the audit.",
    integrity.STOPPED: lambda d: f"The run stopped after {d['reached']:,} of {count(d['total'], 'sample')}.",
    integrity.ALL_EXCLUDED: lambda d: _all_excluded(d["total"], d["outside_scope"]),
    integrity.LOOK: lambda d: f"A look at {d['samples']:,} of {count(d['of'], 'sample')} decides nothing.",
    integrity.NO_SAMPLES: lambda _: "The data set holds no sample.",
    integrity.EXPERIMENTS_UNFINISHED: lambda d: (
        f"The run ended without {listed(d['experiments'])}, which its settings ask for."
    ),
    integrity.SAMPLES_NOT_STATED: lambda _: "The record does not say how many samples there were.",
    integrity.OTHER_NUMBER_OF_SAMPLES: lambda d: (
        f"The data set held {d['stated']} samples, but the record counts {d['counted']:,}."
    ),
    integrity.OTHER_PICTURES: lambda _: (
        "The pictures in the record are not those that the run hashed when it finished."
    ),
    integrity.STRAY_ROWS: lambda d: (
        f"The record holds {count(d['rows'], 'row')} in table {d['table']} about samples without a picture, first"
        f" number {d['first']}."
    ),
    integrity.NOT_REPEATED: lambda d: (
        f"The record shows for {d['done']:,} of {count(d['pictures'], 'picture')} that the network was asked again."
    ),
    integrity.ANSWERS_DIFFER: _different,
    integrity.CLASSES_DIFFER: _different_classes,
    integrity.MAPS_DIFFER: _different_maps,
    integrity.OTHER_ROWS: _other_rows,
    integrity.MISSING_ROWS: lambda d: (
        f"The record lacks {count(d['rows'], 'row')} of table {d['table']} that the run promised: {d['of']}."
    ),
    integrity.IMPOSSIBLE_NUMBERS: lambda d: f"The record holds impossible numbers: {_impossible(d)}.",
}
"""What was seen, by reason."""
