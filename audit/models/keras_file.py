"""Keras files, `.keras` and `.h5`: taken apart and screened before Keras sees them."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from audit.errors import AuditError
from audit.models.extras import modules_of
from audit.models.keras_config import screen
from audit.models.weights import check_file

MEMBERS = frozenset({"config.json", "metadata.json", "model.weights.h5"})
MOST_CONFIG = 2**26
"""Bytes of a configuration."""
SUFFIXES = (".keras", ".h5", ".hdf5")


@contextmanager
def screened_copy(path: Path) -> Iterator[Path]:
    """A copy of the file that holds nothing but what was looked at; gone afterwards.

    Raises AuditError where the file is no Keras model, is damaged, names anything but known layers of Keras, or holds
    data that are not in it.
    """
    check_file(path)
    if path.suffix.lower() not in SUFFIXES:
        raise AuditError(path.name, "is no Keras file by its name", f"need one that ends in {', '.join(SUFFIXES)}")
    content = path.read_bytes()
    parts = _archive(path, content) if zipfile.is_zipfile(io.BytesIO(content)) else _legacy(path, content)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / ("model.keras" if isinstance(parts, dict) else "model.h5")
        if isinstance(parts, dict):
            with zipfile.ZipFile(copy, "w") as archive:
                for name, data in parts.items():
                    archive.writestr(name, data)
        else:
            copy.write_bytes(parts)
        yield copy


def _archive(path: Path, content: bytes) -> dict[str, bytes]:
    """The members of a `.keras` archive, without how it was compiled."""
    with reading(path), zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > len(content):
            raise AuditError(path.name, "grows when it is read", _NEEDED, "Save it again, and do not pack it anew.")
        names = sorted(archive.namelist())
        if set(names) != MEMBERS or len(names) != len(MEMBERS):
            odd = [name for name in names if name not in MEMBERS] or sorted(MEMBERS - set(names)) or names
            raise AuditError(path.name, f"holds other members than Keras writes ({odd[0][:80]!r})", _NEEDED)
        parts = {name: archive.read(name) for name in names}
        config = _parsed(path, parts["config.json"])
        screen(config, path.name)
        _check_tensors(path, parts["model.weights.h5"])
        return {**parts, "config.json": json.dumps(config).encode()}


def _legacy(path: Path, content: bytes) -> bytes:
    """The bytes of an HDF5 file that holds a model."""
    (h5py,) = modules_of("keras", "keras", "h5py")
    with reading(path), h5py.File(io.BytesIO(content), "r") as file:
        config = file.attrs.get("model_config")
        if config is None:
            raise AuditError(
                path.name,
                "holds weights alone, and no model",
                "need a whole model",
                "Build the network in Keras, load these weights and save it: model.save('model.keras').",
            )
        screen(_parsed(path, config if isinstance(config, bytes) else str(config).encode()), path.name)
    _check_tensors(path, content)
    return content


_NEEDED = "need a model as model.save('model.keras') writes it"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within, libraries read the file, which fail in their own ways; it becomes an AuditError."""
    try:
        yield
    except AuditError:
        raise
    except Exception as error:
        raise AuditError(
            path.name,
            f"cannot be read as a Keras model ({type(error).__name__}: {str(error)[:120]})",
            _NEEDED,
            "Copy or save it again.",
        ) from error


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    if len(text) > MOST_CONFIG:
        raise AuditError(path.name, f"has a configuration of {len(text):,} bytes", f"need at most {MOST_CONFIG:,}")
    config = json.loads(text, object_hook=_not_compiled)
    if not isinstance(config, dict):
        raise AuditError(path.name, f"has a configuration that is a {type(config).__name__}", _NEEDED)
    return config


def _not_compiled(part: dict[str, Any]) -> dict[str, Any]:
    """Without how it was trained, which nobody needs who asks it."""
    return {key: value for key, value in part.items() if key != "compile_config"}


def _check_tensors(path: Path, content: bytes) -> None:
    """Raises AuditError where an HDF5 file takes data from elsewhere, or grows when it is read."""
    (h5py,) = modules_of("keras", "keras", "h5py")
    total = 0
    with reading(path), h5py.File(io.BytesIO(content), "r") as file:
        waiting = [file]
        seen: set[Any] = set()
        while waiting:
            group = waiting.pop()
            for name in group:
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    raise AuditError(path.name, f"holds a link ({str(name)[:60]!r})", "need all tensors in the file")
                entry = group[name]
                if entry.id in seen:
                    raise AuditError(path.name, f"lists {str(name)[:60]!r} twice", "need each tensor once")
                seen.add(entry.id)
                if isinstance(entry, h5py.Group):
                    waiting.append(entry)
                elif entry.external or entry.is_virtual:
                    raise AuditError(path.name, f"keeps {str(name)[:60]!r} elsewhere", "need all tensors in the file")
                else:
                    total += entry.size * entry.dtype.itemsize
    if total > len(content):
        raise AuditError(
            path.name,
            f"grows from {len(content):,} to {total:,} bytes when it is read",
            "need tensors as Keras writes them, which are not compressed",
            "Save the model again.",
        )
