"""What of an audit can bear on a clause of a standard: a closed vocabulary, and how this audit stands on each of it.

The vocabulary is the names of the rules in `checks/rules/` and the keys of `FACTS`. A rule stands as its verdict does.
A fact is something that the audit states besides: it stands as PASS where it is there, as INCONCLUSIVE where it is
there without a limit, in part, or to be filled by hand, as FAIL where it speaks against, and as nothing where this
audit holds nothing of the kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.words import listed

from audit import registry
from checks.profile import RULES
from checks.table.evidence import Evidence
from checks.verdict import Judgement, Outcome
from reports.result.availability import verdict_of
from reports.result.clauses import Bearing
from reports.result.purpose import purpose
from reports.result.schema import Identity
from reports.wording.numbers import slug


@dataclass(frozen=True)
class Case:
    """What is looked at."""

    judgement: Judgement
    what: Identity
    found: Evidence


@dataclass(frozen=True)
class Stand:
    """How an audit stands on a fact."""

    outcome: Outcome | None
    said: str
    anchor: str | None


def vocabulary() -> tuple[str, ...]:
    """Every key that a clause may name, sorted."""
    return tuple(sorted({*registry.names(RULES), *FACTS}))


def bearing(key: str, case: Case) -> Bearing:
    """How the audit stands on one of the vocabulary."""
    if fact := FACTS.get(key):
        stand = fact(case)
        return Bearing(key=key, outcome=stand.outcome, said=stand.said, anchor=stand.anchor)
    verdict = verdict_of(case.judgement, key)
    if verdict is None:
        return Bearing(key=key, outcome=None, said="not judged by this profile", anchor=None)
    return Bearing(
        key=key,
        outcome=verdict.outcome,
        said=f"advisory: {verdict.outcome}" if verdict.advisory else str(verdict.outcome),
        anchor=f"check-{slug(key)}",
    )


def _identity(case: Case) -> Stand:
    hashed: dict[str, Any] = {
        "the network": case.what.model.get("state_sha256"),
        "the annotations": case.what.dataset.get("annotations"),
        "the pictures": (case.what.finished or {}).get("pictures_sha256"),
    }
    lacking = [name for name, value in hashed.items() if not value]
    if lacking:
        return Stand(Outcome.INCONCLUSIVE, f"no hash of {listed(lacking)}", "identity")
    return Stand(Outcome.PASS, "network, annotations and pictures by hash", "identity")


def _exclusions(case: Case) -> Stand:
    if not case.found.complete:
        return Stand(Outcome.INCONCLUSIVE, "the run did not reach every sample", "exclusions")
    return Stand(Outcome.PASS, "each with its reason", "exclusions")


def _limits_fixed_beforehand(case: Case) -> Stand:
    if case.judgement.fixed_beforehand:
        return Stand(Outcome.PASS, "yes", "verdict")
    return Stand(Outcome.FAIL, "no", "verdict")


def _explanation_methods(case: Case) -> Stand:
    if not case.found.methods:
        return Stand(None, "no method was used", "method")
    return Stand(Outcome.PASS, "named, with settings and sources", "method")


def _run_again(case: Case) -> Stand:
    lacking = [name for name in ("settings", "versions") if not getattr(case.what, name)]
    if lacking:
        return Stand(Outcome.INCONCLUSIVE, f"no {listed(lacking)} in the record", "again")
    return Stand(Outcome.PASS, "settings and versions are there", "again")


def _intended_use(case: Case) -> Stand:
    stated = purpose(case.what)
    lacking = [entry.title.lower() for entry in stated if not entry.text]
    if len(lacking) == len(stated):
        return Stand(None, "not stated", None)
    if lacking:
        return Stand(Outcome.INCONCLUSIVE, f"no {listed(lacking)} stated", "use")
    return Stand(Outcome.PASS, "use, domain and audience are stated", "use")


def _label_audit(case: Case) -> Stand:
    if not case.found.n:
        return Stand(None, "no picture was measured", None)
    return Stand(Outcome.INCONCLUSIVE, "made, without a limit", "labels")


def _slices(case: Case) -> Stand:
    if len(set(case.found.class_index.tolist())) < 2:
        return Stand(None, "not told apart", None)
    return Stand(Outcome.INCONCLUSIVE, "told by kind of picture, without limits", "slices")


def _robustness_noise(case: Case) -> Stand:
    if not case.found.variants("noise"):
        return Stand(None, "not measured", None)
    return Stand(Outcome.INCONCLUSIVE, "measured, without a limit", "experiments")


def _always(outcome: Outcome | None, said: str, anchor: str | None) -> Callable[[Case], Stand]:
    return lambda case: Stand(outcome, said, anchor)


FACTS: Mapping[str, Callable[[Case], Stand]] = {
    "exclusions": _exclusions,
    "explanation_methods": _explanation_methods,
    "identity": _identity,
    "intended_use": _intended_use,
    "label_audit": _label_audit,
    "limitations_stated": _always(Outcome.PASS, "stated", "limitations"),
    "limits_fixed_beforehand": _limits_fixed_beforehand,
    "report": _always(Outcome.PASS, "this page and its audit.json", "verdict"),
    "robustness_noise": _robustness_noise,
    "run_again": _run_again,
    "sign_off": _always(Outcome.INCONCLUSIVE, "to be signed by hand", "sign-off"),
    "slices": _slices,
    "training_pictures": _always(None, "not seen by an audit", None),
}
"""What bears besides rules, by its key."""
