"""Programs of `torch.export`, as `torch.export.save` writes them (`.pt2`)."""

import inspect
import json
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from audit.errors import AuditError
from audit.hashing import file_hash
from audit.models.model import Model, freeze
from audit.models.weights import check_file, data_only, runs_code

PLAIN = re.compile(
    r"data/(weights|sample_inputs)/.*|data/constants/(tensor_\d+|\w+\.json|\w+\.pt)|models/\w+\.json|extra/.*|\.data/.*"
    r"|archive_format|archive_version|byteorder|version"
)
"""The members, below the archive's folder, of a program of tensors and a graph. Pickled objects and compiled libraries
have other names."""

PLAIN_BEFORE = re.compile(r"version|serialized_\w+\.(json|pt)")
"""The same for earlier releases, whose archives have no folder, and need none: later readers know them by that."""

OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims|higher_order|torchvision|quantized_decomposed)\.[\w.]+|math\.\w+|torch\.sym_\w+"
    r"|_operator\.(getitem|add|sub|mul|floordiv|truediv|mod|pow|neg|eq|ne|lt|le|gt|ge|and_|or_|not_)"
)
DOTTED = re.compile(r"[\w.]*")
SIZE = re.compile(
    r"(?:Symbol\('[a-z]+\d+'(, \w+=(True|False))*\)|[a-z]+\d+\b|(int_)?oo\b|[A-Z]\w+\b|\d[\d.]*+|[-+*/%(),<>=!&|~ ])*+"
)
HARMLESS = {
    "target": OPERATOR,
    "as_operator": OPERATOR,
    "expr_str": SIZE,
    **dict.fromkeys(("name", "parameter_name", "buffer_name", "tensor_constant_name"), DOTTED),
}
"""What torch turns into calls and expressions, by its key in the graph's JSON, and what it may look like."""


def exported(*, path: Path) -> Model:
    """A `torch.export` program whose one input is a batch of pictures of any number.

        [model]
        kind = "exported"
        path = "network.pt2"        # as torch.export.save wrote it

    `torch.export.load` is not safe by itself: torch 2.6 reads tensors with `weights_only=False`; 2.15 still does so
    for some, falls back to it for others, unpickles opaque objects and loads compiled libraries, evaluates the
    expressions for sizes, and takes any function below `torch` as an operator. Here no pickled code runs: every
    `torch.load` inside is forced to read data only, and an archive with any other member, an operator that is no
    tensor operator or a size that is no arithmetic is refused before it is opened; torch reads a copy of what passed,
    never the file. This is a screen, not a sandbox: a graph is still a program, so open those of people whom you trust.

    The mode (evaluation or training) is fixed when a program is exported; `rehearse` finds one exported in training.
    ReLUs inside a program cannot be reached, so guided backprop refuses it.

    Raises AuditError where the file is missing, empty, damaged, would run code, has another number of inputs, or was
    exported for one size of batch.
    """
    check_file(path)
    program = _load(path, _screened(path))
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
        module=freeze(_module(program)),
        classes=None,
        preprocessing=None,
        description={
            "kind": "exported",
            "name": path.stem,
            "weights": path.name,
            "file_sha256": file_hash(path),
            "input": " x ".join(str(size) if isinstance(size, int) else "any" for size in shape),
        },
    )


def _screened(path: Path) -> BytesIO:
    """The members that passed the screen, each read once, in an archive of our own making, and nothing else.

    One file can hold two archives, of which torch's reader sees one and Python's the other, so that torch must not
    read the file itself. Nor does the file name the folder, by which torch decides what is a graph.
    """
    if not zipfile.is_zipfile(path):
        raise _unreadable(path, "not an archive")
    program = BytesIO()
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(program, "w") as copy:
            for member, name in _plain(path, archive.namelist()).items():
                content = archive.read(member)
                if name.startswith("program/models/") or name == "serialized_exported_program.json":
                    _screen_graph(path, content)
                copy.writestr(name, content)
    except AuditError:
        raise
    except Exception as error:  # damaged, encrypted or oddly packed, each with its own exception
        raise _unreadable(path, str(error)) from error
    program.seek(0)
    return program


def _plain(path: Path, members: list[str]) -> dict[str, str]:
    """The members to read, and what to call them: in the folder `program`, or in none where the archive has none."""
    before = "version" in members
    root = "" if before else f"{''.join(members[:1]).partition('/')[0]}/"
    names = [name.removeprefix(root) for name in members]
    if len({name.lower() for name in names}) != len(names):
        raise _unreadable(path, "two members of one name")
    kept = {m: name for m, name in zip(members, names, strict=True) if not (before and name.startswith("extra_files/"))}
    for name in kept.values():
        if not (PLAIN_BEFORE if before else PLAIN).fullmatch(name):
            raise runs_code(path, name)
    return {member: name if before else f"program/{name}" for member, name in kept.items()}


def _screen_graph(path: Path, text: bytes) -> None:
    try:
        graph = json.loads(text.decode())
    except ValueError as error:
        raise _unreadable(path, "its graph is not JSON") from error
    for key, value in _strings(graph):
        if key in HARMLESS and not HARMLESS[key].fullmatch(value):
            raise runs_code(path, value)


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string in JSON, with the key under which it stands."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _strings(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part, key)


def _load(path: Path, archive: BytesIO) -> ExportedProgram:
    try:
        with data_only():
            return torch.export.load(archive)
    except UnpicklingError as error:
        raise runs_code(path, "a pickled object") from error
    except Exception as error:  # each release fails in its own ways on the files of others
        raise _unreadable(path, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}") from error


def _unreadable(path: Path, reason: str) -> AuditError:
    return AuditError(
        path.name,
        f"cannot be opened as a torch.export program ({reason})",
        f"need an intact file from torch.export.save of torch {torch.__version__.partition('+')[0]} or a near version",
    )


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
