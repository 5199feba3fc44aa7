"""One rule of a profile, applied to evidence."""

from typing import Any

from audit import registry
from audit.errors import AuditError
from checks import reasons
from checks.profile import RESERVED, RULES, TRACED
from checks.table.evidence import Evidence
from checks.verdict import Details, Outcome, Verdict, worst


def apply(evidence: Evidence, rule: str) -> Verdict:
    """What a rule of the evidence's profile says, by the limits that stand there.

    A rule that cannot be evaluated is INVALID, and so is one that passes without a finding that does, or on a finding
    without an estimate, a limit, and a bound within the limit.
    """
    table = evidence.profile.rules.get(rule, {})
    stated: dict[str, Any] = {"advisory": table.get("advisory") is True}
    stated |= {key: str(table.get(key, "")) for key in ("why", *TRACED)}
    try:
        function = evidence.profile.own_rule(rule) or _registered(rule)
        given = {key: value for key, value in table.items() if key not in RESERVED}
        if "region" in registry.needs(RULES, function) and not evidence.boxed:
            details: Details = {"lacking": ["region"]}
            return Verdict(rule=rule, outcome=Outcome.INCONCLUSIVE, reason=reasons.INCAPABLE, details=details, **stated)
        verdict = function(evidence, **registry.options(function, given, rule))
        if not isinstance(verdict, Verdict):
            raise TypeError(f"it returns a {type(verdict).__name__} where a Verdict is needed")
        entering = [finding.outcome for finding in verdict.findings if not finding.advisory]
        if verdict.outcome is Outcome.PASS and worst(entering) is not Outcome.PASS:
            raise ValueError("it says PASS, but some finding does not, or there is no finding")
        if verdict.outcome is Outcome.PASS and (bare := _unfounded(verdict)):
            raise ValueError(f"it says PASS, but finding {bare!r} has no estimate with a bound within a limit")
    except Exception as error:  # noqa: BLE001 a check that breaks, of whatever cause, must end as INVALID
        details = {"error": f"{type(error).__name__}: {error}"}
        return Verdict(rule=rule, outcome=Outcome.INVALID, reason=reasons.BROKEN_RULE, details=details, **stated)
    return verdict.model_copy(update={"rule": rule, **stated})


def _unfounded(verdict: Verdict) -> str | None:
    """The key of a finding that enters a PASS by absence; None where there is none."""
    entering = (finding for finding in verdict.findings if not finding.advisory)
    return next((finding.key for finding in entering if not finding.founded), None)


def _registered(rule: str) -> registry.Function:
    """The built-in rule of that name. A record may name any module: it is not imported."""
    if registry.is_own(rule):
        raise AuditError(f"rule {rule!r}", "is not built in", "need the profile that names it", "Add --profile FILE.")
    return registry.registered(RULES, rule)
