"""Which `audit`, `checks` and `reports` is imported, where a user's repository has folders of these names too."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

NAMES = ("audit", "checks", "reports")
HOME = Path(__file__).resolve().parents[1]
"""Where the packages of the product lie, beside this one."""


class _Own(MetaPathFinder):
    """Finds the three packages in `HOME` and nowhere else."""

    def __init__(self) -> None:
        self.aside: dict[str, ModuleType] = {}
        """Modules of the product that made room for others of their names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(fullname, [str(HOME)]) if path is None and fullname in NAMES else None


_OWN = _Own()


@contextmanager
def own_packages() -> Iterator[None]:
    """While this is open, the three names are the product's; afterwards they are again what they were to the user.

    Others' modules of these names are put back as they were, and where there is such a package that nobody has
    imported yet, the product's make room for it. Works as a decorator too. For one thread.
    """
    if _OWN in sys.meta_path:
        yield
        return
    theirs = _taken_out([name for name in NAMES if _is_others(name)])
    sys.modules.update(_OWN.aside)
    _OWN.aside.clear()
    sys.meta_path.insert(0, _OWN)
    try:
        yield
    finally:
        sys.meta_path.remove(_OWN)
        _OWN.aside |= _taken_out([name for name in NAMES if name in theirs or other_place(name)])
        sys.modules.update(theirs)


def other_place(name: str) -> Path | None:
    """Where a module of this name lies that Python imports, or has imported, instead of the product's."""
    if _is_others(name):
        return _place(sys.modules[name])
    for finder in sys.meta_path:
        spec = None if finder is _OWN else finder.find_spec(name, None)
        if spec:
            place = _found(spec)
            return place if place and not place.is_relative_to(HOME / name) else None
    return None


def hidden() -> dict[str, Path]:
    """The product's packages that another one hides, with the place of the other."""
    places = {name: other_place(name) for name in NAMES}
    return {name: place for name, place in places.items() if place}


def _taken_out(packages: Sequence[str]) -> dict[str, ModuleType]:
    """The modules of these packages, which `sys.modules` forgets."""
    members = [name for name in sys.modules if name.partition(".")[0] in packages]
    return {name: sys.modules.pop(name) for name in members}


def _is_others(name: str) -> bool:
    """A module of this name was imported, and it is not the product's."""
    place = _place(sys.modules[name]) if name in sys.modules else HOME / name
    return place is None or not place.is_relative_to(HOME / name)


def _place(module: ModuleType) -> Path | None:
    spec: ModuleSpec | None = getattr(module, "__spec__", None)
    return _found(spec) if spec else None


def _found(spec: ModuleSpec) -> Path | None:
    """A package's folder, or a module's file."""
    inside = list(spec.submodule_search_locations or ())
    source = inside[0] if inside else spec.origin
    return Path(source).resolve() if source else None
