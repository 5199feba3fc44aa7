"""Where pictures lie: below a folder of this machine, or below a URL; alone, or in shards."""

import os
import stat
from collections.abc import Collection
from pathlib import Path

from audit.datasets.containers import Container, local_container, through
from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.remote_folder import RemoteFolder
from audit.errors import AuditError
from audit.files import files_below, is_regular, read_regular

Images = Path | RemoteFolder
"""What a format gets as `images`, and a loader reads from."""


def picture_bytes(name: str, root: Images, most: int) -> bytes:
    """The bytes of a picture, which must lie below `root` once links are followed.

    Raises Rejected: missing, not to be read, too large, outside. Raises AuditError where the way to a store fails,
    since a verdict on fewer pictures would be another one.
    """
    try:
        if isinstance(root, RemoteFolder):
            return _remote(name, root, most)
        if (inside := through(name)) and is_regular(root / inside[0]):
            return local_container(regular_below(root / inside[0], root, name)).read(inside[1], most)
        return read_regular(regular_below(root / name, root, name), most)
    except (OSError, ValueError) as error:
        raise unreachable(name, error) from error


def has_picture(name: str, root: Images) -> bool:
    """There is such a file, or member of a shard."""
    if isinstance(root, RemoteFolder):
        return root.has(name)
    inside = through(name)
    if inside and is_regular(root / inside[0]):
        return local_container(root / inside[0]).has(inside[1])
    return is_regular(root / name)


def names_below(root: Images, suffixes: Collection[str]) -> list[str]:
    """The files at any depth whose names end so, in lower case, sorted, as names below the root."""
    if isinstance(root, RemoteFolder):
        return root.names(suffixes)
    return [path.relative_to(root).as_posix() for path in files_below(root, suffixes)]


def shards(annotations: Images, images: Images, suffix: str) -> list[str]:
    """The files of this ending that `annotations` is, or that lie below it, by their names below `images`.

    Raises AuditError where it lies elsewhere, or there are none.
    """
    name = _name_below(annotations, images)
    if name is None:
        needed = "need the shards below data.images, since they hold the pictures"
        raise AuditError(str(annotations.name), "lies outside the pictures' folder", needed, "Set both to one folder.")
    if name.lower().endswith(suffix) and not (isinstance(annotations, Path) and annotations.is_dir()):
        return [name]
    found = [f"{name}/{file}" if name else file for file in names_below(annotations, (suffix,))]
    if not found:
        raise AuditError(str(annotations.name), f"no {suffix} file", "need the shards of pictures")
    return found


def shard_at(name: str, images: Images) -> Container:
    """The shard of this name. Raises AuditError where it does not lie below the pictures' folder."""
    if isinstance(images, RemoteFolder):
        return images.container(name)
    try:
        return local_container(regular_below(images / name, images, name))
    except (Rejected, OSError) as error:
        raise AuditError(name, "cannot be opened", "need a shard below the pictures' folder") from error


def _name_below(annotations: Images, images: Images) -> str | None:
    if isinstance(annotations, RemoteFolder):
        return annotations.below(images) if isinstance(images, RemoteFolder) else None
    if isinstance(images, RemoteFolder):
        return None
    own, root = Path(os.path.normpath(annotations.absolute())), Path(os.path.normpath(images.absolute()))
    name = own.relative_to(root).as_posix() if own.is_relative_to(root) else None
    return "" if name == "." else name


def _remote(name: str, root: RemoteFolder, most: int) -> bytes:
    try:
        return root.read(name, most)
    except PermissionError as error:
        raise outside(name) from error


def regular_below(path: Path, root: Path, name: str) -> Path:
    """The file that `path` leads to. Raises Rejected where it does not lie below the root, or is no regular file."""
    try:
        real, base = os.path.realpath(path), os.path.realpath(root)
    except ValueError as error:  # a NUL in the name
        raise unreachable(name, error) from error
    if not real.startswith(base.rstrip(os.sep) + os.sep):
        raise outside(name)
    try:
        regular = stat.S_ISREG(os.stat(real).st_mode)  # noqa: PTH116 a Path takes longer to make than the answer
    except (OSError, ValueError) as error:
        raise unreachable(name, error) from error
    if not regular:  # to open a pipe is to wait for ever
        raise Rejected(Reason.UNREADABLE_PICTURE, f"{name}: is not a regular file; need a picture file.")
    return Path(real)


def outside(name: str) -> Rejected:
    """The refusal of a name that leads elsewhere."""
    detail = f"{name}: leads outside the picture folder; need a file that lies below it."
    return Rejected(Reason.PATH_OUTSIDE, detail)


def unreachable(name: str, error: OSError | ValueError) -> Rejected:
    """The refusal of a file that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return Rejected(Reason.MISSING_PICTURE, f"{name}: no such file; need the picture that the annotation names.")
    why = getattr(error, "strerror", None) or str(error)
    return Rejected(Reason.UNREADABLE_PICTURE, f"{name}: cannot be read ({why}); need a picture file.")
