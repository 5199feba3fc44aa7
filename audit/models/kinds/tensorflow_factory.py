"""Any network of TensorFlow, made by a function that the settings name."""

from typing import Any, Literal

from audit.errors import AuditError
from audit.models.capabilities import NO_LAYERS
from audit.models.model import Model, freeze
from audit.models.named_function import origin, returned_by
from audit.models.tensorflow_library import tensorflow_library
from audit.models.tensorflow_network import Program, TensorFlowNetwork, Traced


def tensorflow_factory(
    *, function: str, layout: Literal["NHWC", "NCHW"] = "NHWC", arguments: dict[str, Any] | None = None
) -> Model:
    """The network that `package.module:function` returns: a tf.Module, a Keras model on TensorFlow, any with variables.

        [model]
        kind = "tensorflow_factory"
        function = "nets:small"             # def small(...) in nets.py beside the settings file
        layout = "NHWC"                     # how the network takes pictures; or "NCHW"
        arguments = { classes = 4 }         # small(classes=4); may be left out

    What it returns is called with one batch of float32 pictures and returns logits. TensorFlow runs it, and its
    GradientTape gives the gradient. Its `variables` are weights by name, which the controls replace by random ones: the
    network belongs to the audit meanwhile. The function is called with `arguments` as keywords and runs with all
    rights: here the settings name code. A Keras model needs Keras on TensorFlow: KERAS_BACKEND=tensorflow.

    Raises AuditError where TensorFlow or the function cannot be imported, and where the function fails or returns what
    cannot be called or does not list its variables.
    """
    tf = tensorflow_library("tensorflow_factory", keras_on_torch=False)
    built = returned_by(function, arguments)
    variables = getattr(built, "variables", None)
    if not callable(built) or not isinstance(variables, list | tuple):
        raise AuditError(
            function,
            f"returns a {type(built).__name__}",
            "need what can be called and lists its variables",
            "Return a tf.Module with a __call__, a Keras model on TensorFlow, or a concrete function.",
        )
    program = Program(tf, Traced(tf, built), variables)
    return Model(
        module=freeze(TensorFlowNetwork(program, pixels_last=layout == "NHWC")),
        classes=None,
        preprocessing=None,
        description={
            "kind": "tensorflow_factory",
            **origin(function, arguments, None),
            "layout": layout,
            "library": f"tensorflow {tf.__version__}",
        },
        capabilities=NO_LAYERS,
    )
