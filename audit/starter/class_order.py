"""The names of the classes as a settings file begins with them, and where their order comes from."""

import sys

from audit import registry
from audit.datasets.discover import Found
from audit.errors import AuditError


def class_order(reading: Found) -> tuple[tuple[str, ...], str]:
    """The labels in what is likely the order of the network's outputs, and a word on that order.

    The order is that in which the annotations list their classes, where the format knows one; classes without a sample
    are among them, since the network has an output for each. Else labels that are numbers are ordered as numbers, and
    others by the alphabet.
    """
    stated = _stated(reading)
    there = {sample.label for sample in reading.dataset.samples}
    if stated and there <= set(stated):
        return tuple(dict.fromkeys(stated)), f"in the order of {reading.annotations.name}"
    numbers = all(label.isascii() and label.isdecimal() for label in there)
    ordered = sorted(there, key=lambda label: (int(label), label)) if numbers else sorted(there)
    return tuple(ordered), "in the order of their numbers" if numbers else "in alphabetical order"


def _stated(reading: Found) -> tuple[str, ...]:
    read = registry.resolve("audit.datasets.formats", reading.format)
    order = getattr(sys.modules[read.__module__], "class_order", None)
    if order is None:
        return ()
    try:
        names: tuple[str, ...] = order(reading.annotations)
    except AuditError:
        return ()
    return names
