"""How numbers are written: a spreadsheet's format, as Lightdash takes it, in the form in which the page applies it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# What Lightdash calls by a name.
NAMED = {
    "percent": "0.##%",
    "usd": "$#,##0.00",
    "gbp": "£#,##0.00",
    "eur": "€#,##0.00",
    "km": '#,##0.### "km"',
    "mi": '#,##0.### "mi"',
    "id": "0",
}
STEPS = {"thousands": (1e-3, "K"), "millions": (1e-6, "M"), "billions": (1e-9, "B"), "trillions": (1e-12, "T")}
ALIASES = {name: step for step, (_, suffix) in STEPS.items() for name in (suffix, step.removesuffix("s"))}
# Of an axis' labels.
PERCENT = "~%"
NUMBER = "~s"
FORMAT = re.compile(r"(?P<prefix>[^#0,.%]*)(?P<whole>[#0,]+)(?:\.(?P<digits>[0#]+))?(?P<commas>,*)(?P<suffix>.*)")


@dataclass(frozen=True)
class NumberFormat:
    """A number's form.

    Attributes:
        factor: What it is multiplied by.
        least: Decimals that are always shown.
        most: Decimals that are shown at most.
        grouping: Whether thousands are set apart.
    """

    factor: float = 1
    least: int = 0
    most: int = 3
    grouping: bool = True
    prefix: str = ""
    suffix: str = ""

    @property
    def axis(self) -> str:
        """The form of an axis' labels, in the notation of Vega."""
        return PERCENT if self.suffix.startswith("%") else NUMBER


def number_format(text: str | None, *, grouping: bool = True) -> NumberFormat:
    """Return the form that a format describes; one that cannot be read changes nothing about a number.

    Args:
        text: The format: `#,##0.00`, `0.0%`, `usd`.
        grouping: Whether thousands are set apart where there is no format.
    """
    # Of the sections for positive and negative numbers and text, the first counts; `[$$-409]` stands for `$`.
    plain = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r"\1", NAMED.get(text or "", text or "").partition(";")[0])
    found = FORMAT.fullmatch(plain)
    if found is None:
        return NumberFormat(grouping=grouping)
    digits = found["digits"] or ""
    whole = found["whole"].rstrip(",")
    scaled = len(found["whole"]) - len(whole) + len(found["commas"])
    suffix = literal(found["suffix"])
    return NumberFormat(
        (100 if "%" in suffix else 1) * 1000.0**-scaled,
        digits.count("0"),
        len(digits),
        "," in whole,
        literal(found["prefix"]),
        suffix,
    )


def compact(form: NumberFormat, style: str | None) -> NumberFormat:
    """Return a form for thousands, millions, …, where a big number asks for it."""
    step = ALIASES.get(style or "", style or "")
    if step not in STEPS:
        return form
    factor, suffix = STEPS[step]
    return replace(form, factor=form.factor * factor, least=2, most=2, suffix=suffix + form.suffix)


def literal(text: str) -> str:
    """Return what a format's text outside of the digits stands for."""
    return re.sub(r'["\\]', "", text)
