"""TorchScript programs, as `torch.jit.save` writes them."""

import warnings
from pathlib import Path

import torch

from audit.errors import AuditError
from audit.hashing import file_hash
from audit.models.capabilities import NO_LAYERS
from audit.models.model import Model, freeze
from audit.models.weights import check_file


def torchscript(*, path: Path) -> Model:
    """A TorchScript program, opened on the CPU.

        [model]
        kind = "torchscript"
        path = "network.pt"         # as torch.jit.save wrote it

    TorchScript is code: the file brings its own program, and the audit runs it. To name this kind in the settings is
    to say that the file is trusted. torch itself has deprecated the format in favour of `torch.export`. ReLUs inside
    a program cannot be reached, so guided backprop refuses it.

    Raises AuditError where the file is missing, empty, damaged or something else.
    """
    check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"`torch\.jit\.load` is (deprecated|not supported)")
            module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
            freeze(module)
    except Exception as error:  # a program's own attributes are rebuilt meanwhile
        raise AuditError(
            path.name,
            "is not a TorchScript program, or is truncated",
            "need a file written by torch.jit.save",
            "Weights alone go to the model kind 'torchvision' or 'factory', a torch.export program to 'exported'.",
        ) from error
    return Model(
        module=module,
        classes=None,
        preprocessing=None,
        capabilities=NO_LAYERS,
        description={
            "kind": "torchscript",
            "name": module.original_name,
            "weights": path.name,
            "file_sha256": file_hash(path),
        },
    )
