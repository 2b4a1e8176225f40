"""One pass over a file's bytes: its hash, and what tells its encoding and line ends."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 1 << 20
# A header may be long; the rows that are judged come after it.
HEAD_BYTES = 4 << 20
FOREIGN_BYTES = 64 << 10
LINES_OF_BLOCK = 200
NOT_UTF8 = re.compile("[\udc80-\udcff]")
FOREIGN_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")


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

    @property
    def one_line_end(self) -> bool:
        """Whether every line feed or carriage return, be it in quotes, is part of the same way to end a line."""
        return self.returns == 0 or self.returns == self.feeds == self.pairs or self.feeds == 0

    @property
    def lines(self) -> int:
        """How many lines there are, if there is one way to end them."""
        ends = self.feeds or self.returns
        return ends + (self.last not in (b"\n", b"\r", b""))


def survey(path: Path) -> Survey:
    """Read a whole file, a block at a time."""
    found = Survey()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    tail = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            if len(found.head) < HEAD_BYTES:
                found.head += block
            _count(found, block, decoder.decode(block), tail)
            # Blank lines at the very end are none.
            stripped = block.rstrip(b"\r\n")
            tail = (tail if not stripped else b"") + block[len(stripped) :]
            tail = tail[:4]
            found.last = block[-1:]
    rest = decoder.decode(b"", final=True)
    found.broken += len(rest)
    found.sha256 = digest.hexdigest()
    return found


def _count(found: Survey, block: bytes, text: str, tail: bytes) -> None:
    found.size += len(block)
    found.nul += block.count(b"\0")
    if b"\r" in block or found.last == b"\r":
        found.returns += block.count(b"\r")
        found.pairs += block.count(b"\r\n") + (found.last == b"\r" and block[:1] == b"\n")
    found.feeds += block.count(b"\n")
    if not found.blank:
        joined = tail + block.rstrip(b"\r\n")
        found.blank = any(mark in joined for mark in (b"\n\n", b"\n\r\n", b"\r\r"))
    if not block.isascii():
        if NOT_UTF8.search(text):
            found.broken += len(NOT_UTF8.findall(text))
        found.continued += len(text.encode("utf-8", "surrogateescape")) - len(text)
        if len(found.foreign) < FOREIGN_BYTES:
            # A little of each block: the whole file is asked, not its beginning.
            lines = (line.group() for _, line in zip(range(LINES_OF_BLOCK), FOREIGN_LINE.finditer(block), strict=False))
            found.foreign += b"\n".join(lines) + b"\n"
