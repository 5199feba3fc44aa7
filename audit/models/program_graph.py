"""What the JSON of a `torch.export` program may hold, key by key, after torch/_export/serde/schema.py.

What an audit does not need (stack traces, guards, example calls, the calls of submodules) is left out, so that torch
never sees it; what is left is either known or refused.
"""

import json
from typing import Any

from audit.models.program_operators import operator
from audit.models.program_values import (
    NotAllowed,
    Rule,
    boolean,
    constant,
    dropped,
    identifier,
    integer,
    list_of,
    matching,
    maybe,
    natural,
    number,
    one_of,
    record,
    state_name,
    table_of,
    text,
)
from audit.models.size_expression import size_expression, symbol

ENUM = constant(*range(64))
"""Types, layouts and memory formats are numbers, and torch knows which; no new one can run anything."""

DEVICE = record({"type": constant("cpu", "cuda"), "index": maybe(natural)})
HINT = maybe(one_of({"as_int": integer, "as_bool": boolean, "as_float": number}))
EXPRESSION = record({"expr_str": size_expression}, {"hint": HINT})
SIZE = one_of({"as_expr": EXPRESSION, "as_int": integer})
SIZE_ARGUMENT = one_of({"as_name": identifier, "as_int": integer})
FLOAT_ARGUMENT = one_of({"as_name": identifier, "as_float": number})
TRUTH_ARGUMENT = one_of({"as_name": identifier, "as_bool": boolean})
NAMED = record({"name": identifier})


def tensor_meta(size: Rule) -> Rule:
    return record(
        {
            "dtype": ENUM,
            "sizes": list_of(size),
            "requires_grad": boolean,
            "device": DEVICE,
            "strides": list_of(size),
            "storage_offset": size,
            "layout": constant(7),
        }
    )


def graph(value: Any) -> dict[str, Any]:
    """A graph, or one inside another."""
    return GRAPH(value)  # type: ignore[no-any-return]


ARGUMENT = one_of(
    {
        "as_none": boolean,
        "as_tensor": NAMED,
        "as_tensors": list_of(NAMED),
        "as_int": integer,
        "as_ints": list_of(integer),
        "as_float": number,
        "as_floats": list_of(number),
        "as_string": text,
        "as_sym_int": SIZE_ARGUMENT,
        "as_sym_ints": list_of(SIZE_ARGUMENT),
        "as_scalar_type": ENUM,
        "as_memory_format": ENUM,
        "as_layout": ENUM,
        "as_device": DEVICE,
        "as_bool": boolean,
        "as_bools": list_of(boolean),
        "as_sym_bool": TRUTH_ARGUMENT,
        "as_sym_bools": list_of(TRUTH_ARGUMENT),
        "as_sym_float": FLOAT_ARGUMENT,
        "as_sym_floats": list_of(FLOAT_ARGUMENT),
        "as_graph": record({"name": identifier, "graph": graph}),
        "as_optional_tensors": list_of(one_of({"as_tensor": NAMED, "as_none": boolean})),
        "as_optional_tensor": one_of({"as_tensor": NAMED, "as_none": boolean}),
        "as_complex": record({"real": number, "imag": number}),
    }
)
"""All of torch's kinds but objects, operators and dictionaries that are passed as values."""


def _argument_name(value: Any) -> str:
    return "" if value == "" else identifier(value)


NODE = record(
    {
        "target": operator,
        "inputs": list_of(record({"name": _argument_name, "arg": ARGUMENT}, {"kind": maybe(constant(0, 1, 2))})),
        "outputs": list_of(ARGUMENT),
    },
    {
        "metadata": dropped({}),
        "is_hop_single_tensor_return": maybe(boolean),
        "name": maybe(identifier),
    },
)
TRUTH = one_of({"as_expr": EXPRESSION, "as_bool": boolean})
FRACTION = one_of({"as_expr": EXPRESSION, "as_float": number})
GRAPH = record(
    {
        "inputs": list_of(ARGUMENT),
        "outputs": list_of(ARGUMENT),
        "nodes": list_of(NODE),
        "tensor_values": table_of(identifier, tensor_meta(SIZE)),
        "sym_int_values": table_of(identifier, SIZE),
        "sym_bool_values": table_of(identifier, TRUTH),
    },
    {
        "is_single_tensor_return": boolean,
        "custom_obj_values": constant({}),
        "sym_float_values": table_of(identifier, FRACTION),
    },
)
INPUT = one_of(
    {
        "user_input": record({"arg": ARGUMENT}),
        "parameter": record({"arg": NAMED, "parameter_name": state_name}),
        "buffer": record({"arg": NAMED, "buffer_name": state_name}, {"persistent": boolean}),
        "tensor_constant": record({"arg": NAMED, "tensor_constant_name": state_name}),
    }
)
OUTPUT = one_of(
    {
        "user_output": record({"arg": ARGUMENT}),
        "buffer_mutation": record({"arg": NAMED, "buffer_name": state_name}),
        "user_input_mutation": record({"arg": NAMED, "user_input_name": identifier}),
    }
)

