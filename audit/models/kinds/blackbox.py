"""Any function that answers pictures: a service, another framework, a pipeline with rules in it."""

from audit.models.black_box import Answers, BlackBox
from audit.models.capabilities import Capabilities
from audit.models.model import Model, freeze
from audit.models.named_function import named_function


def blackbox(*, function: str, answers: Answers, deterministic: bool = True) -> Model:
    """A function from pictures to answers: no gradient, so interventions and maps of perturbation alone.

        [model]
        kind = "blackbox"
        function = "service:predict"    # def predict(pictures) in service.py beside the settings file
        answers = "probabilities"       # or "logits"
        deterministic = true            # false where the same pictures get answers that round otherwise

    The function gets a NumPy array (N, C, H, W) of float32, prepared as [preprocessing] says, and returns numbers
    (N, classes). It runs with all rights: here the settings name code. Of probabilities the logarithm is taken, and a
    probability of 0 counts as 1e-38. Rules that go by gradients, or by a copy with random weights, are INCONCLUSIVE.

    Raises AuditError where the function cannot be imported; later where it fails, or returns anything else.
    """
    box = BlackBox(function, named_function(function, "answers pictures"), answers)
    return Model(
        module=freeze(box),
        classes=None,
        preprocessing=None,
        description={"kind": "blackbox", "name": function, "answers": answers},
        capabilities=Capabilities(gradient=False, layers=False, deterministic=deterministic),
        check=box.refuse_probabilities,
    )
