"""How the next rows of a list may be asked for: the first guess that proves right counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingress.new.answers import PLAIN, inside, next_among
from ingress.new.headers import cursors_in, has_next_link, say_more
from ingress.new.parameters import (
    CURSOR_PARAMETERS,
    LAST_PARAMETERS,
    OFFSETS,
    PAGE_NUMBERS,
    in_camel,
    in_style_of,
    is_offset,
    is_size,
)
from ingress.new.values import columns_of, is_unique_in, key_of
from shared.data_quality.json_text import as_json
from shared.http.answers import Answer

NEXT = re.compile(r"_*(odata\.)?next(_?(link|url|uri|page_?url|records_?url|href))?|href|ur[il]", re.IGNORECASE)
NEXT_CURSOR = re.compile(
    r"(next|end|after|last_?evaluated)_?(page_?)?(cursor|token|key|start|offset|marker)"
    r"|cursor|continuation(_?token)?|next_?page|next",
    re.IGNORECASE,
)
MORE = re.compile(r"has_?(more|next(_?page)?)|more", re.IGNORECASE)
STREAM = re.compile("end_?of_?stream", re.IGNORECASE)
END = re.compile(rf"(is_?)?last(_?page)?|{STREAM.pattern}|done", re.IGNORECASE)
PAGE_COUNT = re.compile(r"(total_?)?pages|pages?_?(count|total)|(last|num)_?pages?", re.IGNORECASE)
LONGEST_CURSOR = 4_096
Pages = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Guess:
    """How a list may page.

    Attributes:
        paginator: As dlt declares it.
        parameters: What the first request asks for then.
        total: Where the number of all rows stands.
        said: What it is, for people.
        more: Whether there must be a second page for it to be right.
        ends: Statuses by which a request for a page after the last one is answered.
        body: What the first request sends, where it is a POST.
    """

    paginator: Mapping[str, object]
    parameters: Mapping[str, object]
    total: str | None
    said: str
    more: bool
    ends: tuple[int, ...] = ()
    body: Mapping[str, object] | None = None

    def holds(self, pages: Pages, first: Sequence[Any]) -> bool:
        """Tell whether pages that were read are those of a list that begins with the first one."""
        begins = bool(pages) and are_same(pages[0], first)
        return begins and (not self.more or (len(pages) > 1 and bool(pages[1]) and not _overlap(pages)))

    def leads_on(self, pages: Pages, first: Sequence[Any]) -> bool:
        """Tell whether what it asks for has brought rows that the first page has not, in whatever order these come."""
        if not self.more or len(pages) < 2 or not are_same(pages[0], first):
            return False
        ordered = [sorted(page, key=as_json) for page in pages[:2]]
        return bool(pages[1]) and not are_same(*ordered)


def are_same(page: Sequence[Any], first: Sequence[Any]) -> bool:
    """Tell whether a page has these rows, by a column that tells them apart where others have changed meanwhile."""
    if list(page) == list(first):
        return True
    if len(page) != len(first) or not all(isinstance(row, dict) for row in [*page, *first]):
        return False
    columns = ([as_json(row.get(name)) for row in first] for name in first[0])
    unlike = {name: values for name, values in zip(first[0], columns, strict=True) if len({*values}) == len(values)}
    return any([as_json(row.get(name)) for row in page] == values for name, values in unlike.items())


def _overlap(pages: Pages) -> bool:
    """Tell whether a page has a row of an earlier one."""
    seen: set[str] = set()
    for page in pages:
        rows = {as_json(row) for row in page}
        if rows & seen:
            return True
        seen |= rows
    return False


def guesses(
    answer: Answer,
    body: Any,
    rows_at: str,
    rows: Sequence[Any],
    total: tuple[str, int] | None,
    parameters: Mapping[str, object],
    key: Sequence[str],
) -> Iterator[Guess]:
    """Yield how the list may page, the surest first, and where nothing says that it does, that it does not."""
    found = list(inside(body, skip=rows_at.partition("[*]")[0]))
    if total is not None and total[1] <= len(rows) and goes_on(found, None, rows):
        # It counts the rows of the page.
        total = None
    total_at = total[0] if total and (total[1] > len(rows) or total[0].lower().startswith("total")) else None

    def guess(said: str, more: bool = True, without: Sequence[str] = (), **paginator: object) -> Guess:
        kept = {name: value for name, value in parameters.items() if name not in without}
        return Guess(paginator, kept, total_at, said, more)

    if has_next_link(answer):
        yield guess("the next page stands in the header Link", type="header_link")
    for header, name in cursors_in(answer):
        said = f"the next page is asked for by `{name}` with the header `{header}`"
        yield guess(said, without=(name,), type="header_cursor", cursor_key=header, cursor_param=name)
    for path, value in found:
        if isinstance(value, str) and NEXT.fullmatch(_last(path)) and "next" in path.lower() and _is_link(value, path):
            yield guess(f"the next page's address stands at `{path}`", type="json_link", next_url_path=path)
        if isinstance(value, list) and (linked := next_among(value)):
            said = f"the next page's address stands among the links of `{path}`"
            yield guess(said, type="json_link", next_url_path=path + linked)
    # Where a stream ends, its last cursor is for later, and leads to nothing yet.
    streams = {"stop_after_empty_page": True} if any(STREAM.fullmatch(_last(path)) for path, _ in found) else {}
    for path, value in found:
        if _is_cursor(path, value):
            yield from _by_cursor(path, {**streams, **has_more_beside(path, found)}, guess)
    more_at = next((path for path, value in found if MORE.fullmatch(_last(path)) and isinstance(value, bool)), None)
    if more_at is not None and dict(found)[more_at]:
        yield from _by_last_row(rows_at, rows, more_at, key, guess)
    if len(rows) > 1 or total_at:
        echoed = {_last(path): value for path, value in found if type(value) is int}
        yield from _numbered(rows, total, echoed, parameters, more_at, guess)
    if say_more(answer, len(rows)) or goes_on(found, total, rows):
        return
    for path, value in found:
        if value is None and NEXT.fullmatch(_last(path)) and "next" in path.lower():
            said = f"the next page's address would stand at `{path}`, but there is only one page"
            yield guess(said, more=False, type="json_link", next_url_path=path)
    if is_full(parameters, rows, total, found):
        return
    doubt = f", though `{more_at}` is there: look at a list of more pages" if more_at else ""
    yield guess(f"one page, as far as can be told{doubt}", more=False, type="single_page")


def has_more_beside(path: str, found: Sequence[tuple[str, Any]]) -> Mapping[str, object]:
    """Return what says beside a cursor whether it leads anywhere: some name one on the last page too."""
    around = path[: len(path) - len(_last(path))]
    for each, value in found:
        if isinstance(value, bool) and each.startswith(around) and MORE.fullmatch(each[len(around) :]):
            return {"has_more_path": each}
    return {}


def is_full(
    parameters: Mapping[str, object],
    rows: Sequence[Any],
    total: tuple[str, int] | None,
    found: Sequence[tuple[str, Any]],
) -> bool:
    """Tell whether a page has as many rows as were asked for, and nothing says that these are all."""
    asked = any(is_size(name) and value == len(rows) for name, value in parameters.items())
    ended = any(
        (MORE.fullmatch(_last(path)) and value is False) or (END.fullmatch(_last(path)) and value is True)
        for path, value in found
    )
    return asked and not ended and total is None


def goes_on(found: Sequence[tuple[str, Any]], total: tuple[str, int] | None, rows: Sequence[Any]) -> bool:
    """Tell whether an answer says that there are more pages: a list that has them is not to be taken for one page."""
    if (total is not None and total[1] > len(rows)) or has_more_pages(found):
        return True
    return any(
        (MORE.fullmatch(_last(path)) and value is True)
        or ("next" in path.lower() and isinstance(value, (str, int)) and value not in ("", False))
        for path, value in found
    )


def has_more_pages(found: Sequence[tuple[str, Any]]) -> bool:
    """Tell whether an answer has a number of pages, or says that it is not the last one."""
    return any(
        (END.fullmatch(_last(path)) and value is False)
        or (PAGE_COUNT.fullmatch(_last(path)) and type(value) is int and value > 1)
        for path, value in found
    )


def _by_cursor(path: str, ends: Mapping[str, object], guess: Callable[..., Guess]) -> Iterator[Guess]:
    """Yield that what stands at a path asks for the next page, by a parameter called like it before others."""
    last = _last(path)
    bare = re.sub("(?i)^next_?", "", last)
    alike = [name for name in (last, in_camel(last), in_camel(bare)) if len(name) > len("to")]
    for name in dict.fromkeys((*alike, *CURSOR_PARAMETERS)):
        said = f"the next page is asked for by `{name}` with `{path}`"
        yield guess(said, type="cursor", cursor_path=path, cursor_param=name, **ends)


def _by_last_row(
    rows_at: str, rows: Sequence[Any], more_at: str, key: Sequence[str], guess: Callable[..., Guess]
) -> Iterator[Guess]:
    """Yield that the last row's key asks for the next page, as Stripe has it."""
    names, _ = key_of("rows", columns_of(rows), key[:1], lambda names: is_unique_in(rows, names), len(rows))
    if not names or not PLAIN.fullmatch(names[0]):
        return
    path = (rows_at.replace("[*]", "[-1]") if "[*]" in rows_at else f"{rows_at}[-1]") + f".{names[0]}"
    for name in LAST_PARAMETERS:
        yield guess(
            f"the next page is asked for by `{name}` with the last row's `{names[0]}`, as long as `{more_at}` says so",
            type="cursor",
            cursor_path=path,
            cursor_param=name,
            has_more_path=more_at,
        )


