"""What a hostile server does with one request, whether a list is asked for or rows are sent."""

from __future__ import annotations

import gzip
import json
import zlib
from functools import cache

from shared.testing.hostile_server import Behaviour, Exchange

BLANKS = 20_000_000
PACKERS = {"gzip": lambda plain: gzip.compress(plain, 1), "deflate": lambda plain: zlib.compress(plain, 1)}


def first(behaviour: Behaviour) -> Behaviour:
    """Do it to the first request, and answer the others well."""
    return lambda asked: behaviour(asked) if asked.number == 1 else asked.reply(asked.body())


def nothing(asked: Exchange) -> None:
    """Close the connection."""


def hang(asked: Exchange) -> None:
    """Say nothing."""
    asked.hang()


def reset(asked: Exchange) -> None:
    """Reset the connection."""
    asked.reset()


def raw(text: str) -> Behaviour:
    """Send a text as it is."""
    return lambda asked: asked.send(text)


def trickled_body(asked: Exchange) -> None:
    """Send a body byte by byte."""
    asked.head(Content_Type="application/json", Content_Length=10_000)
    asked.endless(b" ", 0.02)


def trickled_headers(asked: Exchange) -> None:
    """Send a header byte by byte."""
    asked.send("HTTP/1.1 200 OK\r\nX: ")
    asked.endless(b"y", 0.02)


def trickled_chunks(asked: Exchange) -> None:
    """Send chunks of one byte."""
    asked.head(Transfer_Encoding="chunked")
    asked.endless(b"1\r\n \r\n", 0.02)


def trickled_failure(asked: Exchange) -> None:
    """Send a failure byte by byte."""
    asked.head(404, Content_Length=10_000)
    asked.endless(b" ", 0.02)


def cut(asked: Exchange) -> None:
    """Break off in the body."""
    asked.head(Content_Length=len(asked.body()))
    asked.send(asked.body()[:20])


def cut_chunk(asked: Exchange) -> None:
    """Break off in a chunk."""
    asked.head(Transfer_Encoding="chunked")
    asked.send(f"{len(asked.body()):x}\r\n", asked.body()[:20])


def cut_gzip(asked: Exchange) -> None:
    """Break off in a packed body."""
    packed = gzip.compress(asked.body())
    asked.head(Content_Encoding="gzip", Content_Length=len(packed))
    asked.send(packed[:30])


def half(asked: Exchange) -> None:
    """Send half a body as if it were a whole one."""
    asked.reply(asked.body()[:20])


def endless_body(asked: Exchange) -> None:
    """Send a body without end."""
    asked.head()
    asked.endless(b" " * 10_000)


def endless_chunks(asked: Exchange) -> None:
    """Send chunks without end."""
    asked.head(Transfer_Encoding="chunked")
    asked.endless(b"2710\r\n" + b" " * 10_000 + b"\r\n")


def endless_headers(asked: Exchange) -> None:
    """Send a header without end."""
    asked.send("HTTP/1.1 200 OK\r\nX: ")
    asked.endless(b"y" * 10_000)


def endless_failure(asked: Exchange) -> None:
    """Send a failure without end."""
    asked.head(404, Content_Type="text/html")
    asked.endless(b" " * 10_000)


def declared(length: object) -> Behaviour:
    """Declare a length; send as much where it is a large one, and the right body otherwise."""

    def behaviour(asked: Exchange) -> None:
        asked.head(Content_Type="application/json", Content_Length=length)
        if isinstance(length, int) and length > 1_000_000:
            asked.endless(b" " * 10_000)
        asked.send(asked.body())

    return behaviour


def chunk_junk(asked: Exchange) -> None:
    """Send a chunk without a size."""
    asked.head(Transfer_Encoding="chunked")
    asked.send("many\r\n", asked.body())


def headers(lines: str) -> Behaviour:
    """Send these headers before the right body."""
    return lambda asked: asked.send("HTTP/1.1 200 OK\r\nConnection: close\r\n", lines, "\r\n", asked.body())


