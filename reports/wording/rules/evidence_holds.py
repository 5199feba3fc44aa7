"""Non-inferiority of the evidence in words."""

from checks.verdict import Verdict
from reports.wording.non_inferiority import non_inferiority
from reports.wording.phrases import points
from reports.wording.words import About, Words


def evidence_holds(verdict: Verdict, about: About) -> Words:
    """How much more often the evidence misses the object than with the baseline."""
    quantity = "misses by experiment as a share of the pictures, minus those of the baseline"
    question = "Does the evidence stay on the object as often as with the baseline?"
    return non_inferiority(verdict, about, question, quantity, _change)


def _change(loss: float) -> str:
    if not loss:
        return "The share of misses did not change"
    return f"Misses {'rose' if loss > 0 else 'fell'} by {points(abs(loss))}"
