"""A look at the list of an API: its first pages, asked for as the source will ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from dlt.common.jsonpath import find_values
from requests import Request

from ingress.new.answers import is_rows, rows_in, total_in
from ingress.new.bodies import in_body, parameters_in
from ingress.new.ends import asked_beyond, ends_there, told
from ingress.new.found import Table
from ingress.new.names import resource_name
from ingress.new.origin import Origin, parameters_of
from ingress.new.paging import Guess, guesses
from ingress.new.values import columns_of, is_unique_in, key_of, shown
from ingress.readers.rest.form import ListForm, complaint, failure_of
from ingress.readers.rest.pages import JSON, ListReader, NotGiven, Tally, Unsteady, said_by
from ingress.readers.rest.reader import source_bounds
from shared.data_quality.json_text import as_json, exact_number
from shared.errors import InputError, PlatformError, SourceUnavailable
from shared.http.addresses import shown as shown_address
from shared.http.answers import Answer, NotText
from shared.http.client import HttpClient
from shared.http.errors import NoAnswer
from shared.http.login import Login
from shared.http.redaction import shortened
from shared.new.code import Call
from shared.utils.strict_json import NotJson

PAGES, SHOWN = 5, 200


@dataclass
class Api:
    """An API that is looked at.

    Attributes:
        asked: How many requests were made.
        failures: Why guesses proved wrong.
    """

    client: HttpClient
    base: str
    asked: int = 0
    failures: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(cls, base: str, login: Mapping[str, object] | None) -> Iterator[Api]:
        """Open a client for it."""
        # A guess that is wrong may be answered as badly as a server can.
        bounds = source_bounds().model_copy(update={"http_tries": 2, "http_readings": 1})
        signed = Login(login, bounds) if login else None
        with HttpClient(base, bounds, auth=signed) as client:
            yield cls(client, base)

    def ask(self, path: str, parameters: Mapping[str, object], body: Mapping[str, Any] | None = None) -> Answer:
        """Return what it answers, whatever that is.

        Raises:
            PlatformError: It does not answer.
        """
        asked = {name: str(value) for name, value in parameters.items()}
        url = str(Request("GET", self.base + path, params=asked).prepare().url)
        self.asked += 1
        try:
            sent = None if body is None else json.dumps(body).encode()
            return self.client.get(url) if sent is None else self.client.send("POST", url, sent, JSON)
        except NoAnswer as error:
            raise SourceUnavailable(f"`{shown_address(url)}` does not answer: {error}", hint=error.hint or "") from None

    def first(
        self, path: str, parameters: Mapping[str, object], body: Mapping[str, Any] | None = None
    ) -> tuple[Answer, Any]:
        """Return what it answers when it is asked for a list.

        Raises:
            PlatformError: That is no success, or no JSON.
        """
        answer = self.ask(path, parameters, body)
        url = answer.url
        if not answer.is_success:
            raise SourceUnavailable(
                f"`{shown_address(url)}` answers: {answer.status}{said_by(answer)}",
                hint="see whether the address is right, and who may read there: as in --login bearer:SHOP_TOKEN",
            )
        try:
            return answer, answer.json(exact_number)
        except (NotText, NotJson) as error:
            raise InputError(
                f"`{shown_address(url)}` answers with no JSON: {answer.described()}: {error}",
                hint="name the address of a list, as its documentation has it",
            ) from None

    def pages(self, form: ListForm) -> Iterator[list[Any]]:
        """Yield the rows of the first pages of a list, and of one more than are looked at.

        Raises:
            Unsteady, PlatformError: They do not make one.
        """
        tally = Tally(self.client.bounds)
        try:
            for page in islice(ListReader(self.client, form, tally).pages(), PAGES + 1):
                yield page.rows
        finally:
            self.asked += tally.requests


def look_at_api(
    origin: Origin,
    *,
    table: str | None,
    key: Sequence[str],
    login: Mapping[str, object] | None,
    cursor: tuple[str, str] | None,
    body: Mapping[str, Any] | None = None,
    rows_at: str | None = None,
) -> Table:
    """Look at a list.

    Args:
        origin: Names it.
        table: What the resource is called, if not after the list.
        key: What the user says identifies a row.
        login: As dlt declares it, with settings.
        cursor: The field by which changed rows are found, and the parameter that asks for them.
        body: What is sent, where it is asked for by POST.
        rows_at: Where the user says that the rows are.

    Raises:
        PlatformError: It is no list, or none that can be read.
    """
    path, parameters = parameters_of(origin.rest)
    name = table or resource_name(path.partition("?")[0].rstrip("/").rpartition("/")[2])
    with Api.opened(origin.address, login) as api:
        answer, said = api.first(path, parameters, body)
        at, others = (rows_at, ()) if rows_at else rows_in(said) or ("", ())
        rows = first_rows(answer, said, at)
        total = total_in(said, at.partition("[*]")[0], len(rows))
        asked = parameters if body is None else parameters_in(body)
        tried = guesses(answer, said, at, rows, total, asked, key)
        sent = tried if body is None else (in_body(guess, parameters, body) for guess in tried)
        found = first_proved(api, path, at, rows, sent)
        if found is None:
            raise not_told(answer, len(rows), total, api.failures)
        guess, pages = found
        whole = len(pages) <= PAGES
        guess = guess if whole else asked_beyond(api, path, guess)
    pages = pages[:PAGES]
    looked_at = [row for page in pages for row in page if isinstance(row, dict)]
    columns = columns_of(looked_at)
    unique, why = key_of(name, columns, key, lambda names: is_unique_in(looked_at, names), len(looked_at))
    call = reader_call(origin.setting, path, guess, at, login, cursor)
    counted = f"total at `{guess.total}`: {total[1]:,}" if guess.total and total else ""
    notes = [
        f"{api.asked} requests, {len(pages)} pages, {'all' if whole else 'the first'} {len(looked_at):,} rows",
        f"rows at `{shortened(at, SHOWN)}`; {guess.said}",
        *([f"other lists, for --rows: {shown(others)}"] if others else ()),
        counted or "no total: a list cut short is not noticed",
    ]
    return Table(name, columns, call, unique, why, notes=notes, whole=False)


def first_rows(answer: Answer, said: Any, at: str) -> list[Any]:
    """Return the rows of a list's first page.

    Raises:
        InputError: There are none.
    """
    failed = failure_of(said, at)
    if failed and not at:
        raise InputError(
            f"`{shown_address(answer.url)}` says by `{failed}` that it failed{complaint(said)}",
            hint="see whether what is asked for is right",
        )
    form = ListForm(answer.url, {}, {}, {}, at or "$", None)
    found: Any = next(iter(find_values(form.paths.rows, said)), None)
    _, inner = form.parts
    rows = [form.within(row, inner) for row in found] if inner and is_rows(found) else found
    if not at or not is_rows(rows):
        raise no_list(answer, said, at)
    assert isinstance(rows, list)
    return rows


def first_proved(
    api: Api, path: str, at: str, first: Sequence[Any], tried: Iterable[Guess]
) -> tuple[Guess, list[list[Any]]] | None:
    """Return the first guess that is right, with the pages that it leads to.

    Raises:
        InputError: None is; one is as far as it goes, but its list does not end as it should, or its pages overlap.
    """
    nearly: InputError | None = None
    for guess in tried:
        try:
            found = proved(api, path, at, first, guess)
        except InputError as error:
            nearly = nearly or error
            continue
        # Where a list surely goes on, one page is not all of it.
        if found and (nearly is None or guess.more):
            return found
    if nearly is not None:
        raise nearly
    return None


def not_told(answer: Answer, rows: int, total: tuple[str, int] | None, failures: Sequence[str]) -> InputError:
    """Return the error for a list of which no guess proved right."""
    said = f"; it has {rows:,} rows, of {total[1]:,} by its `{total[0]}`" if total and total[1] > rows else ""
    return InputError(
        f"how `{shown_address(answer.url)}` goes on after its first rows cannot be told{said}"
        + (f"; {failures[0]}" if failures else ""),
        hint="write the source by hand: projects/ingress/README.md has the paginators",
    )


def proved(api: Api, path: str, at: str, first: Sequence[Any], guess: Guess) -> tuple[Guess, list[list[Any]]] | None:
    """Return a guess with the pages that it leads to, or None where it is wrong.

    Raises:
        InputError: It is right as far as it goes, but the list does not end as it should, or its pages overlap.
    """
    form = ListForm(api.base + path, guess.parameters, {}, guess.paginator, at, guess.total, guess.ends, guess.body)
    pages: list[list[Any]] = []
    try:
        pages.extend(api.pages(form))
    except (Unsteady, PlatformError) as error:
        if guess.more and guess.holds(pages, first):
            if isinstance(error, NotGiven) and not guess.ends and ends_there(error, pages):
                return proved(api, path, at, first, told(guess, error.status))
            ended = f", with `ends=({error.status},)` if that says so" if isinstance(error, NotGiven) else ""
            raise InputError(
                f"{guess.said}, up to {len(pages)} pages, where: {error}",
                hint=f"ask the API's owner how the list ends, and declare its paginator by hand{ended}",
            ) from None
        api.failures.append(str(error))
        return None
    if guess.holds(pages, first):
        return guess, pages
    if guess.leads_on(pages, first):
        raise InputError(
            f"{guess.said}, but a page has rows of an earlier one",
            hint="look again: rows may have come meanwhile; if it stays, ask the API's owner for a fixed order of rows",
        )
    return None


def reader_call(
    setting: str,
    path: str,
    guess: Guess,
    rows: str,
    login: Mapping[str, object] | None,
    cursor: tuple[str, str] | None,
) -> Call:
    """Return the declaration of the list."""
    named = {
        "paginator": dict(guess.paginator) if guess.paginator != {"type": "single_page"} else None,
        "rows": rows if rows != "$" else None,
        "total": guess.total,
        "ends": guess.ends or None,
        "parameters": dict(guess.parameters) or None,
        "body": guess.body,
        "login": login,
        "cursor": cursor and cursor[0],
        "since": cursor and cursor[1],
    }
    return Call("Rest", (setting, path), named)


def no_list(answer: Answer, body: Any, at: str) -> InputError:
    """Return the error for an answer that has no rows, or none where they are said to be, which says what it has."""
    if isinstance(body, dict):
        said = f"an object with {shown(body) or 'nothing'}"
    elif isinstance(body, list):
        said = "an empty list" if not body else f"a list of {shortened(as_json(body[0]), 40)}"
    else:
        said = shortened(as_json(body), 40)
    return InputError(
        f"no list of rows at `{shown_address(answer.url)}`{f', `{shortened(at, SHOWN)}`' if at else ''}: {said}",
        hint="name the address of a list of objects, which is not empty, as the API's documentation has it",
    )
