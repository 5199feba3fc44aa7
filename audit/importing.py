"""Code that the settings name: found beside the settings file, and part of the audit's identity."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from audit.hashing import file_hash
from saliency_audit.packages import NAMES

MACHINERY = {"importlib", "_frozen_importlib"}
_ADMITTED = set[str]()
"""Names of modules that any audit of this process found beside its settings."""


class _Beside(MetaPathFinder):
    """Finds in one folder the modules that the settings name, and what these import themselves; no other.

    Any other file there, as a `sympy.py`, is out of reach of the libraries that an audit imports. A module that is
    installed too is refused, so that neither can stand in for the other.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.named: set[str] = set()
        self.admitted: set[str] = set()
        """Names of modules that were found here, which may import their neighbours."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            here = fullname.partition(".")[0] in self.admitted
            return _from_source(PathFinder.find_spec(fullname, path)) if here else None
        if not (fullname in self.named or self._asks_from_here()):
            return None
        spec = _from_source(PathFinder.find_spec(fullname, [str(self.home)]))
        if spec is None or not (spec.has_location or fullname in self.named):
            return None
        if other := self._elsewhere(fullname, spec):
            raise ImportError(
                f"{fullname!r} lies beside the settings file and in {other} too; rename yours", name=fullname
            )
        self.admitted.add(fullname)
        _ADMITTED.add(fullname)
        return spec

    def holds(self, name: str) -> bool:
        """The imported module of this name lies right here: in the folder, not in an environment inside it."""
        module = sys.modules[name]
        source = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
        if source is None or not Path(source).resolve().is_relative_to(self.home):
            return False
        return Path(source).resolve().relative_to(self.home).parts[0].partition(".")[0] == name.partition(".")[0]

    def _asks_from_here(self) -> bool:
        """The module that is importing was found here itself."""
        frame = sys._getframe(2)
        while frame and str(frame.f_globals.get("__name__", "")).partition(".")[0] in MACHINERY:
            frame = frame.f_back  # type: ignore[assignment]
        return frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in self.admitted

    def _elsewhere(self, name: str, beside: ModuleSpec) -> str | None:
        """Where Python would find another module of this name."""
        for finder in sys.meta_path:
            spec = None if isinstance(finder, _Beside) else finder.find_spec(name, None)
            if spec and (spec.has_location or spec.origin in ("built-in", "frozen")):
                origin = Path(spec.origin or "").resolve()
                if origin != Path(beside.origin or "").resolve():
                    return str(origin.parent) if spec.has_location else "Python itself"
            elif spec and (folders := self._installed(spec)):
                return folders[0]
        return None

    def _installed(self, namespace: ModuleSpec) -> list[str]:
        """Where else parts of a package without `__init__.py` lie: a folder where one works is no such package."""
        places = [Path(place).resolve() for place in namespace.submodule_search_locations or ()]
        return [str(place.parent) for place in places if place.parent not in (self.home, Path.cwd())]


class _Source(SourceFileLoader):
    """Compiles what stands in the file: the hash of a record is the source's, not that of a compiled copy."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _from_source(spec: ModuleSpec | None) -> ModuleSpec | None:
    """The same module, always compiled anew. Raises ImportError for one without source."""
    if spec is None or not spec.has_location:
        return spec
    if not isinstance(spec.loader, SourceFileLoader):
        raise ImportError(f"{spec.origin} is compiled code; need a source file beside the settings", name=spec.name)
    spec.loader = _Source(spec.loader.name, spec.loader.path)
    return spec


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Modules in `folder` that the settings name can be imported, and what these import there; see `_Beside`."""
    finder = _Beside(folder.resolve())
    sys.meta_path.insert(0, finder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def import_function(name: str) -> Any:
    """What 'package.module:function' names. Raises ImportError or AttributeError where there is no such thing.

    Raises ImportError too where the module lies beside the settings file and is installed as well, and where it wants a
    package of the user's that has the name of one of the product's.
    """
    module, _, attribute = name.partition(":")
    finder = next((finder for finder in sys.meta_path if isinstance(finder, _Beside)), None)
    if finder:
        top = module.partition(".")[0]
        finder.named.add(top)
        _forget_others(finder, top)
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        wanted = (error.name or "").partition(".")[0]
        if wanted not in {*NAMES} & {*sys.modules} or wanted == module.partition(".")[0]:
            raise
        hint = f"{wanted!r} is a package of saliency-audit here, which hides yours; rename yours"
        raise ImportError(f"{error}; {hint}", name=error.name) from error


def missing_module(name: str) -> str | None:
    """Why the module of 'package.module:function' cannot be imported, as far as one can tell without running it."""
    top = name.partition(":")[0].partition(".")[0]
    for finder in sys.meta_path:
        if isinstance(finder, _Beside):
            finder.named.add(top)
    try:
        there = top in sys.modules or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError) as error:
        return str(error)
    return None if there else f"No module named {top!r}"


def _forget_others(finder: _Beside, top: str) -> None:
    """Forget modules that an earlier audit imported from another folder, where this folder has some of their names."""
    here = {name for name in {name.partition(".")[0] for name in sys.modules} if _lies_in(name, finder.home)}
    if top in here and top in sys.modules and not finder.holds(top):
        finder.find_spec(top)  # raises where that one is installed
    for name in list(sys.modules):
        if name.partition(".")[0] in here & _ADMITTED and not finder.holds(name):
            del sys.modules[name]


def _lies_in(module: str, folder: Path) -> bool:
    return (folder / f"{module}.py").is_file() or (folder / module / "__init__.py").is_file()


def source_hash(function: Callable[..., Any]) -> str:
    """SHA-256 of the file that defines a function: code is part of what was audited."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
        return file_hash(Path(file or ""))
    except (OSError, TypeError):
        return "no source file"