def announced(asked: Exchange) -> None:
    """Announce an answer for ever."""
    asked.endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)


def announced_once(asked: Exchange) -> None:
    """Announce an answer, and send it."""
    asked.send("HTTP/1.1 100 Continue\r\n\r\n")
    asked.reply(asked.body())


def pack(plain: bytes, *packings: str) -> bytes:
    """Pack bytes, one way after the other."""
    for packing in packings:
        plain = PACKERS[packing](plain)
    return plain


def packed(*packings: str) -> Behaviour:
    """Send the right body packed."""
    return lambda asked: asked.reply(pack(asked.body(), *packings), Content_Encoding=", ".join(packings))


@cache
def blanks(*packings: str) -> bytes:
    """Return many blanks, packed; made once, as that takes a moment."""
    return pack(b" " * BLANKS, *packings)


def bomb(*packings: str) -> Behaviour:
    """Send much as little."""
    return lambda asked: asked.reply(blanks(*packings), Content_Encoding=", ".join(packings))


def chunked_bomb(asked: Exchange) -> None:
    """Send much as little, in one chunk."""
    asked.head(Content_Encoding="gzip", Transfer_Encoding="chunked")
    asked.send(f"{len(blanks('gzip')):x}\r\n", blanks("gzip"), "\r\n0\r\n\r\n")


def endless_nothings(asked: Exchange) -> None:
    """Send packed nothings without end."""
    asked.head(Content_Encoding="gzip")
    asked.endless(gzip.compress(b"") * 500)


def unpacked(asked: Exchange) -> None:
    """Call packed what is not."""
    asked.reply(asked.body(), Content_Encoding="gzip")


def unasked_packing(asked: Exchange) -> None:
    """Call the body packed in a way that no client knows."""
    asked.reply(asked.body(), Content_Encoding="x-own")


def redirected(asked: Exchange) -> None:
    """Send the first request on to the same host."""
    asked.reply(asked.body()) if "moved" in asked.path else asked.reply("", 302, Location="/moved")


def redirected_away(asked: Exchange) -> None:
    """Send on to another host, which is this one under another name."""
    asked.reply("", 302, Location=asked.link(1).replace("127.0.0.1", "localhost"))


def redirect_circle(asked: Exchange) -> None:
    """Send on to the same address."""
    asked.reply("", 302, Location=asked.path)


def redirect_bomb(asked: Exchange) -> None:
    """Send on, with a body without end."""
    if "moved" in asked.path:
        return asked.reply(asked.body())
    asked.head(302, Location="/moved")
    asked.endless(b" " * 10_000)
    return None


def redirect_nowhere(asked: Exchange) -> None:
    """Send on to what is no address."""
    asked.reply("", 302, Location="http://[::1/")


def status(code: int) -> Behaviour:
    """Answer with a status."""
    return lambda asked: asked.reply("{}", code)


def wait(retry_after: str) -> Behaviour:
    """Ask for patience."""
    return lambda asked: asked.reply("{}", 429, Retry_After=retry_after)


def text(body: str | bytes, code: int = 200) -> Behaviour:
    """Answer with this text, as JSON whatever it is."""
    return lambda asked: asked.reply(body, code)


def encoded(encoding: str) -> Behaviour:
    """Answer in another encoding."""
    return lambda asked: asked.reply(asked.body().decode().encode(encoding))


def charset(name: str) -> Behaviour:
    """Declare an encoding."""
    return lambda asked: asked.reply(asked.body(), Content_Type=f"application/json; charset={name}")


def accepted(code: int) -> Behaviour:
    """Answer well, with another status of success."""
    return lambda asked: asked.reply(asked.body(), code)


def echo(asked: Exchange) -> None:
    """Refuse, and repeat what was sent."""
    asked.reply(json.dumps({"error": "bad request", "got": asked.rows}), 400)


def echo_value(asked: Exchange) -> None:
    """Refuse because of a value."""
    asked.reply(f"no such city: {asked.rows[0]['city']}", 400)
