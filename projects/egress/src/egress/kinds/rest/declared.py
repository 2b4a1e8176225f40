"""How an API is called, answers, refuses and deletes: what a target of the kind declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from egress.engine.comparison import Mode
from egress.engine.plan import Target
from egress.kinds.rest.answers import Answers
from egress.kinds.rest.bodies import LINES, WHOLE, Encoding, Fields, check_names, columns_of
from shared.errors import ConfigurationError
from shared.http.places import places

Method: TypeAlias = Literal["POST", "PUT", "PATCH", "DELETE"]
NOT_FOUND, GONE = 404, 410
# The place in paths for the id that an API has given a row.
OWN_ID = "own_id"
# The header with the address of what a request has created.
LOCATION = "Location"
# The place in paths for the id of a job.
JOB_ID = "job_id"
MOST_AT_ONCE, SLOWEST = 32, 0.01
METHODS = ("POST", "PUT", "PATCH")


class RestSettings(BaseSettings):
    """How to reach an API. Each field is set by the variable of its name behind the target's prefix, in capitals.

    A target's name, not its address, is what the send state is filed under: the API may move.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    api_url: str | None = Field(default=None, pattern=r"^https?://[^/]")
    target_name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    chunk_rows: int | None = Field(default=None, ge=1, description="where not as the module declares")
    tries: int = Field(default=5, ge=1)
    timeout: float = Field(default=30.0, gt=0, description="seconds to wait for an answer")
    backoff: float = Field(default=0.5, ge=0, description="seconds before the second repetition, doubled for each")
    reject_share: float = Field(default=0.5, ge=0, le=1, description="of the rows of a run that an API may refuse")
    job_seconds: float = Field(default=600.0, gt=0, description="that a job behind an answer may take")
    reject_rows: int = Field(default=100, ge=0, description="refused before the share counts")


