"""What is installed on this machine, held against what the program and its extras ask for."""

import os
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from audit.hashing import installed_version

PROGRAM = "saliency-audit"
INTERNAL = ("test", "dev")
"""Extras for people who work on the program itself."""
GIB = 2**30


@dataclass(frozen=True)
class Missing:
    """A package that is not there, or not in a version that will do."""

    package: str
    asked: str
    """'onnx>=1.21'."""
    installed: str
    """'' where it is not."""


@dataclass(frozen=True)
class Extra:
    """One of the extras, and what it lacks."""

    name: str
    missing: tuple[Missing, ...]

    @property
    def install(self) -> str:
        """The line that installs it."""
        return f"pip install '{PROGRAM}[{self.name}]'"


def missing_packages() -> tuple[Missing, ...]:
    """The packages that are missing of those without which nothing works."""
    return tuple(_missing(_requirements("")))


def extras() -> tuple[Extra, ...]:
    """The extras that a user may want, in the order of their declaration; one that joins others is left out."""
    named = dict.fromkeys(
        extra for line in requires(PROGRAM) or () if (extra := _extra_of(line)) and extra not in INTERNAL
    )
    asked = {name: [each for each in _requirements(name) if each.name != PROGRAM] for name in named}
    return tuple(Extra(name, tuple(_missing(lines))) for name, lines in asked.items() if lines)


def machine(folder: Path) -> Mapping[str, Any]:
    """The processor, memory and disk. folder: where runs are written."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(pages / GIB, 1) if pages else None,
        "free_disk_gib": round(shutil.disk_usage(folder).free / GIB, 1),
    }


def _requirements(extra: str) -> Iterator[Requirement]:
    """The requirements that hold here: of an extra alone, or of the program itself."""
    for line in requires(PROGRAM) or ():
        asked = Requirement(line)
        if _extra_of(line) == extra and (asked.marker is None or asked.marker.evaluate({"extra": extra})):
            yield asked


def _extra_of(line: str) -> str:
    _, _, rest = line.partition("extra ==")
    return rest.strip().strip("\"'") if rest else ""


def _missing(asked: Iterable[Requirement]) -> Iterator[Missing]:
    for each in asked:
        installed = installed_version(each.name)
        if not installed or not each.specifier.contains(installed, prereleases=True):
            yield Missing(each.name, f"{each.name}{each.specifier}", installed)
