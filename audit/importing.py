"""Code that the settings name: found beside the settings file, and part of the audit's identity."""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audit.hashing import file_hash


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Modules that lie in `folder` can be imported, before all others.

    Another module of the same name, imported from another folder by an earlier audit, is forgotten first.
    """
    home = str(folder.resolve())
    here = {name for name in {name.partition(".")[0] for name in sys.modules} if _lies_in(name, folder)}
    for name in [name for name in sys.modules if name.partition(".")[0] in here]:
        source = getattr(sys.modules[name], "__file__", None)
        if source and not Path(source).resolve().is_relative_to(home):
            del sys.modules[name]
    sys.path.insert(0, home)
    try:
        yield
    finally:
        sys.path.remove(home)


def _lies_in(module: str, folder: Path) -> bool:
    return (folder / f"{module}.py").is_file() or (folder / module / "__init__.py").is_file()


def import_function(name: str) -> Any:
    """What 'package.module:function' names. Raises ImportError or AttributeError where there is no such thing."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def source_hash(function: Callable[..., Any]) -> str:
    """SHA-256 of the file that defines a function: code is part of what was audited."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
        return file_hash(Path(file or ""))
    except (OSError, TypeError):
        return "no source file"
