"""The hashes of the code that was audited or that audits, beyond this package's own version."""

from torch import nn

from audit import registry
from audit.importing import import_function, source_hash
from audit.models.model import layers_hash
from audit.settings import Settings


def code_hashes(settings: Settings, module: nn.Module, *, from_python: bool) -> dict[str, str]:
    """SHA-256 of the source files of the network's layers and of each 'package.module:function' that the settings name.

    from_python: the network was passed in, so that the file of its class stands for the settings' model.
    """
    tables = {"saliency": ("methods", "null_maps"), "experiments": ("interventions", "controls", "searches")}
    named = {
        entry.name: registry.resolve(f"audit.{table}.{kind}", entry.name)
        for table, kinds in tables.items()
        for kind in kinds
        for entry in getattr(getattr(settings, table), kind)
        if ":" in entry.name
    }
    network = {"network": source_hash(type(module))} if from_python else {}
    if settings.model and not from_python:
        function = str(settings.model.options.get("function", ""))
        named |= {function: import_function(function)} if ":" in function else {}
    own = {name: source_hash(function) for name, function in named.items()}
    return {"layers": layers_hash(module), **network, **own}
