"""Shares, differences and counts as they stand in a sentence of a verdict."""

from audit.phrases import count, plural


def percent(share: float) -> str:
    """'41.2 %'; '100.0 %' and '0.0 %' only where it is truly all or nothing."""
    text = f"{100 * share:.1f} %"
    if text == "100.0 %" and share < 1:
        return ">99.9 %"
    return "<0.1 %" if text == "0.0 %" and share > 0 else text


def minus(number: str) -> str:
    """A written number with a true minus."""
    return number.replace("-", "−")


def cost(difference: float | None) -> str:
    """What something costs: '24.1 points', or 'nothing' where it costs nothing or helps."""
    return points(difference) if difference is not None and difference > 0 else "nothing"


def points(difference: float) -> str:
    """A difference of shares: '24.1 points', with a minus where it is negative."""
    value = 100 * difference + 0.0
    return minus(f"{value:.1f} points" if abs(value) >= 0.05 or value == 0 else f"{value:.1g} points")


def figure(difference: float | None) -> str:
    """A difference of shares without the word, where it stands nearby: '24.1'; '' where there is none."""
    return "" if difference is None else points(difference).removesuffix(" points")


def figure_at_limit(difference: float | None) -> str:
    """A limit as the profile states it, in points: '10', '2.5'."""
    return minus(f"{100 * (difference or 0.0):.4g}")


def share_at_limit(share: float | None) -> str:
    """A limit as the profile states it: '10 %', '2.5 %'."""
    return f"{figure_at_limit(share)} %"


def bounded(lower: float | None, upper: float | None, confidence: float) -> str:
    """'at most 1.2 % with 95 % confidence', or both bounds where the lower one is over 0; '' where there is none."""
    if upper is None:
        return ""
    level = f"{100 * confidence:g} % confidence"
    if not lower:
        return f"at most {percent(upper)} with {level}"
    return f"between {percent(lower)} and {percent(upper)}, each bound with {level}"


def pictures_of(n: int, clusters: int | None, noun: str) -> str:
    """'80 pictures', or '80 pictures of 12 flights' where they come in clusters."""
    pictures = count(n, "picture")
    return pictures if clusters is None else f"{pictures} of {count(clusters, noun)}"


def all_of(n: int, noun: str) -> str:
    """'the one method', 'both methods', 'all 3 methods'."""
    return f"the one {noun}" if n == 1 else f"both {plural(noun)}" if n == 2 else f"all {count(n, noun)}"


def two_digits(n: int) -> int:
    """Rounded up to two significant digits: 1,634 is 1,700."""
    step: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // step) * step