@dataclass(frozen=True)
class Refusals:
    """How an API refuses a request for what its rows hold, as apart from who asks and how.

    A single row is then in the quarantine; a batch is sent in halves until the rows at fault are found. 413, that the
    request is too large, is always taken so.

    Attributes:
        statuses: The statuses that say so, as 400 and 422.
        reason: The field of such an answer with the reason, as in `errors.0.message`; without it the text is shown.
    """

    statuses: tuple[int, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Delete:
    """The call that deletes rows, of which the key, and the API's own id, are all that is known.

    Attributes:
        path: Below the API's address, with a place for the key or the API's own id: `/contacts/{contact_id}`.
        method: As the API has it; `POST` where a row is archived by a call of its own.
        done: Statuses, besides those of success, that say that the row is not there; 404 and 410 where a request is
            for one row.
        rows: Where a request has several rows, as the target's `rows`.
        fields: What is sent of a row, as the target's `fields`; without it a request has no body.
        answers: Where an answer says what became of each row, as the target's `answers`.
    """

    path: str
    method: Method = "DELETE"
    done: tuple[int, ...] | None = None
    rows: str | None = None
    fields: Fields | None = None
    answers: Answers | tuple[Answers, ...] = ()

    @property
    def columns(self) -> set[str]:
        """The columns that it takes values from."""
        return {*places(self.path), *columns_of(self.fields or {})}


@dataclass(frozen=True)
class Find:
    """The call, a GET, that finds the row which an API has with a key of ours; 404, or no id, says that there is none.

    Attributes:
        path: Below the API's address, with places for columns: `/contacts?external_id={contact_id}`.
        id: The field of the answer with the API's id: `data.0.id`.
    """

    path: str
    id: str


@dataclass(frozen=True)
class OwnId:
    """How an API names rows by ids of its own: in the answer to what creates one, and in the paths of later calls.

    Attributes:
        id: The field of the answer to a create with the id, as in `data.id`, or `LOCATION`, where it is the last part
            of the address which that header names.
        path: Of what updates a row: `/contacts/{own_id}`. One that answers 404 or 410 is created again.
        method: Of that.
        find: How a row is found before it is created, for an API that knows no request again.
        there: The field of an answer 409 to a create with the id of the row that is there; it is updated.
    """

    id: str
    path: str
    method: Method = "PATCH"
    find: Find | None = None
    there: str | None = None


@dataclass(frozen=True)
class Job:
    """How an API that takes rows at first and sees to them later says what came of them.

    Attributes:
        id: The field of the answer to a request with the job's id.
        path: The call, a GET, that asks after a job: `/jobs/{job_id}`. Its answer is what `answers` are read from.
        status: The field of that answer with the job's status.
        done: The statuses of a job that has done what it could.
        failed: Those of one that has not: no row of it counts, and the delivery ends. Any other means that it goes on.
        reason: The field with the reason for that.
        results: The call, a GET, whose answer `answers` are read from instead, once the job is done.
    """

    id: str
    path: str
    status: str
    done: tuple[str, ...]
    failed: tuple[str, ...] = ()
    reason: str = "error"
    results: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class DeclaredRest(Target):
    """A model for an API, as the module of a target declares it.

    Attributes:
        path: The call below the API's address; of requests for a single row with places for columns:
            `/contacts/{contact_id}`.
        method: `POST`, `PUT` or `PATCH`.
        rows: The field of a request that has the rows, `$` where the body is their list, `LINES` where each is a line
            of JSON; None where a request is for one row, which is the body.
        encoding: Whether a row that is the body is `json` or a `form`, in which `metadata.tier` is `metadata[tier]`.
        null: What a null is in a form, where it is not, as an empty text is, a field without a value; None leaves the
            field out, so that what an API has there stays.
        head: What a line before each row's says, as `fields`: `{"index._id": "contact_id"}`.
        fields: What is sent of a row: names in the body, `properties.email` for a field within a field, each with the
            model's column or a `Fixed` value. Without it a row has all columns by their names.
        beside: What a request with rows has besides.
        headers: What each request says besides.
        login: How requests are signed, as dlt's REST sources declare it; a secret is a `Setting`.
        idempotency: The header with the key by which the API knows a request again, None where it knows none.
        answers: Where an answer says what became of each row, in one list or several. Without it the status counts for
            all rows of a request.
        job: How an API that sees to rows behind its answer says what came of them.
        named_by: The column whose value is a row's key in answers, where that is not the model's key.
        refusals: How a request is refused for what its rows hold. Any other failure ends the delivery.
        done: Statuses, besides those of success, that say that all rows of a request are there, as 409 may.
        mode: `upsert`, `insert_only`, `update_only` (a row that the API does not find, 404, is refused) or `mirror`,
            which deletes what it once wrote and the model has no more.
        delete: The call for that.
        chunk_rows: Rows of a request at most, where no setting says another number.
        chunk_bytes: What the rows of a request may come to; one that is larger by itself goes alone.
        at_once: Requests under way at most. A row is in one request only, and a run ends when all have ended.
        per_second: Requests that begin in a second at most.
        own_id: How the API names rows by ids of its own, for requests of single rows.
        dataset: What the rows are below the API's address, for lineage; the path as far as its first place by itself.
    """

    path: str
    method: Method = "POST"
    rows: str | None = None
    encoding: Encoding = "json"
    null: str | None = ""
    head: Fields | None = None
    fields: Fields | None = None
    beside: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    login: Mapping[str, object] | None = None
    idempotency: str | None = "Idempotency-Key"
    answers: Answers | tuple[Answers, ...] = ()
    job: Job | None = None
    named_by: str | None = None
    refusals: Refusals | None = None
    done: tuple[int, ...] = ()
    mode: Mode = "upsert"
    delete: Delete | None = None
    chunk_rows: int = 500
    chunk_bytes: int = 5_000_000
    at_once: int = 1
    per_second: float | None = None
    own_id: OwnId | None = None
    dataset: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self)


def check(rest: DeclaredRest) -> None:
    """Refuse a declaration that contradicts itself.

    Raises:
        ConfigurationError: It does.
    """
    for wrong, problem, hint in problems(rest):
        if wrong:
            raise ConfigurationError(f"the target `{rest.declared}` cannot be: {problem}", hint=hint)
    for names in (rest.fields, rest.head, rest.delete and rest.delete.fields):
        check_names(names or ())
    if rest.rows not in (None, WHOLE, LINES):
        check_names([*rest.beside, str(rest.rows)])


