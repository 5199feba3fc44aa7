"""State dicts, read as data: a weights file can hold numbers, never code that runs."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from audit.errors import AuditError
from audit.files import is_folder, is_regular
from audit.models.environment import environment

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".tar")
"""What weights files are called. All but the first are read as `torch.save` wrote them."""

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put the state dict beside the epoch and the optimiser."""

PREFIXES = ("module.", "_orig_mod.", "model.")
"""What DataParallel, torch.compile and Lightning put before every name."""

LONGEST_SHOWN = 120
"""Characters of a name in a message."""
FORCE, NEVER = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a `.safetensors` file, or in one that `torch.save` wrote, on the CPU.

    A checkpoint that holds it under "state_dict", "model_state_dict" or "model" is unwrapped.
    Raises AuditError where the file is missing, empty, damaged, not a weights file, or a pickle that would run code.
    """
    check_file(path)
    content = _safetensors(path) if path.suffix == ".safetensors" else _torch_save(path)
    for key in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping):
        raise AuditError(path.name, f"holds a {type(content).__name__}", "need a state dict that maps names to tensors")
    state = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not state:
        keys = ", ".join(map(repr, list(content)[:5])) or "nothing"
        raise AuditError(path.name, f"holds no tensors (but {keys})", "need a state dict that maps names to tensors")
    return state


def check_file(path: Path) -> None:
    """Raises AuditError where there is no such file or it is empty."""
    if is_folder(path):
        raise AuditError(path.name, "is a folder", "need a file")
    if not is_regular(path):
        raise AuditError(path.name, "no such file", "need the model's file", "Paths are relative to the settings file.")
    if path.stat().st_size == 0:
        raise AuditError(path.name, "is empty (0 bytes)", "need the complete file", "Copy or download it again.")


def _safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except Exception as error:  # damaged headers fail in many ways
        raise _damaged(path) from error


def _torch_save(path: Path) -> object:
    zipped = zipfile.is_zipfile(path)
    if zipped:
        _refuse_programs(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        if named is None:
            raise _damaged(path) from error
        raise runs_code(path, named.group(1)) from error
    except Exception as error:  # the opcodes of a damaged pickle fail in any way there is
        raise _damaged(path) from error


def _refuse_programs(path: Path) -> None:
    """Only to say what the file is: torch itself refuses a program where weights are wanted."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.rpartition("/")[2] for name in archive.namelist()}
    except Exception as error:
        raise _damaged(path) from error
    kinds = {
        "constants.pkl": "torchscript",
        "archive_format": "exported",
        "serialized_exported_program.json": "exported",
    }
    for member, kind in kinds.items():
        if member in members:
            raise AuditError(
                path.name, "is a whole program", "need a state dict", f"Open it with the model kind {kind!r}."
            )
    with zipfile.ZipFile(path) as archive:
        check_growth(path, archive)


def check_growth(path: Path, archive: zipfile.ZipFile, size: int | None = None) -> None:
    """Raises AuditError where an archive's members hold more than its file: compressed, or listed more than once.

    torch compresses nothing, so that what it reads is never more than what lies there.
    """
    size = path.stat().st_size if size is None else size
    inside = sum(member.file_size for member in archive.infolist())
    if inside > size:
        raise AuditError(
            path.name,
            f"grows from {size:,} to {inside:,} bytes when it is read",
            "need an archive as torch writes it, which is not compressed",
            "Save it again with torch, and do not pack it anew.",
        )


def runs_code(path: Path, named: str) -> AuditError:
    """The refusal of a pickle that names something to call."""
    return AuditError(
        path.name,
        f"would run code when it is read (it names {named})",
        "need weights alone, because they are read as data",
        "If you trust it, convert it: torch.save(torch.load(file, weights_only=False).state_dict(), 'weights.pth').",
    )


def _damaged(path: Path) -> AuditError:
    return AuditError(
        path.name,
        "is not a weights file, or is truncated",
        "need an intact .safetensors file, or one written by torch.save",
        "Copy or download it again.",
    )


def without_prefix(state: Mapping[str, Tensor], expected: Iterable[str]) -> dict[str, Tensor]:
    """`state` less the prefixes that wrappers put before every name, where the network's own names have none."""
    names, state = set(expected), dict(state)
    while state and not names & set(state):
        prefix = next((prefix for prefix in PREFIXES if all(name.startswith(prefix) for name in state)), None)
        if prefix is None:
            break
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def load_weights(module: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Copy `state` into `module`, every name of it and no other.

    Raises AuditError that says which names are missing, unexpected or of another shape (the first three and how many).
    """
    own = module.state_dict()
    state = without_prefix(state, own)
    counters = {name for name in own if name.endswith("num_batches_tracked")}  # old files lack them; eval ignores them
    faults = {
        "missing": [name for name in own if name not in state and name not in counters],
        "unexpected": [name for name in state if name not in own],
        "of another shape": [
            f"{name} {tuple(state[name].shape)} for {tuple(value.shape)}"
            for name, value in own.items()
            if name in state and state[name].shape != value.shape
        ],
        "complex": [
            name for name, value in own.items() if name in state and state[name].is_complex() and not value.is_complex()
        ],
    }
    if any(faults.values()):
        seen = ", ".join(f"{len(names)} {fault} ({_first(names)})" for fault, names in faults.items() if names)
        raise AuditError(
            where,
            f"does not fit {type(module).__name__}: {seen}",
            "need the state dict of exactly this network",
            "Check that the model's name and arguments are those it was trained with.",
        )
    try:
        module.load_state_dict(state, strict=False)
    except Exception as error:  # sparse, quantised or without values
        raise AuditError(where, f"holds values that cannot be copied ({error})", "need plain tensors") from error


def _first(names: list[str]) -> str:
    shown = (name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…" for name in names[:3])
    return ", ".join(shown) + (", …" if len(names) > 3 else "")


@contextmanager
def data_only() -> Iterator[None]:
    """While it lasts, every `torch.load` in the process reads numbers and runs no pickled code, whatever it was told.

    For torch's own readers, which call `torch.load(weights_only=False)` inside.
    """
    with environment(**{FORCE: "1", NEVER: None}):
        yield
