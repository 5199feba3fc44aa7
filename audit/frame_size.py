"""How large a batch of pictures is, as the network sees them, and whether a machine can hold it."""

from collections.abc import Iterator

from audit.bounds import MOST_IN_BATCH, MOST_LENT, MOST_PICTURES
from audit.errors import AuditError, Problems
from audit.settings import Settings
from audit.settings_tables import PreprocessingTable

Frame = tuple[int, int]
"""Height and width of the network's input."""
MILLION = 1_000_000


def frame_problems(settings: Settings) -> Iterator[AuditError]:
    """What is too large by the settings alone, before any picture is loaded."""
    frame = _stated(settings.preprocessing) if settings.preprocessing else None
    if frame is not None:
        yield from _problems(settings, frame)


def check_frame(settings: Settings, frame: Frame, pictures: int) -> None:
    """Raises AuditError where so many pictures of this size are too large for what the settings make of them."""
    wrong = Problems("settings")
    wrong.add(*_problems(settings, frame, pictures))
    wrong.settle()


def _problems(settings: Settings, frame: Frame, pictures: int = MOST_PICTURES) -> Iterator[AuditError]:
    height, width = frame
    smaller = "or make the pictures smaller in [preprocessing]"
    for key, stated, most in (
        ("run.batch_size", settings.run.batch_size, MOST_IN_BATCH),
        ("experiments.donors", settings.experiments.donors, MOST_LENT),
    ):
        count = min(stated, pictures)
        if count * height * width > most:
            megapixels = count * height * width / MILLION
            seen = f"{key} = {stated}: {count} pictures of {width}x{height} are {megapixels:,.0f} megapixels"
            fits = most // (height * width)
            step = f"Set it to {fits} at most, {smaller}." if fits else f"Lower it, {smaller}."
            yield AuditError("settings", seen, f"need at most {most / MILLION:,.0f}", step)


def _stated(table: PreprocessingTable) -> Frame | None:
    """The network's input, where the pictures' own sizes do not matter."""
    built = table.built()
    resize = None if isinstance(built.resize, int) else built.resize
    return built.crop or built.letterbox or resize
