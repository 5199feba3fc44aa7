"""The table [run] of the settings: batches, threads, processes, draws, and what is kept."""

from pathlib import Path

import torch
from pydantic import Field

from audit import bounds
from audit.settings_tables import Table

MOST_WORKERS = 8
"""Default when the settings name none. Decoding holds the interpreter's lock for about a seventh of its time."""


class RunTable(Table):
    """How the run goes about it."""

    batch_size: int = Field(default=16, gt=0, le=bounds.MOST_BATCHED)
    """Pictures that are measured together, and kept together when a run is interrupted; on a GPU 128 where nothing is
    said. Where memory is too short for them, half as many go through the network at once."""
    workers: int = Field(
        default_factory=lambda: min(torch.get_num_threads(), MOST_WORKERS),
        gt=0,
        le=bounds.MOST_THREADS,
        examples=[4],
    )
    """Threads that decode pictures. Default: those of torch, at most 8; on the CPU one for pictures of up to 128x128
    pixels. No number depends on them."""
    processes: int | None = Field(default=None, ge=0, le=bounds.MOST_THREADS, examples=[8])
    """Processes that decode the pictures of the run in the place of those threads, so that nothing waits for the
    interpreter's lock. Default: none, but on a GPU and for 2,000 pictures or more one less than there are cores."""
    threads: int | None = Field(default=None, gt=0, le=bounds.MOST_THREADS, examples=[4])
    """Threads that the network computes with. Default: those of torch, but no more than the cores that a container is
    granted. With another number the last digits may differ."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Of everything that is drawn at random."""
    limit: int | None = Field(default=None, gt=0, le=bounds.MOST_PICTURES, examples=[50])
    """Samples of a first look, spread evenly over the classes; its audit decides nothing. Default: all samples."""
    cache: Path | None = Field(default=None, examples=["cache"])
    """Folder for copies of what lies at URLs, by their SHA-256, so that a later run need not fetch them again.
    Default: nothing is kept. No number depends on it."""
    maps_kept: int = Field(default=0, ge=0, le=bounds.MOST_PICTURES)
    """Samples, drawn at random, whose picture and maps the record keeps for `explore`, besides those of the gallery.

    In a frame of 224 by 224 pixels a picture takes about 20 kB, and each map about 40 kB.
    """
