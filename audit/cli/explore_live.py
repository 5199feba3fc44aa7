"""What the page of `explore --serve` asks, as questions to the network."""

import base64
from pathlib import Path
from typing import Any

from audit.engine.live_samples import FILLS, LiveSamples, live_samples
from audit.pipeline import read_settings
from audit.record.record import Record
from audit.settings import profile_of
from checks.measure_table import measured_by
from checks.profile import load_profile
from reports.explore.columns import SHARE_STEPS


def opened(settings: Path, record: Record, device: str) -> LiveSamples:
    """The network and the pictures of a record, by the settings of its run. Raises AuditError as `live_samples`."""
    read = read_settings(settings)
    limits = load_profile(profile_of(read.judge.profile, read.folder))
    return live_samples(measured_by(read, limits), record, device)


def look(live: LiveSamples, number: Any) -> dict[str, Any]:
    """What the page reads of a sample whose picture is kept, of one whose picture is not. number: of the sample."""
    looked = live.looked(_whole(number))
    maps = {method: _address(png) for method, png in looked.maps.items()}
    return {"picture": _address(looked.picture), "maps": maps, "outline": ""}


def ask(live: LiveSamples, question: Any) -> dict[str, Any]:
    """question: `sample`, `rectangle`, `fill`, and `donor` or null. Raises ValueError and the like for another one."""
    fill = question["fill"]
    if fill not in FILLS:
        raise ValueError(fill)
    x0, y0, x1, y1 = map(_whole, question["rectangle"])
    donor = None if question["donor"] is None else _whole(question["donor"])
    asked = live.asked(_whole(question["sample"]), (x0, y0, x1, y1), fill, donor)
    names, before = live.plan.inputs.classes, dict(asked.before)
    return {
        "label": [_steps(share) for share in asked.label],
        "after": [
            [names[index], _steps(share), _steps(before[index]) if index in before else None]
            for index, share in asked.after
        ],
        "picture": _address(asked.picture),
        "donor": asked.donor,
    }


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _steps(share: float) -> int:
    """As `shares`: what is neither 0 nor 1 is never written as one of them."""
    steps = round(share * SHARE_STEPS)
    return min(SHARE_STEPS - 1, max(1, steps)) if 0 < share < 1 else steps


def _address(encoded: bytes) -> str:
    kind = "png" if encoded.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
