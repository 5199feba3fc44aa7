"""The relevance on forbidden pixels, and what hiding them did: values for the page and for `audit.json`."""

import numpy as np
from pydantic import Field

from checks.frozen import Frozen
from checks.table.evidence import Evidence
from reports.result.summary import mean

INTERVENTION = "forbidden_hidden"
ELSEWHERE = " elsewhere"


class ForbiddenMass(Frozen):
    """One source on the forbidden pixels. Means over the pictures that have them and a map that is not dead."""

    source: str
    kind: str = Field(description="'method' or 'null map'")
    n: int
    area_share: float | None = Field(description="of the forbidden pixels: chance for the mass")
    mass: float | None = Field(description="share of the relevance on them")


class Hiding(Frozen):
    """One fill in the place of the forbidden pixels. Means over the pictures predicted right, paired."""

    fill: str
    n: int = Field(description="pictures with both answers, or with the first alone where there is no control")
    before: float | None = Field(description="probability of the label on the pictures as they are")
    kept: float | None = Field(description="probability without the forbidden pixels")
    kept_elsewhere: float | None = Field(description="probability with as much hidden elsewhere: the control")
    moved: float | None = Field(description="by how much a picture's probability moves, up or down")
    moved_elsewhere: float | None = Field(description="the same with as much hidden elsewhere")


class ForbiddenPixels(Frozen):
    """What the data say must not matter, as a watermark."""

    pictures: int = Field(description="that have forbidden pixels")
    sources: tuple[ForbiddenMass, ...] = Field(description="methods, then null maps, in the settings' order")
    hidden: tuple[Hiding, ...] = Field(description="one for each fill; empty where the intervention left no answer")


def forbidden_pixels(evidence: Evidence) -> ForbiddenPixels | None:
    """None where no picture has forbidden pixels."""
    if evidence.forbidden is None or not evidence.forbidden.there.any():
        return None
    kinds = [(label, "method") for label in evidence.methods] + [(label, "null map") for label in evidence.null_maps]
    fills = [variant for variant in evidence.variants(INTERVENTION) if not variant.endswith(ELSEWHERE)]
    hidden = [_hiding(evidence, fill) for fill in sorted(fills, reverse=True)]
    return ForbiddenPixels(
        pictures=int(evidence.forbidden.there.sum()),
        sources=tuple(_mass(evidence, source, kind) for source, kind in kinds),
        hidden=tuple(entry for entry in hidden if entry.n),
    )


def _mass(evidence: Evidence, source: str, kind: str) -> ForbiddenMass:
    assert evidence.forbidden is not None, "asked where there are some"
    mass = evidence.forbidden.mass.get(source, np.full(evidence.n, np.nan))
    scored = np.isfinite(mass)
    area = evidence.forbidden.area[scored]
    return ForbiddenMass(source=source, kind=kind, n=int(scored.sum()), area_share=mean(area), mass=mean(mass[scored]))


def _hiding(evidence: Evidence, fill: str) -> Hiding:
    without, control = evidence.answered(INTERVENTION, fill), evidence.answered(INTERVENTION, fill + ELSEWHERE)
    asked = without.asked & evidence.right
    both = asked & control.asked
    chosen = both if both.any() else asked
    before = evidence.probability[chosen]
    return Hiding(
        fill=fill,
        n=int(chosen.sum()),
        before=mean(before),
        kept=mean(without.probability[chosen]),
        kept_elsewhere=mean(control.probability[chosen]),
        moved=mean(np.abs(before - without.probability[chosen])),
        moved_elsewhere=mean(np.abs(before - control.probability[chosen])),
    )
