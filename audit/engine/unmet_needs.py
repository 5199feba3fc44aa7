"""What the settings ask for and the model cannot do: refused where the settings name it, left out where they do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from audit import registry
from audit.errors import AuditError, Problems
from audit.experiments.runner import Experiment, experiments
from audit.models.model import Model
from audit.registry import Need
from audit.saliency.sources import Source, sources
from audit.settings import Settings
from audit.settings_tables import NamedTable, SaliencyTable

Needs = frozenset[Need]
NOUNS = {"gradient": "a gradient", "layers": "layers", "untrained": "a copy with random weights", "grid": "maps"}
CLAUSES = {"gradient": "has no gradient", "layers": "shows no layers that could be looked into"}


@dataclass(frozen=True)
class Feasible:
    """The settings as far as the model can do them."""

    settings: Settings
    left_out: Mapping[str, tuple[str, ...]]
    """By name of what a default or the profile asks for: the model's capabilities that it lacks, sorted."""


def feasible(settings: Settings, model: Model) -> Feasible:
    """The settings without what the model cannot do.

    What the settings file itself names is never left out. Raises AuditError that says all of it and what it needs.
    """
    unserved, left_out, wrong = model.capabilities.unserved, dict[str, tuple[str, ...]](), Problems("settings")
    if not unserved:
        return Feasible(settings, left_out)
    tables: dict[str, Any] = {"saliency": settings.saliency, "experiments": settings.experiments}
    for table, kind, beyond in _kinds():
        serves = unserved | (beyond if not tables["saliency"].methods else frozenset())
        named = kind in tables[table].model_fields_set
        kept: list[NamedTable] = []
        for entry in getattr(tables[table], kind):
            unmet = _needs(settings.saliency, kind, entry) & serves
            if unmet and named:
                step = f"Leave {kind} out of the settings, which then hold what this model can do."
                wrong.add(refusal(registry.noun(f"audit.{table}.{kind}"), entry.name, unmet, model, step))
            elif unmet:
                lacking = unmet & CLAUSES.keys() or {word for words in left_out.values() for word in words}
                left_out[entry.name] = tuple(sorted(lacking))
            if not unmet:
                kept.append(entry)
        tables[table] = tables[table].model_copy(update={kind: tuple(kept)})
    wrong.settle()
    return Feasible(settings.model_copy(update=tables), left_out)


def _kinds() -> Iterator[tuple[str, str, Needs]]:
    """Tables with their lists, and what these cannot have where no method is left. The methods come first."""
    without_maps: Needs = frozenset({"grid"})
    yield from (("saliency", kind, frozenset[Need]()) for kind in ("methods", "null_maps"))
    yield from (("experiments", kind, without_maps) for kind in ("interventions", "controls", "searches"))


def _needs(table: SaliencyTable, kind: str, entry: NamedTable) -> Needs:
    made: tuple[Source | Experiment, ...]
    if kind in ("methods", "null_maps"):
        made = sources(table.model_copy(update={"methods": (), "null_maps": (), kind: (entry,)}))
    else:
        made = experiments(f"audit.experiments.{kind}", (entry,))
    # who does not say what it needs may need no layers: that shows when it is asked
    return frozenset(made[0].needs if registry.declares(made[0].function) else made[0].needs - {"layers"})


def refusal(noun: str, name: str, unmet: Needs, model: Model, step: str) -> AuditError:
    """Why the model cannot do what has a name and needs that it leaves unmet; a user's own may need less than it says.

    noun: 'saliency method'. step: what to do about it.
    """
    lacking = [CLAUSES[word] for word in sorted(model.capabilities.unserved & CLAUSES.keys())]
    needed = next(NOUNS[word] for word in cast(tuple[str, ...], get_args(Need)) if word in unmet)
    alone = "asks for answers alone" if not model.capabilities.gradient else "looks into no layers"
    return AuditError(
        f"{noun} {name!r}",
        f"needs {needed}, but a model of kind {model.description.get('kind', 'from Python')!r} {' and '.join(lacking)}",
        f"need {'an' if noun[0] in 'aeiou' else 'a'} {noun} that {alone}",
        "If it does, declare NEEDS = frozenset() in its module." if registry.is_own(name) else step,
    )
