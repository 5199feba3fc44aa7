"""The tables of a record, and a typed row for each of them."""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from audit.record.frame_masks import MaskRow
from audit.record.repeat_rows import MapRepeatRow, RepeatRow

SCHEMA_VERSION = 10

MEASURES = ("mass", "lift", "rank", "pointing", "auc")
"""The scores of a map, named as the columns of the table `score`."""
SUBJECT = "model"
"""The subject of the answers that the audited network gave; the others are planted copies, as 'linear 0.25'."""


class MetaRow(NamedTuple):
    """One entry of the identity."""

    key: str
    value: str
    """JSON."""


class SampleRow(NamedTuple):
    """One sample of the data set, measured or not. `sample` in the other tables is its number."""

    id: int
    image: str
    label: str
    class_index: int
    boxes: str
    """JSON: x0, y0, x1, y1 of each, in pixels of the picture."""
    other_boxes: str
    """JSON, likewise: the boxes of other labels in the same picture."""
    metadata: str
    """JSON: text by column."""


class ExclusionRow(NamedTuple):
    """One sample that left the audit."""

    image: str
    label: str
    sample: int | None
    """None where it was excluded before samples were numbered."""
    reason: str
    detail: str


class PictureRow(NamedTuple):
    """One measured sample. The last four are None where a logit was not finite."""

    sample: int
    sha256: str
    """Hash of the picture's file."""
    pixels_sha256: str
    """Hash of the decoded pixels."""
    perceptual_hash: str
    """128 hexadecimal digits; '' where the picture is too plain for one."""
    width: int
    height: int
    frame_boxes: str
    """JSON: x0, y0, x1, y1 of each box, in pixels of the network's input."""
    area_share: float
    """Share of the network's input inside the boxes or masks."""
    probability: float | None
    """The label's probability."""
    label_rank: int | None
    """1 where the label is predicted."""
    predicted: int | None
    confidence: float | None
    """Probability of the predicted class."""


class ScoreRow(NamedTuple):
    """One map against the objects. The measures are None or NaN where the map is dead."""

    sample: int
    source: str
    """Label of the method or null map."""
    dead: int
    mass: float | None
    lift: float | None
    rank: float | None
    pointing: float | None
    auc: float | None


class ForbiddenRow(NamedTuple):
    """One map against the forbidden pixels of a picture that has some."""

    sample: int
    source: str
    area_share: float
    """Share of the network's input that is forbidden."""
    mass: float
    """Share of the relevance on it, NaN where the map is dead."""


class NoteRow(NamedTuple):
    """One number that a method, an intervention or a control reports about a sample."""

    sample: int
    source: str
    name: str
    value: float


class ThumbnailRow(NamedTuple):
    """One small picture of a sample that the report shows."""

    sample: int
    layer: str
    """'picture', the label of a method, or what `audit.record.altered_layers` calls an altered picture."""
    encoded: bytes
    """An image file."""


class AnswerRow(NamedTuple):
    """The network's answer to one altered picture. The last three are None where the answer was not finite."""

    subject: str
    """`SUBJECT`, or the name of a planted copy."""
    sample: int
    intervention: str
    variant: str
    probability: float | None
    """Probability of the label, or of the cue's class."""
    log_odds: float | None
    predicted: int | None
    logits: bytes | None = None
    """Of the classes that the identity names in `logit_classes`, centred, as `audit.record.class_logits` packs them."""


class UnmadeRow(NamedTuple):
    """An altered picture that could not be made, as there was no room or no donor: why it has no answer."""

    subject: str
    sample: int
    intervention: str
    variant: str


class GridRow(NamedTuple):
    """Where the evidence of one picture lies outside the boxes."""

    sample: int
    cells: bytes
    """uint8, row by row, compressed by zlib."""


class CueRow(NamedTuple):
    """One candidate that a search found."""

    id: int
    class_index: int
    kind: str
    """'place' or 'appearance'."""
    x0: float | None
    """The window as shares of the frame; None where it has no fixed place."""
    y0: float | None
    x1: float | None
    y1: float | None
    side: float
    """Size of the window as a share of the frame's side."""
    seen_in: int
    pictures: int
    """Pictures of the class, among which it was seen in `seen_in`."""


class CropRow(NamedTuple):
    """One example of a candidate; cue 0 is the stamped mark of the planted cue."""

    cue: int
    number: int
    sample: int
    x: float
    """The middle of the crop as a share of the frame's width."""
    y: float
    encoded: bytes
    """An image file."""


class StageRow(NamedTuple):
    """One map after one stage of the randomisation, against the map of the network as it is."""

    method: str
    stage: int
    """From 1."""
    layers: str
    """What lost its weights in this stage."""
    sample: int
    similarity: float
    """Spearman's rank correlation, NaN where a map is dead."""


class PassesRow(NamedTuple):
    """Pictures that one batch, control or search sent through the network."""

    part: str
    """'pictures', or the name of a control or search."""
    pictures: int
    """Samples that are done with it."""
    forward: int
    backward: int


class Rows(TypedDict, total=False):
    """Rows to add, by the name of their table."""

    meta: Sequence[MetaRow]
    exclusion: Sequence[ExclusionRow]
    picture: Sequence[PictureRow]
    mask: Sequence[MaskRow]
    score: Sequence[ScoreRow]
    forbidden: Sequence[ForbiddenRow]
    note: Sequence[NoteRow]
    thumbnail: Sequence[ThumbnailRow]
    answer: Sequence[AnswerRow]
    unmade: Sequence[UnmadeRow]
    grid: Sequence[GridRow]
    cue: Sequence[CueRow]
    crop: Sequence[CropRow]
    cascade: Sequence[StageRow]
    repeat: Sequence[RepeatRow]
    map_repeat: Sequence[MapRepeatRow]
    passes: Sequence[PassesRow]
