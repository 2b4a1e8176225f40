"""The command line: what is said of what runs, what is refused, and what a new study does at once."""

from __future__ import annotations

import ast
import http.client
import importlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import DUCKDB_ONLY, READS, Research, write_study
from research.record import read_records
from research.settings import Places

from shared.config import get_settings
from shared.warehouse import open_warehouse

pytestmark = DUCKDB_ONLY


@pytest.fixture(autouse=True)
def table(places: Places) -> None:
    """Make the table that the notebooks of these tests read."""
    with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.t", pa.table({"id": [1, 2, 3]}))


def test_studies_are_listed(places: Places, research: Research, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name the command lists what there is and runs nothing."""
    write_study(places, "asking", READS)
    write_study(places, "better", READS)
    assert research("study") == 0
    assert capsys.readouterr().out == "asking\nbetter\n"
    assert not places.outputs.exists()


def test_record_says_what_ran_on_what_with_what(places: Places, research: Research) -> None:
    """A record holds parameters, data with fingerprints, warehouse, versions, lock, commit and figures."""
    write_study(places, "asking", READS + "\nstudy.metric('rows', len(rows) * study.parameters['share'])")
    assert research("study", "asking", "--set", "share=0.25", "--sample", "0.5") == 0
    (record,) = read_records(places.outputs, "asking")
    assert record.parameters == {"limit": 3, "share": 0.25}
    assert (record.sample, record.metrics) == (0.5, {"rows": 0.75})
    assert record.data["rows"]["rows"] == 3 and record.data["rows"]["relations"] == ["core.t"]
    with open_warehouse(get_settings(), holder="test") as warehouse:
        assert record.warehouse["id"] == warehouse.identity.id
    assert record.software["packages"]["duckdb"] == "1.5.5"
    assert record.software["python"].startswith("3.12.")
    assert len(record.software["lock_sha256"]) == len(record.code["notebook_sha256"]) == 64


def test_commit_is_recorded_where_git_has_one(places: Places, research: Research) -> None:
    """Under git the record names the commit, and whether a file differs from it; elsewhere it names none."""
    write_study(places, "asking", READS)
    assert research("study", "asking") == 0
    git = ["git", "-C", str(places.folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    (places.folder / ".gitignore").write_text("outputs/\n__pycache__/\n")
    for line in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "One"]):
        subprocess.run([*git, *line], check=True)
    assert research("study", "asking") == 0
    (places.experiments / "asking.yaml").write_text("title: Another?\nparameters: {}\n")
    assert research("study", "asking") == 0
    codes = [record.code for record in read_records(places.outputs, "asking")]
    assert {(len(code.get("commit", "")), code.get("changed")) for code in codes} == {
        (0, None),
        (40, False),
        (40, True),
    }


def test_all_runs_every_study_though_one_fails(
    places: Places, research: Research, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--all` a study that fails keeps no other from its run; the exit code is the worst."""
    write_study(places, "asking", "study.read(rows='select id from core.nothing')")
    write_study(places, "better", READS)
    assert research("study", "--all") == 2
    shown = capsys.readouterr()
    assert "study `asking` failed" in shown.err and "no table: `core.nothing`" in shown.err
    assert "better (" in shown.out
    assert [record.status for record in read_records(places.outputs, "asking")] == ["failed"]
    assert [record.status for record in read_records(places.outputs, "better")] == ["succeeded"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["study", "askin"], "error: no such study: `askin`\nhint: did you mean `asking`?"),
        (["study", "../asking"], "error: no such study: `../asking`"),
        (["study", "asking", "--set", "limits=1"], "error: no parameter of the study: `limits`"),
        (["study", "asking", "--set", "limit=many"], "error: not a value for `limit`: `many`"),
        (["study", "asking", "--set", "limit=[1"], "error: not readable as a value: `limit=[1`"),
        (["study", "asking", "--set", "limit"], "error: no parameter of the study: `limit`"),
        (["study", "asking", "--sample", "0"], "error: not a share: `0`"),
        (["study", "asking", "--all"], "error: `--all` runs every study as it is"),
        (["results", "askin"], "error: no such study: `askin`"),
        (["notebooks", "askin"], "error: no such study: `askin`"),
        (["new", "Asking"], "error: no study can be called so: `Asking`"),
        (["new", "../x"], "error: no study can be called so: `../x`"),
        (["new", "class"], "error: no study can be called so: `class`"),
        (["new", "asking"], "error: there is a study of this name"),
    ],
)
def test_mistakes_end_with_2_and_a_hint(
    words: list[str], message: str, places: Places, research: Research, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be is refused with a hint before anything runs or is written."""
    write_study(places, "asking", READS)
    assert research(*words) == 2
    shown = capsys.readouterr().err
    assert message in shown and "hint: " in shown
    assert not places.outputs.exists()


@pytest.mark.parametrize(
    "text",
    [
        "title: A\n",
        "- a\n",
        "title: A\nparameters: []\n",
        "title: 1\nparameters: {}\n",
        "title: A\nparameters: {}\nx: 1\n",
    ],
)
def test_experiment_that_is_none_is_refused(
    text: str, places: Places, research: Research, capsys: pytest.CaptureFixture[str]
) -> None:
    """An experiment has a title and parameters and nothing else; the error names the file."""
    write_study(places, "asking", READS)
    (places.experiments / "asking.yaml").write_text(text)
    assert research("study", "asking") == 2
    assert "error: no experiment: `" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("notebook", "message"),
    [
        (None, "the study has no notebook"),
        ("x = 1\n", "not a marimo notebook"),
        ("import marimo\napp = marimo.App()\n", "does not read the warehouse through its study"),
    ],
)
def test_notebook_that_is_no_study_is_refused(
    notebook: str | None, message: str, places: Places, research: Research, capsys: pytest.CaptureFixture[str]
) -> None:
    """A study without a notebook, or with one that is none or reads nothing, is the user's mistake."""
    path = write_study(places, "asking", READS)
    path.unlink()
    if notebook is not None:
        path.write_text(notebook)
    assert research("study", "asking") == 2
    assert message in capsys.readouterr().err


def test_error_in_a_notebook_is_a_failure(
    places: Places, research: Research, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell that fails ends the study with 1, and the record keeps the error and what had been read and found."""
    write_study(places, "asking", READS + "\nstudy.metric('rows', len(rows))\n1 / 0")
    assert research("study", "asking") == 1
    (record,) = read_records(places.outputs, "asking")
    assert (record.status, record.metrics) == ("failed", {"rows": 3})
    assert record.data["rows"]["rows"] == 3
    assert not (places.outputs / "asking" / record.run / "page.html").exists()


def test_study_that_cannot_be_drawn_has_failed(places: Places, research: Research) -> None:
    """A cell that shows what the page cannot ends the study with 2, and its record does not say that it succeeded."""
    write_study(places, "asking", READS + "\nmo.ui.slider(1, 10)")
    assert research("study", "asking") == 2
    (record,) = read_records(places.outputs, "asking")
    assert record.status == "failed" and "only a running notebook can draw" in str(record.error)


def test_results_show_how_runs_differ(places: Places, research: Research, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs of a study are columns: parameters in which they differ, and their figures."""
    write_study(places, "asking", READS + "\nstudy.metric('rows', len(rows) * study.parameters['share'])")
    write_study(places, "better", READS)
    for share in ("0.5", "0.25"):
        assert research("study", "asking", "--set", f"share={share}") == 0
    capsys.readouterr()
    assert research("results", "asking") == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("share", "0.25", "rows", "1.5", "0.75"))
    assert "limit" not in shown
    assert research("results") == 0
    assert "better: not run yet" in capsys.readouterr().out


def test_new_notebook_runs_at_once(filled: Places, research: Research, capsys: pytest.CaptureFixture[str]) -> None:
    """A study from the template needs no editing to run, and marimo finds nothing to mend in it."""
    assert research("new", "basket_size") == 0
    notebook = Path(capsys.readouterr().out.strip())
    assert notebook == filled.notebooks / "basket_size.py"
    ast.parse(notebook.read_text(encoding="utf-8"))
    marimo = Path(sys.executable).parent / "marimo"
    assert subprocess.run([marimo, "check", "--strict", notebook], capture_output=True, check=False).returncode == 0
    assert research("study", "basket_size") == 0
    (record,) = read_records(filled.outputs, "basket_size")
    assert record.title == "Basket size" and record.metrics["days"] == 365


def test_a_notebook_runs_by_hand(places: Places) -> None:
    """A notebook is a Python file that runs by itself, with the parameters of its experiment."""
    notebook = write_study(places, "asking", READS + "\nprint(study.parameters['limit'], len(rows))")
    done = subprocess.run([sys.executable, notebook], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "3 3"), done.stderr


def final_url(address: str, server: subprocess.Popen[str]) -> str:
    """Return where a server sends who asks for an address; it prints the address a moment before it listens."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address) as answer:
                return str(answer.url)
        except urllib.error.URLError:
            time.sleep(0.05)
    return "the server has ended"


FOREIGN = (
    {"Host": "evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1:1", "Connection": "Upgrade", "Upgrade": "websocket"},
)
SOCKET = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


def status_of(address: str, headers: dict[str, str]) -> int:
    """Return what a server answers to who has its token, and sends such headers with a change or a handshake."""
    parts = urllib.parse.urlsplit(address)
    token = {"Authorization": f"Bearer {urllib.parse.parse_qs(parts.query)['access_token'][0]}"}
    asked = http.client.HTTPConnection(parts.netloc, timeout=30)
    is_socket = "Upgrade" in headers
    line = ("GET", "/ws?session_id=s_000000") if is_socket else ("POST", "/api/kernel/execute")
    asked.request(*line, headers={**token, **(SOCKET if is_socket else {}), **headers})
    with asked.getresponse() as answer:
        return answer.status


def test_notebooks_are_served_on_this_machine_only(places: Places) -> None:
    """The editor prints its address, asks for its token, and runs nothing for another origin's page."""
    psutil = importlib.import_module("psutil")
    write_study(places, "asking", READS)
    line = [sys.executable, "-m", "research", "notebooks", "--", "--headless"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            address = next(word for text in server.stdout for word in text.split() if word.startswith("http://"))
            assert "access_token=" in address
            assert "login" in final_url(address.partition("?")[0], server)
            assert [status_of(address, headers) for headers in FOREIGN] == [400, 403, 403]
            listening = [at.laddr.ip for at in psutil.Process(server.pid).net_connections() if at.status == "LISTEN"]
            assert set(listening) == {"127.0.0.1"}
        finally:
            server.terminate()


def test_record_is_json_that_others_read(places: Places, research: Research) -> None:
    """The record is a JSON object in the folder of its run, beside the page."""
    write_study(places, "asking", READS)
    assert research("study", "asking") == 0
    (folder,) = (places.outputs / "asking").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["page.html", "record.json"]
    assert json.loads((folder / "record.json").read_text())["run"] == folder.name
