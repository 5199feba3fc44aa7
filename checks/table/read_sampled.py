"""The sample that interventions were made for, drawn again from what the record says of its samples."""

from audit.record.record import Record
from audit.record.sample_readers import read_samples
from audit.sampling import Unit, sampled


def read_sampled(record: Record) -> tuple[int, ...] | None:
    """The numbers of the samples; None where it is all of them.

    Raises ValueError where the record states another sample than its settings and samples come to.
    """
    identity = record.identity()
    asked = (identity["settings"].get("data") or {}).get("sample")
    stated = identity.get("sample")
    if asked is None and stated is None:
        return None
    samples = read_samples(record)
    rows = zip(samples.image.tolist(), samples.label.tolist(), samples.metadata, strict=True)
    seed = int((identity["settings"].get("run") or {})["seed"])
    drawn = sampled([Unit(*row) for row in rows], asked or {"n": len(samples.number)}, seed)
    if stated != (drawn.recorded() if drawn else None):
        raise ValueError("a sample that was not drawn as the settings ask")
    return drawn.numbers if drawn else None
