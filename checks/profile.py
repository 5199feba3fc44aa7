"""The limits of an audit, from a TOML file: every rule that shall hold, its limits, and why they are what they are."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from audit import registry
from audit.bounds import MOST_PICTURES
from audit.errors import AuditError, Problems, did_you_mean
from audit.files import read_toml
from audit.validation import problems
from checks.domain import read_domain
from checks.verdict import Profile

Share = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
"""A limit between 0 and 1."""
Count = Annotated[int, Field(ge=1, le=MOST_PICTURES, strict=True)]
"""A limit that is a number of things."""

RULES = "checks.rules"
BUILT_IN = Path(__file__).parent / "profiles"
OR_A_FILE = "The path of a .toml file works too."
KEYS = ("extends", "without", "description", "confidence", "rules", "measure", "non_inferiority", "slices", "domain")
MEASURED = ("experiments", "saliency")
"""The tables of the settings that a profile may complete."""
TRACED = ("requirement", "hazard", "rationale")
"""Keys of a rule's table, and of the slices', that tie it to what its owner demands: texts."""
RESERVED = ("why", "advisory", *TRACED)
"""Keys of a rule's table that are no limits."""
ABOUT_THE_AUDIT = (
    "control_is_caught",
    "evidence_is_complete",
    "explainer_is_valid",
    "methods_agree",
    "no_shared_hotspot",
    "survives_other_object_regions",
    "survives_other_regions",
)
"""Rules that say nothing of one kind of pictures."""


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of that name in checks/profiles/, or the one in that file.

    A profile may extend another (`extends`, a name or a path beside it): it takes over what it does not state, all
    rules but those named in `without`, and of a rule's table the limits that it does not change.
    The whole is validated, and defaults are filled in, so that what is hashed is what is applied. The user's own rules
    are imported here and nowhere else: what a record or an evidence folder names is never imported.
    Raises AuditError for a missing or broken file, one with the name of a built-in profile, an unknown rule or option,
    and a rule without its `why`; it names everything that is wrong.
    """
    path = _find(name_or_path)
    wrong = Problems(path.name)
    _check_name(path, wrong)
    content = _extended(path, (), wrong)
    limits = {
        "description": _one_line(content.get("description", "")),
        "confidence": content.get("confidence", 0.95),
        "rules": _rules(path.name, content.get("rules", {}), wrong),
        "measure": content.get("measure", {}),
    }
    _check_measure(path.name, limits["measure"], wrong)
    with wrong.noting():
        limits["domain"] = read_domain(path.name, content.get("domain", {}))
    for name in ("non_inferiority", "slices"):
        with wrong.noting():
            limits[name] = _with_reason(path.name, name, content.get(name))
    try:
        profile = Profile(name=path.stem, sha256="", **_in_order(limits))
    except ValidationError as error:
        wrong.add(*problems(path.name, error, limits))
        wrong.settle()
        raise
    _check_slices(path.name, profile, wrong)
    wrong.settle()
    own = {rule: registry.resolve(RULES, rule) for rule in profile.rules if registry.is_own(rule)}
    return profile.model_copy(update={"sha256": fingerprint(profile)}).with_own_rules(own)


def register(profile: str | Path | Profile = "default") -> dict[str, Any]:
    """A profile as an entry of a record: pass it to `audit.measure(registered=...)`.

    So the limits are fixed, and hashed, before the first picture is looked at. Raises AuditError as `load_profile`.
    """
    limits = profile if isinstance(profile, Profile) else load_profile(profile)
    return {"profile": limits.model_dump(mode="json")}


def built_in() -> tuple[Profile, ...]:
    """The profiles that come along, sorted by name."""
    return tuple(map(load_profile, built_in_names()))


def built_in_names() -> list[str]:
    """Their names, without reading them."""
    return sorted(file.stem for file in BUILT_IN.glob("*.toml"))


def fingerprint(profile: Profile) -> str:
    """SHA-256 over the canonical JSON of everything but the name: the same limits have the same hash."""
    content = profile.model_dump(exclude={"name", "sha256"})
    if content["slices"]:
        content["slices"] = {k: v for k, v in content["slices"].items() if v or k not in TRACED}
    if not content["domain"]:
        del content["domain"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) != 1:
        return path
    known = {file.stem: file for file in BUILT_IN.glob("*.toml")}
    if path.name not in known:
        raise AuditError("settings", f"no profile {path.name!r}", did_you_mean(path.name, known), OR_A_FILE)
    return known[path.name]


def _check_name(path: Path, wrong: Problems) -> None:
    """Notes where a file bears the name of a built-in profile, for which its verdicts would be taken."""
    bears = path.stem.strip().casefold()
    if bears in built_in_names() and path.resolve() != (BUILT_IN / f"{bears}.toml").resolve():
        seen = f"has the name of the built-in profile {bears!r}"
        wrong.add(AuditError(path, seen, "need a name of its own, since reports state it", "Rename the file."))


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except OSError as error:
        raise AuditError(
            path, error.strerror or "cannot be read", "need a profile, such as checks/profiles/default.toml"
        ) from error
    except ValueError as error:  # broken TOML says its line; wrong encoding its byte
        raise AuditError(
            path.name, f"is not TOML: {error}", "need a profile, such as checks/profiles/default.toml"
        ) from error


def _extended(path: Path, children: tuple[Path, ...], wrong: Problems) -> dict[str, Any]:
    """The file's content over that of the profiles that it extends. What is wrong is noted."""
    if path in children:
        raise AuditError(
            path.name, "extends itself", "need a chain of profiles that ends", "Let it extend a built-in profile."
        )
    content = _read(path)
    for key in content:
        if key not in KEYS:
            wrong.add(AuditError(path.name, f"no key {key!r}", did_you_mean(key, KEYS)))
    if "extends" not in content:
        return content
    parent = str(content["extends"])
    try:
        whole = _extended(path.parent / parent if parent.endswith(".toml") else _find(parent), (*children, path), wrong)
    except AuditError as error:  # what else is wrong cannot be known without it
        wrong.add(error)
        wrong.settle()
        raise
    return _over(path.name, whole, content, wrong)


