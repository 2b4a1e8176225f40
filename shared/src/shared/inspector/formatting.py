"""Values and counts as people read them."""

from __future__ import annotations

from shared.inspector.results import Value

UNITS = ("bytes", "kB", "MB", "GB", "TB")
# Digits of a number that was computed, such as a mean.
DIGITS = 6


def text(value: Value | None) -> str:
    """Return a value in one line; what a terminal would obey or not show is written as its code."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in value)


def number(value: float) -> str:
    """Return a number with its thousands apart, very large and very small ones by powers of ten."""
    if isinstance(value, int):
        return f"{value:,}"
    if value and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.{DIGITS}g}"
    rounded = round(value, DIGITS)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,.{DIGITS}f}".rstrip("0")


def percent(share: float) -> str:
    """Return a share in per cent; one that is not none is never shown as none, nor one that is not all as all."""
    if 0 < share < 0.001:
        return "<0.1 %"
    if 0.999 < share < 1:
        return ">99.9 %"
    return f"{share:.1%}".replace("%", " %").replace(".0 ", " ")


def size(count: int | None) -> str:
    """Return a number of bytes in the unit that makes it readable."""
    if count is None:
        return ""
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.3g} {UNITS[unit]}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
