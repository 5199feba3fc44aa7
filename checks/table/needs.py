"""What the rules on experiments share: what was asked, and what they say where it was not."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from checks.table.evidence import OTHER_BACKGROUND, Evidence
from checks.verdict import Finding, Outcome, Verdict
from checks.words import count, listed

Fills = Annotated[tuple[Literal["mean", "blur", "donor"], ...], Field(min_length=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Needs = Mapping[str, Sequence[str]]
"""Variants by intervention."""

ALL_FILLS: tuple[Literal["mean", "blur", "donor"], ...] = ("mean", "blur", "donor")


def for_the_object(fills: Sequence[str]) -> Needs:
    """What tells how much the object matters."""
    return {"object_removed": [name for fill in fills for name in (fill, f"{fill} elsewhere")]}


def for_the_lead(fills: Sequence[str]) -> Needs:
    """What tells the object from its surroundings."""
    return {"object_removed": list(fills), "background_replaced": [OTHER_BACKGROUND[fill] for fill in fills]}


def lacking(evidence: Evidence, needs: Needs) -> str:
    """What is needed and was not asked, as a sentence; '' where all was."""
    for intervention, variants in needs.items():
        there = evidence.variants(intervention)
        if not there:
            return f"The intervention {intervention} was not run; need its answers to {_quoted(variants)}."
        if missing := [variant for variant in variants if variant not in there]:
            return f"The intervention {intervention} left no answer to {_quoted(missing)}; need {_quoted(variants)}."
    return ""


def unjudged(evidence: Evidence, judged: NDArray[np.bool_], intervention: str) -> int:
    """Pictures predicted right that should have an answer and have none; 0 where the intervention takes a draw."""
    if evidence.experiments.get(intervention, {}).get("pictures") is not None:
        return 0
    return int((evidence.right & ~judged).sum())


def left_out(n: int) -> str:
    """For a sentence."""
    return f"; {count(n, 'picture')} predicted right left no such answer" if n else ""


def invalid(
    rule: str,
    question: str,
    sentence: str,
    next_step: str,
    missing: tuple[str, str] = ("experiment", "answers that were not asked for"),
) -> Verdict:
    """The verdict where an experiment, or what else is `missing` (subject and quantity), is not there."""
    subject, quantity = missing
    finding = Finding(
        subject=subject,
        outcome=Outcome.INVALID,
        quantity=quantity,
        value=None,
        n=0,
        sentence=sentence,
    )
    return Verdict(
        rule=rule,
        question=question,
        outcome=Outcome.INVALID,
        sentence=sentence,
        next_step=next_step,
        findings=(finding,),
    )


def run_it(needs: Needs) -> str:
    """The next step where an experiment is missing."""
    where = "experiments.interventions in the settings"
    return f"Add {listed(needs)} to {where}, with the profile's fills, and run the audit again."


def _quoted(names: Sequence[str]) -> str:
    return listed(f"'{name}'" for name in names)
