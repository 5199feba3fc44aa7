"""The properties that a swap takes from other pictures, as the rules that judge one call them."""

import importlib
from collections.abc import Mapping
from functools import cache

from audit import registry
from reports.wording.swaps import Swapped

WORDINGS = "reports.wording.rules"


@cache
def swapped_properties() -> Mapping[str, Swapped]:
    """By rule: the `SWAPPED` of each wording that has one."""
    modules = {rule: importlib.import_module(f"{WORDINGS}.{rule}") for rule in registry.names(WORDINGS)}
    return {rule: module.SWAPPED for rule, module in modules.items() if hasattr(module, "SWAPPED")}
