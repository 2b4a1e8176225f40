"""`ui`: web server and daemon as processes, started, killed and ended for real."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attack_page import PLANTED, attacking, link_to
from dagster import DagsterInstance, DagsterRunStatus
from orchestration.supervise.graphql import query
from ui_process import CHILD, PATIENCE, SERVE, Ui, as_workspace, wait_until, with_variable

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.timeout(900)
GRAPH = Path(__file__).with_name("serve_graph.py")
LAUNCH_QUICK = """mutation { launchRun(executionParams: {selector: {repositoryName: "__repository__",
    repositoryLocationName: "serve_graph.py", jobName: "__ASSET_JOB", assetSelection: [{path: ["quick"]}]}}) {
    __typename ... on LaunchRunSuccess { run { runId } } } }"""
RUNS = '{ runsOrError { ... on Runs { results { runId } } } assetOrError(assetKey: {path: ["%s"]}) { __typename } }'
ASK = """const end = arguments[arguments.length - 1];
    fetch("/graphql", {method: "POST", headers: {"Content-Type": "application/json"},
        body: JSON.stringify({query: arguments[0]})}).then(answer => answer.json()).then(end);"""
GREET = """const end = arguments[arguments.length - 1];
    const socket = new WebSocket("ws://" + location.host + "/graphql", "graphql-ws");
    socket.onopen = () => socket.send('{"type": "connection_init"}');
    socket.onmessage = message => end(message.data);
    socket.onerror = () => end("refused");"""


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Ui]]:
    """Start a `ui`; a test that ends it leaves the next one in the same data folder to those after it."""
    folder = tmp_path_factory.mktemp("ui")
    started = [Ui(folder, as_workspace(folder, GRAPH))]
    try:
        assert started[0].address, started[0].said
        yield started
    finally:
        for ui in started:
            if ui.process.poll() is None:
                ui.end()


@pytest.fixture
def running(in_turn: list[Ui]) -> Ui:
    """Return the `ui` that runs."""
    return in_turn[-1]


def start_next(started: list[Ui]) -> Ui:
    """Start a `ui` where the last one has ended."""
    started.append(Ui(started[-1].data, started[-1].data / "workspace.yaml"))
    return started[-1]


def refused(data: Path, workspace: Path, *, port: int = 0) -> tuple[int, str]:
    """Start a `ui` that is to end by itself; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(port), str(workspace)],
        env={**os.environ, "DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_second_start_is_refused(running: Ui) -> None:
    """While one runs, another one says where, and ends with 2."""
    code, said = refused(running.data, running.data / "workspace.yaml")
    assert code == 2
    assert f"error: it runs already: {running.server}" in said
    assert f"`kill {running.process.pid}`" in said


def test_page_of_another_origin_does_nothing(browser: Chrome, running: Ui) -> None:
    """No image, form, script, fetch, WebSocket, frame or link elsewhere starts a run or reads, for who is let in."""
    before = query(running.address, RUNS % PLANTED)
    names = ("127.0.0.1", "localhost")
    for victim in names:
        server = running.server.replace("127.0.0.1", victim)
        browser.get(running.address.replace("127.0.0.1", victim))
        assert browser.get_cookies()[0]["value"] == running.token
        with attacking(server, LAUNCH_QUICK) as port:
            for attacker in names:
                browser.get(f"http://{attacker}:{port}/")
                wait_until(lambda: browser.execute_script("return done"))
                assert browser.execute_script("return found") == []
                browser.switch_to.frame("framed")
                assert not browser.find_elements("id", "root")
                browser.switch_to.default_content()
                browser.execute_script("location.href = arguments[0]", link_to(server, LAUNCH_QUICK))
                # The editor, which waits for its reader; from another site the browser does not even send the cookie.
                wait_until(lambda: browser.title in ("GraphiQL", "Not let in"))
    assert query(running.address, RUNS % PLANTED) == before


def test_page_works_by_the_printed_address(browser: Chrome, running: Ui) -> None:
    """Who opens the printed address has its token in a cookie alone, and launches a run, which the page shows."""
    browser.get(f"{running.server}/runs")
    assert "printed in the terminal where `ui` was started" in browser.find_element("tag name", "body").text
    browser.get(running.address)
    assert browser.current_url.startswith(running.server) and str(running.token) not in browser.current_url
    (cookie,) = browser.get_cookies()
    assert (cookie["value"], cookie["httpOnly"], cookie["sameSite"]) == (running.token, True, "Strict")
    run_id = browser.execute_async_script(ASK, LAUNCH_QUICK)["data"]["launchRun"]["run"]["runId"]
    assert "connection_ack" in browser.execute_async_script(GREET)
    browser.get(f"{running.server}/runs")
    wait_until(lambda: run_id[:8] in browser.find_element("tag name", "body").text)
    running.wait_for(run_id, "SUCCESS")
    messages = [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    # Who had no token yet.
    first = (f"{running.server}/runs ", f"{running.server}/favicon.ico ")
    assert [message for message in messages if " 403 " in message and not message.startswith(first)] == []


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file of a living server's folder, but for those that it takes away meanwhile, as SQLite its `-wal`."""
    for parent, _, names in os.walk(folder):
        for path in map(Path(parent).joinpath, names):
            with suppress(FileNotFoundError):
                yield path, path.read_bytes()


def test_token_is_in_no_file_and_on_no_command_line(running: Ui) -> None:
    """The token is printed once, and stands in no file of the data folder, no log and no list of processes."""
    token = str(running.token)
    assert [path for path, content in contents(running.data) if token.encode() in content] == []
    assert not running.processes(token)


def test_telemetry_and_the_newsletter_are_off(running: Ui) -> None:
    """Dagster neither sends usage data nor asks for an address."""
    assert query(running.address, "{ instance { info } }")["instance"]["info"].count("enabled: false") == 2


def test_services_that_were_killed_are_started_again(running: Ui) -> None:
    """Web server and daemon that are killed come back, the run under way goes on, and can still be cancelled."""
    run_id = running.launch_and_begin("slow")
    before = {service: running.processes(service) for service in ("dagster_webserver", "dagster._daemon")}
    for (pid,) in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(running.processes(service) not in ([], old) for service, old in before.items()))
    wait_until(lambda: answers(running))
    assert running.run(run_id)["status"] == "STARTED"
    running.cancel(run_id)
    running.wait_for(run_id, "CANCELED")
    running.wait_for(running.launch("quick"), "SUCCESS")


def kill_worker(ui: Ui, run_id: str) -> None:
    """Kill the process of a run."""
    os.kill(ui.worker(run_id), signal.SIGKILL)


def kill_child(ui: Ui, _run_id: str) -> None:
    """Kill what the step of a run has started."""
    (child,) = ui.processes(CHILD)
    os.kill(child, signal.SIGKILL)


def begin_child(ui: Ui) -> str:
    """Launch the run of which the step works in a child, and wait for the child."""
    run_id = ui.launch_and_begin("child")
    wait_until(lambda: ui.processes(CHILD))
    return run_id


def test_runs_that_are_killed_or_cancelled_leave_nothing(running: Ui) -> None:
    """A run fails whose process or child is killed; as when it is cancelled, no process, step or pool of it is left."""
    for kill in (kill_worker, kill_child):
        run_id = begin_child(running)
        kill(running, run_id)
        running.wait_for(run_id, "FAILURE")
        wait_until(lambda: not running.processes(CHILD))
        running.wait_for_steps(run_id, ["FAILURE"])
    run_id = begin_child(running)
    running.cancel(run_id)
    running.wait_for(run_id, "CANCELED")
    assert not running.processes(CHILD)
    running.wait_for(running.launch("quick"), "SUCCESS")


def test_killed_code_server_and_its_runs(running: Ui) -> None:
    """A code server that is killed comes back, its run fails, and the next run succeeds."""
    run_id = running.launch_and_begin("slow")
    (before,) = running.processes("api grpc")
    os.kill(before, signal.SIGKILL)
    running.wait_for(run_id, "FAILURE")
    assert "code-server died (signal 9): starting it again" in running.said
    running.wait_for(running.launch("quick"), "SUCCESS")


def test_killed_guard_and_ui_leave_no_process(in_turn: list[Ui]) -> None:
    """A killed guard is replaced; `ui` killed then leaves no process, and to the next one no run that seems to run.

    The next one runs what was queued.
    """
    ui = in_turn[-1]
    (before,) = ui.processes("orchestration.supervise.guard")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: ui.processes("orchestration.supervise.guard") not in ([], [before]))
    killed = [ui.launch_and_begin(asset) for asset in ("child", "lockless")]
    queued = ui.launch("quick")
    of_the_killed = {*ui.processes()}
    ui.end(signal.SIGKILL)
    ui = start_next(in_turn)
    wait_until(lambda: not of_the_killed & {*ui.processes()})
    assert not any(with_variable(f"ORCHESTRATION_RUN={run_id}") for run_id in killed)
    assert [ui.run(run_id)["status"] for run_id in killed] == ["FAILURE", "FAILURE"]
    ui.wait_for(queued, "SUCCESS")


