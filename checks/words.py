"""Numbers as they stand in a sentence."""

from collections.abc import Iterable


def percent(share: float) -> str:
    """'41.2 %'; '100.0 %' and '0.0 %' only where it is truly all or nothing."""
    text = f"{100 * share:.1f} %"
    if text == "100.0 %" and share < 1:
        return ">99.9 %"
    return "<0.1 %" if text == "0.0 %" and share > 0 else text


def points(difference: float) -> str:
    """A difference of shares: '24.1 points', with a minus where it is negative."""
    value = 100 * difference + 0.0
    return f"{value:.1f} points" if abs(value) >= 0.05 or value == 0 else f"{value:.1g} points"


def count(n: int, noun: str) -> str:
    """'1 picture', '2 pictures', '2 classes', '2 cities'."""
    return f"{n:,} {noun if n == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith("ss"):
        return f"{noun}es"
    if noun.endswith("s"):
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in (*"aeiou", "") else f"{noun}s"


def two_digits(n: int) -> int:
    """Rounded up to two significant digits: 1,634 is 1,700."""
    step: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // step) * step


def listed(parts: Iterable[str]) -> str:
    """'a, b and c'."""
    words = list(parts)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
