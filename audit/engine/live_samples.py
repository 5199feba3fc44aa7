"""The samples of a run with the network at hand: maps on demand, and the answer to a picture altered by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from audit.datasets.loader import Loaded
from audit.engine.explained_samples import loaded_again, without_experiments
from audit.engine.plan import Plan, plan
from audit.engine.thumbnails import encode_exactly, encode_map, encode_picture
from audit.errors import AuditError
from audit.experiments.fills import blur, blurred, mean
from audit.record.record import Record
from audit.record.sample_readers import read_pictures, read_samples
from audit.saliency.batch import Batch
from audit.settings import Settings

Fill = Literal["mean", "inward", "blurred", "donor"]
"""The mean colour, the surroundings carried inward, the picture's own strong blur, a picture of another class."""
FILLS = get_args(Fill)
MOST_SHOWN = 5
Rectangle = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the network's input, half-open."""


class Looked(NamedTuple):
    """What the record keeps of a gallery's sample, made anew. Image files."""

    picture: bytes
    maps: Mapping[str, bytes]
    """By method."""


class Asked(NamedTuple):
    """What the network says of a picture as it is, and altered."""

    label: tuple[float, float]
    """Probability of the label, before and after."""
    before: list[tuple[int, float]]
    """The most probable classes with their probabilities."""
    after: list[tuple[int, float]]
    picture: bytes
    """The altered picture as an image file, bit for bit as the network was shown it."""
    donor: int | None
    """The sample that lent its pixels."""


@dataclass(frozen=True, eq=False)
class LiveSamples:
    """One question at a time. Made by `live_samples`."""

    plan: Plan
    hashes: Mapping[int, str]
    """Of the measured pictures' files, by number."""
    turn: Lock

    def looked(self, number: int) -> Looked:
        """The picture and each method's map of a measured sample. Raises AuditError where its file is another."""
        with self.turn:
            picture = self._loaded(number)
            batch = self.plan.factory.batch([picture])
            maps = {source.label: source.ask(batch)[0][0] for source in self.plan.methods}
        encoded = {label: encode_map(relevance.float().cpu()) for label, relevance in maps.items()}
        return Looked(encode_picture(picture.framed.pixels), encoded)

    def asked(self, number: int, rectangle: Rectangle, fill: Fill, donor: int | None = None) -> Asked:
        """The network's answers with the rectangle filled. donor: a sample's number; None: the next of another class.

        Raises AuditError where the rectangle is none within the frame, or no picture of another class can lend.
        """
        with self.turn:
            picture = self._loaded(number)
            batch = self.plan.factory.batch([picture])
            hole = self._hole(batch, rectangle)
            lender = self._lender(number, donor) if fill == "donor" else None
            altered = batch.shown(self._filled(batch, hole, fill, lender))
            with torch.no_grad():
                logits = torch.cat([batch.logits, batch.ask(altered)])
        probability = logits.double().softmax(dim=1).cpu()
        pixels = batch.eight_bit(altered)[0].cpu()
        before, after = (_most(row) for row in probability)
        label = probability[:, int(batch.target[0])].tolist()
        return Asked(
            (label[0], label[1]), before, after, encode_exactly(pixels), None if lender is None else lender.number
        )

    def _loaded(self, number: int) -> Loaded:
        if number not in self.hashes:
            raise AuditError("sample", f"no measured sample {number}", "need the number of one")
        picture = loaded_again(self.plan, number)
        if picture.sha256 != self.hashes[number]:
            image = self.plan.inputs.samples[number][0].image
            raise AuditError(image, "is no longer the file that was measured", "need the picture as it was")
        return picture

    def _hole(self, batch: Batch, rectangle: Rectangle) -> Tensor:
        """(1, 1, H, W) bool."""
        x0, y0, x1, y1 = rectangle
        height, width = batch.x.shape[2:]
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height) or (x1 - x0) * (y1 - y0) == width * height:
            raise AuditError("rectangle", f"{rectangle} is none", f"need one within {width} x {height} pixels")
        hole = torch.zeros(1, 1, height, width, dtype=torch.bool, device=batch.x.device)
        hole[..., y0:y1, x0:x1] = True
        return hole

    def _filled(self, batch: Batch, hole: Tensor, fill: Fill, lender: Loaded | None) -> Tensor:
        if lender is not None:
            return torch.where(hole, self.plan.factory.batch([lender]).x, batch.x)
        if fill == "blurred":
            return torch.where(hole, blurred(batch.x, torch.zeros_like(hole)), batch.x)
        return mean(batch.x, hole) if fill == "mean" else blur(batch.x, hole)

    def _lender(self, number: int, donor: int | None) -> Loaded:
        samples = self.plan.inputs.samples
        others = [n for n in sorted(self.hashes) if samples[n][1] != samples[number][1]]
        if donor is not None and donor not in others:
            raise AuditError("donor", f"sample {donor} is no measured one of another class", "need such a number")
        if not others:
            raise AuditError("donor", "no measured sample is of another class", "need two classes")
        return self._loaded(donor if donor is not None else next((n for n in others if n > number), others[0]))


def live_samples(settings: Settings, record: Record, device: str = "cpu") -> LiveSamples:
    """Open the model and the data that the settings name, for the samples of a record.

    Raises AuditError where they cannot be opened, or are not those of the record.
    """
    identity = record.identity()
    limit = (identity["settings"].get("run") or {}).get("limit")
    limited = settings.model_copy(update={"run": settings.run.model_copy(update={"limit": limit})})
    made = plan(without_experiments(limited), None, device)
    numbered, pictures = read_samples(record), read_pictures(record)
    now = {
        "another model": made.inputs.state_sha256 == identity["model"].get("state_sha256"),
        "other class names": list(made.inputs.classes) == identity["classes"],
        "other samples": [(s.image, s.label) for s, _ in made.inputs.samples]
        == list(zip(numbered.image.tolist(), numbered.label.tolist(), strict=True)),
        "another frame": list(made.factory.loader.frame or ()) == list(identity.get("frame") or ()),
    }
    if other := next((what for what, same in now.items() if not same), None):
        raise AuditError("settings", f"lead to {other} than the record's", "need the settings of the run")
    hashes = dict(zip(pictures.number.tolist(), pictures.sha256.tolist(), strict=True))
    return LiveSamples(made, hashes, Lock())


def _most(probability: Tensor) -> list[tuple[int, float]]:
    values, places = probability.topk(min(MOST_SHOWN, len(probability)))
    return list(zip(places.tolist(), values.tolist(), strict=True))
