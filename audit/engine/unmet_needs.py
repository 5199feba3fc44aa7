"""What the settings ask for and the model cannot do: refused where the settings name it, left out where they do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit import registry
from audit.errors import Problems
from audit.experiments.runner import Experiment, experiments
from audit.models.model import Model
from audit.models.refusal import CLAUSES, refusal
from audit.registry import Need
from audit.saliency.sources import Source, sources
from audit.settings import Settings
from audit.settings_tables import NamedTable, SaliencyTable

Needs = frozenset[Need]


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
