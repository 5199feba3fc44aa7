"""What the settings ask for and the model or the data cannot do: refused where they name it, else left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit import registry
from audit.errors import AuditError, Problems
from audit.experiments.runner import Experiment, experiments
from audit.models.model import Model
from audit.models.refusal import CLAUSES, refusal
from audit.registry import Need
from audit.saliency.sources import Source, sources
from audit.settings import Settings
from audit.settings_tables import NamedTable, SaliencyTable

Needs = frozenset[Need]
NONE: Needs = frozenset()
REGION: Needs = frozenset({"region"})


@dataclass(frozen=True)
class Feasible:
    """The settings as far as the model and the data can do them."""

    settings: Settings
    left_out: Mapping[str, tuple[str, ...]]
    """By name of what a default or the profile asks for: the model's capabilities that it lacks, sorted, and `region`
    where the data have no boxes."""


def feasible(settings: Settings, model: Model, *, boxed: bool = True) -> Feasible:
    """The settings without what the model cannot do, nor data without boxes.

    What the settings file itself names is never left out. Raises AuditError that says all of it and what it needs.
    """
    unserved = model.capabilities.unserved | (NONE if boxed else REGION)
    left_out, wrong = dict[str, tuple[str, ...]](), Problems("settings")
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
                wrong.add(_refusal(registry.noun(f"audit.{table}.{kind}"), entry.name, unmet, model, kind))
            elif unmet:
                lacking = unmet & (CLAUSES.keys() | REGION) or {word for words in left_out.values() for word in words}
                left_out[entry.name] = tuple(sorted(lacking))
            if not unmet:
                kept.append(entry)
        tables[table] = tables[table].model_copy(update={kind: tuple(kept)})
    wrong.settle()
    return Feasible(settings.model_copy(update=tables), left_out)


def _refusal(noun: str, name: str, unmet: Needs, model: Model, kind: str) -> AuditError:
    """Why what the settings name cannot be done, and that it may be left out of their list `kind`."""
    if unmet & REGION:
        step = f"Leave {kind} out of the settings, which then hold what these data allow."
        return AuditError(f"{noun} {name!r}", "needs boxes, but the data have none", "need a data set with boxes", step)
    step = f"Leave {kind} out of the settings, which then hold what this model can do."
    return refusal(noun, name, unmet, model, step)


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
