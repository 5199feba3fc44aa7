"""From picture files to batches in the frame of the network's input, decoded ahead in threads or processes."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor

from audit.datasets.coding import PLAIN, Coding, Jpeg, coding_of, recoded
from audit.datasets.content import Content, content_of
from audit.datasets.decoders import Decoders, Task
from audit.datasets.displayed_boxes import displayed_boxes, displayed_forbidden, displayed_masks
from audit.datasets.exclusions import Exclusion, Reason, Rejected
from audit.datasets.picture_files import Opened, open_picture
from audit.datasets.picture_header import UPRIGHT, Header
from audit.datasets.picture_root import Images
from audit.datasets.preprocessing import Framed, FramedBoxes, Preprocessing
from audit.datasets.sample import Sample
from audit.saliency.localisation import Region, region


@dataclass(frozen=True)
class Loaded:
    """One picture, ready."""

    number: int
    framed: Framed
    sha256: str
    """Hash of the file's bytes."""
    content: Content
    size: tuple[int, int]
    """(width, height) of the picture as a viewer shows it."""
    coding: Coding = PLAIN
    """The grid on which its pixels lie in the frame."""
    compression: Jpeg | None = None
    """Of its file, as `Opened` says."""


@dataclass(frozen=True)
class LoadedBatch:
    """The usable pictures of one range of samples, and the exclusions among them."""

    pictures: tuple[Loaded, ...]
    region: Region | None
    """The objects of all pictures; None where there is no picture."""
    exclusions: tuple[tuple[int, Exclusion], ...]

    def some(self, places: range) -> "LoadedBatch":
        """The pictures at these places, without the exclusions."""
        if self.region is None or len(places) == len(self.pictures):
            return self
        chosen = slice(places.start, places.stop)
        return LoadedBatch(self.pictures[chosen], self.region.some(chosen), ())


@dataclass(frozen=True)
class Loader:
    """How samples are read: below which folder, into which frame, and what is left out."""

    folder: Images
    samples: Sequence[Sample]
    preprocessing: Preprocessing
    max_box_share: float
    min_visible: float
    tolerance: float
    """Tolerance of pointing, as a share of the shorter side of the network's input."""
    workers: int
    """Threads that decode. The one that asks for the batches is among them, while it waits."""
    ahead: int
    """Batches that are decoded while the network is asked. On the CPU none but where the network leaves a core idle:
    else decoding would take the cores that its threads wait for each other on, and cost several times its own time."""
    processes: int = 0
    """Processes that decode the batches of a run, each beside a thread that waits for it; 0: the threads do."""
    frame: tuple[int, int] | None = None
    """(height, width) that every picture must have after the preprocessing; None: not known yet."""

    def batches(self, ranges: Sequence[Sequence[int]], many: bool = False) -> "Batches":
        """One batch for each range, or other sequence, of sample numbers, in order.

        What is in a batch depends on its numbers alone, neither on the workers nor on where a run was resumed.
        many: so many pictures that processes are worth their start.
        """
        return Batches(self, ranges, Decoders() if many and self.processes else None)

    def load(self, number: int) -> Loaded:
        """Decode one sample and move it into the network's frame. Raises Rejected."""
        sample = self.samples[number]
        opened = open_picture(sample.image, self.folder)
        boxes, others = displayed_boxes(sample, opened.header)
        framed = self.framed_boxes(number, opened.header).with_pixels(self.preprocessing.frame_pixels(opened.picture))
        coding, content = self._coding(opened, framed.pixels), content_of(opened.picture, boxes + others)
        pixels = framed.pixels
        if coding.jpeg:  # what altered pixels go through, so that nobody can tell by it which pictures were altered
            pixels = recoded(pixels.unsqueeze(0), [coding])[0]  # on their grid of colours they lie already
        return Loaded(
            number=number,
            framed=framed._replace(pixels=pixels),
            sha256=opened.sha256,
            content=content,
            size=opened.picture.size,
            coding=coding,
            compression=opened.compression,
        )

    def task(self, number: int) -> Task:
        """`load` for another process, which gets this sample alone."""
        return partial(_loaded, replace(self, samples=(self.samples[number],)), number)

    def framed_boxes(self, number: int, header: Header) -> FramedBoxes:
        """Where the sample's boxes lie in the network's frame. Raises Rejected where sizes alone exclude the sample."""
        sample = self.samples[number]
        (boxes, _), forbidden = displayed_boxes(sample, header), displayed_forbidden(sample, header)
        shapes = displayed_masks(sample, header)[0] if sample.masks else ()
        try:
            framed = self.preprocessing.frame_boxes(header.shown, boxes, forbidden, shapes)
        except Rejected as rejected:
            raise Rejected(rejected.reason, f"{sample.image}: {rejected.detail}") from rejected
        height, width = framed.size
        if self.frame and self.frame != (height, width):
            raise Rejected(
                Reason.OTHER_FRAME,
                f"{sample.image}: the preprocessing makes it {width}x{height}, the first picture {self.frame[1]}x"
                f"{self.frame[0]}; need one size. Set crop, letterbox or a resize of two numbers in [preprocessing].",
            )
        return framed

    def _coding(self, opened: Opened, pixels: Tensor) -> Coding:
        """The grid of the picture in the frame, and that of its file as far as it is still there."""
        width, height = opened.picture.size
        origin = self.preprocessing.origin((height, width))
        if origin is None:
            return coding_of(pixels, None, *self.preprocessing.place((height, width)))
        jpeg = opened.jpeg if opened.header.orientation == UPRIGHT else None
        return coding_of(pixels, jpeg, origin, (height, width))

    def collect(self, numbers: Sequence[int], decoded: Sequence[Loaded | Rejected]) -> LoadedBatch:
        pairs = list(zip(numbers, decoded, strict=True))
        pictures = [outcome for _, outcome in pairs if isinstance(outcome, Loaded)]
        exclusions = [
            (number, self.excluded(number, outcome)) for number, outcome in pairs if isinstance(outcome, Rejected)
        ]
        if not pictures:
            return LoadedBatch((), None, tuple(exclusions))
        height, width = pictures[0].framed.pixels.shape[1:]
        near = self.tolerance * min(height, width)
        where = region([picture.framed.objects for picture in pictures], (height, width), near, "cpu")
        shares = where.area_share.tolist()
        faults = [self.fault(p.number, share, p.framed) for p, share in zip(pictures, shares, strict=True)]
        exclusions += [(p.number, self.excluded(p.number, f)) for p, f in zip(pictures, faults, strict=True) if f]
        if not any(faults):
            return LoadedBatch(tuple(pictures), where, tuple(exclusions))
        kept = [index for index, outcome in enumerate(faults) if not outcome]
        inside = where.some(kept) if kept else None
        return LoadedBatch(tuple(pictures[index] for index in kept), inside, tuple(exclusions))

    def fault(self, number: int, share: float, framed: Framed | FramedBoxes) -> Rejected | None:
        """Why the sample's boxes cannot be judged in its frame: too little of them is there, or too much.

        share: of the frame, that they cover. Nothing is wrong with a sample of a data set without boxes.
        """
        if not self.samples[number].boxes:
            return None
        image, visible = self.samples[number].image, framed.visible
        if visible < self.min_visible or share == 0:
            return Rejected(
                Reason.OBJECT_CROPPED,
                f"{image}: the preprocessing leaves {visible:.0%} of the object; need {self.min_visible:.0%} and one "
                "pixel. Resize instead of cropping, or lower data.min_visible.",
            )
        if share > self.max_box_share:
            cover = "boxes cover" if framed.drawn is None else "masks cover"
            return Rejected(
                Reason.BOX_COVERS_FRAME,
                f"{image}: the {cover} {share:.0%} of the frame, so inside and outside cannot be compared; "
                f"need at most {self.max_box_share:.0%} (data.max_box_share).",
            )
        return None

    def excluded(self, number: int, rejected: Rejected) -> Exclusion:
        sample = self.samples[number]
        return Exclusion(sample.image, sample.label, rejected.reason, rejected.detail)


