"""Rows of an API that gives them ids of its own: created once, and known by that id from then on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from egress.kinds.rest.answers import value_at
from egress.kinds.rest.api import RestApi, not_understood, refusal
from egress.kinds.rest.calls import Caller
from egress.kinds.rest.declared import GONE, NOT_FOUND, OWN_ID, Find, OwnId
from egress.kinds.rest.rows import Outcome, Row, Said
from shared.errors import PlatformError
from shared.http.answers import NotText
from shared.http.places import Unfit, filled
from shared.utils.strict_json import NotJson

LOST = "the API has the row when it is to be created, and has it not when it is to be updated"
UNKNOWN = "the API has the row, but under which id is not known: declare `find`, or take the row away there and here"


class OwnIdCaller:
    """Sends single rows; used by several threads.

    Args:
        how: What is declared of the API's ids.
        create: Makes a row, and is told its id.
        update: Changes one by its id.
        headers: What each request says besides.
    """

    def __init__(self, how: OwnId, create: Caller, update: Caller, api: RestApi, headers: Mapping[str, str]) -> None:
        self._how, self._create, self._update = how, create, update
        self._api, self._headers = api, headers

    def send(self, rows: Sequence[Row]) -> Outcome:
        """Create the row, or update the one that the API has; one that it has no more is created again."""
        (row,) = rows
        try:
            if row.own_id is None and self._how.find:
                row = row._replace(own_id=self._found(row, self._how.find))
            elif row.own_id is None and row.receipt is not None:
                return Outcome([Said(row, False, "", UNKNOWN)])
            if row.own_id is not None:
                outcome = self._update.send([row._replace(path=path_of(row, self._how.path))])
                if not outcome.absent:
                    return outcome
            # Whatever the API had of it is no more.
            row = row._replace(own_id=None, receipt=None, last_marks=None)
            outcome = self._create.send([row])
            if outcome.there is None:
                return outcome
            there = row._replace(own_id=outcome.there)
            outcome = self._update.send([there._replace(path=path_of(there, self._how.path))])
            return Outcome([Said(row, False, "", LOST)]) if outcome.absent else outcome
        except Unfit as error:
            return Outcome([Said(row, False, "", str(error))])
        except PlatformError as error:
            return Outcome(error=error)

    def _found(self, row: Row, find: Find) -> str | None:
        """Return the id of the row that the API has with this key, None where it has none.

        Raises:
            PlatformError: It does not say.
        """
        answer = self._api.ask("GET", path_of(row, find.path), None, self._headers, call=find.path)
        if answer.status in (NOT_FOUND, GONE):
            return None
        if not answer.is_success:
            raise refusal(answer, [row.payload], self._api.setting)
        try:
            return value_at(find.id, answer.json())
        except (NotJson, NotText, ValueError) as error:
            raise not_understood(self._api, find.path, answer, error) from None


def path_of(row: Row, path: str) -> str:
    """Return a path with a row's values and the API's id in its places.

    Raises:
        Unfit: One cannot stand there.
    """
    return filled(path, {**json.loads(row.payload), OWN_ID: row.own_id}.get)
