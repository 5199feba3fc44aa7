"""What a Keras model's configuration may name: the layers and operations that hold no code of the file's own."""

from collections.abc import Iterator, Mapping
from typing import Any

from audit.errors import AuditError

MODELS = frozenset({"Functional", "Model", "Sequential"})
LAYERS = frozenset(
    (
        *("InputLayer", "Dense", "Activation", "Flatten", "Reshape", "Permute", "RepeatVector", "Identity"),
        *("Conv1D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D"),
        *("MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"),
        *("GlobalAveragePooling1D", "GlobalMaxPooling1D", "AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D"),
        *("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "RMSNormalization"),
        *("Normalization", "Rescaling", "Resizing", "CenterCrop", "ZeroPadding2D", "Cropping2D", "UpSampling2D"),
        *("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
        *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout"),
        *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"),
        *("Embedding", "Attention", "AdditiveAttention", "MultiHeadAttention"),
    )
)
OPERATIONS = frozenset(
    (
        *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative", "Power", "Sqrt", "Square", "Exp"),
        *("Mean", "Sum", "Max", "Reshape", "Transpose", "Squeeze", "ExpandDims", "GetItem", "Concatenate", "Matmul"),
        *("Relu", "Relu6", "Sigmoid", "HardSigmoid", "Silu", "HardSilu", "Gelu", "Tanh", "Softmax"),
    )
)
"""Functions of `keras.ops` in a functional model."""
OTHERS = frozenset(
    (
        *("__keras_tensor__", "DTypePolicy", "L1", "L2", "L1L2", "MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"),
        *("Zeros", "Ones", "Constant", "Identity", "IdentityInitializer", "Orthogonal", "VarianceScaling"),
        *("RandomNormal", "RandomUniform", "TruncatedNormal"),
        *("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
    )
)
"""Types, and how weights once were drawn and held in bounds."""
ALLOWED = MODELS | LAYERS | OPERATIONS | OTHERS
CODE = ("Lambda", "TFSMLayer", "function", "__lambda__", "TFOpLambda", "SlicingOpLambda", "TorchModuleWrapper")
"""Those that hold or call code."""
WAY_OUT = (
    "Where you trust the file, convert it where it was trained, model.export('model.onnx', format='onnx'), and open it"
    " as the kind 'onnx'."
)
MOST_DEEP = 200


def screen(config: Any, where: str) -> None:
    """Raises AuditError where a configuration names anything but known layers of Keras itself."""
    for entry in _named(config, where):
        name, module, registered = (entry.get(key) for key in ("class_name", "module", "registered_name"))
        settings = entry.get("config")
        layer = settings.get("name") if isinstance(settings, Mapping) else None
        called = f" (layer {str(layer)[:60]!r})" if isinstance(layer, str) else ""
        if not isinstance(name, str) or name not in ALLOWED:
            why = "which runs code" if name in CODE else "which is none of the known layers of Keras"
            raise AuditError(where, f"names {str(name)[:80]!r}{called}, {why}", "need layers of Keras itself", WAY_OUT)
        own = module is None or module == "keras" or (isinstance(module, str) and module.startswith("keras."))
        if not own or registered not in (None, name):
            seen = f"takes {name!r}{called} from {str(module if not own else registered)[:80]!r}"
            raise AuditError(where, seen, "need layers of Keras itself", WAY_OUT)


def _named(config: Any, where: str) -> Iterator[Mapping[str, Any]]:
    """Every part at any depth that names something to make."""
    waiting = [(config, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MOST_DEEP:
            raise AuditError(where, f"is nested more than {MOST_DEEP} deep", "need a configuration as Keras writes it")
        if isinstance(part, Mapping):
            if {"class_name", "module", "registered_name"} & part.keys():
                yield part
            waiting += [(value, depth + 1) for value in part.values()]
        elif isinstance(part, list):
            waiting += [(value, depth + 1) for value in part]
