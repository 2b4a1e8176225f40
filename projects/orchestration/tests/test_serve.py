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
from orchestration.supervise.graphql import query
from ui_process import PATIENCE, SERVE, Ui, as_workspace, wait_until, with_variable

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
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """Start a `ui` for tests that leave it running."""
    folder = tmp_path_factory.mktemp("ui")
    ui = Ui(folder, as_workspace(folder, GRAPH))
    try:
        assert ui.address, ui.said
        yield ui
    finally:
        if ui.process.poll() is None:
            ui.end()


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Ui]]:
    """Start a `ui` for tests that end it, and leave the next one in the same data folder to the test after them."""
    folder = tmp_path_factory.mktemp("in_turn")
    started = [Ui(folder, as_workspace(folder, GRAPH))]
    try:
        assert started[0].address, started[0].said
        yield started
    finally:
        for ui in started:
            if ui.process.poll() is None:
                ui.end()


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


def test_the_next_run_succeeds(running: Ui) -> None:
    """A run that is launched in the browser is taken up by the daemon and succeeds."""
    running.wait_for(running.launch("quick"), "SUCCESS")


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


def test_run_whose_worker_was_killed_fails(running: Ui) -> None:
    """A run whose process is killed fails, no step of it is shown as running, and the next run gets its pool."""
    run_id = running.launch_and_begin("slow")
    os.kill(running.worker(run_id), signal.SIGKILL)
    running.wait_for(run_id, "FAILURE")
    running.wait_for(running.launch("quick"), "SUCCESS")
    wait_until(lambda: [step["status"] for step in running.run(run_id)["stepStats"]] == ["FAILURE"])


def test_child_of_a_killed_worker_is_ended(running: Ui) -> None:
    """What the step of a run has started does not outlive the run's killed process: it may hold a database."""
    run_id = running.launch_and_begin("child")
    wait_until(lambda: with_variable(f"ORCHESTRATION_RUN={run_id}"))
    os.kill(running.worker(run_id), signal.SIGKILL)
    running.wait_for(run_id, "FAILURE")
    wait_until(lambda: not with_variable(f"ORCHESTRATION_RUN={run_id}"))
    running.wait_for(running.launch("quick"), "SUCCESS")


def test_run_whose_child_was_killed_fails(running: Ui) -> None:
    """A run whose step works in a child fails when that is killed, and the next run gets its pool."""
    run_id = running.launch_and_begin("child")
    wait_until(lambda: running.processes("time.sleep(600)"))
    (child,) = running.processes("time.sleep(600)")
    os.kill(child, signal.SIGKILL)
    running.wait_for(run_id, "FAILURE")
    running.wait_for(running.launch("quick"), "SUCCESS")


def test_cancelling_a_run_ends_its_child(running: Ui) -> None:
    """A run that is cancelled in the browser ends its step's child."""
    run_id = running.launch_and_begin("child")
    wait_until(lambda: running.processes("time.sleep(600)"))
    running.cancel(run_id)
    running.wait_for(run_id, "CANCELED")
    assert not running.processes("time.sleep(600)")
    running.wait_for(running.launch("quick"), "SUCCESS")


def test_killed_code_server_and_its_runs(running: Ui) -> None:
    """A code server that is killed comes back, its run fails, and the next run succeeds."""
    run_id = running.launch_and_begin("slow")
    (before,) = running.processes("api grpc")
    os.kill(before, signal.SIGKILL)
    running.wait_for(run_id, "FAILURE")
    assert "code-server died (signal 9): starting it again" in running.said
    running.wait_for(running.launch("quick"), "SUCCESS")


# The last one on it.
def test_killed_guard_is_replaced(running: Ui) -> None:
    """The process that ends all others can be killed too: another one takes its place and ends them."""
    (before,) = running.processes("orchestration.supervise.guard")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: running.processes("orchestration.supervise.guard") not in ([], [before]))
    running.end(signal.SIGKILL)
    running.wait_until_gone()


def test_killed_ui_leaves_no_process(in_turn: list[Ui]) -> None:
    """SIGKILL of `ui` ends its processes too; the next one, started at once, shows no run as running, and runs one."""
    killed = [in_turn[-1].launch_and_begin(asset) for asset in ("child", "lockless")]
    in_turn[-1].end(signal.SIGKILL)
    ui = start_next(in_turn)
    assert not any(with_variable(f"ORCHESTRATION_RUN={run_id}") for run_id in killed)
    assert [ui.run(run_id)["status"] for run_id in killed] == ["FAILURE", "FAILURE"]
    ui.wait_for(ui.launch("quick"), "SUCCESS")


def test_ending_leaves_no_process(in_turn: list[Ui]) -> None:
    """Ctrl-C ends `ui`, its processes and the runs under way; what was queued is run the next time. So does SIGTERM."""
    under_way = in_turn[-1].launch_and_begin("child")
    queued = in_turn[-1].launch("quick")
    assert in_turn[-1].end(signal.SIGINT) == 0
    assert not in_turn[-1].processes()
    ui = start_next(in_turn)
    assert ui.run(under_way)["status"] == "FAILURE"
    ui.wait_for(queued, "SUCCESS")
    assert ui.end(signal.SIGTERM) == 0
    assert not ui.processes()


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
