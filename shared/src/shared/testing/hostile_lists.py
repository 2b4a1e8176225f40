"""Lists that are none: their modes, what each does, and what is to come of it."""

from __future__ import annotations

import json
from typing import Any

from shared.testing.hostile_mode import GOOD, source
from shared.testing.hostile_server import Behaviour, Exchange, item


def page(**changes: Any) -> Behaviour:
    """Answer with the right page, changed."""
    return lambda asked: asked.reply(asked.good() | changes)


def paged(*rows: dict[str, Any], total: int, following: int) -> Behaviour:
    """Answer with rows and a link to a page."""
    return lambda asked: asked.reply({"data": rows, "total": total, "next": asked.link(following)})


def endless_empty(asked: Exchange) -> None:
    """Link to the next page, without rows."""
    asked.reply({"data": [], "next": asked.link(asked.page + 1)})


def endless_full(asked: Exchange) -> None:
    """Link to the next page, with a new row."""
    asked.reply({"data": [item(asked.page)], "next": asked.link(asked.page + 1)})


def endless_rows(asked: Exchange) -> None:
    """Link to the next page, with 100 new rows."""
    rows = [item(asked.page * 100 + number) for number in range(100)]
    asked.reply({"data": rows, "next": asked.link(asked.page + 1)})


def endless_bytes(asked: Exchange) -> None:
    """Link to the next page, with a long row."""
    asked.reply({"data": [item(asked.page, name="x" * 90_000)], "next": asked.link(asked.page + 1)})


def repeated(asked: Exchange) -> None:
    """Have the third page for every later one."""
    asked.reply({"data": [item(min(asked.page, 3))], "next": asked.link(asked.page + 1)})


def moving_total(asked: Exchange) -> None:
    """Lose a row while the list is read: the page after it has one too few, as the total says."""
    last = asked.page == 2
    rows = [item(4), item(5)] if last else [item(1), item(2)]
    asked.reply({"data": rows, "total": 6 - asked.page, "next": None if last else asked.link(2)})


def moving_once(asked: Exchange) -> None:
    """Lose a row while the list is read for the first time."""
    total = 3 if asked.number == 1 else 2
    last = asked.page == 2
    asked.reply({"data": [item(asked.page)], "total": total, "next": None if last else asked.link(2)})


def promised_once(asked: Exchange) -> None:
    """Promise a row too many at first."""
    asked.reply(asked.good() | {"total": 3 if asked.number == 1 else 2})


def relative(asked: Exchange) -> None:
    """Link without a host."""
    asked.reply({"data": [item(asked.page)], "total": 2, "next": "?page=2" if asked.page == 1 else ""})


def away(link: str) -> Behaviour:
    """Link somewhere else."""
    return page(next=link, total=3)


def nested(asked: Exchange) -> None:
    """Nest a value as deep as a parser just takes."""
    rows = json.dumps(item(1))[:-1] + ', "deep": ' + "[" * 900 + "]" * 900 + "}"
    asked.reply('{"data": [' + rows + "]}")


def many_names(asked: Exchange) -> None:
    """Name each value otherwise."""
    asked.reply({"data": [item(1, **{f"n{number}": 1 for number in range(2_000)})]})


def vast(asked: Exchange) -> None:
    """Have a number that no machine can write out."""
    asked.reply(json.dumps(asked.good()).replace('"ann"', '"ann", "score": 1e999999999', 1))


MODES = (
    source("pages-endless-empty", "has empty pages for ever", endless_empty, "a page without rows says"),
    source("pages-endless-full", "has full pages for ever", endless_full, "more than 20 pages"),
    source("rows-endless", "has pages of 100 rows for ever", endless_rows, "more than 1,000 rows"),
    source("bytes-endless", "has pages of 90 KB for ever", endless_bytes, "more than 1,000,000 bytes"),
    source("page-repeated", "repeats the last page for ever", repeated, "the rows of an earlier one"),
    source("next-self", "links to the same page", paged(item(1), total=9, following=1), "rows of an earlier one"),
    source("total-moves", "has another total on each page", moving_total, "changes while it is read"),
    source("total-moves-once", "changes while it is read first", moving_once, GOOD),
    source("total-too-high", "promises more rows than it has", page(total=3), "incomplete: 2 rows of 3"),
    source("total-too-high-once", "promises too much at first", promised_once, GOOD),
    source("total-too-low", "has more rows than it promises", page(total=1), "incomplete: 2 rows of 1"),
    source("total-null", "says that its total is nothing", page(total=None), GOOD),
    source("total-text", "has its total as text", page(total="2"), GOOD),
    source("total-whole", "has its total as 2.0", page(total=2.0), GOOD),
    source("total-fraction", "has half a row", page(total=2.5), "`total` is no number of rows: `2.5`"),
    source("total-word", "has a word as its total", page(total="two"), 'no number of rows: `"two"`'),
    source("total-true", "says that its total is true", page(total=True), "no number of rows: `true`"),
    source("total-negative", "has less than no rows", page(total=-2), "no number of rows: `-2`"),
    source("total-object", "has an object as its total", page(total={"value": 2}), "no number of rows"),
    source("next-number", "links to a number", page(next=2), "`next` is no link: `2`"),
    source("next-true", "links to true", page(next=True), "`next` is no link: `true`"),
    source("next-list", "links to a list", page(next=["/2"]), '`next` is no link: `["/2"]`'),
    source("next-false", "links to false", page(next=False), GOOD),
    source("next-relative", "links to `?page=2`", relative, GOOD),
    source("next-away", "links to another host", away("http://localhost:1/"), "leads back or away"),
    source("next-encrypted", "links to another scheme", away("https://127.0.0.1/"), "leads back or away"),
    source("next-port", "links to another port", away("http://127.0.0.1:1/"), "leads back or away"),
    source("next-backslash", "hides the host", away("http://127.0.0.1\\@evil.example/"), "leads back or away"),
    source("next-slashes", "leaves out the scheme", away("//evil.example/list"), "leads back or away"),
    source("next-file", "links to a file", away("file:///etc/passwd"), "leads back or away"),
    source("next-broken", "links to no address", away("http://[::1/"), "leads back or away"),
    source("next-login", "links with a password", away("http://a:hush@evil.example/"), "`http://***@evil.example/`"),
    source("next-long", "has a link of 50 KB", away("/" + "x" * 50_000), "leads back or away"),
    source("data-object", "has an object as its rows", page(data={}), "no list `data`"),
    source("data-null", "has nothing as its rows", page(data=None), "0 rows of 2"),
    source("row-nested", "nests a value 900 times", nested, "nested too deeply"),
    source("columns-endless", "has other names in each row", many_names, "more than 1,000 columns"),
    source("rows-no-objects", "has rows that are no objects", page(data=[item(1), item(2), 7, None], total=4), GOOD),
    source("number-vast", "has a number of 10^999999999", vast, GOOD),
)
