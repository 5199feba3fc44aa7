"""`view`: the samples of a record in napari, with their maps, boxes and altered pictures."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.output import FILE, STDOUT, path_text
from audit.errors import AuditError
from audit.record.place import record_of

if TYPE_CHECKING:
    from audit.record.record import Record
    from audit.viewer.layers import LayerData, Shown

FILLS = {"blurred": "blurred", "mean": "in its mean colour", "donor": "replaced by another class's picture"}
"""What is done to the rectangle around the object, and what it is called."""


@click.command()
@click.argument("record", type=FILE)
@click.argument("sample", required=False)
@click.option("--settings", type=FILE, help="The run's settings file: maps of any sample, and altered pictures.")
@click.option("--device", default="cpu", show_default=True, help="With --settings: cpu or cuda.")
@click.option("--screenshot", type=FILE, help="Write a PNG of the window and leave.")
def view(record: Path, sample: str | None, settings: Path | None, device: str, screenshot: Path | None) -> int:
    """Open RECORD (a run's folder, or its audit.sqlite) in napari: picture, maps, boxes.

    SAMPLE is a picture's path or a number; without it, all samples whose pictures the record keeps.
    """
    if find_spec("napari") is None:
        step = "Install it: pip install 'saliency-audit[napari]'. Without it: saliency-audit explore."
        raise AuditError("view", "napari is not installed", "need the extra 'napari'", step)
    from audit.record.record import Record
    from audit.viewer.layers import kept_samples, layers_of

    if settings is not None and sample is None:
        raise AuditError("view", "--settings without a sample", "need SAMPLE, whose maps are made anew")
    with Record.open(record_of(record)) as opened:
        shown = kept_samples(opened, sample) if settings is None else [_anew(opened, str(sample), settings, device)]
    _show(layers_of(shown), f"{record.name}: {shown[0].image if sample else f'{len(shown)} samples'}", screenshot)
    if screenshot:
        STDOUT.print(f"Written to {path_text(screenshot)}", soft_wrap=True)
    return 0


def _anew(record: "Record", sample: str, settings: Path, device: str) -> "Shown":
    """The sample with its maps made again, and with what hiding its object does."""
    from dataclasses import replace

    from audit.cli.explore_live import opened
    from audit.importing import importable
    from audit.record.record import readable
    from audit.record.sample_readers import read_pictures
    from audit.viewer.layers import PICTURE, pixels_of, place_of
    from audit.viewer.layers import shown as drawn

    with readable(record):
        pictures = read_pictures(record)
    row = place_of(pictures, sample)
    number, frame = int(pictures.number[row]), record.identity()["frame"]
    altered = {}
    with importable(settings.parent):
        live = opened(settings, record, device)
        looked = live.looked(number)
        whole = _around(pictures.frame_boxes[row], frame)
        for fill, words in FILLS.items():
            try:
                asked = live.asked(number, whole, fill, None)  # type: ignore[arg-type]
            except AuditError:
                continue  # the object fills the frame, or there is one class
            name = f"object {words}: {asked.label[0]:.2f} → {asked.label[1]:.2f}"
            altered[name] = pixels_of(asked.picture, record)
    layers = {PICTURE: looked.picture, **looked.maps}
    return replace(drawn(record, pictures, row, layers, [*looked.maps]), altered=altered)


def _around(boxes: tuple[tuple[float, float, float, float], ...], frame: list[int]) -> tuple[int, int, int, int]:
    """The whole pixels of the frame that the boxes touch, as one rectangle; the whole frame without boxes."""
    height, width = frame
    if not boxes:
        return 0, 0, width, height
    x0, y0 = (int(min(box[axis] for box in boxes)) for axis in (0, 1))
    x1, y1 = (-int(-max(box[axis] for box in boxes) // 1) for axis in (2, 3))
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def _show(layers: "list[LayerData]", title: str, screenshot: Path | None) -> None:
    import napari

    viewer = napari.Viewer(title=title, show=screenshot is None)
    for data, look, kind in layers:
        getattr(viewer, f"add_{kind}")(data, **look)
    if viewer.dims.ndim > 2:
        viewer.dims.set_current_step(0, 0)
    if screenshot is None:
        napari.run()
        return
    viewer.reset_view()
    viewer.screenshot(str(screenshot), canvas_only=False, flash=False)
    viewer.close()
