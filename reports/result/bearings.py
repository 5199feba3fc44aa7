"""What of an audit can bear on a clause of a standard: a closed vocabulary, and how this audit stands on each of it.

The vocabulary is the names of the rules in `checks/rules/` and the keys of `FACTS`. A rule stands as its verdict does.
A fact is something that the audit states besides: it stands as PASS where this run carries it, as INCONCLUSIVE where it
is there without a limit, in part, or to be filled by hand, as FAIL where it speaks against, and as nothing where this
audit holds nothing of the kind. What every report says is never PASS: nothing constant supports a clause.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from audit import registry
from audit.phrases import count, listed
from checks.profile import RESERVED, RULES, built_in
from checks.table.evidence import Evidence
from checks.table.training import LOOK_TRAINED_ON, TRAINED_ON
from checks.verdict import Judgement, Outcome, Profile, worst
from reports.result.clauses import Bearing
from reports.result.domain import domain_coverage
from reports.result.earlier_runs import EarlierRuns, in_words
from reports.result.purpose import purpose
from reports.result.schema import Identity
from reports.wording.numbers import slug


@dataclass(frozen=True)
class Case:
    """What is looked at."""

    judgement: Judgement
    what: Identity
    evidence: Evidence
    earlier: EarlierRuns | None = None
    """That the ledger lists; None where none is kept."""


@dataclass(frozen=True)
class Standing:
    """How an audit stands on a fact."""

    outcome: Outcome | None
    summary: str
    anchor: str | None


def vocabulary() -> tuple[str, ...]:
    """Every key that a clause may name, sorted."""
    return tuple(sorted({*registry.names(RULES), *FACTS}))


def bearing(key: str, case: Case) -> Bearing:
    """How the audit stands on one of the vocabulary."""
    if fact := FACTS.get(key):
        standing = fact(case)
        return Bearing(key=key, outcome=standing.outcome, summary=standing.summary, anchor=standing.anchor)
    verdict = case.judgement.verdict(key)
    if verdict is None:
        return Bearing(key=key, outcome=None, summary="not judged by this profile", anchor=None)
    return Bearing(
        key=key,
        outcome=verdict.outcome,
        summary=f"advisory: {verdict.outcome}" if verdict.advisory else str(verdict.outcome),
        anchor=f"check-{slug(key)}",
    )


def _identity(case: Case) -> Standing:
    hashed: dict[str, Any] = {
        "the network": case.what.model.get("state_sha256"),
        "the annotations": case.what.dataset.get("annotations"),
        "the pictures": (case.what.finished or {}).get("pictures_sha256"),
    }
    lacking = [name for name, value in hashed.items() if not value]
    if lacking:
        return Standing(Outcome.INCONCLUSIVE, f"no hash of {listed(lacking)}", "identity")
    return Standing(Outcome.PASS, "network, annotations and pictures by hash", "identity")


def _exclusions(case: Case) -> Standing:
    if not case.evidence.complete:
        return Standing(Outcome.INCONCLUSIVE, "the run did not reach every sample", "exclusions")
    return Standing(Outcome.PASS, "each with its reason", "exclusions")


def _limits_fixed_beforehand(case: Case) -> Standing:
    if case.judgement.fixed_beforehand:
        return Standing(Outcome.PASS, f"for this run. {in_words(case.earlier)}", "verdict")
    return Standing(Outcome.FAIL, "no", "verdict")


def _explanation_methods(case: Case) -> Standing:
    if not case.evidence.methods:
        return Standing(None, "no method was used", "method")
    return Standing(Outcome.PASS, "named, with settings and sources", "method")


def _run_again(case: Case) -> Standing:
    lacking = [name for name in ("settings", "versions") if not getattr(case.what, name)]
    if lacking:
        return Standing(Outcome.INCONCLUSIVE, f"no {listed(lacking)} in the record", "again")
    return Standing(Outcome.PASS, "settings and versions are there", "again")


def _intended_use(case: Case) -> Standing:
    stated = purpose(case.what)
    lacking = [entry.title.lower() for entry in stated if not entry.text]
    if len(lacking) == len(stated):
        return Standing(None, "not stated", None)
    if lacking:
        return Standing(Outcome.INCONCLUSIVE, f"no {listed(lacking)} stated", "use")
    return Standing(Outcome.PASS, "use, domain and audience are stated", "use")


def _audience(case: Case) -> Standing:
    stated = {entry.key: entry.text for entry in purpose(case.what)}
    if not stated["audience"]:
        return Standing(None, "not stated", None)
    return Standing(Outcome.INCONCLUSIVE, "stated; whether nobody is missing is for its owner to say", "use")


def _limits_for_the_use(case: Case) -> Standing:
    """The shipped profiles are starting points; a limit that was set for a use names the requirement behind it."""
    profile = case.judgement.profile
    if name := _shipped().get(_numbers(profile)):
        return Standing(Outcome.INCONCLUSIVE, f"those of the profile {name}, which is a starting point", "requirements")
    deciding = [v for v in case.judgement.verdicts if not v.advisory and v.judged_rule in profile.rules]
    unnamed = sum(not verdict.requirement for verdict in deciding)
    if unnamed or not deciding:
        lacking = f"{unnamed} of {len(deciding)} checks name no requirement"
        return Standing(Outcome.INCONCLUSIVE, lacking if deciding else "no check decides", "requirements")
    return Standing(Outcome.PASS, "set by the owner, each for a requirement", "requirements")


@cache
def _shipped() -> dict[str, str]:
    """The shipped profiles by their numbers."""
    return {_numbers(profile): profile.name for profile in built_in()}


def _numbers(profile: Profile) -> str:
    """The limits without their texts, as canonical text."""
    rules = {
        rule: {key: value for key, value in table.items() if key not in RESERVED or key == "advisory"}
        for rule, table in profile.rules.items()
    }
    return json.dumps([profile.confidence, rules], sort_keys=True)


def _domain_stated(case: Case) -> Standing:
    domain = case.judgement.profile.domain
    if not domain:
        return Standing(None, "no parameters are stated", None)
    untraced = sum(not parameter.source for parameter in domain)
    if untraced:
        seen = f"{untraced} of {len(domain)} parameters name no source"
        return Standing(Outcome.INCONCLUSIVE, seen, "domain")
    return Standing(Outcome.PASS, f"{count(len(domain), 'parameter')}, each with its source", "domain")


def _domain_covered(case: Case) -> Standing:
    coverage = domain_coverage(case.evidence)
    if coverage is None:
        return Standing(None, "no parameters are stated", None)
    if coverage.covered:
        return Standing(Outcome.PASS, "every cell of every parameter holds pictures", "domain")
    lacking = [f"{count(coverage.empty, 'cell')} without a picture"] if coverage.empty else []
    lacking += [f"{count(coverage.outside, 'picture')} outside"] if coverage.outside else []
    return Standing(Outcome.INCONCLUSIVE, listed(lacking), "domain")


def _label_audit(case: Case) -> Standing:
    if not case.evidence.n:
        return Standing(None, "no picture was measured", None)
    return Standing(Outcome.INCONCLUSIVE, "made, without a limit", "labels")


def _slices(case: Case) -> Standing:
    if required := [verdict for verdict in case.judgement.verdicts if verdict.column is not None]:
        outcome = worst(verdict.outcome for verdict in required)
        return Standing(outcome, f"required by the profile: {outcome}", "slices")
    if len(set(case.evidence.class_index.tolist())) < 2:
        return Standing(None, "all pictures are of one class", None)
    return Standing(Outcome.INCONCLUSIVE, "shown by slice, without limits", "slices")


def _robustness_noise(case: Case) -> Standing:
    if not case.evidence.variants("noise"):
        return Standing(None, "not measured", None)
    return Standing(Outcome.INCONCLUSIVE, "measured, without a limit", "experiments")


def _training_pictures(case: Case) -> Standing:
    """Whether the audited pictures are apart from those of a list, as far as a list was given."""
    verdict = case.judgement.verdict("evidence_is_complete")
    of = {finding.quantity: finding for finding in (verdict.findings if verdict else ())}
    if (same := of.get(TRAINED_ON)) is None:
        return Standing(None, "not checked: no list of them was given", None)
    copies, listed = same.details["copies"], count(same.details["listed"], "picture")
    anchor = f"check-{slug('evidence_is_complete')}"
    if same.outcome is not Outcome.PASS:
        return Standing(Outcome.FAIL, f"{copies:,} of the {listed} listed are audited", anchor)
    similar, unread = of[LOOK_TRAINED_ON].details["copies"], same.details["unread"]
    if copies or similar or unread:
        seen = f"{copies:,} audited, {similar:,} with similar ones, {unread:,} unread, of the {listed} listed"
        return Standing(Outcome.INCONCLUSIVE, seen, anchor)
    return Standing(Outcome.PASS, f"none of the {listed} listed is audited", anchor)


Unproven = Literal[Outcome.INCONCLUSIVE] | None


def _always(outcome: Unproven, summary: str, anchor: str | None) -> Callable[[Case], Standing]:
    return lambda case: Standing(outcome, summary, anchor)


FACTS: Mapping[str, Callable[[Case], Standing]] = {
    "audience": _audience,
    "bias_and_variance": _always(None, "not measured: they show over several trainings", None),
    "domain_covered": _domain_covered,
    "domain_stated": _domain_stated,
    "exclusions": _exclusions,
    "generalisation_bounds": _always(None, "not measured: the accuracy on the training pictures is unknown", None),
    "explanation_methods": _explanation_methods,
    "identity": _identity,
    "intended_use": _intended_use,
    "label_audit": _label_audit,
    "limitations_stated": _always(Outcome.INCONCLUSIVE, "stated, as in every report", "limitations"),
    "limits_fixed_beforehand": _limits_fixed_beforehand,
    "limits_for_the_use": _limits_for_the_use,
    "report": _always(Outcome.INCONCLUSIVE, "this page and its audit.json, as for every run", "verdict"),
    "robustness_noise": _robustness_noise,
    "run_again": _run_again,
    "sign_off": _always(Outcome.INCONCLUSIVE, "to be signed by hand", "sign-off"),
    "slices": _slices,
    "training_pictures": _training_pictures,
}
"""What bears besides rules, by its key."""
