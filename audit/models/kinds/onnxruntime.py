"""ONNX files that are only asked, by onnxruntime: quantised networks, operators without a derivative."""

from functools import partial
from pathlib import Path

from audit.models.black_box import Answers, BlackBox
from audit.models.capabilities import ANSWERS_ALONE
from audit.models.model import Model, freeze
from audit.models.onnx_file import classifier_input, read_onnx


def onnxruntime(*, path: Path, answers: Answers) -> Model:
    """An ONNX file as it is deployed, without a gradient: interventions and maps of perturbation alone.

        [model]
        kind = "onnxruntime"
        path = "network.onnx"           # of any operators that onnxruntime runs, quantised ones among them
        answers = "probabilities"       # or "logits"

    Of probabilities the logarithm is taken. Rules that go by gradients, or by a copy with random weights, are
    INCONCLUSIVE; where the file can be converted, the kind `onnx` answers them too. Runs on the CPU.

    A file that takes a single picture is asked for one after the other.

    Raises AuditError where onnx or onnxruntime is missing, and where the file is damaged, keeps data outside its
    folder, has several inputs or outputs, or was exported for batches of several pictures.
    """
    file = read_onnx(path, "onnxruntime", partial(classifier_input, singly=True))
    box = BlackBox(path.name, file.ask, answers, file.sha256)
    return Model(
        module=freeze(box),
        classes=None,
        preprocessing=None,
        description={
            "kind": "onnxruntime",
            "name": path.stem,
            "weights": path.name,
            "file_sha256": file.sha256,
            "input": file.input.text,
            "answers": answers,
            "runtime": file.runtime,
        },
        capabilities=ANSWERS_ALONE,
        check=box.refuse_probabilities,
    )
