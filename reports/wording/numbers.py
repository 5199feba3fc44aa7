"""How numbers, hashes and names are written: with care, since some of them come from strangers."""

import math
import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from checks.verdict import Unit
from reports.wording.phrases import all_of, bounded, minus

DASH = "–"
THIN = "\u202f"
_HIDDEN = re.compile("[\0-\t\v-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but the line's end, separators of lines and paragraphs, bidi controls, halves of surrogates."""


def percent(value: float | None) -> str:
    """A share with one decimal. '100.0 %' is truly all and '0.0 %' none; what rounds to them is '>99.9 %', '<0.1 %'."""
    if value is None or not math.isfinite(value):
        return DASH
    shown = f"{100 * value:.1f}"
    if shown == "100.0" and value < 1:
        shown = ">99.9"
    elif shown in ("0.0", "-0.0") and value != 0:
        shown = "<0.1"
    return f"{minus(shown)}{THIN}%"


def spread(shares: Sequence[float]) -> str:
    """From the least to the most, or the one where they are written alike: '68.0 % to 68.5 %', '0.1 %'."""
    least, most = percent(min(shares)), percent(max(shares))
    return least if least == most else f"{least} to {most}"


def whole_percent(value: float) -> str:
    """A round share without needless decimals: '25 %', '12.5 %'."""
    return f"{100 * value:.4g}{THIN}%"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with fixed decimals and a true minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    shown = f"{value:,.{digits}f}"
    return minus(shown) if float(shown.replace(",", "")) else shown.lstrip("-")


def signed(value: float | None, digits: int = 1) -> str:
    """Log-odds and leads: '+3.1', '−2.0', '0.0'."""
    shown = decimal(value, digits)
    return shown if shown[0] in "−–" or not shown.strip("0.") else f"+{shown}"


def count(value: int) -> str:
    """1234 -> '1,234'."""
    return f"{value:,}"


def clean(text: object) -> str:
    """`text` with control characters made visible, so that nothing can reorder or hide what is around it."""
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", str(text))


def short(text: object, length: int = 48) -> str:
    """At most `length` characters of the cleaned text; the middle is left out, since a file's name is at its end."""
    shown = clean(text)
    if len(shown) <= length:
        return shown
    head = length // 2
    return f"{shown[:head]}…{shown[-(length - head - 1) :]}"


def name(text: object, length: int = 48) -> Markup:
    """A name from outside as HTML: escaped, shortened, and isolated from the direction of the text around it."""
    shown, whole = short(text, length), short(text, 240)
    hint = Markup(' title="{}"').format(whole) if shown != whole else ""
    breakable = re.sub("([_/])", r"\1<wbr>", str(escape(shown)))
    return Markup("<bdi{}>{}</bdi>").format(hint, Markup(breakable))


def prose(text: object) -> str:
    """A sentence that may quote a name from outside, with true minus, times, apostrophe and whole per cent signs."""
    kept = re.sub(r"(?<=\d) %", f"{THIN}%", short(str(text).strip(), 800))
    kept = re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", "’", kept)
    kept = re.sub(r"(?<!\w)'([^']*)'|(?<=s)'(?=\s)", _quoted, kept)
    kept = re.sub(r'(?<!\w)"([^"]*)"', r"“\1”", kept)
    kept = re.sub(r"\b(\d+)x(\d+)(?= (?:pixels|frame)\b)", "\\1×\\2", kept)
    return re.sub(r"(?<=[ (])-(?=\d+\.\d)", "−", kept)


def _quoted(quote: re.Match[str]) -> str:
    """A quoted name in true quotation marks, unless a command line holds it; an apostrophe after a plural."""
    if quote[1] is None:
        return "’"
    command = re.search(r"--[a-z-]+ $", quote.string[: quote.start()])
    return quote[0] if command else f"‘{quote[1]}’"


def digest(value: object) -> Markup:
    """A hash: the page shows its beginning, holds all of it, and selects it whole."""
    return Markup('<code class="hash" title="{0}">{0}</code>').format(clean(value))


def is_digest(value: object) -> bool:
    """A SHA-256 in hexadecimal digits."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def css_string(text: object) -> Markup:
    """A text as a CSS string: all but ASCII letters and digits as escapes, so that it cannot end early."""
    return Markup('"{}"').format(Markup(re.sub(r"[^A-Za-z0-9]", lambda m: f"\\{ord(m[0]):06x}", clean(text))))


def slug(text: object) -> str:
    """A part of an id: ASCII letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", str(text).lower())[:40].strip("-") or "x"


def confidence(value: float) -> str:
    """0.95 -> '95 %', 0.996875 -> '99.69 %': rounded down, so that it never says more than there is."""
    return f"{math.floor(1e4 * value + 1e-6) / 100:g}{THIN}%"


def measured(value: float | None, unit: Unit, level: bool = False) -> str:
    """A finding's number: shares in per cent, differences of shares in points, counts whole, the rest as decimals.

    level: the number stands by itself also where the finding's value is a difference, as chance does.
    """
    match unit:
        case Unit.DIFFERENCE if value is not None and not level:
            return decimal(100 * value, 1)
        case Unit.SHARE | Unit.DIFFERENCE:
            return percent(value)
        case Unit.COUNT if value is not None and value == int(value):
            return count(int(value))
    return decimal(value)


def in_unit(value: float | None, unit: Unit) -> str:
    """The same where no heading names the unit: '10.0 points'."""
    points = f"{THIN}points" if unit is Unit.DIFFERENCE and value is not None else ""
    return f"{measured(value, unit)}{points}"


def excerpt(text: str, lines: int = 200, width: int = 800) -> str:
    """A long text's beginning, and how much is left out."""
    shown = [short(line, width) for line in text.splitlines()]
    rest = len(shown) - lines
    return "\n".join(shown[:lines] + ([f"# … {count(rest)} more lines"] if rest > 0 else []))


FILTERS = {
    "all_of": all_of,
    "bounded": bounded,
    "percent": percent,
    "spread": spread,
    "whole_percent": whole_percent,
    "decimal": decimal,
    "signed": signed,
    "count": count,
    "clean": clean,
    "short": short,
    "name": name,
    "digest": digest,
    "slug": slug,
    "css_string": css_string,
    "confidence": confidence,
    "in_unit": in_unit,
    "measured": measured,
    "excerpt": excerpt,
    "prose": prose,
}
