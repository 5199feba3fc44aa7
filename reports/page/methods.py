"""Which methods and null maps a record rests on, and how they were set."""

from collections.abc import Collection, Sequence
from typing import Any

from audit import registry
from reports.result.schema import Identity

SHIPPED = frozenset(
    (
        *("gradient", "input_x_gradient", "guided_backprop", "smoothgrad", "smoothgrad_squared"),
        *("integrated_gradients", "gradcam", "uniform", "centre", "edges", "random_model"),
    )
)
"""Methods and null maps that the section on the method describes."""


LISTS = (
    *(("saliency", kind) for kind in ("methods", "null_maps")),
    *(("experiments", kind) for kind in ("interventions", "controls", "searches")),
)
"""Tables of the settings, and their lists of plug-ins."""


def method_settings(identity: Identity, methods: Sequence[str]) -> list[dict[str, Any]]:
    """How each method was set: what the settings say, then what the run chose."""
    saliency: Any = identity.settings.get("saliency") or {}
    given = {entry.get("label") or entry["name"]: entry for entry in saliency.get("methods", [])}
    entries = []
    for label in methods:
        entry = dict(given.get(label, {"name": label}))
        general = {key: saliency.get(key) for key in ("reduction", "score")}
        own = {key: entry.pop(key, None) for key in ("name", "label", "reduction", "score")}
        entries.append(
            {
                "label": label,
                "name": own["name"],
                "reduction": own["reduction"] or general["reduction"],
                "score": own["score"] or general["score"],
                "options": {**entry.pop("options", {}), **entry},
                "chosen": identity.per_run.get(label) or {},
            }
        )
    return entries


def null_names(identity: Identity, labels: Sequence[str]) -> dict[str, str]:
    """The function behind each null map's label."""
    saliency: Any = identity.settings.get("saliency") or {}
    given = {entry.get("label") or entry["name"]: str(entry["name"]) for entry in saliency.get("null_maps", [])}
    return {label: given.get(label, label) for label in labels}


def repeatable(identity: Identity, left_out: Collection[str]) -> dict[str, Any]:
    """The settings without the lists from which the run left something out, so that it would leave it out again."""
    settings: dict[str, Any] = dict(identity.settings)
    for table, kind in LISTS:
        if {*registry.names(f"audit.{table}.{kind}")} & {*left_out}:
            settings[table] = {key: value for key, value in settings[table].items() if key != kind}
    return settings


def experiment_settings(identity: Identity) -> list[dict[str, Any]]:
    """What each experiment does and how it was set, as the record says."""
    return [
        {
            "name": name,
            "described": identity.described.get(name, ""),
            "options": options if isinstance(options, dict) else {},
        }
        for name, options in identity.experiments.items()
    ]


def own(names: Sequence[str]) -> list[str]:
    """Names of functions that this page does not describe itself, each once: the record describes them."""
    return sorted({name for name in names if name not in SHIPPED})
