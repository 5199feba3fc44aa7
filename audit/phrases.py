"""Counts and lists as they stand in a sentence."""

from collections.abc import Iterable


def count(n: int, noun: str) -> str:
    """'1 picture', '2 pictures', '2 classes', '2 cities'."""
    return f"{n:,} {noun if n == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """'pictures', 'classes', 'searches', 'cities'; a noun that ends in one s is plural already."""
    if noun.endswith(("ss", "ch")):
        return f"{noun}es"
    if noun.endswith("s"):
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in (*"aeiou", "") else f"{noun}s"


def listed(parts: Iterable[str]) -> str:
    """'a, b and c'."""
    words = list(parts)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
