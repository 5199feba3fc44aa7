"""Why a model cannot do what is asked for, in one sentence."""

from typing import cast, get_args

from audit import registry
from audit.errors import AuditError
from audit.models.model import Model
from audit.registry import Need

NOUNS = {"gradient": "a gradient", "layers": "layers", "untrained": "a copy with random weights", "grid": "maps"}
CLAUSES = {"gradient": "has no gradient", "layers": "shows no layers that could be looked into"}


def refusal(noun: str, name: str, unmet: frozenset[Need], model: Model, step: str) -> AuditError:
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
