"""Non-inferiority of the predictions in words."""

from checks.verdict import Verdict
from reports.wording.non_inferiority import non_inferiority
from reports.wording.phrases import points
from reports.wording.words import About, Words


def accuracy_holds(verdict: Verdict, about: About) -> Words:
    """How much less often the label is predicted than by the baseline."""
    quantity = "accuracy of the baseline minus that of the candidate"
    question = "Is the label predicted as often as by the baseline?"
    return non_inferiority(verdict, about, question, quantity, _change)


def _change(loss: float) -> str:
    if not loss:
        return "Accuracy did not change"
    return f"Accuracy {'fell' if loss > 0 else 'rose'} by {points(abs(loss))}"
