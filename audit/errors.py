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


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """'did you mean 'x'?' where something is close, else the list of what there is."""
    choices = sorted(known)
    close = get_close_matches(wrong, choices, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there is {', '.join(choices[:20]) or 'none'}{', …' if len(choices) > 20 else ''}"