def _over(file: str, parent: dict[str, Any], child: dict[str, Any], wrong: Problems) -> dict[str, Any]:
    rules, own, without = dict(parent.get("rules", {})), child.get("rules", {}), child.get("without", [])
    if not isinstance(without, list):
        wrong.add(AuditError(file, f"without = {without!r}", "need a list of rules"))
        without = []
    for rule in without:
        if rule not in rules:
            wrong.add(
                AuditError(f"{file} without", f"no rule {rule!r} in {child['extends']}", did_you_mean(str(rule), rules))
            )
        rules.pop(rule, None)
    for rule, table in own.items() if isinstance(own, dict) else ():
        with wrong.noting():
            _justified(f"{file} [rules.{rule}]", table)  # another's sentence does not justify a changed limit
        rules[rule] = {**rules.get(rule, {}), **table} if isinstance(table, Mapping) else table
    return {**parent, **child, "rules": rules if isinstance(own, dict) else own}


def _rules(file: str, tables: Any, wrong: Problems) -> dict[str, Any]:
    """The limits of each rule, defaults filled in; none where something is wrong with them, which is noted."""
    if not isinstance(tables, dict):
        needed = "need one table for each rule, such as [rules.model_is_accurate]"
        wrong.add(AuditError(file, f"rules is {tables!r}", needed))
        return {}
    limits: dict[str, Any] = {}
    for rule in sorted(tables):
        limits[rule] = {}
        with wrong.noting():
            limits[rule] = _limits(file, rule, tables[rule])
    return limits


def _check_measure(file: str, tables: Any, wrong: Problems) -> None:
    for name in tables if isinstance(tables, dict) else ():
        if name not in MEASURED:
            wrong.add(AuditError(file, f"no table 'measure.{name}'", did_you_mean(name, MEASURED)))


def _with_reason(file: str, name: str, table: Any) -> Any:
    if not isinstance(table, Mapping):
        return table
    return {**table, **_traced(f"{file} [{name}]", table), "why": _justified(f"{file} [{name}]", table)}


def _check_slices(file: str, profile: Profile, wrong: Problems) -> None:
    """Notes where a required slice could not be judged."""
    for rule in profile.slices.rules if profile.slices else ():
        possible = [name for name in profile.rules if name not in ABOUT_THE_AUDIT]
        if rule not in possible:
            where = f"{file} [slices]"
            seen = f"rule {rule!r}, which says nothing of one kind of pictures" if rule in profile.rules else None
            wrong.add(AuditError(where, seen or f"no rule {rule!r} in the profile", did_you_mean(rule, possible)))
    if len(set(profile.sliced)) < len(profile.sliced):
        wrong.add(AuditError(f"{file} [slices]", "names a column or a rule twice", "need each once"))


def _limits(file: str, rule: str, table: Any) -> dict[str, Any]:
    where = f"{file} [rules.{rule}]"
    try:
        function = registry.resolve(RULES, rule)
    except AuditError as error:
        raise AuditError(where, error.seen, error.needed) from error
    if not isinstance(table, Mapping):
        raise AuditError(where, f"is {table!r}", "need a table with the rule's limits")
    advisory, given = table.get("advisory", False), {key: table[key] for key in table if key not in RESERVED}
    stated: dict[str, Any] = {"advisory": True} if advisory else {}
    wrong = Problems(where)
    with wrong.noting():
        stated |= {"why": _justified(where, table)}
    with wrong.noting():
        stated |= _traced(where, table)
    if not isinstance(advisory, bool):
        wrong.add(AuditError(where, f"advisory = {advisory!r}", "need true or false"))
    with wrong.noting():
        stated = {**registry.options(function, given, where), **stated}
    wrong.settle()
    return stated


def _traced(where: str, table: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the requirement, as far as they are stated."""
    given = {key: table[key] for key in TRACED if key in table}
    for key, text in given.items():
        if not isinstance(text, str) or not text.strip():
            raise AuditError(where, f"{key} = {text!r}", "need a text", f"Leave {key} out where there is none.")
    return {key: _one_line(text) for key, text in given.items()}


def _justified(where: str, table: Any) -> str:
    why = table.get("why", "") if isinstance(table, Mapping) else ""
    if not isinstance(why, str) or not why.strip():
        raise AuditError(
            where, "has no 'why'", "need a sentence that justifies the limit", "An auditor will ask for it."
        )
    return " ".join(why.split())


def _in_order(value: Any) -> Any:
    """Tables sorted by key, as they are read from a record, so that a report is the same from either."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return type(value)(map(_in_order, value)) if isinstance(value, list | tuple) else value


def _one_line(text: Any) -> Any:
    return " ".join(text.split()) if isinstance(text, str) else text
