"""TensorFlow on the CPU, beside a torch that knows nothing of it."""

import importlib
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from tempfile import TemporaryDirectory
from typing import Any

import torch

from audit.models.environment import environment
from audit.models.extras import modules_of


def tensorflow_library(kind: str, *, keras_on_torch: bool = True) -> Any:
    """The module. Raises AuditError where it cannot be imported.

    Where nobody imported it before, it is made to compute alike each time, with torch's number of threads and without
    a GPU; else its settings stay as they are, since they hold for the whole process. TensorFlow imports Keras, whose
    backend then stands. keras_on_torch: the one that the kind 'keras' takes; else the user's own.
    """
    if "tensorflow" in sys.modules:
        return modules_of(kind, "tensorflow", "tensorflow")[0]
    with suppress(ImportError):  # afterwards it would end the process: both bring an LLVM (tensorflow#124205)
        importlib.import_module("triton")
    with TemporaryDirectory() as home, environment(TF_CPP_MIN_LOG_LEVEL="2"), _backend(home, keras_on_torch):
        (tf,) = modules_of(kind, "tensorflow", "tensorflow")
    with suppress(RuntimeError):  # a context that runs already
        tf.config.set_visible_devices([], "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(torch.get_num_threads())
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.experimental.enable_op_determinism()
    return tf


def _backend(home: str, keras_on_torch: bool) -> AbstractContextManager[None]:
    if not keras_on_torch or "keras" in sys.modules:
        return nullcontext()
    return environment(KERAS_BACKEND="torch", KERAS_HOME=home)
