"""Measure deliveries to an API against drt-core, the best open reverse ETL, in one run.

    ./pixiw run -e egress python benchmarks/deliver_api.py [--rows 50000]

The model of `deliver.py` goes to an API on loopback that takes 500 rows a request and answers for each of them. Each
step is a process of its own, by ours and by drt-core, which reads the same DuckDB and has no rate limit; its diff of
snapshots, by which it sends only what has changed, is not for APIs. Three times, to an API that is empty:

- `deliveries`: first, nothing changed, 1 % changed;
- `refusals`: the API refuses 1 % of the rows within an answer 207, and none when they are delivered once more;
- `kill`: SIGKILL after half of the rows, then run once more.

After each step: seconds, processor seconds, requests, rows that were sent, and how many rows of the API are not as the
model has them. Written to results/deliver_api.json.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
from deliver import CHANGE, DRT, MODEL, STEP_SECONDS, drt_from_duckdb, in_duckdb, timed, warehouse_with
from machine import machine_facts
from packages import environment_with

from shared.testing.http import answering

RESULT = Path(__file__).parent / "results" / "deliver_api.json"
REQUEST_ROWS, MANY = 500, 207
POLL_SECONDS = 0.002
TARGET = '''"""The benchmark's API."""

from egress.engine.models import Model
from egress.kinds.rest.answers import Answers
from egress.kinds.rest.target import Rest

TARGET = Rest(
    "bench",
    Model("egress.bench", key="id"),
    settings="BENCH",
    path="/rows",
    rows="rows",
    answers=Answers("results", key="id", taken=("taken",), refused=("refused",)),
)
'''
DESTINATION = """
destination:
  type: rest_api
  url: {url}/rows
  method: POST
  headers: {{Content-Type: application/json}}
  body_mode: batch
  batch_template: '{{"rows": {{{{ rows | tojson_safe }}}}}}'
  max_records_per_request: 500
  rate_limit: {{requests_per_second: 0}}
"""


@dataclass
class Api:
    """What the API holds and has been asked.

    Attributes:
        rows: What it holds of each row: how many baskets and what sales.
        requests, sent: How many requests and rows it got.
        refused: The ids that it refuses.
    """

    url: str = ""
    rows: dict[str, tuple[int, float]] = field(default_factory=dict)
    requests: int = 0
    sent: int = 0
    refused: frozenset[str] = frozenset()

    def take(self, body: bytes) -> tuple[int, bytes]:
        """Take the rows of a request, and return the answer."""
        rows = json.loads(body)["rows"]
        self.requests, self.sent = self.requests + 1, self.sent + len(rows)
        results = []
        for row in rows:
            if row["id"] in self.refused:
                results.append({"id": row["id"], "status": "refused", "reason": "bad"})
            else:
                self.rows[row["id"]] = row["baskets"], float(row["sales"])
                results.append({"id": row["id"], "status": "taken"})
        return MANY if self.refused else 200, json.dumps({"results": results}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers `POST /rows`."""

    api: Api
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take the rows and answer; who is killed waits for no answer."""
        status, answer = self.api.take(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Says nothing of connections that a killed process has left."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet."""


@contextmanager
def serving() -> Iterator[Api]:
    """Serve an API that holds nothing."""
    api = Api()
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"api": api}))
    api.url = f"http://127.0.0.1:{server.server_port}"
    with answering(server):
        yield api


@dataclass(frozen=True)
class Way:
    """A way to deliver, to one API.

    Attributes:
        change: Changes one row in a hundred at its source.
        deliver, again: The command, and that which sends also what was refused.
        environment: Their variables.
    """

    name: str
    change: Callable[[], object]
    deliver: list[str]
    again: list[str]
    environment: Mapping[str, str]
    folder: Path


def main() -> None:
    """Run each way, print each step and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    found = []
    with tempfile.TemporaryDirectory(prefix="deliver-api-") as name:
        folder = Path(name)
        drt = str(environment_with(folder / "drt", [DRT, f"duckdb=={duckdb.__version__}"]) / "drt")
        for scenario, way in product((deliveries, refusals, kill), (ours, partial(of_drt, drt=drt))):
            with serving() as api:
                for step in scenario(way(folder / f"{len(found)}", api.url, rows), api, rows):
                    found.append({"scenario": scenario.__name__, **step})
                    print(found[-1], flush=True)
    result = {"rows": rows, "drt": DRT, "steps": found, **machine_facts(["duckdb"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def ours(folder: Path, url: str, rows: int) -> Way:
    """Make a warehouse with the model, and a module that declares the target."""
    file, start = warehouse_with(folder, TARGET, rows)
    start += ["run", "--target", "bench"]
    environment = {**os.environ, "DATA_DIR": str(folder), "BENCH_API_URL": url}
    change = partial(in_duckdb, str(file), CHANGE.format(table="egress.bench"))
    return Way("ours", change, start, [*start, "--retry-rejected"], environment, folder)


def of_drt(folder: Path, url: str, rows: int, drt: str) -> Way:
    """Make a source with the model and a project of drt-core's."""
    change = drt_from_duckdb(folder, DESTINATION.format(url=url), rows)
    return Way("drt-core", change, [drt, "run"], [drt, "run"], {**os.environ, "HOME": str(folder)}, folder)


def deliveries(way: Way, api: Api, rows: int) -> Iterator[dict[str, Any]]:
    """Deliver first, with nothing changed, and with a hundredth changed."""
    yield step(way, "first", way.deliver, api, rows)
    yield step(way, "nothing changed", way.deliver, api, rows)
    way.change()
    yield step(way, "1 % changed", way.deliver, api, rows, changed=True)


def refusals(way: Way, api: Api, rows: int) -> Iterator[dict[str, Any]]:
    """Deliver to an API that refuses a hundredth, and once more when it refuses none."""
    api.refused = frozenset(id for id, (baskets, _) in wanted(rows).items() if baskets % 100 == 3)
    yield step(way, "refused", way.deliver, api, rows)
    api.refused = frozenset()
    yield step(way, "once more", way.again, api, rows)


def kill(way: Way, api: Api, rows: int) -> Iterator[dict[str, Any]]:
    """Kill a delivery half way, and deliver once more; what is counted is of both."""
    process = subprocess.Popen(
        way.deliver,
        cwd=way.folder,
        env=way.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + STEP_SECONDS
    while api.sent < rows / 2 and process.poll() is None and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=STEP_SECONDS)
    before = api.sent
    yield {**step(way, "after a kill", way.deliver, api, rows), "sent_in_both": before + api.sent}


def step(way: Way, name: str, command: list[str], api: Api, rows: int, changed: bool = False) -> dict[str, Any]:
    """Run a command and return what it took and what the API has then."""
    api.requests = api.sent = 0
    done, taken = timed(command, way.folder, way.environment)
    if done.returncode:
        raise SystemExit(f"{way.name}, {name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    right = wanted(rows, changed)
    wrong = sum(api.rows.get(id) != row for id, row in right.items()) + len(api.rows.keys() - right.keys())
    counts = {"requests": api.requests, "sent": api.sent, "wrong": wrong}
    return {"way": way.name, "step": name, **taken, **counts}


def wanted(rows: int, changed: bool = False) -> dict[str, tuple[int, float]]:
    """Return what the API should have."""
    with duckdb.connect() as connection:
        connection.execute(f"create table bench as {MODEL.format(rows=rows)}")
        if changed:
            connection.execute(CHANGE.format(table="bench"))
        found = connection.execute("select id, baskets, sales from bench").fetchall()
    return {id: (baskets, float(sales)) for id, baskets, sales in found}


if __name__ == "__main__":
    main()
