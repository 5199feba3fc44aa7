"""The tables of docs/detection.md."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from docs.detection.hindsight import by_hindsight
from docs.detection.networks import GROUPS, INSIDE, OWNERS, SWAP, Network, of_property
from docs.detection.rows import table

BANDS = ((-np.inf, 2.0), (2.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, np.inf))
BAND_NAMES = ("under 2", "2 to 5", "5 to 10", "10 to 20", "20 and more")
FEWEST = 4
"""Networks, with fewer of which no line is fitted."""


def tables(networks: Sequence[Network]) -> str:
    """The tables, in Markdown."""
    return "\n\n".join([_lines_of_fit(networks), _by_band(networks), by_hindsight(networks), _each(networks)])


def _lines_of_fit(networks: Sequence[Network]) -> str:
    rows = []
    for name in OWNERS:
        for group in GROUPS:
            own = of_property(networks, name, group)
            true, seen = np.array([[n.true, n.estimates[name]] for n in own]).reshape(-1, 2).T
            if len(own) < FEWEST or np.ptp(true) == 0:
                continue
            fit = stats.linregress(true, seen)
            error = np.abs(seen - true)
            rows.append(
                [
                    name.replace("_", " "),
                    group,
                    str(len(own)),
                    f"{fit.slope:.2f}",
                    _signed(fit.intercept),
                    f"{fit.rvalue:.2f}",
                    f"{np.median(error):.1f}",
                    f"{error.max():.1f}",
                ]
            )
    return table(["property", "networks", "number", "slope", "offset", "r", "median error", "largest error"], rows)


def _by_band(networks: Sequence[Network]) -> str:
    """How many FAIL, by true reliance: the whole by every rule that decides, then by rules alone."""
    rules: Mapping[str, Callable[[Network], bool]] = {
        "any rule that decides": _fails,
        "backgrounds": _fails_by("survives_other_background"),
        "regions": _fails_by("survives_other_regions"),
        "the object removed": _fails_by("depends_on_object"),
    }
    rows = []
    for group in GROUPS:
        for place, chosen in (("", [n for n in networks if n.kind not in INSIDE]), (", cue on the object", networks)):
            own = [n for n in chosen if n.group == group and (not place or n.kind in INSIDE)]
            for title, fails in rules.items() if not place else {"any rule that decides": _fails}.items():
                bands = [[n for n in own if low <= n.true < high] for low, high in BANDS]
                if own:
                    rows.append([f"{group}{place}", title, *(_share(sum(map(fails, b)), len(b)) for b in bands)])
    return table(["networks", "FAIL by", *BAND_NAMES], rows)


def _fails(network: Network) -> bool:
    """A rule on reliance that decides is FAIL."""
    return any(not rule.startswith(f"{SWAP}object_") for rule in network.failed)


def _fails_by(rule: str) -> Callable[[Network], bool]:
    return lambda network: rule in network.failed


def _each(networks: Sequence[Network]) -> str:
    rows = []
    for n in sorted(networks, key=lambda n: (list(GROUPS).index(n.group), n.kind, -n.true)):
        owned = [name for name, kinds in OWNERS.items() if n.kind in kinds and name in n.estimates]
        largest = max(n.estimates, key=lambda name: n.estimates[name], default="")
        shown = owned or ([largest] if largest else [])
        rows.append(
            [
                n.name,
                _signed(n.true, plus=False),
                n.outcome,
                ", ".join(f"{name.replace('_', ' ')} {_signed(n.estimates[name], plus=False)}" for name in shown),
                ", ".join(rule.removeprefix(SWAP) for rule in n.failed),
            ]
        )
    return table(["network", "true", "verdict", "estimated", "FAIL of"], rows)


def _share(k: int, n: int) -> str:
    return f"{k} of {n}" if n else ""


def _signed(value: float, *, plus: bool = True) -> str:
    text = f"{value:+.1f}" if plus else f"{value:.1f}"
    return text.replace("-0.0", "0.0").replace("-", "−")
