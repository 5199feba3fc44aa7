"""What settings and profiles can name, one line each."""

import re
from pathlib import Path
from typing import get_args

import reports
from audit import registry
from audit.phrases import plural
from checks.profile import built_in
from reports.result.crosswalk import standard_files, standard_names

ROOTS = ("audit", "checks", "reports")
TITLE = re.compile(r'{% set title = "(.*?)" %}')


def catalogue() -> dict[str, dict[str, str]]:
    """Names and what they stand for, by the noun of their kind."""
    groups = {registry.noun(package): _functions(package) for package in registry.packages(*ROOTS)} | _files()
    for package in registry.LIBRARIES:
        lines = {name: _line(package, function) for name, function in registry.of_libraries(package).items()}
        groups[f"{registry.noun(package)} of a library"] = lines
    return groups


def plural_noun(noun: str) -> str:
    """'saliency methods', 'saliency methods of a library'."""
    head, of, rest = noun.partition(" of ")
    return f"{plural(head)}{of}{rest}"


def _functions(package: str) -> dict[str, str]:
    """One line for each function of a registry package, by name."""
    return {name: _line(package, registry.resolve(package, name)) for name in registry.names(package)}


def _line(package: str, function: registry.Function) -> str:
    """What a function does, its options and its needs."""
    needs = registry.needs(package, function)
    shown = f" Needs: {', '.join(need for need in get_args(registry.Need) if need in needs)}." if needs else ""
    return registry.summary(function) + registry.options_text(function) + shown


def _files() -> dict[str, dict[str, str]]:
    """Entries that are files, not functions: profiles, standards and sections of the report."""
    templates = sorted((Path(reports.__file__).parent / "sections").glob("*.html.j2"))
    return {
        "profile": {profile.name: profile.description for profile in built_in()},
        "standard": {name: file.title for name, file in standard_files(standard_names()).items()},
        "report section": {file.name.removesuffix(".html.j2"): _title(file) for file in templates},
    }


def _title(template: Path) -> str:
    title = TITLE.search(template.read_text(encoding="utf-8"))
    return title.group(1) if title else ""
