"""The CRM's API, which takes what the platform delivers. `tasks.demo.serve` starts it.

`POST /customers/batch` with a header `Idempotency-Key` and the body `{"customers": [{"customer_id": "C-00001", …}, …]}`
answers `{"results": [{"customer_id": …, "status": "updated" | "rejected", "reason": null | text}, …]}`, in the order of
the rows. The same key and body again get the stored answer and change nothing; the same key with another body is
answered with 422; what is not such a request with 400. `GET /customers` answers `{"customers": […], "total": n}`.

What it holds is kept in `data/demo/crm_received.json`, written before the answer is sent.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from shared.command_line import command
from shared.config import get_settings
from shared.errors import InputError
from tasks.demo.api import DemoServer, Refused, Request, Route, serve_until_input_ends
from tasks.demo.files import sha256, write_atomically

Answered = dict[str, object]
CUSTOMER_ID = re.compile(r"C-\d{5}", re.ASCII)


class Crm:
    """The customers the CRM holds and the answers it has given, in one file.

    Raises:
        InputError: The file is there but is not what a CRM has written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.Lock()
        try:
            held = json.loads(file.read_bytes()) if file.exists() else {"customers": {}, "answers": {}}
            self.customers: dict[object, object] = held["customers"]
            self.answers: dict[str, Answered] = held["answers"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"cannot read what the demo CRM holds: `{file}`", hint="delete the file") from error

    def batch(self, request: Request) -> object:
        """Take a batch of customers and return what became of each."""
        key = request.headers.get("idempotency-key")
        if not key:
            raise Refused(400, "the header Idempotency-Key is missing")
        rows = rows_of(request.body)
        digest = sha256(request.body)
        with self.lock:
            given = self.answers.get(key)
            if given is None:
                return self.take(key, digest, rows)
            if given["body"] != digest:
                raise Refused(422, f"Idempotency-Key was used for another body: `{key}`")
            return given["answer"]

    def take(self, key: str, digest: str, rows: list[object]) -> object:
        """Keep the rows that can be kept, and the answer, in one write."""
        results = [result(row) for row in rows]
        taken = {one["customer_id"]: row for one, row in zip(results, rows, strict=True) if one["reason"] is None}
        customers = {**self.customers, **taken}
        answered: Answered = {"body": digest, "answer": {"results": results}}
        answers = {**self.answers, key: answered}
        write_atomically(self.file, json.dumps({"customers": customers, "answers": answers}).encode())
        # Only now, so that a write that fails leaves memory and file alike.
        self.customers, self.answers = customers, answers
        return {"results": results}

    def everything(self, request: Request) -> object:
        """Return all customers that it holds."""
        with self.lock:
            return {"customers": list(self.customers.values()), "total": len(self.customers)}


def rows_of(body: bytes) -> list[object]:
    """Return the rows of a body."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is not JSON") from None
    rows = content.get("customers") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise Refused(400, 'the body must be {"customers": [...]}')
    return rows


def result(row: object) -> dict[str, object]:
    """Return what becomes of a row."""
    key = row.get("customer_id") if isinstance(row, dict) else None
    if not key:
        return {"customer_id": None, "status": "rejected", "reason": "customer_id is missing"}
    if not (isinstance(key, str) and CUSTOMER_ID.fullmatch(key)):
        return {"customer_id": key, "status": "rejected", "reason": f"customer_id is not of the form C-00000: `{key}`"}
    return {"customer_id": key, "status": "updated", "reason": None}


def make_server(file: Path) -> DemoServer:
    """Open a port for the CRM that keeps what it has in `file`."""
    crm = Crm(file)
    return DemoServer(
        {("POST", "/customers/batch"): Route(crm.batch), ("GET", "/customers"): Route(crm.everything, throttled=False)}
    )


def main(arguments: Sequence[str]) -> int:
    """Serve the demo's CRM."""
    serve_until_input_ends(make_server(get_settings().data_dir / "demo" / "crm_received.json"))
    return 0


if __name__ == "__main__":
    sys.exit(command(main))
