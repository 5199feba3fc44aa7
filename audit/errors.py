"""The one exception that users are meant to read."""

from collections.abc import Iterable
from difflib import get_close_matches


class AuditError(Exception):
    """`{where}: {what was seen}; {what is needed}. {next step}`: a problem that the user can act on."""

    def __init__(self, where: object, seen: str, needed: str = "", next_step: str = "") -> None:
        self.where, self.seen, self.needed, self.next_step = str(where), seen, needed, next_step
        sentence = f"{where}: {seen}" + (f"; {needed}" if needed else "")
        ending = "" if sentence.endswith((".", "?")) else "."
        super().__init__(sentence + ending + (f" {next_step}" if next_step else ""))


def closest(word: str, known: Iterable[str]) -> str | None:
    """What of the known is spelt most alike, if anything nearly is."""
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.5)), None)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """'did you mean 'x'?' where something is close, else the list of what there is."""
    choices = sorted(known)
    if close := closest(wrong, choices):
        return f"did you mean {close!r}?"
    return f"there is {', '.join(choices[:20]) or 'none'}{', …' if len(choices) > 20 else ''}"
