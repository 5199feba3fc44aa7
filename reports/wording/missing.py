"""Why a rule could not judge, in the words that several rules share."""

from collections.abc import Mapping, Sequence

from audit.phrases import count, listed
from checks import reasons
from checks.table.unanswered import NO_DONOR, NO_ROOM, NO_SURROUNDINGS, UNKNOWN
from checks.table.variants import read_variant
from checks.verdict import Finding, Verdict
from reports.wording.words import Words

SOME_ROOM = "whose boxes leave some of the frame free"
HALF_FREE = "whose boxes leave free at least half as much of the frame as they cover"
"""What hiding as much elsewhere takes."""
ANOTHER_METHOD = (
    "Use another method whose maps follow the network, such as integrated_gradients, and run the audit again."
)
NO_NUMBER = "Find out why the network yields no number for altered pictures, and run the audit again."


def missing(question: str, verdict: Verdict) -> Words:
    """The words of a verdict without a finding, whose reason is one of `SHARED`."""
    sentence, next_step = SHARED[verdict.reason]
    return without_finding(question, sentence(verdict), next_step(verdict))


def without_judged(finding: Finding) -> str:
    """The sentence where pictures predicted right that left no answer could decide (`reasons.UNJUDGED`)."""
    lost = finding.details["without_answer"]
    because, main = _because(finding)
    why = "" if main == UNKNOWN else f" ({because_of(because, main)})"
    return (
        f"{lost:,} of {count(finding.n + lost, 'right answer')} cannot be judged{why}; at worst, the rule would not"
        " pass."
    )


def step_without_judged(finding: Finding) -> str:
    """What helps there, by the commonest reason."""
    return STEPS.get(_because(finding)[1], NO_NUMBER)


def _because(finding: Finding) -> tuple[Mapping[str, int], str]:
    """Pictures by the reason why they left no answer, and the commonest one."""
    because: Mapping[str, int] = finding.details.get("unanswered_because") or {}
    return because, max(because, key=lambda reason: because[reason], default=UNKNOWN)


def because_of(because: Mapping[str, int], reason: str) -> str:
    """'380 left no room to hide as much elsewhere'."""
    return f"{because[reason]:,} {BECAUSE[reason]}"


def the_model_lacks(capabilities: Sequence[str]) -> str:
    """'the model has no gradient', 'the data have no boxes', or both."""
    of_model = [word for word in capabilities if word != REGION]
    model = f"the model {listed(LACKING.get(word, f'lacks {word}') for word in of_model)}" if of_model else ""
    return " and ".join(part for part in (model, "the data have no boxes" * (REGION in capabilities)) if part)


def without_finding(question: str, sentence: str, next_step: str) -> Words:
    """The words of a verdict without a finding."""
    return Words(question, sentence, next_step, ())


def _not_run(verdict: Verdict) -> str:
    return f"The rule needs the intervention {verdict.details['intervention']}, which was not run."


def _no_answer(verdict: Verdict) -> str:
    names = listed(f"'{name}'" for name in verdict.details["missing"])
    return f"The intervention {verdict.details['intervention']} left no answers for {names}."


def _no_number(verdict: Verdict) -> str:
    details = verdict.details
    pictures = count(details["pictures"], "picture")
    return (
        f"The network yields no number for {pictures} predicted right under {details['intervention']}"
        f" '{details['variant']}' (first: sample {details['first']})."
    )


def _unanswered(verdict: Verdict) -> str:
    details = verdict.details
    others = " or another variant" if details["others"] else ""
    return (
        f"{details['pictures']:,} of {count(details['of'], 'picture')} predicted right left no answer for"
        f" {details['intervention']} '{details['variant']}'{others} (first: sample {details['first']})."
    )


def _run_it(verdict: Verdict) -> str:
    entries = [_entry(name, variants) for name, variants in verdict.details["needed"].items()]
    return f"Have experiments.interventions in the settings hold {listed(entries)}; audit again."


def _entry(intervention: str, variants: Sequence[str]) -> str:
    """'object_removed (fills: mean and blur, each with its control elsewhere)'."""
    read = [read_variant(variant) for variant in variants]
    fills = listed(dict.fromkeys(variant.kind for variant in read))
    controls = ", each with its control elsewhere" if any(variant.elsewhere for variant in read) else ""
    return f"{intervention} (fills: {fills}{controls})" if fills else intervention


def _incapable(verdict: Verdict) -> str:
    seen = the_model_lacks(verdict.details["lacking"])
    return f"{seen[0].upper()}{seen[1:]}, which this rule needs."


def _capable(verdict: Verdict) -> str:
    if REGION in verdict.details["lacking"]:
        return "Box the objects in some of the pictures, or write a profile without this rule, and say why."
    return (
        "Open it as a kind of model that torch can look into, such as onnx for a file of onnxruntime; or write a"
        " profile without this rule, and say why."
    )


def _find_out(verdict: Verdict) -> str:
    del verdict
    return NO_NUMBER


BECAUSE = {
    NO_ROOM: "left no room to hide as much elsewhere",
    NO_DONOR: "found no background that another picture could lend",
    NO_SURROUNDINGS: "have boxes that fill the frame",
    UNKNOWN: "left no answer in the record",
}
"""Why a picture left no answer."""
STEPS = {
    NO_ROOM: f"Add pictures {HALF_FREE}.",
    NO_SURROUNDINGS: f"Add pictures {SOME_ROOM}.",
    NO_DONOR: "Add boxed pictures of other classes, or raise experiments.donors.",
}
REGION = "region"
"""What the data lack that have no boxes."""
LACKING = {"gradient": "has no gradient", "layers": "shows no layers"}
"""Capabilities that a model lacks."""
SHARED = {
    reasons.INCAPABLE: (_incapable, _capable),
    reasons.NOT_RUN: (_not_run, _run_it),
    reasons.NO_ANSWER: (_no_answer, _run_it),
    reasons.NO_NUMBER: (_no_number, _find_out),
    reasons.UNANSWERED: (_unanswered, _find_out),
}
"""Sentence and next step by reason."""
