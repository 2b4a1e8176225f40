"""Python as ruff has it formatted, made of values: nothing from outside gets into a file but by `text`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.config.named import Setting

WIDTH, INDENT = 120, "    "


@dataclass(frozen=True)
class Code:
    """An expression that was written here, and no value."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call with arguments by position and by name; one that is None is left out."""

    name: str
    positional: Sequence[object] = ()
    named: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Subscript:
    """A name with items in square brackets.

    Attributes:
        behind: What follows the brackets.
    """

    name: str
    items: tuple[object, ...]
    behind: str = ""


def text(value: str) -> str:
    """Return a text as a literal that holds nothing but it: what is not printable is escaped."""
    quote = "'" if '"' in value and "'" not in value else '"'
    signs = {"\\": "\\\\", quote: f"\\{quote}"}
    return quote + "".join(signs.get(sign) or (sign if sign.isprintable() else escaped(sign)) for sign in value) + quote


def escaped(sign: str) -> str:
    """Return a sign as an escape of Python's."""
    return sign.encode("unicode_escape").decode("ascii")


def cut(value: str, width: int) -> Iterator[str]:
    """Yield the pieces of a text whose literals have at most so many signs, cut behind blanks where there are some."""
    begin = 0
    while len(text(value[begin:])) > width:
        end = begin + 1
        while len(text(value[begin : end + 1])) <= width:
            end += 1
        blank = value.rfind(" ", begin, end) + 1
        end = blank if blank > begin else end
        yield value[begin:end]
        begin = end
    yield value[begin:]


def rendered(value: object, before: int = 0, after: int = 0, depth: int = 0) -> str:
    """Return an expression, on one line where it fits.

    Args:
        value: A text, number, Setting, Code, Call, Subscript, tuple, list or mapping of such.
        before: How many signs stand before it on its line.
        after: How many stand behind it.
        depth: How far its line is indented.
    """
    flat = on_one_line(value)
    items = list(parts(value))
    if before + len(flat) + after <= WIDTH or not (items or isinstance(value, str)):
        return flat
    inner = INDENT * (depth + 1)
    if isinstance(value, str):
        pieces = "".join(f"{inner}{text(piece)}\n" for piece in cut(value, WIDTH - len(inner)))
        return f"(\n{pieces}{INDENT * depth})"
    opening, closing = brackets(value)
    lines = []
    for lead, item in items:
        lines.append(inner + lead + rendered(item, len(inner + lead), 1, depth + 1) + ",\n")
    return f"{opening}\n{''.join(lines)}{INDENT * depth}{closing}"


def on_one_line(value: object) -> str:
    """Return an expression on a line, however long."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Setting):
        return f"Setting({text(value.name)})"
    if isinstance(value, (Call, Subscript, Mapping, tuple, list)):
        opening, closing = brackets(value)
        inside = ", ".join(lead + on_one_line(item) for lead, item in parts(value))
        return opening + inside + ("," if isinstance(value, tuple) and len(value) == 1 else "") + closing
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    raise TypeError(type(value).__name__)


def parts(value: object) -> list[tuple[str, object]]:
    """Return what a call, tuple or mapping is made of, each with what stands before it."""
    if isinstance(value, Call):
        named = {name: each for name, each in (value.named or {}).items() if each is not None}
        return [("", each) for each in value.positional] + [(f"{name}=", each) for name, each in named.items()]
    if isinstance(value, Mapping):
        return [(f"{text(str(name))}: ", each) for name, each in value.items()]
    items = value.items if isinstance(value, Subscript) else value
    return [("", each) for each in items] if isinstance(items, (tuple, list)) else []


def brackets(value: object) -> tuple[str, str]:
    """Return what stands around the parts of a value."""
    if isinstance(value, Call):
        return f"{value.name}(", ")"
    if isinstance(value, Subscript):
        return f"{value.name}[", f"]{value.behind}"
    return ("{", "}") if isinstance(value, Mapping) else ("[", "]") if isinstance(value, list) else ("(", ")")