LEAF: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
ONE_PICTURE_BATCH = {
    "type": "builtins.tuple",
    "context": "null",
    "children_spec": [
        {"type": "builtins.tuple", "context": "null", "children_spec": [LEAF]},
        {"type": "builtins.dict", "context": "[]", "children_spec": []},
    ],
}
"""How a call with one positional argument is written."""


def _tree_of_inputs(value: Any) -> str:
    """Any number of positional tensors: how many there are is said later, where the program takes another number."""
    protocol, tree = _tree(value)
    positional = tree.get("children_spec") or [{}]
    expected = {**ONE_PICTURE_BATCH, "children_spec": [positional[0], ONE_PICTURE_BATCH["children_spec"][1]]}
    leaves = positional[0].get("children_spec") if isinstance(positional[0], dict) else None
    shell = {"type": "builtins.tuple", "context": "null", "children_spec": leaves}
    if tree != expected or positional[0] != shell or not isinstance(leaves, list) or any(p != LEAF for p in leaves):
        raise NotAllowed(value)
    return json.dumps([protocol, tree])


def _tree_of_outputs(value: Any) -> str:
    protocol, tree = _tree(value)
    return json.dumps([protocol, _container(tree)])


def _tree(value: Any) -> tuple[int, dict[str, Any]]:
    try:
        protocol, tree = json.loads(value) if isinstance(value, str) and len(value) < 100_000 else (None, None)
    except (ValueError, TypeError) as error:
        raise NotAllowed(value) from error
    if protocol != 1 or not isinstance(tree, dict):
        raise NotAllowed(value)
    return 1, tree


def _container(tree: Any) -> Any:
    """Nothing, a tensor, or a tuple, list or dictionary (by words) of such."""
    if tree == LEAF:
        return tree
    if not isinstance(tree, dict) or tree.keys() != LEAF.keys() or not isinstance(tree["children_spec"], list):
        raise NotAllowed(tree)
    if tree["type"] in ("builtins.tuple", "builtins.list"):
        allowed = tree["context"] == "null"
    else:
        allowed = tree["type"] == "builtins.dict" and _are_words(tree["context"])
    if not allowed:
        raise NotAllowed(tree["type"] if tree["type"] != "builtins.dict" else tree["context"])
    return {**tree, "children_spec": [_container(part) for part in tree["children_spec"]]}


def _are_words(context: Any) -> bool:
    try:
        keys = json.loads(context) if isinstance(context, str) else None
    except ValueError:
        return False
    return isinstance(keys, list) and all(isinstance(key, str) for key in keys)


def _whole_call(value: Any) -> list[Any]:
    """The entry of the program as a whole. Those of its submodules serve to take it apart, which no audit does."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict) or value[0].get("fqn") != "":
        raise NotAllowed(value)
    return [CALL(value[0])]


CALL = record(
    {
        "fqn": constant(""),
        "signature": record(
            {
                "inputs": constant([]),
                "outputs": constant([]),
                "in_spec": _tree_of_inputs,
                "out_spec": _tree_of_outputs,
            },
            {"forward_arg_names": maybe(list_of(identifier))},
        ),
    }
)
BOUND = maybe(integer)
PROGRAM = record(
    {
        "graph_module": record(
            {
                "graph": graph,
                "signature": record({"input_specs": list_of(INPUT), "output_specs": list_of(OUTPUT)}),
                "module_call_graph": _whole_call,
            },
            {"metadata": dropped({}), "treespec_namedtuple_fields": constant({})},
        ),
        "opset_version": table_of(identifier, natural),
        "range_constraints": table_of(symbol, record({"min_val": BOUND, "max_val": BOUND})),
        "schema_version": record({"major": natural, "minor": natural}),
    },
    {
        "verifiers": list_of(matching("[A-Z_]{0,40}")),
        "torch_version": matching(r"[\w.+<=-]{1,60}"),
        "guards_code": dropped([]),
        "dialect": matching("[A-Z_]{0,40}"),
    },
)
PAYLOADS = record(
    {
        "config": table_of(
            state_name,
            record(
                {
                    "path_name": matching(r"(weight|tensor)_\d{1,9}"),
                    "is_param": boolean,
                    "use_pickle": constant(False),
                    "tensor_meta": tensor_meta(one_of({"as_int": natural})),
                }
            ),
        )
    }
)
"""Which member of the archive holds which tensor."""
