"""Regular expressions that mean the same to DuckDB (RE2) and to PostgreSQL (its own): the subset that both share.

`portable` reads an expression and writes it in the form that both read alike. In the subset are literals, `.`, classes
in brackets, `\\d`, `\\w`, `\\s` of ASCII and their opposites, any escaped punctuation mark, groups, alternatives, the
quantifiers `*`, `+`, `?` and `{m,n}` up to 255, and the anchors `^` and `$`, which are the beginning and the end of the
whole text. `.` is any character but a line feed. Whatever else there is (lookarounds, back references, flags, `\\b`,
POSIX classes) means different things, or exists in one engine alone, and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_REPEATS = 255
CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": " \t\n\r\f\v"}
CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
SPECIAL = frozenset("\\.+*?()[]{}|^$")
SPECIAL_IN_CLASS = frozenset("\\[]^-")
REPEAT = re.compile(r"[*+?]|\{([0-9]+)(,([0-9]*))?\}")


class NotPortable(ValueError):
    """The expression holds something outside the common subset."""


def portable(pattern: str) -> str:
    """Return the expression in the form that both engines read alike.

    Raises:
        NotPortable: It is outside the common subset, or no regular expression at all.
    """
    return _Reader(pattern).translated()


@dataclass
class _Reader:
    """Reads an expression once, from left to right."""

    pattern: str
    at: int = 0
    depth: int = 0
    written: list[str] = field(default_factory=list)

    def translated(self) -> str:
        while self.at < len(self.pattern):
            if self._atom():
                self._repeat()
        if self.depth:
            raise NotPortable("a group is not closed")
        return "".join(self.written)

    def _take(self) -> str:
        if self.at == len(self.pattern):
            raise NotPortable("it ends in the middle of something")
        self.at += 1
        return self.pattern[self.at - 1]

    def _atom(self) -> bool:
        """Read up to the next quantifier, and tell whether there may be one."""
        sign = self._take()
        if sign in "|^$":
            self.written.append(sign)
            return False
        if sign == "(":
            return self._open()
        if sign == ")":
            return self._close()
        if sign in "*+?{":
            raise NotPortable(f"`{sign}` repeats nothing; write `\\{sign}` for the sign itself")
        if sign == "[":
            self.written.append(self._bracket())
        elif sign == ".":
            self.written.append("[^\n]")
        elif sign == "\\":
            self.written.append(self._escaped())
        else:
            self.written.append(_literal(sign, SPECIAL))
        return True

    def _open(self) -> bool:
        if self.pattern.startswith("?:", self.at):
            self.at += 2
        elif self.pattern.startswith("?", self.at):
            raise NotPortable("`(?` begins a lookaround, a flag or a named group")
        self.depth += 1
        self.written.append("(?:")
        return False

    def _close(self) -> bool:
        if not self.depth:
            raise NotPortable("`)` closes no group; write `\\)` for the sign itself")
        self.depth -= 1
        self.written.append(")")
        return True

    def _repeat(self) -> None:
        found = REPEAT.match(self.pattern, self.at)
        if not found:
            return
        least, most = int(found[1] or 0), int(found[3] or found[1] or 0)
        if max(least, most) > MOST_REPEATS or (found[1] and least > most):
            raise NotPortable(f"`{found[0]}` is no number of repeats from 0 to {MOST_REPEATS}")
        self.written.append(found[0])
        self.at = found.end()
        # Whether it takes as little as it can is of no matter to whether it is found.
        if self.pattern.startswith("?", self.at):
            self.at += 1
        if REPEAT.match(self.pattern, self.at):
            raise NotPortable("a quantifier follows a quantifier")

    def _escaped(self) -> str:
        sign = self._take()
        if sign in CLASSES:
            return f"[{CLASSES[sign]}]"
        if sign.lower() in CLASSES:
            return f"[^{CLASSES[sign.lower()]}]"
        return _literal(_unescaped(sign), SPECIAL)

    def _bracket(self) -> str:
        """Read a class in brackets, behind the first of them."""
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        items: list[str] = []
        while (sign := self._take()) != "]" or not items:
            if sign in "[]":
                raise NotPortable(f"`{sign}` inside brackets; write `\\{sign}` for the sign itself")
            items.append(self._item(sign))
        return f"[{'^' if negated else ''}{''.join(items)}]"

    def _item(self, sign: str) -> str:
        if sign == "\\" and self.pattern[self.at : self.at + 1] in CLASSES:
            return CLASSES[self._take()]
        first = self._character(sign)
        if not self.pattern.startswith("-", self.at) or self.pattern.startswith("-]", self.at):
            return _literal(first, SPECIAL_IN_CLASS)
        self.at += 1
        last = self._character(self._take())
        if last < first:
            raise NotPortable(f"the range `{first}-{last}` runs backwards")
        return f"{_literal(first, SPECIAL_IN_CLASS)}-{_literal(last, SPECIAL_IN_CLASS)}"

    def _character(self, sign: str) -> str:
        if sign == "\\":
            return _unescaped(self._take())
        if sign == "[":
            raise NotPortable("`[` inside brackets; write `\\[` for the sign itself")
        return sign


def _unescaped(sign: str) -> str:
    if sign in CONTROLS:
        return CONTROLS[sign]
    if sign == "_" or sign.isalnum() or not sign.isascii() or not sign.isprintable():
        raise NotPortable(f"`\\{sign}` means different things to DuckDB and PostgreSQL, or nothing")
    return sign


def _literal(sign: str, special: frozenset[str]) -> str:
    return f"\\{sign}" if sign in special else sign