def problems(rest: DeclaredRest) -> Iterator[tuple[bool, str, str]]:
    """Yield what can be wrong with a declaration: whether it is, what, and what to do."""
    single, key = rest.rows is None, "{" + rest.model.key + "}"
    known = {OWN_ID} if rest.own_id else None
    yield rest.method not in METHODS, f"method `{rest.method}`", f"give one of {', '.join(METHODS)}"
    yield not rest.path.startswith("/"), f"path `{rest.path}`", "begin it with /"
    yield (
        not single and bool(places(rest.path)),
        f"a path for single rows in requests with several: `{rest.path}`",
        "leave `rows` out, or the places",
    )
    yield not single and rest.encoding == "form", "a form with several rows", "leave `rows` out"
    yield (
        rest.null != "" and rest.encoding != "form",
        "`null` without a form",
        "leave it out: JSON has a null of its own",
    )
    yield rest.job is not None and rest.own_id is not None, "`job` for rows with ids of the API's own", "leave one out"
    for path in [] if rest.job is None else filter(None, [rest.job.path, rest.job.results]):
        wrong = not path.startswith("/") or {*places(path)} > {JOB_ID}
        yield wrong, f"path `{path}`", f"begin it with /, its place is {{{JOB_ID}}}"
    yield rest.head is not None and rest.rows != LINES, "a line before each row where rows are none", "give rows=LINES"
    yield (
        bool(rest.beside) and rest.rows in (None, WHOLE, LINES),
        "`beside`, where a request has no field with rows",
        "name the field: rows=…",
    )
    yield (rest.mode == "mirror") != (rest.delete is not None), "`mirror` and `delete` without the other", "give both"
    if rest.delete is not None:
        yield (
            rest.delete.columns not in ({rest.model.key}, known),
            "`delete` by another column than the key",
            f"write its path with {key}, or {{{OWN_ID}}} and `own_id`: of a row that is gone nothing else is known",
        )
        yield (
            rest.delete.rows is not None and (rest.delete.fields is None or bool(places(rest.delete.path))),
            "a `delete` of several rows without what it says of each",
            "give it `fields`, and a path without places",
        )
    yield from own_id_problems(rest)
    yield not 1 <= rest.at_once <= MOST_AT_ONCE, f"`at_once` {rest.at_once}", f"give 1 to {MOST_AT_ONCE}"
    for name in ("chunk_rows", "chunk_bytes"):
        yield getattr(rest, name) < 1, f"`{name}` {getattr(rest, name)}", "give 1 or more"
    slow = rest.per_second is not None and not rest.per_second >= SLOWEST
    yield slow, f"`per_second` {rest.per_second}", f"give {SLOWEST} or more, or leave it out"


def own_id_problems(rest: DeclaredRest) -> Iterator[tuple[bool, str, str]]:
    """Yield what can be wrong with how an API's own ids are declared, as `problems` does."""
    how = rest.own_id
    yield bool(how and rest.done), "`done` where the API's id is wanted", "give `there`, or leave it out"
    yield OWN_ID in places(rest.path), f"a create at a path with {{{OWN_ID}}}", "only later calls know it"
    if how is None:
        return
    yield rest.rows is not None, "`own_id` for requests with several rows", "leave `rows` out"
    yield rest.mode not in ("upsert", "mirror"), f"`own_id` with mode `{rest.mode}`", "take upsert or mirror"
    yield how.method not in METHODS, f"method `{how.method}`", f"give one of {', '.join(METHODS)}"
    for path in (how.path, *([how.find.path] if how.find else [])):
        yield not path.startswith("/"), f"path `{path}`", "begin it with /"
    yield OWN_ID not in places(how.path), "updates at a path without the API's id", f"write {{{OWN_ID}}} into it"
    yield (
        how.find is not None and (OWN_ID in places(how.find.path) or rest.model.key not in places(how.find.path)),
        "`find` by something else than the key",
        "write its path with a place for the model's key",
    )
    yield (
        how.find is None and how.there is None and rest.idempotency is None,
        "an API that may make a row twice where its answer was lost",
        "give `find`, by which a row is looked for before it is made, `there`, or `idempotency`",
    )
