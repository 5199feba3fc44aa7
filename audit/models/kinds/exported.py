"""Programs of `torch.export`, as `torch.export.save` writes them (`.pt2`)."""

import inspect
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from audit.errors import AuditError
from audit.hashing import file_hash
from audit.models.capabilities import ALL, NO_LAYERS
from audit.models.model import Model, freeze
from audit.models.program_archive import harmless_copy, not_allowed, unreadable
from audit.models.program_layers import with_layers
from audit.models.weights import check_file, data_only


def exported(*, path: Path) -> Model:
    """A `torch.export` program whose one input is a batch of pictures of any number.

        [model]
        kind = "exported"
        path = "network.pt2"        # as torch.export.save wrote it

    `torch.export.load` is not safe by itself: it unpickles objects and loads compiled libraries, evaluates the
    expressions for sizes, writes names into Python source, imports what a tree of arguments names, and takes any
    function below `torch` as an operator. Here the archive is taken apart first: every member, key and value is one of
    the known (tensors, sizes, names, torch's own operators) or the file is refused, and torch reads a copy that was
    rebuilt from these, never the file. This is a screen, not a sandbox: a graph is still a program, which can ask for
    any time and memory, so open those of people whom you trust.

    The mode (evaluation or training) is fixed when a program is exported; `rehearse` finds one exported in training.
    Guided backprop and Grad-CAM work on its operators, see `audit.models.program_layers`: Grad-CAM's `layer` is an
    operator's name in the program, as 'relu_3'.

    Raises AuditError where the file is missing, empty, damaged, holds what is not known to be harmless, grows when it
    is read, has another number of inputs, or was exported for one size of batch.
    """
    check_file(path)
    program, module = _load(path)
    shape = _input_shape(program, path.name)
    if isinstance(shape[0], int):
        raise AuditError(
            path.name,
            f"was exported for batches of exactly {shape[0]}",
            "need a batch of any size",
            "Export it again: torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim('batch')},)) "
            "with an x of two pictures.",
        )
    return Model(
        module=freeze(module),
        classes=None,
        preprocessing=None,
        capabilities=ALL if with_layers(module) else NO_LAYERS,
        description={
            "kind": "exported",
            "name": path.stem,
            "weights": path.name,
            "file_sha256": file_hash(path),
            "input": " x ".join(str(size) if isinstance(size, int) else "any" for size in shape),
        },
    )


def _load(path: Path) -> tuple[ExportedProgram, nn.Module]:
    archive = harmless_copy(path)
    try:
        with data_only():
            program = torch.export.load(archive)
            return program, _module(program)
    except UnpicklingError as error:
        raise not_allowed(path, "a pickled object") from error
    except Exception as error:  # each release fails in its own ways on the files of others
        raise unreadable(path, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}") from error


def _input_shape(program: ExportedProgram, where: str) -> tuple[int | torch.SymInt, ...]:
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    inputs = [values.get(str(name)) for name in program.graph_signature.user_inputs]
    if len(inputs) != 1 or not isinstance(inputs[0], Tensor) or inputs[0].ndim != 4:
        raise AuditError(where, f"takes {len(inputs)} inputs", "need one batch of pictures (N, C, H, W)")
    return tuple(inputs[0].shape)


def _module(program: ExportedProgram) -> nn.Module:
    # The guards of later releases are source code from the file; without them the program still checks its input.
    later = "check_guards" in inspect.signature(program.module).parameters
    return program.module(check_guards=False) if later else program.module()
