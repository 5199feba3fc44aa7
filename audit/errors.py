"""The one exception that users are meant to read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

MOST_LISTED = 50
"""Problems that one message lists."""


class AuditError(Exception):
    """`{where}: {what was seen}; {what is needed}. {next step}`: a problem that the user can act on."""

    def __init__(
        self, where: object, seen: str, needed: str = "", next_step: str = "", parts: Iterable["AuditError"] = ()
    ) -> None:
        self.parts = tuple(parts)
        """The problems, where this is a list of several."""
        self.where, self.seen, self.needed, self.next_step = str(where), seen, needed, next_step
        sentence = f"{where}: {seen}" + (f"; {needed}" if needed else "")
        ending = "" if sentence.endswith((".", "?")) else "."
        super().__init__(sentence + ending + (f" {next_step}" if next_step else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it travels between processes."""
        return type(self), (self.where, self.seen, self.needed, self.next_step, self.parts)


def first_line(error: BaseException) -> str:
    """The first line of what another's exception says, which may be a page; '' where it says nothing."""
    return (str(error).strip().splitlines() or [""])[0]


class Problems:
    """Collects what is wrong, so that a user reads all of it at once and not one problem a run."""

    def __init__(self, where: object) -> None:
        self.where = where
        self._by_text: dict[str, AuditError] = {}

    @property
    def collected(self) -> tuple[AuditError, ...]:
        """Each problem once, in the order in which they were noted."""
        return tuple(self._by_text.values())

    def add(self, *errors: AuditError) -> None:
        for error in errors:
            for part in error.parts or (error,):
                self._by_text.setdefault(str(part), part)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """An AuditError raised inside is noted, and what comes after goes on."""
        try:
            yield
        except AuditError as error:
            self.add(error)

    def settle(self) -> None:
        """Raises AuditError where there are problems: the one that there is, or one that lists them all."""
        if len(self.collected) > 1:
            lines = [f"\n- {problem}" for problem in self.collected[:MOST_LISTED]]
            more = len(self.collected) - len(lines)
            lines += [f"\n- and {more:,} more."] if more else []
            raise AuditError(self.where, f"{len(self.collected):,} problems:{''.join(lines)}", parts=self.collected)
        for problem in self.collected:
            raise problem


def closest(word: str, known: Iterable[str]) -> str | None:
    """What of the known is spelt most alike, if anything nearly is."""
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.5)), None)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """'did you mean 'x'?' where something is close, else the list of what there is."""
    choices = sorted(known)
    if close := closest(wrong, choices):
        return f"did you mean {close!r}?"
    return f"there is {', '.join(choices[:20]) or 'none'}{', …' if len(choices) > 20 else ''}"
