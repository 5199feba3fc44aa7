"""SavedModel folders of TensorFlow: taken apart and screened before TensorFlow runs anything of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from audit.errors import AuditError, first_line
from audit.files import is_folder, is_regular
from audit.hashing import file_hash, sha256_of
from audit.models.extras import modules_of
from audit.models.tensorflow_operators import ALLOWED, CALLS

FLOAT = 1
"""tensorflow.DT_FLOAT."""
CHANNELS = (1, 3)
GRAPH = "saved_model.pb"
RUN_WHEN_LOADED = ("_create_resource", "_initialize", "_destroy_resource")
EXPORT = "Export the bare classifier: model.export(FOLDER), or tf.saved_model.save with one signature."
WAY_OUT = "Where you trust it, open it by the kind 'tensorflow_factory' with a function that calls tf.saved_model.load."


@dataclass(frozen=True, eq=False)
class SavedModel:
    """What a folder holds, read as data."""

    graph: bytes
    """As it was saved."""
    bare: bytes
    """Without a softmax at the end."""
    variables: Path
    signature: str
    input: str
    """The name of the only input."""
    shape: tuple[int | None, ...]
    """None: any size."""
    sha256: str
    """Of the graph and the variables."""

    @property
    def pixels_last(self) -> bool:
        """The channels come last, (N, H, W, C), as they do in TensorFlow wherever the shape does not say otherwise."""
        return not (self.shape[1] in CHANNELS and self.shape[3] not in CHANNELS)

    @property
    def ends_in_softmax(self) -> bool:
        return self.graph != self.bare

    def opened(self, tf: Any, graph: bytes) -> Any:
        """The signature of one of the graphs, as a function of TensorFlow that holds its variables."""
        with TemporaryDirectory() as folder, reading(self.variables.parent):
            (Path(folder) / GRAPH).write_bytes(graph)
            (Path(folder) / "variables").symlink_to(self.variables.resolve(), target_is_directory=True)
            loaded = tf.saved_model.load(folder)
            function = loaded.signatures[self.signature]
            function.loaded = loaded  # else its variables go
        return function


def read_saved_model(path: Path, signature: str) -> SavedModel:
    """The folder's graph, screened: arithmetic of tensors alone, one batch of pictures in, one output.

    Raises AuditError where it is no SavedModel of TensorFlow 2, is damaged, or may do more than compute.
    """
    (messages,) = modules_of("tensorflow", "tensorflow", "tensorflow.core.protobuf.saved_model_pb2")
    if not is_folder(path) or not is_regular(path / GRAPH):
        raise AuditError(path.name, f"is no folder with a {GRAPH}", "need the folder of a SavedModel", EXPORT)
    parsed = messages.SavedModel()
    graph = (path / GRAPH).read_bytes()
    with reading(path):
        parsed.ParseFromString(graph)
        (meta,) = _of_tensorflow_2(parsed.meta_graphs, path.name)
        functions = {function.signature.name: function for function in meta.graph_def.library.function}
        name = _function_of(meta, signature, path.name)
        _screen(meta, functions, name, path.name)
        given, shape = _input(meta.signature_def[signature], path.name)
        cut = _without_softmax(functions, name, 0)
    files = sorted(file for file in (path / "variables").glob("*") if is_regular(file))
    sha256 = sha256_of([[file.name, file_hash(file)] for file in (path / GRAPH, *files)])
    bare = parsed.SerializeToString() if cut else graph
    return SavedModel(graph, bare, path / "variables", signature, given, shape, sha256)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within, TensorFlow reads the folder, which fails in its own ways; it becomes an AuditError."""
    try:
        yield
    except AuditError:
        raise
    except Exception as error:
        said = first_line(error)[:120]
        raise AuditError(
            path.name,
            f"cannot be read as a SavedModel ({type(error).__name__}: {said})",
            "need a complete folder",
            "Copy or export it again.",
        ) from error


def _of_tensorflow_2(graphs: Sequence[Any], where: str) -> Sequence[Any]:
    if len(graphs) != 1 or not graphs[0].object_graph_def.nodes:
        seen = f"holds {len(graphs)} graphs" if len(graphs) != 1 else "was saved by TensorFlow 1"
        step = f"Convert it: python -m tf2onnx.convert --saved-model {where}; and open that as the kind 'onnx'."
        raise AuditError(where, seen, "need one graph of TensorFlow 2", step)
    return graphs


