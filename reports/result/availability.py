"""Which experiments were made, and what a rule said: asked by the page and by `audit.json`."""

from collections.abc import Mapping

from checks.words import count

from audit.record.record import Record
from checks.table.evidence import Evidence
from checks.verdict import Judgement, Verdict
from reports.result.experiments import REMOVED, REPLACED

NOUNS = {"randomisation": "control", "planted_cue": "control", "shared_cues": "search"}


def not_run(record: Record, found: Evidence) -> Mapping[str, str]:
    """Why an experiment left nothing, as a sentence, by its name; '' where it was run. 'cells': for both halves."""
    told = {name: _no_answer(found, name) for name in (REMOVED, REPLACED, "noise")}
    told |= {name: _not_done(record, found, name) for name in NOUNS}
    if not told["planted_cue"] and not (found.planted and found.planted.detectors):
        fit = found.planted.pictures if found.planted else 0
        told["planted_cue"] = f"Only {count(fit, 'picture')} would do for the planted mark, so no copy was made."
    if not told["randomisation"] and not found.cascade:
        told["randomisation"] = "The network could not be randomised layer by layer."
    told["cells"] = " ".join(told[name] for name in (REMOVED, REPLACED) if told[name])
    return told


def verdict_of(judgement: Judgement, rule: str) -> Verdict | None:
    """What a rule said, where the profile names it."""
    return next((verdict for verdict in judgement.verdicts if verdict.rule == rule), None)


def _no_answer(found: Evidence, intervention: str) -> str:
    if found.variants(intervention):
        return ""
    if intervention in found.experiments:
        return f"The experiment {intervention} was asked for, but left no answer."
    return f"The experiment {intervention} was not run: the settings do not ask for it."


def _not_done(record: Record, found: Evidence, name: str) -> str:
    if record.has(f"done {name}"):
        return ""
    if name in found.experiments:
        return f"The {NOUNS[name]} {name} was asked for, but was not finished."
    return f"The {NOUNS[name]} {name} was not run: the settings do not ask for it."