def _numbered(
    rows: Sequence[Any],
    total: tuple[str, int] | None,
    echoed: Mapping[str, int],
    parameters: Mapping[str, object],
    more_at: str | None,
    guess: Callable[..., Guess],
) -> Iterator[Guess]:
    """Yield that the next page is asked for by its number or by how many rows come before it, as the answer says."""
    if total is not None and total[1] <= len(rows):
        return
    # A server may give fewer rows at a time than it is asked for.
    size = len(rows)
    sizes = (name for name, value in echoed.items() if is_size(name) and value == size and name != "count")
    size_name = next(filter(is_size, parameters), next(sizes, None))
    ends = {"total_path": total[0]} if total else {"total_path": None}
    more = {"has_more_path": more_at} if more_at and not total else {}
    known = (*PAGE_NUMBERS, *OFFSETS)
    named = [name for name in parameters if name in known]
    told = [name for name in known if name in echoed]
    for name in named or dict.fromkeys([*told, *in_style_of(size_name or ""), *PAGE_NUMBERS[:1], *OFFSETS[:2]]):
        without = (name,)
        if is_offset(name):
            sized = {"limit_param": size_name} if size_name and size_name != "limit" else {}
            own: dict[str, object] = {"offset_param": name} if name != "offset" else {}
            if echoed.get(name) == 1:
                # It counts from 1, which dlt's comparison with a total does not know of.
                ends, own["offset"] = {"total_path": None}, 1
            yield guess(
                f"the next page is asked for by `{name}`, of {size} rows a page",
                without=(*without, size_name or ""),
                type="offset",
                limit=size,
                **own,
                **sized,
                **ends,
                **more,
            )
        else:
            own = {"page_param": name} if name != "page" else {}
            # A page number counts pages: what dlt is to make of a number of rows it cannot know.
            for base in (1, 0):
                yield guess(
                    f"the next page is asked for by `{name}`, from {base} on",
                    without=without,
                    type="page_number",
                    base_page=base,
                    **own,
                    total_path=None,
                    **more,
                )


def _last(path: str) -> str:
    return path.rpartition(".")[2] if not path.endswith("']") else path[:-2].rpartition("['")[2].lstrip("@")


def _is_link(value: str, path: str = "") -> bool:
    """Tell whether a text is an address; what is called one may be without a host and a path."""
    called = re.search("(link|url|uri|href)$", _last(path), re.IGNORECASE)
    return value.startswith(("http://", "https://", "/", "?")) or (called is not None and " " not in value != "")


def _is_cursor(path: str, value: Any) -> bool:
    """Tell whether a value may ask for the next page; an `offset` that is a number is the page's own."""
    last = _last(path)
    by_name = NEXT_CURSOR.fullmatch(last) or ("next" in path.lower() and last in CURSOR_PARAMETERS)
    if not by_name and not (last == "offset" and isinstance(value, str)):
        return False
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_CURSOR and not _is_link(value)
    return type(value) is int