def test_ctrl_c_leaves_no_process(in_turn: list[Ui]) -> None:
    """Ctrl-C ends `ui`, its processes and the runs under way; what was queued stays so until the next time."""
    ui = in_turn[-1]
    under_way = ui.launch_and_begin("child")
    queued = ui.launch("quick")
    assert ui.end(signal.SIGINT) == 0
    assert not ui.processes()
    with DagsterInstance.from_config(str(ui.home)) as history:
        found = {run.run_id: run.status for run in history.get_runs()}
    assert (found[under_way], found[queued]) == (DagsterRunStatus.FAILURE, DagsterRunStatus.QUEUED)


def test_taken_port_is_refused(tmp_path: Path) -> None:
    """A port that another program has is an error that names the option."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = refused(tmp_path, as_workspace(tmp_path, GRAPH), port=port)
    assert code == 2
    assert f"error: the port is taken by another program: {port}" in said
    assert "--port" in said


def test_code_that_does_not_load_is_an_error(tmp_path: Path) -> None:
    """Definitions that raise end `ui` with their message, and leave no process."""
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('the list is missing')\n")
    code, said = refused(tmp_path, as_workspace(tmp_path, broken))
    assert code == 1
    assert "error: the definitions do not load: RuntimeError: the list is missing" in said
    assert not with_variable(f"DATA_DIR={tmp_path}")


def answers(ui: Ui) -> bool:
    """Tell whether the web server answers."""
    try:
        return bool(query(ui.address, "{ version }"))
    except OSError:
        return False
