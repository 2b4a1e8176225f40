"""The kind `rest`: changed rows to an API, each one confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
from typing_extensions import override

from egress.engine.comparison import ComparedPlan, Comparison, Deletions, rows_held
from egress.engine.interrupts import ending_between_chunks
from egress.engine.plan import Options, Tally
from egress.kinds.rest.answers import as_tuple
from egress.kinds.rest.bodies import columns_of
from egress.kinds.rest.declared import GONE, NOT_FOUND, OWN_ID, DeclaredRest, Refusals, RestSettings
from egress.kinds.rest.job_places import JobPlaces, open_jobs
from shared.config import read_settings
from shared.config.named import Setting, settings_of
from shared.errors import InputError, PlatformError
from shared.http.places import places
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.warehouse import Warehouse

if TYPE_CHECKING:
    from egress.kinds.rest.api import RestApi
    from egress.kinds.rest.calls import Call, Caller
    from egress.kinds.rest.rows import Outcome, Row


@dataclass(frozen=True, eq=False)
class Rest(DeclaredRest):
    """Sends the rows whose content differs from what an API has answered to last."""

    @property
    def values(self) -> RestSettings:
        """What its settings say."""
        return read_settings(RestSettings, prefix=self.setting(""))

    @property
    @override
    def name(self) -> str:
        return self.values.target_name or self.declared

    @property
    @override
    def name_setting(self) -> str:
        return self.setting("target_name")

    @property
    def form(self) -> str:
        """The call, and what its answers leave open."""
        what = {"insert_only": "new rows", "mirror": "changed rows and deletes"}.get(self.mode, "changed rows")
        silent = ", which answers for a batch as a whole" if self.rows and not self.answers else ""
        return f"{what} to `{self.method} ${self.setting('api_url')}{self.path}`{silent}"

    @property
    @override
    def named_settings(self) -> tuple[Setting, ...]:
        return tuple(settings_of(self.login or {}))

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return (self.setting("api_url"), *super().required_settings)

    @property
    @override
    def missing_setting(self) -> str | None:
        return self.setting("api_url") if self.values.api_url is None else super().missing_setting

    @property
    def url(self) -> str:
        """The API's address."""
        url = self.values.api_url
        assert url, "a target that lacks a setting is not run"
        return url

    @property
    def columns(self) -> set[str]:
        """The columns that it takes values from, besides all of them."""
        how = self.own_id
        later = [how.path, *([how.find.path] if how.find else [])] if how else []
        named = {place for path in (self.path, *later) for place in places(path)} - {OWN_ID}
        others = [self.named_by] if self.named_by else []
        return {*named, *columns_of(self.fields or {}), *columns_of(self.head or {}), *others}

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the address of the rows."""
        dataset = self.dataset or self.path.partition("{")[0].partition("?")[0].rstrip("/")
        return (Dataset.of_url(f"{self.url.rstrip('/')}{dataset}"),)

    def plan(self, warehouse: Warehouse, options: Options) -> RestPlan:
        """Compare each row's hash with the one that the API has answered to last.

        Raises:
            InputError: The model lacks a column.
        """
        name = self.name
        with self.model.held_still(warehouse):
            found = Comparison.of(warehouse, self.model, name, options, self.mode)
            mirrors = self.mode == "mirror"
            gone = Deletions.of(warehouse, self.model, name, found, options) if mirrors else Deletions.none(found)
        lacking = sorted(self.columns - {*found.pending.column_names})
        if lacking:
            raise InputError(
                f"`{self.model.table}` lacks columns that `{self.declared}` sends: `{', '.join(lacking)}`",
                hint="correct the model, or `path` and `fields` in the target's module",
            )
        if mirrors and pa.types.is_temporal(found.pending.schema.field(self.model.key).type):
            raise InputError(
                f"`{self.declared}` deletes by a key that can be written in several ways: `{self.model.key}`",
                hint="have the model give it as a text, instead of a date or time",
            )
        return RestPlan(
            target=name,
            model=self.model,
            rows=found.rows,
            to_send=found.to_send,
            held=rows_held(warehouse, name),
            guard=self.guard(warehouse, options),
            comparison=found,
            deletions=gone,
            mode=self.mode,
            to=self,
        )

    def call(self) -> Call:
        """Return the call that sends rows."""
        from egress.kinds.rest.calls import Call

        refusals = self.refusals
        if self.mode == "update_only":
            stated = refusals or Refusals(())
            refusals = Refusals((*stated.statuses, NOT_FOUND), stated.reason)
        return Call(
            self.method,
            self.path,
            self.rows,
            self.beside,
            self.headers,
            self.idempotency,
            as_tuple(self.answers),
            refusals,
            done=self.done,
            encoding=self.encoding,
            null=self.null,
            job=self.job,
            own_id=self.own_id.id if self.own_id else None,
            there=self.own_id.there if self.own_id else None,
        )

    def sending(self, api: RestApi, caller: Caller) -> Callable[[Sequence[Row]], Outcome]:
        """Return what sends rows, by what makes the call for them."""
        from egress.kinds.rest.own_ids import OwnIdCaller

        how = self.own_id
        if how is None:
            return caller.send
        update = replace(
            self.call(), method=how.method, path=how.path, own_id=None, there=None, absent=(NOT_FOUND, GONE)
        )
        return OwnIdCaller(how, caller, caller.of(update), api, self.headers).send

    def deletion(self) -> Call:
        """Return the call that deletes rows."""
        from egress.kinds.rest.calls import Call

        assert self.delete, "a target without it deletes nothing"
        how = self.delete
        done = how.done if how.done is not None else () if how.rows else (NOT_FOUND, GONE)
        return Call(
            how.method,
            how.path,
            how.rows,
            headers=self.headers,
            idempotency=self.idempotency,
            answers=as_tuple(how.answers),
            refusals=self.refusals,
            done=done,
            with_body=how.fields is not None,
            encoding=self.encoding,
            null=self.null,
        )


@dataclass(frozen=True)
class RestPlan(ComparedPlan):
    """Which rows to send, and which to delete."""

    to: Rest

    def apply(self, run: Run, tally: Tally) -> None:
        """Delete, then send; what the API says to a request is kept before the next ones are sent."""
        self.forget(run)
        to = self.to
        jobs = open_jobs(run.warehouse, self.target) if to.job else []
        if not (self.to_send or self.removes or jobs):
            return
        # What talks to servers takes a moment to import, and most runs send nothing.
        from egress.kinds.rest.api import RestApi
        from egress.kinds.rest.calls import Caller
        from egress.kinds.rest.outgoing import cut, rows_of, to_delete, to_send, told_apart
        from egress.kinds.rest.sender import Sender
        from egress.kinds.rest.settling import settle
        from shared.http.bounds import bounds_with

        values = to.values
        bounds = bounds_with(http_silence=values.timeout, http_tries=values.tries, http_backoff=values.backoff)
        # All of them first: a column that cannot be written as JSON stops the delivery before anything is sent.
        fit, unfit = told_apart(self.comparison.pending)
        sent, number = to_send(fit, to), pa.types.is_integer(fit.schema.field(self.model.key).type)
        gone = to_delete(self.deletions.rows, to.delete, self.model.key, int if number else str) if to.delete else []
        most = values.chunk_rows or to.chunk_rows
        who = f"{run.warehouse.identity.id} {self.target}"
        with (
            RestApi(to.url, bounds, to.setting("api_url"), to.login, to.per_second, values.job_seconds) as api,
            JobPlaces.opened(run, self.target) if to.job else nullcontext() as places,
            ending_between_chunks() as ask,
        ):
            sender = Sender(self, run, tally, values, ask, places)
            caller = Caller(to.call(), api, who, self.model.key, places)
            running: list[PlatformError] = []
            if jobs and places:
                sent, running = settle(jobs, places, caller, sender, sent, values.job_seconds)
            if unfit:
                sender.keep_sent(unfit)
            if gone:
                # First, so that what has to be unique is free.
                delete = caller.of(to.deletion()).send
                requests = cut(gone, most if to.delete and to.delete.rows else 1, to.chunk_bytes)
                sender.send(requests, delete, keep=sender.keep_deleted, at_once=to.at_once)
            requests = cut(rows_of(sent, to.path), most if to.rows else 1, to.chunk_bytes)
            sender.send(requests, to.sending(api, caller), keep=sender.keep_sent, at_once=to.at_once)
            if running:
                raise running[0]
