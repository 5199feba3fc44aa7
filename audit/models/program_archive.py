"""The archive of a `torch.export` program, taken apart and put together anew from what is known to be harmless."""

import json
import math
import re
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from audit.errors import AuditError
from audit.models.program_graph import PAYLOADS, PROGRAM
from audit.models.program_values import Incomplete, NotAllowed
from audit.models.weights import check_growth, data_only

MEMBERS = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)|models/model\.json"
    r"|data/(weights|constants)/model(_weights_config|_constants_config)?\.(json|pt)"
    r"|data/weights/weight_\d{1,9}|data/constants/tensor_\d{1,9}|data/sample_inputs/model\.pt|extra/.*",
    re.ASCII | re.DOTALL,
)
"""Below the archive's folder, in a program of tensors and a graph. Pickled objects and compiled libraries have other
names."""

MEMBERS_BEFORE = re.compile(
    r"version|serialized_exported_program\.json|serialized_(state_dict|constants|example_inputs)\.pt"
)
"""The same for earlier releases, whose archives have no folder, and need none: later readers know them by that."""

STATED = {
    "archive_format": re.compile(rb"pt2"),
    "archive_version": re.compile(rb"\d{1,4}\s?"),
    "byteorder": re.compile(rb"little"),
    "version": re.compile(rb"[\d.]{1,20}\s?"),
    ".data/version": re.compile(rb"\d{1,4}\s?"),
}
GRAPHS = ("models/model.json", "serialized_exported_program.json")
EXAMPLES = ("data/sample_inputs/model.pt", "serialized_example_inputs.pt")
CONFIGS = {
    "data/weights/model_weights_config.json": "weights",
    "data/constants/model_constants_config.json": "constants",
}
WIDTHS = dict(
    zip((*range(1, 14), *range(28, 36)), (1, 1, 2, 4, 8, 2, 4, 8, 4, 8, 16, 1, 2, 2, 1, 1, 1, 1, 1, 4, 8), strict=True)
)
"""Bytes of one value, by the number that torch's schema gives to its type."""


def harmless_copy(path: Path) -> BytesIO:
    """The program in an archive of our own making, each member read once and rebuilt from what was understood of it.

    One file can hold two archives, of which torch's reader sees one and Python's the other, so that torch must not
    read the file itself. Nor does the file name the folder, by which torch decides what is a graph.

    Raises AuditError where a member, a key or a value is none of the known, where anything is damaged, and where the
    file would grow when it is read.
    """
    if not zipfile.is_zipfile(path):
        raise unreadable(path, "not an archive")
    copy = BytesIO()
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as made:
            members = _known(path, archive)
            check_growth(path, archive)
            sizes = {name: info.file_size for name, info in members.items()}
            for name, info in members.items():
                if (content := _content(name, archive.read(info), sizes)) is not None:
                    made.writestr(name if "version" in members else f"program/{name}", content)
    except AuditError:
        raise
    except NotAllowed as error:
        raise not_allowed(path, error.seen) from error
    except Exception as error:  # damaged, encrypted or oddly packed, each with its own exception
        raise unreadable(path, str(error)) from error
    copy.seek(0)
    return copy


def not_allowed(path: Path, named: str) -> AuditError:
    """The refusal of what is no tensor, no known operator and no plain size."""
    return AuditError(
        path.name,
        f"may run code when it is read (it names {named[:200]})",
        "need a program of tensors and torch's own operators alone, called with one batch of pictures",
        "Export the network again without it; or, where you trust its author, open it from its source with the kind "
        "'factory' and a state dict.",
    )


def unreadable(path: Path, reason: str) -> AuditError:
    return AuditError(
        path.name,
        f"cannot be opened as a torch.export program ({reason})",
        f"need an intact file from torch.export.save of torch {torch.__version__.partition('+')[0]} or a near version",
    )


def _known(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members to read, by their names below the archive's folder."""
    infos = archive.infolist()
    before = "version" in archive.namelist()
    root = "" if before or not infos else f"{infos[0].filename.partition('/')[0]}/"
    named = [(info.filename.removeprefix(root), info) for info in infos]
    if len({name.lower() for name, _ in named}) != len(named):
        raise unreadable(path, "two members of one name")
    kept = {name: info for name, info in named if not (before and name.startswith("extra_files/"))}
    for name in kept:
        if not (MEMBERS_BEFORE if before else MEMBERS).fullmatch(name):
            raise NotAllowed(name)
    return {name: info for name, info in kept.items() if not name.startswith(("extra/", ".data/serialization_id"))}


def _content(name: str, content: bytes, sizes: Mapping[str, int]) -> bytes | None:
    if name in STATED:
        if not STATED[name].fullmatch(content):
            raise NotAllowed(f"{name} {content[:40]!r}")
        return content
    if name in GRAPHS:
        return json.dumps(PROGRAM(_json(content, "its graph"))).encode()
    if name in CONFIGS:
        payloads = PAYLOADS(_json(content, name))
        for payload in payloads["config"].values():
            _check_payload(payload, sizes.get(f"data/{CONFIGS[name]}/{payload['path_name']}"))
        return json.dumps(payloads).encode()
    if name in EXAMPLES:
        check_tensors(content)
        return b""
    if name.endswith(".pt"):
        check_tensors(content)
    return content


def _json(content: bytes, what: str) -> Any:
    try:
        return json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise Incomplete(f"{what} is not JSON") from error


def _check_payload(payload: Mapping[str, Any], stored: int | None) -> None:
    """A tensor whose values are all stored: neither zeros that a few bytes ask for, nor one value seen many times."""
    meta = payload["tensor_meta"]
    count = math.prod(size["as_int"] for size in meta["sizes"])
    if stored is None or meta["dtype"] not in WIDTHS or count * WIDTHS[meta["dtype"]] > stored:
        raise Incomplete(f"{payload['path_name']} holds fewer values than its {count:,}")


def check_tensors(content: bytes) -> None:
    """Raises where what `torch.save` wrote is anything but plain values and tensors, or grows when it is read."""
    if not content:
        return
    buffer = BytesIO(content)
    if zipfile.is_zipfile(buffer):
        with zipfile.ZipFile(buffer) as archive:
            check_growth(Path("a member"), archive, len(content))
    buffer.seek(0)
    with data_only():
        values = torch.load(buffer, weights_only=True)
    for value in values.values() if isinstance(values, dict) else ():
        if isinstance(value, Tensor) and value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise Incomplete(f"a tensor of {value.numel():,} values holds fewer")
