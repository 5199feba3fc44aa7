"""Which experiments left nothing, and why: asked by the page and by `audit.json`."""

from collections.abc import Mapping

from audit.phrases import count
from audit.record.record import Record
from checks.table.evidence import Evidence
from reports.result.experiments import REMOVED, REPLACED
from reports.wording.missing import the_model_lacks

NOUNS = {
    "randomisation": "control",
    "planted_cue": "control",
    "shared_cues": "search",
    "telling_regions": "search",
    "telling_object_regions": "search",
}


def not_run(record: Record, evidence: Evidence) -> Mapping[str, str]:
    """Why an experiment left nothing, as a sentence, by its name; '' where it was run. 'cells': for both halves."""
    reasons = {name: _no_answer(evidence, name) for name in (REMOVED, REPLACED, "noise")}
    reasons |= {name: _not_finished(record, evidence, name) for name in NOUNS}
    if not reasons["planted_cue"] and not (evidence.planted and evidence.planted.detectors):
        fit = evidence.planted.pictures if evidence.planted else 0
        reasons["planted_cue"] = f"Only {count(fit, 'picture')} could carry the planted mark, so no copy was made."
    if not reasons["randomisation"] and not evidence.cascade:
        reasons["randomisation"] = "The network could not be randomised layer by layer."
    reasons["cells"] = " ".join(reasons[name] for name in (REMOVED, REPLACED) if reasons[name])
    return reasons


def _no_answer(evidence: Evidence, intervention: str) -> str:
    if evidence.variants(intervention):
        return ""
    if intervention in evidence.experiments:
        return f"The experiment {intervention} was asked for, but left no answer."
    return f"The experiment {intervention} was not run: {_why_not(evidence, intervention)}."


def _not_finished(record: Record, evidence: Evidence, name: str) -> str:
    if record.has(f"done {name}"):
        return ""
    if name in evidence.experiments:
        return f"The {NOUNS[name]} {name} was asked for, but was not finished."
    return f"The {NOUNS[name]} {name} was not run: {_why_not(evidence, name)}."


def _why_not(evidence: Evidence, name: str) -> str:
    lacking = evidence.left_out.get(name)
    return the_model_lacks(lacking) if lacking else "the settings do not ask for it"