def _loaded(loader: Loader, number: int) -> Loaded:
    """The one sample that the loader has, by the number that it has elsewhere."""
    return replace(loader.load(0), number=number)


class Batches(Iterator[LoadedBatch]):
    """Batches on their way; closed, because threads decode them."""

    def __init__(self, loader: Loader, ranges: Sequence[Sequence[int]], decoders: Decoders | None = None) -> None:
        """decoders: processes that decode in the place of the threads, which wait for them."""
        self._loader, self._ranges, self._decoders = loader, deque(ranges), decoders
        self._waiting: deque[tuple[Sequence[int], list[Future[Loaded]]]] = deque()
        threads = loader.processes if decoders else max(loader.workers - 1, min(loader.ahead, 1))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="load") if threads else None

    def start(self) -> None:
        """Begin to decode one more batch."""
        if self._ranges:
            numbers = self._ranges.popleft()
            self._waiting.append((numbers, [self._begun(number) for number in numbers]))

    def __next__(self) -> LoadedBatch:
        while self._ranges and len(self._waiting) <= self._loader.ahead:
            self.start()
        if not self._waiting:
            self.close()
            raise StopIteration
        numbers, futures = self._waiting.popleft()
        # from the end, where the other threads are not yet
        decoded = [self._decoded(*pair) for pair in reversed(list(zip(numbers, futures, strict=True)))]
        return self._loader.collect(numbers, decoded[::-1])

    def _begun(self, number: int) -> Future[Loaded]:
        """What no thread begins where there is none."""
        return self._pool.submit(self._load, number) if self._pool else Future()

    def _load(self, number: int) -> Loaded:
        return self._decoders.answer(self._loader.task(number)) if self._decoders else self._loader.load(number)

    def _decoded(self, number: int, future: Future[Loaded]) -> Loaded | Rejected:
        """What a thread has decoded. What none has begun is decoded here, where nothing else is to be done."""
        try:
            here = self._decoders is None and future.cancel()
            return self._loader.load(number) if here else future.result()
        except Rejected as rejected:
            return rejected

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
        if self._decoders:
            self._decoders.close()
