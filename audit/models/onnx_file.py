"""ONNX files: read as data, cleaned up for conversion, and asked by onnxruntime."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from audit.errors import AuditError, first_line
from audit.files import is_regular
from audit.hashing import file_hash, sha256_of
from audit.models.extras import modules_of
from audit.models.weights import check_file
from audit.phrases import count

FLOAT = 1
"""onnx.TensorProto.FLOAT, and EXTERNAL below."""
EXTERNAL = 1
CHANNELS = (1, 3)
EXPORT = "Export the bare classifier: pictures in, one output of logits, with a variable batch dimension."

SINGLY = "Or open it as the kind onnxruntime, which asks for one picture after the other and takes no gradient."


@dataclass(frozen=True)
class Input:
    """What the network takes."""

    name: str
    shape: tuple[int | None, ...]
    """None: any size."""

    @property
    def pixels_last(self) -> bool:
        """The channels come last: (N, H, W, C)."""
        return self.shape[-1] in CHANNELS and self.shape[-3] not in CHANNELS

    @property
    def text(self) -> str:
        """'any x 3 x 224 x 224'."""
        return " x ".join("any" if size is None else str(size) for size in self.shape)


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """A file that was read, and the session of onnxruntime that answers as it is deployed."""

    proto: Any
    """onnx.ModelProto with all its data."""
    input: Input
    sha256: str
    """Of the file; of all files where it has external data."""
    session: Any
    runtime: str
    """'onnxruntime 1.32.0'."""

    def ask(self, pictures: NDArray[np.float32]) -> NDArray[Any]:
        """The file's own output for pictures (N, C, H, W), laid out as it wants them."""
        return ask(self.session, self.input, pictures)


def read_onnx(path: Path, kind: str, input_of: Callable[[Any, str], Input] | None = None) -> OnnxFile:
    """An ONNX file whose one input is pictures.

    input_of: what finds it in the file and refuses a file that is of no use, as `classifier_input`, the default.
    Raises AuditError where packages are missing, where the file is damaged, has other inputs or outputs, or keeps data
    outside its folder.
    """
    onnx, runtime = modules_of(kind, "onnx", "onnx", "onnxruntime")
    check_file(path)
    with _reading(path):
        proto = onnx.load(str(path), load_external_data=False)
    beside = sorted({_data_file(path, location) for location in _external(proto)})
    with _reading(path):
        onnx.checker.check_model(str(path))
    seen = (input_of or classifier_input)(proto, path.name)
    with _reading(path):
        if beside:
            onnx.load_external_data_for_model(proto, str(path.parent))
        session = _session(runtime, str(path))
    sha256 = file_hash(path) if not beside else sha256_of([file_hash(file) for file in (path, *beside)])
    return OnnxFile(proto, seen, sha256, session, f"onnxruntime {runtime.__version__}")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Within, libraries read the file, which fail in their own ways; it becomes an AuditError."""
    try:
        yield
    except Exception as error:
        said = first_line(error).replace(f"{path.parent}/", "")
        raise AuditError(
            path.name,
            f"cannot be read as an ONNX file ({type(error).__name__}: {said})",
            "need a complete file that onnxruntime runs",
            "Copy or export it again.",
        ) from error


def ask(session: Any, taken: Input, pictures: NDArray[np.float32]) -> NDArray[Any]:
    """The only output of a session for pictures (N, C, H, W); one after the other where it takes no more at once."""
    laid_out = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)) if taken.pixels_last else pictures
    batches = [laid_out[i : i + 1] for i in range(len(laid_out))] if taken.shape[0] == 1 else [laid_out]
    return np.concatenate([session.run(None, {taken.name: batch})[0] for batch in batches])


def session_of(kind: str, proto: Any) -> Any:
    """A session of onnxruntime for a model in memory."""
    (runtime,) = modules_of(kind, "onnx", "onnxruntime")
    return _session(runtime, proto.SerializeToString())


def _session(runtime: Any, model: str | bytes) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _external(proto: Any) -> set[str]:
    """Where the tensors lie that are not in the file itself."""
    return {
        entry.value
        for tensor in _tensors(proto)
        if tensor.data_location == EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }


def _tensors(proto: Any) -> Iterator[Any]:
    yield from _in_graph(proto.graph)
    for function in proto.functions:
        yield from _in_nodes(function.node)


def _in_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _in_nodes(graph.node)


def _in_nodes(nodes: Iterable[Any]) -> Iterator[Any]:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        if attribute.HasField("g"):
            yield from _in_graph(attribute.g)
        for graph in attribute.graphs:
            yield from _in_graph(graph)


def _data_file(path: Path, location: str) -> Path:
    folder = path.parent.resolve()
    file = (folder / location).resolve()
    if not file.is_relative_to(folder):
        raise AuditError(
            path.name,
            f"keeps data in {location!r}, outside its folder",
            "need them beside the file, or below",
            "Save it again with its data in one file beside it: onnx.save_model(..., save_as_external_data=True).",
        )
    if not is_regular(file):
        raise AuditError(path.name, f"keeps data in {location!r}, and there is no such file", "need it")
    return file


def classifier_input(proto: Any, where: str, *, singly: bool = False) -> Input:
    """The one input of a file with one output. singly: one that takes a single picture will do.

    Raises AuditError for other files, and where it takes no pictures.
    """
    inputs, outputs = ends(proto)
    if len(inputs) != 1 or len(outputs) != 1:
        names = ", ".join(entry.name for entry in inputs), ", ".join(outputs)
        seen = f"has {count(len(inputs), 'input')} ({names[0]}) and {count(len(outputs), 'output')} ({names[1]})"
        raise AuditError(where, seen, "need one of each", EXPORT)
    taken, element = shaped(inputs[0])
    if len(taken.shape) != 4 or element != FLOAT:
        seen = f"takes an input of {len(taken.shape)} dimensions, of the element type {element}"
        raise AuditError(where, seen, "need pictures (N, C, H, W) or (N, H, W, C) of float32 (type 1)", EXPORT)
    if taken.shape[0] is not None and not (singly and taken.shape[0] == 1):
        seen = f"was exported for batches of exactly {taken.shape[0]}"
        step = f"{EXPORT} {SINGLY}" if taken.shape[0] == 1 else EXPORT
        raise AuditError(where, seen, "need a batch of any size", step)
    return taken


def ends(proto: Any) -> tuple[list[Any], list[str]]:
    """What a file takes, and the names of what it returns."""
    stored = {tensor.name for tensor in proto.graph.initializer}
    inputs = [entry for entry in proto.graph.input if entry.name not in stored]
    return inputs, [entry.name for entry in proto.graph.output]


def shaped(entry: Any) -> tuple[Input, int]:
    """An entry of `ends` as input, and its element type."""
    tensor = entry.type.tensor_type
    shape = tuple(size.dim_value if size.dim_value > 0 else None for size in tensor.shape.dim)
    return Input(entry.name, shape), tensor.elem_type
