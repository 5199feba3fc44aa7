"""The hashes of the code that was audited or that audits, beyond this package's own version."""

from torch import nn

from audit.importing import import_function, source_hash
from audit.models.model import layers_hash
from audit.settings import Settings


def code_hashes(settings: Settings, module: nn.Module, *, from_python: bool) -> dict[str, str]:
    """SHA-256 of the source files of the network's layers and of each 'package.module:function' that the settings name.

    from_python: the network was passed in, so that the file of its class stands for the settings' model.
    """
    experiments = settings.experiments
    tables = (
        *settings.saliency.methods,
        *settings.saliency.null_maps,
        *experiments.interventions,
        *experiments.controls,
        *experiments.searches,
    )
    functions = [table.name for table in tables]
    network = {"network": source_hash(type(module))} if from_python else {}
    if settings.model and not from_python:
        functions.append(str(settings.model.options.get("function", "")))
    own = {name: source_hash(import_function(name)) for name in functions if ":" in name}
    return {"layers": layers_hash(module), **network, **own}