def _function_of(meta: Any, signature: str, where: str) -> str:
    """The name of the function behind a signature."""
    nodes = meta.object_graph_def.nodes
    signatures = {
        child.local_name: nodes[child.node_id].bare_concrete_function.concrete_function_name
        for root in nodes[0].children
        if root.local_name == "signatures"
        for child in nodes[root.node_id].children
    }
    if signature not in signatures or signature not in meta.signature_def:
        known = ", ".join(map(repr, sorted(signatures))) or "none"
        raise AuditError(where, f"has no signature {signature!r}, but {known}", "need one of them", EXPORT)
    return str(signatures[signature])


def _screen(meta: Any, functions: Mapping[str, Any], name: str, where: str) -> None:
    """Raises AuditError where what runs when the folder is loaded, asked or differentiated may do more than compute."""
    nodes, library = meta.object_graph_def.nodes, meta.graph_def.library
    at_load = [
        function
        for node in nodes
        for child in node.children
        if child.local_name in RUN_WHEN_LOADED
        for function in (
            *nodes[child.node_id].function.concrete_functions,
            nodes[child.node_id].bare_concrete_function.concrete_function_name,
        )
        if function
    ]
    derivatives = [entry.gradient_func for entry in (*library.gradient, *library.registered_gradients)]
    waiting, seen = [name, *at_load, *derivatives], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in functions:
            raise AuditError(where, f"calls a function {name[:80]!r} that it does not hold", "need it", EXPORT)
        for node in functions[name].node_def:
            if node.op not in ALLOWED and node.op not in functions:
                seen_as = f"holds the operator {node.op[:80]!r}"
                raise AuditError(where, seen_as, "need arithmetic of tensors alone, because it is code", WAY_OUT)
            waiting += [node.op] if node.op in functions else _called(node)
        waiting += _called(functions[name])


def _called(holder: Any) -> list[str]:
    """The functions that the attributes of a node or function name."""
    given = holder.attr.values()
    listed = [function.name for value in given for function in value.list.func]
    stated = [
        holder.attr[key].s.decode() for key in ("forward_function_name", "backward_function_name") if key in holder.attr
    ]
    return [value.func.name for value in given if value.HasField("func")] + listed + stated


def _input(signature: Any, where: str) -> tuple[str, tuple[int | None, ...]]:
    """The name and the shape of the only input."""
    if len(signature.inputs) != 1 or len(signature.outputs) != 1:
        names = ", ".join(sorted(signature.inputs)), ", ".join(sorted(signature.outputs))
        seen = f"has {len(signature.inputs)} inputs ({names[0]}) and {len(signature.outputs)} outputs ({names[1]})"
        raise AuditError(where, seen, "need one of each", EXPORT)
    ((name, given),) = signature.inputs.items()
    shape = tuple(size.size if size.size >= 0 else None for size in given.tensor_shape.dim)
    if len(shape) != 4 or given.dtype != FLOAT:
        seen = f"takes an input of {len(shape)} dimensions, of the type {given.dtype}"
        raise AuditError(where, seen, "need pictures (N, H, W, C) or (N, C, H, W) of float32 (type 1)", EXPORT)
    if shape[0] is not None:
        raise AuditError(where, f"was exported for batches of exactly {shape[0]}", "need a batch of any size", EXPORT)
    return name, shape


def _without_softmax(functions: Mapping[str, Any], name: str, output: int) -> bool:
    """Turn a softmax that makes an output of the function into an identity; whether there was one."""
    function = functions[name]
    nodes = {node.name: node for node in function.node_def}
    made = function.ret[function.signature.output_arg[output].name]
    while (node := nodes.pop(made.partition(":")[0], None)) is not None and node.op == "Identity":  # none twice
        made = node.input[0]
    if node is not None and (node.op in functions or node.op in CALLS) and "f" in node.attr:
        return _without_softmax(functions, node.attr["f"].func.name, int(made.rpartition(":")[2]))
    if node is None or node.op != "Softmax":
        return False
    node.op = "Identity"
    before, after = f"{node.name}:softmax:0", f"{node.name}:output:0"
    for user in function.node_def:
        user.input[:] = [after if given == before else given for given in user.input]
    for key, value in function.ret.items():
        function.ret[key] = after if value == before else value
    return True
