"""How the values of a column are written: signs of numbers, units, patterns of dates, words for true and false."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from shared.errors import ConfigurationError

BLANKS = " \u00a0\u2007\u2009\u202f"
# What a directive of `strptime` stands for in a text.
DIRECTIVES = {
    "d": r"\d{1,2}",
    "m": r"\d{1,2}",
    "y": r"\d{2}",
    "Y": r"\d{4}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,6}",
    "p": r"[AaPp][Mm]",
    "b": r"[A-Za-z]{3}",
    "B": r"[A-Za-z]{3,9}",
    "a": r"[A-Za-z]{3}",
    "A": r"[A-Za-z]{6,9}",
    "%": "%",
}
NEGATIVES = ("leading", "trailing", "brackets")


@dataclass(frozen=True)
class Convention:
    """How a column's values are written, where it is not the plain way: 1234.5, 2024-01-31, true.

    Attributes:
        decimal: The sign before a number's fraction.
        thousands: The sign between groups of three digits; none where it is empty. ` ` stands for any kind of blank.
        unit: What stands before or after every number, with or without a blank: `€`, `CHF`, `%`.
        negative: Where a negative number's minus stands, or that brackets stand for it.
        format: The pattern of dates or times, as `strptime` has it; of a year `%y`, 00 to 68 are 2000 to 2068.
        truth: The words for true and for false.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    negative: str = "leading"
    format: str = ""
    truth: tuple[str, str] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any], where: str) -> Convention:
        """Read it from a declaration, other keys left alone.

        Raises:
            ConfigurationError: A value cannot be one; the message names it and where it stands.
        """
        found = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        truth = found.pop("truth", None)
        wrong = next((f"{name}: {value}" for name, value in found.items() if not isinstance(value, str)), None)
        if truth is not None and not (isinstance(truth, (list, tuple)) and len(truth) == 2):
            wrong = f"truth: {truth}"
        words = (_word(truth[0]), _word(truth[1])) if truth and wrong is None else None
        made = cls(**found, truth=words) if wrong is None else cls()
        wrong = wrong or made._mistake()
        if wrong is not None:
            raise ConfigurationError(
                f"not a way to write values, `{where}`: `{wrong}`", hint="docs/files.md has what can be declared"
            )
        return made

    def _mistake(self) -> str | None:
        signs = self.decimal + self.thousands
        if len(self.decimal) != 1 or self.decimal.isalnum() or self.decimal in tuple("-()"):
            return f"decimal: {self.decimal}"
        if (
            len(self.thousands) > 1
            or len(set(signs)) != len(signs)
            or self.thousands.isalnum()
            or self.thousands in tuple("-()")
        ):
            return f"thousands: {self.thousands}"
        if self.negative not in NEGATIVES:
            return f"negative: {self.negative}"
        if any(sign.isdigit() or sign in "-()" + signs for sign in self.unit) or self.unit != self.unit.strip():
            return f"unit: {self.unit}"
        unknown = next((name for name in re.findall(r"%-?(.)", self.format) if name not in DIRECTIVES), None)
        if unknown is not None or (self.format and "%" not in self.format):
            return f"format: {self.format}"
        if self.truth is not None and (self.truth[0] == self.truth[1] or "" in self.truth):
            return f"truth: {', '.join(self.truth)}"
        return None

    def as_declared(self) -> dict[str, Any]:
        """Return what is not plain, as a declaration has it."""
        plain = Convention()
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        found = {name: value for name, value in said.items() if value != getattr(plain, name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}

    def described(self) -> str:
        """Say what is not plain in a few words; nothing where all is."""
        return ", ".join(
            f"{name} `{' / '.join(value) if isinstance(value, list) else value}`"
            for name, value in self.as_declared().items()
        )


PLAIN = Convention()


def _word(value: Any) -> str:
    # YAML reads some words for true and false as such.
    return str(value).lower() if isinstance(value, bool) else str(value)


def number_shape(convention: Convention) -> str:
    """Return the pattern of a number written so, with no nought before it and no minus before nought."""
    point, group = re.escape(convention.decimal), _group(convention.thousands)
    whole = rf"(?:[1-9]\d{{0,2}}(?:{group}\d{{3}})+|[1-9]\d*)" if group else r"[1-9]\d*"
    fraction = rf"(?:{point}\d+)?"
    nonzero = rf"(?:{whole}{fraction}|0{point}0*[1-9]\d*)"
    zero = rf"0(?:{point}0+)?"
    if not convention.unit:
        below = {"leading": f"-{nonzero}", "trailing": f"{nonzero}-", "brackets": rf"\({nonzero}\)"}
        return f"(?:{zero}|{nonzero}|{below[convention.negative]})"
    unit, gap = re.escape(convention.unit), f"[{BLANKS}]?"
    around = f"(?:{unit}{gap}{{0}}|{{0}}{gap}{unit})"
    positive = around.replace("{0}", f"(?:{zero}|{nonzero})")
    negative = {
        "leading": rf"(?:-{gap}{unit}{gap}{nonzero}|{unit}{gap}-{gap}{nonzero}|-{gap}{nonzero}{gap}{unit})",
        "trailing": rf"(?:{unit}{gap}{nonzero}-|{nonzero}-{gap}{unit}|{nonzero}{gap}{unit}{gap}-)",
        "brackets": rf"(?:\({around.replace('{0}', nonzero)}\)|{unit}{gap}\({nonzero}\)|\({nonzero}\){gap}{unit})",
    }[convention.negative]
    return f"(?:{positive}|{negative})"


def _group(thousands: str) -> str:
    if not thousands:
        return ""
    return f"[{BLANKS}]" if thousands == " " else "['’]" if thousands == "'" else re.escape(thousands)


@lru_cache(maxsize=256)
def moment_shape(pattern: str) -> str:
    """Return the pattern of a text that `strptime` may read by this format; DuckDB's own passes over blanks."""
    shape = ""
    for literal, directive in re.findall(r"([^%]*)(?:%-?(.))?", pattern):
        shape += re.escape(literal) + DIRECTIVES.get(directive, "")
    return shape
