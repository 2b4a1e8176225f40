"""What a server may do to its clients: one table of modes, what each does, and what is to come of it.

A source is to read the two rows of a list, a target to be told that two rows are updated. What is wanted is `2` rows,
or a part of the error's text. `shared.testing.hostile_server` writes the bytes.
"""

from __future__ import annotations

from shared.testing import hostile_acts as act
from shared.testing import hostile_lists
from shared.testing.hostile_mode import GOOD, SLOW_SECONDS, both, slow, target

SLOW, LONG = f"an answer that takes more than {SLOW_SECONDS:g} s", "an answer of more than 100,000 bytes"
NO_PAGE, UNREADABLE = "is no page", "cannot be understood"

MODES = (
    # Time
    slow("silent", "takes the request and says nothing", act.hang, "ReadTimeout", "Read timed out"),
    slow("silent-once", "answers the second request only", act.first(act.hang), GOOD),
    slow("trickled-body", "sends a body byte by byte, for ever", act.trickled_body, SLOW),
    slow("trickled-headers", "sends a header byte by byte, for ever", act.trickled_headers, SLOW),
    slow("trickled-chunks", "sends chunks of one byte, for ever", act.trickled_chunks, SLOW),
    slow("trickled-failure", "answers 404 byte by byte, for ever", act.trickled_failure, SLOW),
    # Connections
    both("closed", "closes the connection", act.nothing, "ConnectionError", "RemoteDisconnected"),
    both("reset", "resets the connection", act.reset, "ConnectionError", "reset by peer"),
    both("reset-once", "resets the first connection", act.first(act.reset), GOOD),
    both("no-http", "speaks another protocol", act.raw("SSH-2.0-OpenSSH_9.6\r\n"), "BadStatusLine"),
    both("no-status", "has a status of four digits", act.raw("HTTP/1.1 2000 OK\r\n\r\n"), "BadStatusLine"),
    both("cut", "breaks off in the body", act.cut, "ProtocolError", "Connection broken"),
    both("cut-once", "breaks off in the first body", act.first(act.cut), GOOD),
    both("cut-chunk-once", "breaks off in the first chunk", act.first(act.cut_chunk), GOOD),
    both("cut-gzip-once", "breaks off in the first packed body", act.first(act.cut_gzip), GOOD),
    both("cut-as-whole-once", "calls half a body a whole one", act.first(act.half), GOOD, UNREADABLE),
    # Lengths
    both("endless-body", "sends a body without end or length", act.endless_body, LONG),
    both("endless-chunks", "sends chunks without end", act.endless_chunks, LONG),
    both("declared-20-gb", "declares 20 GB and sends them", act.declared(20_000_000_000), LONG),
    both("length-too-long", "declares more than it sends", act.declared(500), "ProtocolError", "Connection broken"),
    both("length-too-short", "declares less than it sends", act.declared(20), NO_PAGE, UNREADABLE),
    both("length-negative", "declares less than nothing", act.declared(-5), GOOD),
    both("length-junk", "declares no number", act.declared("many"), GOOD),
    both("lengths-differ", "declares two lengths", act.declared("20, 30"), "InvalidHeader", "Content-Length"),
    both("chunk-junk", "has a chunk without a size", act.chunk_junk, "ProtocolError", "Connection broken"),
    both("headers-many", "has 200 headers", act.headers("X: y\r\n" * 200), "ConnectionError", "HTTPException"),
    both(
        "header-long", "has a header of 70 KB", act.headers(f"X: {'y' * 70_000}\r\n"), "ConnectionError", "LineTooLong"
    ),
    both("headers-endless", "has a header without end", act.endless_headers, "ConnectionError", "LineTooLong"),
    both("announced-endless", "says 100 Continue for ever", act.announced, LONG),
    both("announced-once", "says 100 Continue once", act.announced_once, GOOD),
    both("failure-endless", "answers 404 with a body without end", act.endless_failure, "answers: 404", "answered 404"),
    # Packing
    both("gzip", "packs the body, as it was asked to", act.packed("gzip"), GOOD),
    both("deflate", "packs the body, as it was asked to", act.packed("deflate"), GOOD),
    both("gzip-bomb", "sends 20 MB of blanks as a few KB", act.bomb("gzip"), LONG),
    both("deflate-bomb", "sends 20 MB of blanks as a few KB", act.bomb("deflate"), LONG),
    both("gzip-bomb-chunked", "sends the same in chunks", act.chunked_bomb, LONG),
    both("gzip-twice-bomb", "sends 20 MB of blanks, packed twice", act.bomb("gzip", "gzip"), LONG),
    both(
        "gzip-six-times",
        "packs the body six times",
        act.packed(*["gzip"] * 6),
        "DecodeError",
        "Too many content encodings",
    ),
    both("gzip-endless-empty", "sends packed nothings for ever", act.endless_nothings, LONG),
    both("gzip-broken", "calls packed what is not", act.unpacked, "DecodeError", "failed to decode"),
    both("unasked-packing", "packs in a way that nobody asked for", act.unasked_packing, "packed as `x-own`"),
    # Redirects
    both("redirect", "sends on to its own host", act.redirected, GOOD, "answered 302"),
    both("redirect-away", "sends on to another host", act.redirected_away, "redirects to another host", "answered 302"),
    both("redirect-circle", "sends on to itself", act.redirect_circle, "redirects more than 3 times", "answered 302"),
    both("redirect-bomb", "sends on with a body without end", act.redirect_bomb, GOOD, "answered 302"),
    both("redirect-nowhere", "sends on to no address", act.redirect_nowhere, "to another host", "answered 302"),
    # Waiting
    both("busy-once", "answers 503 once", act.first(act.status(503)), GOOD),
    both("busy", "answers 503", act.status(503), "answers: 503", "answered 503"),
    both("wait-fraction", "asks for a fraction of a second", act.first(act.wait("0.02")), GOOD),
    both("wait-date", "asks for a time that is over", act.first(act.wait("Wed, 21 Oct 2015 07:28:00 GMT")), GOOD),
    both("wait-far", "asks to wait until 2099", act.first(act.wait("Wed, 21 Oct 2099 07:28:00 GMT")), GOOD),
    both("wait-day", "asks for a day", act.first(act.wait("86400")), GOOD),
    both("wait-negative", "asks for less than nothing", act.first(act.wait("-5")), GOOD),
    both("wait-junk", "asks to be asked soon", act.first(act.wait("soon")), GOOD),
    both("wait-infinite", "asks for an infinite time", act.first(act.wait("inf")), GOOD),
    both("wait-digits", "asks for a number of 5,000 digits", act.first(act.wait("9" * 5_000)), GOOD),
    # What it says
    both("html", "answers with a page for people", act.text("<html>log in</html>"), "HTML of 19 bytes"),
    both("html-404", "answers 404 with a page for people", act.text("<html>", 404), "answers: 404", "HTML of 6 bytes"),
    both("nothing", "answers with nothing", act.text(""), "nothing"),
    both("no-content", "answers 204 with a body", act.text("{}", 204), "nothing"),
    both("array", "answers with a list", act.text("[]"), NO_PAGE, UNREADABLE),
    both("nan", "has a number that JSON has not", act.text('{"data": [NaN], "results": []}'), "the number NaN"),
    both(
        "infinity", "has an infinite number", act.text('{"data": [-Infinity], "results": []}'), "the number -Infinity"
    ),
    both("nested", "is nested 50,000 times", act.text('{"data": ' + "[" * 50_000), "nested too deeply"),
    both(
        "digits", "has a number of 5,000 digits", act.text('{"data": [' + "9" * 5_000 + "]}"), "number that is too long"
    ),
    both(
        "exponent",
        "has an exponent of 20 digits",
        act.text('{"data": [1e' + "9" * 20 + "]}"),
        "number that is too long",
        UNREADABLE,
    ),
    both("name-twice", "has a name twice", act.text('{"data": [{"a": 1, "a": 2}]}'), "`a` twice in one object"),
    both("byte-order-mark", "begins with a mark", act.encoded("utf-8-sig"), GOOD),
    both("utf-16", "is in UTF-16", act.encoded("utf-16"), GOOD),
    both("latin-1", "is in Latin-1 and does not say so", act.text(b'{"data": ["zo\xeb"]}'), "not utf-8"),
    both(
        "charset-unknown", "is in an encoding that nobody knows", act.charset("klingon\x1b[2J"), "encoding that nobody"
    ),
    both("charset-costly", "is in an encoding that takes for ever", act.charset("idna"), "encoding that nobody knows"),
    both("charset-no-text", "is in an encoding that is none", act.charset("zip"), "encoding that nobody knows"),
    both("cookies", "sets a cookie of 60 KB", act.headers(f"Set-Cookie: a={'b' * 60_000}\r\n"), GOOD),
    *hostile_lists.MODES,
    # What becomes of rows
    target("status-202", "answers 202 with results", act.accepted(202), GOOD),
    target("status-207", "answers 207 with results", act.accepted(207), GOOD),
    target("status-202-empty", "answers 202 without results", act.text("{}", 202), UNREADABLE),
    target("results-text", "has results that are no list", act.text('{"results": "all"}'), UNREADABLE),
    target("results-null", "has results that are nothing", act.text('{"results": [null]}'), UNREADABLE),
    target("echo", "repeats what was sent", act.echo, "an echo of the request, JSON of"),
    target("echo-value", "refuses with a value that was sent", act.echo_value, "answered 400: `no such city: ***`"),
    target(
        "escapes", "refuses with a terminal's escapes", act.text("\x1b[2J\x07no", 400), "answered 400: data of 7 bytes"
    ),
    target("long-refusal", "refuses with 100 KB", act.text("x" * 100_000, 400), f"{'x' * 499}…`"),
)
