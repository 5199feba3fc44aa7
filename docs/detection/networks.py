"""The networks about which the truth is known, and what the audit said of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

KEPT = Path(__file__).parent / "networks.jsonl"
DRAWN, HEADS, TRAINED = "drawn", "photographs, heads", "photographs, trained"
GROUPS = {DRAWN: "o", HEADS: "x", TRAINED: "^"}
SWAP = "survives_other_"
OUTSIDE = ("corner_mark", "companion", "floating_mark", "frame", "shadow", "stripe", "texture", "word", "line")
OWNERS: Mapping[str, tuple[str, ...]] = {
    "background": (*OUTSIDE, "class_mark", "tag", "border", "tag of one class", "scene", "line (photographs)"),
    "regions": ("corner_mark", "frame", "stripe", "word", "class_mark", "tag", "border", "tag of one class"),
    "placement": ("object_place",),
    "scale": ("object_size",),
    "colour": ("tint", "brightness", "tint (photographs)"),
    "background_colour": ("tint", "brightness", "tint (photographs)"),
    "sharpness": ("sharpness",),
    "compression": ("jpeg_quality", "jpeg"),
    "object_colour": ("object_colour",),
    "object_shape": ("object_aspect",),
    "object_regions": ("inner_word", "word (photographs)"),
}
"""By property: the kinds of cue that are of it, so that its swap should cost what the network loses to the cue."""
INSIDE = ("inner_word", "word (photographs)", "object_colour", "object_aspect")
"""Kinds of the object itself, whose rules are advice."""


class Network(NamedTuple):
    """One network about which the truth is known, and what the audit said of it. Numbers are points."""

    name: str
    group: str
    kind: str
    true: float
    outcome: str
    """Of the whole; '' where experiments were left out that it takes."""
    failed: tuple[str, ...]
    """Rules on reliance that are FAIL, those that are advice among them."""
    estimates: Mapping[str, float]
    """By property."""
    maps: Mapping[str, float]
    """By map: mean relevance mass in the boxes less their share of the frame; 'pointing' of the gradient."""
    named: bool | None
    """Some confirmed cue lies where the cue is; None where that was not asked."""


def read_kept() -> list[Network]:
    """Those that were measured."""
    kept = map(json.loads, _lines(KEPT))
    return [Network(**{**line, "failed": tuple(line["failed"])}) for line in kept]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def drawn(folder: Path) -> Iterator[Network]:
    """What `fixtures.zoo.detect --keep` left."""
    for file in sorted(folder.glob("*.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        known = {name: 100 * swap[0] for name, swap in result["swaps"].items() if swap[0] is not None}
        failed = [rule for rule, outcome in result["rules"].items() if outcome == "FAIL" and _of_reliance(rule)]
        yield Network(
            result["name"],
            DRAWN,
            result["kind"],
            100 * result["reliance"],
            result["outcome"],
            tuple(sorted(failed)),
            known,
            {k: v for k, v in {**result["excess"], "pointing": result["pointing"]}.items() if v is not None},
            result["named"],
        )


def photographs(folder: Path) -> Iterator[Network]:
    """What `benchmarks.real_grid` left; of several regions the one that costs most."""
    for line in map(json.loads, _lines(folder / "heads.jsonl")):
        known: dict[str, float] = {}
        for finding in line["findings"]:
            name = finding["rule"].removeprefix(SWAP)
            if finding["rule"].startswith(SWAP) and finding["value"] is not None:
                known[name] = max(known.get(name, -np.inf), 100 * finding["value"])
        failed = [rule for rule, of in line["rules"].items() if of["outcome"] == "FAIL" and _of_reliance(rule)]
        kind, backbone = line["kind"], line["backbone"]
        yield Network(
            f"{backbone}, {kind}, {line['head']}",
            TRAINED if backbone.startswith("fine-tuned") else HEADS,
            f"{kind} (photographs)" if kind in ("word", "line", "tint") else kind,
            line["reliance"],
            "",
            tuple(sorted(failed)),
            known,
            {},
            None,
        )


def _of_reliance(rule: str) -> bool:
    return rule.startswith(SWAP) or rule in ("depends_on_object", "no_shared_hotspot")


def of_property(networks: Sequence[Network], name: str, group: str) -> list[Network]:
    """Those of a group whose kind of cue is of the property, and that were asked for it."""
    return [n for n in networks if n.group == group and n.kind in OWNERS[name] and name in n.estimates]


def kept(network: Network) -> dict[str, Any]:
    """As a line of the file."""
    estimates = {name: round(value, 1) for name, value in network.estimates.items()}
    maps = {name: round(value, 4) for name, value in network.maps.items()}
    return {**network._asdict(), "true": round(network.true, 1), "estimates": estimates, "maps": maps}
