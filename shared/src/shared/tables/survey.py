"""One pass over a file's bytes: its hash, and what tells its encoding and line ends."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

BLOCK_BYTES = 1 << 20
# A header may be long; the rows that are judged come after it.
HEAD_BYTES = 4 << 20
FOREIGN_BYTES = 64 << 10
LINES_OF_BLOCK = 200
TAIL_BYTES = 1000
NOT_UTF8 = re.compile("[\udc80-\udcff]")
FOREIGN = re.compile(rb"[\x80-\xff]")
LINE_END = re.compile(rb"[\r\n]")


@dataclass
class Survey:
    """What a file's bytes are.

    Attributes:
        sha256: Of the whole file.
        size: In bytes.
        head: Its first bytes.
        foreign: Lines with bytes beyond ASCII, from all over the file.
        continued: Bytes within characters of several bytes, read as UTF-8.
        broken: Bytes that are not UTF-8.
        nul: How many bytes are NUL.
        returns: How many bytes are carriage returns.
        feeds: How many are line feeds.
        pairs: How many line feeds follow a carriage return.
        blank: Whether a line below the first may be blank and have others after it.
        last: The last byte.
        tail: The line ends at the end of the file, up to `TAIL_BYTES`.
    """

    sha256: str = ""
    size: int = 0
    head: bytes = b""
    foreign: bytes = b""
    continued: int = 0
    broken: int = 0
    nul: int = 0
    returns: int = 0
    feeds: int = 0
    pairs: int = 0
    blank: bool = False
    last: bytes = b""
    tail: bytes = b""

    @property
    def line_end(self) -> str | None:
        """The way to end a line that every line feed and carriage return is part of, be it in quotes; None where
        there are several."""
        if self.returns == 0:
            return "\n"
        if self.feeds == 0:
            return "\r"
        return "\r\n" if self.returns == self.feeds == self.pairs else None

    @property
    def lines(self) -> int:
        """How many lines there are, if there is one way to end them, blank ones at the end not counted."""
        return (self.feeds or self.returns) + (not self.tail) - self.blank_at_end

    @property
    def blank_at_end(self) -> int:
        """How many blank lines there are at the end, up to some hundreds."""
        return max(0, len(self.tail) // len(self.line_end or "\n") - 1)


def survey(path: Path) -> Survey:
    """Read a whole file, a block at a time."""
    found = Survey()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            if len(found.head) < HEAD_BYTES:
                found.head += block
            _count(found, block, decoder.decode(block))
            # Blank lines at the very end are none.
            stripped = block.rstrip(b"\r\n")
            found.tail = ((b"" if stripped else found.tail) + block[len(stripped) :])[:TAIL_BYTES]
            found.last = block[-1:]
    rest = decoder.decode(b"", final=True)
    found.broken += len(rest)
    found.sha256 = digest.hexdigest()
    return found


def _count(found: Survey, block: bytes, text: str) -> None:
    found.size += len(block)
    found.nul += block.count(b"\0")
    if b"\r" in block or found.last == b"\r":
        found.returns += block.count(b"\r")
        found.pairs += block.count(b"\r\n") + (found.last == b"\r" and block[:1] == b"\n")
    found.feeds += block.count(b"\n")
    if not found.blank:
        joined = found.tail + block.rstrip(b"\r\n")
        found.blank = any(mark in joined for mark in (b"\n\n", b"\n\r\n", b"\r\r"))
    if not block.isascii():
        if NOT_UTF8.search(text):
            found.broken += len(NOT_UTF8.findall(text))
        found.continued += len(text.encode("utf-8", "surrogateescape")) - len(text)
        if len(found.foreign) < FOREIGN_BYTES:
            # A little of each block: the whole file is asked, not its beginning.
            found.foreign += b"\n".join(islice(foreign_lines(block), LINES_OF_BLOCK)) + b"\n"


def foreign_lines(block: bytes) -> Iterator[bytes]:
    """Yield the lines with bytes beyond ASCII; a long line is gone through once."""
    begin = 0
    while (sign := FOREIGN.search(block, begin)) is not None:
        before = max(block.rfind(end, begin, sign.start()) for end in (b"\n", b"\r"))
        after = LINE_END.search(block, sign.end())
        stop = after.start() if after else len(block)
        yield block[max(begin, before + 1) : stop]
        begin = stop
