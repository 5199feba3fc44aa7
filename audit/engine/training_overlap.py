"""Which of the audited pictures the network was trained on, as far as the settings name these."""

from audit.datasets.training import overlap
from audit.engine.plan import Plan
from audit.record.record import Record
from audit.record.sample_readers import read_pictures
from audit.record.training_copies import TRAINING_COPIES


def note_training_copies(plan: Plan, record: Record) -> None:
    """Into the record, by number, once all pictures are measured."""
    if plan.inputs.training is None:
        return
    pictures = read_pictures(record)
    copies = overlap(plan.inputs.training, pictures.pixels_sha256.tolist(), pictures.perceptual_hash.tolist())
    numbers = {name: pictures.number[places].tolist() for name, places in copies._asdict().items()}
    record.set_meta(TRAINING_COPIES, numbers)
